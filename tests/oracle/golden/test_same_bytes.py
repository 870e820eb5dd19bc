"""The same bundle from any process: micro-kernels, threads, CPUs and the specs leave no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from refint8.demo import examples
from refint8.native.cpu import TIERS, runnable
from refint8.oracle.formats import NAMES
from tests.conftest import CHECKOUT
from tests.oracle.golden.goldens import convolutions


def made_in_a_child(model, path, *, cpus=None, **environment):
    """All files of a bundle, formats and kits among them, as a child process writes them."""
    pinned = f"import os; os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})\n"
    arguments = ["golden", str(model), "-o", str(path), "--samples", "4", "--kits"]
    arguments += ["--format", ",".join(NAMES)]
    code = f"import sys; from refint8.cli import main\nsys.exit(main({arguments}))"
    done = subprocess.run(
        [sys.executable, "-c", (pinned if cpus == 1 else "") + code],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    files = {p.relative_to(path): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert {Path(name) for name in ("golden.bin", "golden.json", "model.tflite")} < files.keys()
    assert {file.parts[0] for file in files} > {*NAMES, "kits"}
    return files


@pytest.fixture(scope="module", params=["convolutions", "packaged"])
def model(request, tmp_path_factory):
    if request.param == "packaged":
        return examples()[0].path
    path = tmp_path_factory.mktemp("model") / "conv.tflite"
    path.write_bytes(convolutions(9, 8).content)
    return path


@pytest.fixture(scope="module")
def by_specs(model, tmp_path_factory):
    where = tmp_path_factory.mktemp("specs") / "g"
    return made_in_a_child(model, where, REFINT8_FAST="0", PYTHONHASHSEED="1")


@pytest.mark.parametrize("tier", [tier.name for tier in TIERS if runnable(tier)])
def test_every_micro_kernel_writes_what_the_specs_do(model, by_specs, tier, tmp_path):
    found = made_in_a_child(
        model, tmp_path / "elsewhere", REFINT8_FAST="1", REFINT8_TIER=tier, PYTHONHASHSEED="2"
    )
    assert found == by_specs


def test_one_cpu_and_one_thread_write_the_same(model, by_specs, tmp_path):
    found = made_in_a_child(
        model, tmp_path / "g", cpus=1, OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1", LC_ALL="C"
    )
    assert found == by_specs
