"""The default profile against engines of old, each in a Python environment of its own.

REFINT8_TFLITE_RUNTIME names a Python that has tflite-runtime 2.14.0, REFINT8_LITERT_1_2 one that
has ai-edge-litert 1.2.0; `tools/make_old_runtime.py` makes both.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.targets import TFLITE_RUNTIME, target
from tests.conftest import missing
from tests.crosscheck.corpus import entries, quick

RUNTIMES = {"tflite-runtime": TFLITE_RUNTIME, "litert:ref": "REFINT8_LITERT_1_2"}
ENTRIES = entries()
QUICK = quick(ENTRIES)

COMPARED = [
    pytest.param(entry, id=entry.name, marks=() if entry in QUICK else pytest.mark.long)
    for entry in ENTRIES
]

DEGENERATE = "AmbiqAI+neuralSPOT/apps/demos/nnid/src/quant_model_act.h.model_tflite.tflite"
"""A scale of 0: outside what the default profile defines."""

PER_CHANNEL_3D = "gicLAB+SECDA-TFLite/src/benchmark_suite/model_gen/files/simple_model.tflite"


@pytest.fixture(params=RUNTIMES)
def engine(request):
    python = os.environ.get(RUNTIMES[request.param])
    if not python:
        missing(f"{RUNTIMES[request.param]} names no Python; see tools/make_old_runtime.py")
    return target(f"{request.param}:{python}")


@pytest.fixture(params=["2.14"])
def tflite_runtime():
    python = os.environ.get(TFLITE_RUNTIME)
    if not python:
        missing(f"{TFLITE_RUNTIME} names no Python; see tools/make_old_runtime.py")
    return target(f"tflite-runtime:{python}")


def test_the_versions(engine):
    versions = ("tflite-runtime 2.14.0", "ai-edge-litert 1.2.0")
    assert engine.describe() in versions


@pytest.mark.parametrize("entry", COMPARED or [pytest.param(None, id="absent")])
def test_the_default_profile_equals_it(entry, engine, corpora):
    model = read_model(entry.path)
    (found,) = crosscheck(
        model, engine, profile="tflite", samples=2, mode="auto", time_limit=300.0
    ).comparisons
    old = engine.name.startswith("tflite-runtime")
    if old and entry.name == PER_CHANNEL_3D:
        assert [each.operator_name for each in found.causes] == ["FULLY_CONNECTED"]
        return
    if entry.name == DEGENERATE:
        assert found.verdict == "undefined"
        assert "degenerate scale" in found.detail
        return
    if found.verdict == "refused" and entry.runs_on_litert is False:
        pytest.skip(f"nor does it run on LiteRT 2.3: {found.detail.splitlines()[0][:100]}")
    assert found.verdict == "equal", found.causes or found.first
    for finding in found.findings:
        assert finding.role == "equal", finding
    if not old:
        assert len(found.tensors) == found.expected


def test_tensors_that_a_later_operator_overwrote_are_not_taken_for_results(tflite_runtime):
    """2.14 adds in place: the sum overwrites the first operand, kept or not."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2, 2, 4), scale=0.5)
    a = b.tensor("a", "INT8", (1, 1, 1, 4), scale=0.5)
    c = b.tensor("c", "INT8", (1, 1, 1, 4), scale=0.5, data=[[[[1, 2, 3, 4]]]])
    y = b.tensor("y", "INT8", (1, 1, 1, 4), scale=0.75)
    window = dict.fromkeys(("stride_w", "stride_h", "filter_width", "filter_height"), 2)
    b.operator("MAX_POOL_2D", [x], [a], version=2, padding="VALID", **window)
    b.operator("ADD", [a, c], [y], version=2)
    model = b.model([x], [y])
    (found,) = crosscheck(model, tflite_runtime, mode="auto").comparisons
    assert found.verdict == "equal", found.first
    assert [finding.role for finding in found.findings] == ["equal", "equal"]


def test_per_channel_weights_with_more_than_two_dimensions(tflite_runtime):
    """2.14 takes the first two dimensions for batches and channels; the rest is not written."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (2, 3, 4), scale=0.5)
    weights = np.arange(8).reshape(2, 4) - 4
    w = b.tensor("w", "INT8", (2, 4), scale=[0.5, 0.25], data=weights)
    y = b.tensor("y", "INT8", (2, 3, 2), scale=1.0)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], version=5, keep_num_dims=True)
    model = b.model([x], [y])
    (found,) = crosscheck(model, tflite_runtime).comparisons
    assert found.verdict == "different"
