"""READ_VARIABLE: values, first values by rule, and what is read wrongly."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around

HANDLE = np.array(7, np.int32)


def read(dtype="INT8", shape=(2, 1), handle=("RESOURCE", ()), rules="tflite", version=1):
    out = operand(dtype, shape, 0.5)
    return node("READ_VARIABLE", [operand(*handle)], out, rules=rules, version=version)


def test_the_value_in_the_outputs_shape():
    around = Around(variables={7: np.array([3, -4], np.int8)})
    assert prepare(read()).spec(around, HANDLE).tolist() == [[3], [-4]]


def test_an_output_without_dimensions_takes_the_variables_shape():
    record = prepare(read(shape=()))
    assert record.open_shapes
    around = Around(variables={7: np.zeros((2, 3), np.int8)})
    assert record.spec(around, HANDLE).shape == (2, 3)
    assert not prepare(read()).open_shapes


@pytest.mark.parametrize(
    "dtype, filled", [("INT8", -3), ("INT16", -3 * 257 + 256), ("INT32", None)]
)
def test_the_first_value_is_the_zero_point_in_every_byte_by_rule(dtype, filled):
    around = Around(zero_points={7: -3})
    value = prepare(read(dtype, rules="tflm")).spec(around, HANDLE)
    assert value.shape == (2, 1) and value.dtype == np.dtype(dtype.lower())
    assert set(value.tobytes()) == {253}
    if filled is not None:
        assert value.ravel().tolist() == [filled] * 2


def test_refuses_more_than_one_handle_C1():
    assert refused(read(handle=("RESOURCE", (3,)))) == "C1"


def test_refuses_to_read_what_was_not_assigned_C2():
    around = Around(zero_points={7: -3})
    for rules, variable in (("tflite", 7), ("litert-ref", 7), ("tflm", 8)):
        with pytest.raises(DomainError, match="before it is assigned") as error:
            prepare(read(rules=rules)).spec(around, np.array(variable))
        assert error.value.label == "C2"


def test_refuses_another_dtype_or_size_C3():
    record = prepare(read())
    for value in (np.zeros(2, np.int16), np.zeros(3, np.int8)):
        with pytest.raises(DomainError, match="the variable") as error:
            record.spec(Around(variables={7: value}), HANDLE)
        assert error.value.label == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(read(version=9)) == "version"
    assert refused(read(handle=("FLOAT32", ()))) == "dtype"
