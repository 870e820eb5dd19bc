"""ASSIGN_VARIABLE: the environment's variable takes the value over."""

from __future__ import annotations

import numpy as np

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around


def assign(handle=("RESOURCE", ()), x="INT8", version=1):
    inputs = [operand(*handle), operand(x, (2,), 0.5)]
    return node("ASSIGN_VARIABLE", inputs, (), version=version)


def test_it_keeps_a_copy():
    around, record = Around(), prepare(assign())
    x = np.array([3, -4], np.int8)
    assert record.spec(around, np.array(7, np.int32), x) == ()
    x[0] = 0
    assert around.variables[7].tolist() == [3, -4]
    assert around.variables[7].dtype == np.int8


def test_it_takes_over_dtype_and_shape():
    around = Around(variables={7: np.zeros(5, np.int8)})
    prepare(assign(x="INT16")).spec(around, np.array([7]), np.array([1, 2], np.int16))
    assert around.variables[7].tolist() == [1, 2]
    assert around.variables[7].dtype == np.int16


def test_refuses_more_than_one_handle_C1():
    assert refused(assign(handle=("RESOURCE", (2,)))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(assign(version=9)) == "version"
    assert refused(assign(handle=("FLOAT32", ()))) == "dtype"
