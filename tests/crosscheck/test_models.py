"""Real models: every element of every tensor equal to the engines, on seeded inputs and images.

A quick run takes a representative subset (`corpus.quick`), `pytest -m long` the others.
"""

from __future__ import annotations

from itertools import islice

import pytest

from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.inputs import IMAGE_SUFFIXES, load_inputs
from refint8.oracle.random_inputs import random_inputs
from tests.conftest import installed
from tests.crosscheck.corpus import FOLDER, entries, quick

ENTRIES = entries()
QUICK = quick(ENTRIES)

SAMPLES = 3
IMAGES = 2
SMALLEST_IMAGE = 16
REASON_LENGTH = 100

ADD_TO_FLOAT = "google-ai-edge+LiteRT/tflite/testdata/add_quantized_int8.bin.tflite"
REFUSED = {
    # TFLM reads the int8 bytes as floats, past the tensors' ends.
    ("tflm", ADD_TO_FLOAT): "INT8,INT8->FLOAT32 is a float operator",
}
"""What refint8 refuses by target and model although the engine answers, with its reason."""

COMPARED = [
    pytest.param(entry, id=entry.name, marks=() if entry in QUICK else pytest.mark.long)
    for entry in ENTRIES
]


FEWER = set(sorted(QUICK, key=lambda entry: entry.name)[::4])
LESS_OFTEN = [
    pytest.param(entry, id=entry.name, marks=() if entry in FEWER else pytest.mark.long)
    for entry in ENTRIES
]


@pytest.fixture(params=["litert:ref", "tflm"])
def engine(request, corpora):
    installed(request.param)
    return request.param


def inputs_of(model):
    """Seeded inputs, and photographs where the model takes images."""
    graph = model.subgraphs[0]
    sets = random_inputs(model, SAMPLES)
    shape = graph.tensors[graph.inputs[0]].shape
    is_image = len(shape) == 4 and shape[0] == 1 and shape[3] in (1, 3)
    if len(graph.inputs) == 1 and is_image and min(shape[1:3]) >= SMALLEST_IMAGE:
        files = sorted(p for p in (FOLDER / "images").iterdir() if p.suffix in IMAGE_SUFFIXES)
        sets += load_inputs(list(islice(files, IMAGES)), model)
    return sets


@pytest.mark.parametrize("entry", COMPARED or [pytest.param(None, id="absent")])
def test_every_tensor_equals_the_engines(entry, engine):
    compare(entry, engine)


@pytest.mark.parametrize("entry", LESS_OFTEN or [pytest.param(None, id="absent")])
def test_every_tensor_equals_the_optimised_kernels(entry, corpora):
    installed("litert:opt")
    compare(entry, "litert:opt")


def compare(entry, engine):
    model = read_model(entry.path)
    (found,) = crosscheck(model, engine, inputs=inputs_of(model), time_limit=300.0).comparisons
    refuses = not entry.runs_on_tflm if engine == "tflm" else entry.runs_on_litert is False
    if reason := REFUSED.get((engine, entry.name)):
        assert found.verdict == "unsupported"
        assert reason in found.detail
        return
    if found.verdict != "equal" and refuses:
        # Known from the catalogue; or a file that it does not list, and TFLM knows fewer operators.
        assert found.verdict in ("refused", "crashed", "unsupported"), found.detail
        pytest.skip(
            f"{found.engine} does not run it: {found.detail.splitlines()[0][:REASON_LENGTH]}"
        )
    assert found.verdict == "equal", found.first or found.detail
    assert len(found.tensors) == found.expected > 0
    assert found.differing == 0


def test_the_corpus_is_the_one_expected(corpora):
    assert len(ENTRIES) >= 290
    assert len(QUICK) >= 70
    seen = frozenset().union(*(entry.operators for entry in QUICK))
    assert len(seen) >= 30, f"the quick run sees {len(seen)} operators"
