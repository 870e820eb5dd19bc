"""Fresh state for every input set, or a stream: on our side and on the engines'."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.oracle.crosscheck import crosscheck
from tests.conftest import installed
from tests.engine import state_models as models

SETS = [{0: np.full((1, 3), value, np.int8)} for value in (1, 2, 3)]


@pytest.fixture(params=["litert:ref", "tflm"])
def engine(request):
    return installed(request.param)


@pytest.mark.parametrize(
    "stream, sums",
    [(False, [[2, 3, 4], [3, 4, 5], [4, 5, 6]]), (True, [[2, 3, 4], [4, 5, 6], [7, 8, 9]])],
)
def test_resource_variables(engine, stream, sums):
    model = models.accumulator()
    (out,) = model.subgraphs[0].outputs
    given = [{model.subgraphs[0].inputs[0]: one[0]} for one in SETS]
    found = engine.run(model.content, given, **({"stream": True} if stream else {}))
    assert [tensors[out].ravel().tolist() for tensors in found.tensors] == sums
    (compared,) = crosscheck(model, engine, inputs=given, stream=stream).comparisons
    assert compared.verdict == "equal", compared.detail
    assert compared.elements == 18


@pytest.mark.parametrize("stream", [False, True])
def test_variable_tensors(engine, stream):
    model = models.svdf_with_bias()
    sets = [{0: np.array([[value]], np.int8)} for value in (1, 2, 3, 4)]
    (compared,) = crosscheck(model, engine, inputs=sets, stream=stream).comparisons
    assert compared.verdict == "equal", compared.detail
    out = model.subgraphs[0].outputs[0]
    found = engine.run(model.content, sets, **({"stream": True} if stream else {}))
    values = [tensors[out].item() for tensors in found.tensors]
    assert values == ([1, 3, 6, 9] if stream else [1, 2, 3, 4])


@pytest.mark.parametrize("model", [models.choice(), models.loop(), models.loop(grow=True)])
def test_control_flow(model):
    one = installed("litert:ref")
    graph = model.subgraphs[0]
    rng = np.random.default_rng(0)

    def value(tensor, number):
        if tensor.dtype == "BOOL":
            return np.array(bool(number % 2))
        if tensor.dtype == "INT32":
            return np.array(number, np.int32)
        return rng.integers(-128, 128, tensor.shape).astype(np.int8)

    sets = [{i: value(graph.tensors[i], number) for i in graph.inputs} for number in range(6)]
    (compared,) = crosscheck(model, one, inputs=sets, profile="litert-ref").comparisons
    assert compared.verdict == "equal", compared.detail
    assert compared.differing == 0 < compared.elements
