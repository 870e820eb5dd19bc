"""TFLM's seanet integration goldens: one operator each, int16 activations, recorded outputs.

They were recorded by TFLite's reference kernels, so the default profile `tflite` is the one they
hold to account. (TFLM's own LEAKY_RELU differs from them in a few elements, and `tflm` with it.)
"""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.model.reader import read_model
from refint8.oracle.compare import compare
from tests.crosscheck.corpus import FOLDER, OPERATORS

SEANET = FOLDER / "goldens" / "seanet"
CASES = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}")
    for path in sorted(SEANET.rglob("*.tflite"))
]


@pytest.mark.parametrize("path", CASES or [pytest.param(None, id="absent")])
def test_equals_the_recorded_outputs(path, corpora):
    model = read_model(path)
    graph = model.subgraphs[0]
    assert {operator.name for operator in graph.operators} <= OPERATORS
    with np.load(path.with_suffix(".npz")) as recorded:
        given = {index: recorded[f"in{n}"] for n, index in enumerate(graph.inputs)}
        expected = {index: recorded[f"out{n}"] for n, index in enumerate(graph.outputs)}
    results = Session(model, "tflite").run(given)
    diff = compare(expected, {index: results[index] for index in expected})
    assert diff, diff.table()
    assert diff.elements > 0


def test_all_cases_are_there(corpora):
    assert len(CASES) == 76
