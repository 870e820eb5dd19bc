"""A small network against four engines, every operator also alone: seconds, not minutes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from tests.conftest import installed
from tests.crosscheck.corpus import MODELS

KEYWORDS = "mlcommons+tiny/benchmark/training/keyword_spotting/trained_models/kws_ref_model.tflite"
ENGINES = "litert:ref,litert:opt,litert:xnnpack,tflm"
LIMIT = 10.0


def cpu_seconds():
    """Of all children that have ended, and theirs: a busy machine does not change it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.skipif(sys.platform == "win32", reason="no rusage")
def test_four_engines_in_both_modes(corpora):
    for name in ENGINES.split(","):
        installed(name)
    command = [sys.executable, "-m", "refint8", "crosscheck", str(MODELS / KEYWORDS)]
    for _ in range(2):  # the first one may compile
        start = cpu_seconds()
        done = subprocess.run(
            [*command, "-a", ENGINES, "--mode", "both", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = cpu_seconds() - start
        assert done.returncode in (0, 1), done.stderr
    (model,) = json.loads(done.stdout)["models"]
    assert [each["alone"]["tensors"] for each in model["comparisons"]] == [13] * 4
    assert seconds < LIMIT
