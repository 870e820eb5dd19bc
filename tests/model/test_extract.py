"""One operator as a model of its own: it computes what it computed in the whole model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import refint8.demo
from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.extract import one_operator
from refint8.model.reader import read_model
from refint8.oracle.random_inputs import random_inputs
from tests.engine import state_models

DEMO = sorted((Path(refint8.demo.__file__).parent / "data").glob("*.tflite"))


def alone(model, operator, tensors):
    """The outputs of the operator run alone on the whole model's tensors, by their indexes."""
    shapes = {index: value.shape for index, value in tensors.items()}
    made = one_operator(model, operator, shapes)
    single = read_model(made.content)
    assert [op.name for op in single.subgraphs[0].operators] == [operator.name]
    result = Session(single).run({new: tensors[old] for old, new in made.inputs.items()})
    return {old: result[new] for old, new in made.outputs.items()}


def assert_each_operator_agrees(model, sets=None):
    session = Session(model)
    for given in sets or random_inputs(model, 2):
        session.restart()
        whole = session.run(given)
        for operator in model.subgraphs[0].operators:
            for index, value in alone(model, operator, whole).items():
                np.testing.assert_array_equal(value, whole[index], strict=True)


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_every_operator_of_a_network(path):
    assert_each_operator_agrees(read_model(path))


def test_subgraphs_come_along():
    model = state_models.choice()
    flag, *_ = model.subgraphs[0].inputs
    sets = []
    for value in (True, False):
        sets += random_inputs(model, 1)
        sets[-1][flag] = np.full_like(sets[-1][flag], value)
    assert_each_operator_agrees(model, sets)


def test_variable_tensors_start_anew():
    assert_each_operator_agrees(state_models.svdf_with_bias())


def test_an_input_used_twice_is_one_input_and_an_absent_one_stays_absent():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    y = b.tensor("y", "INT8", (1, 2), scale=1.0)
    w = b.tensor("w", "INT8", (1, 2), scale=0.5, data=[[1, 2]])
    z = b.tensor("z", "INT8", (1, 1), scale=1.0)
    b.operator("ADD", [x, x], [y], version=2)
    b.operator("FULLY_CONNECTED", [y, w, -1], [z], version=4)
    model = b.model([x], [z])
    first, second = model.subgraphs[0].operators
    made = one_operator(model, first, {})
    assert made.inputs == {x: 0}
    assert read_model(made.content).subgraphs[0].operators[0].inputs == (0, 0)
    made = one_operator(model, second, {})
    assert made.inputs == {y: 0}
    assert read_model(made.content).subgraphs[0].operators[0].inputs == (0, 1, -1)
    assert_each_operator_agrees(model)


def test_shapes_are_those_of_the_run():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5, shape_signature=(-1, 2))
    y = b.tensor("y", "INT8", (1, 2), scale=1.0, shape_signature=(-1, 2))
    b.operator("RELU", [x], [y], version=2)
    model = b.model([x], [y])
    made = one_operator(model, model.subgraphs[0].operators[0], {x: (3, 2), y: (3, 2)})
    tensors = read_model(made.content).subgraphs[0].tensors
    assert [(t.shape, t.shape_signature) for t in tensors] == [((3, 2), (3, 2))] * 2


def test_what_only_the_whole_model_can_fill_is_refused():
    model = state_models.accumulator()
    operators = {op.name: op for op in model.subgraphs[0].operators}
    with pytest.raises(UsageError, match="RESOURCE"):
        one_operator(model, operators["READ_VARIABLE"], {})
    with pytest.raises(UsageError, match="no outputs"):
        one_operator(model, operators["CALL_ONCE"], {})
