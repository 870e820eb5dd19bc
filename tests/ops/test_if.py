"""IF: one branch runs, both are checked."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around, double

X = operand("INT8", (2,), 0.5)
VALUE = np.array([3, -4], np.int8)


def branches(then=((X,), (X,)), otherwise=((X,), (X,))):
    around = Around()
    around.subgraph(1, *then, double)
    around.subgraph(2, *otherwise, lambda x: (x,))
    return around


def if_node(around, condition=("BOOL", ()), x=X, out=X, version=1):
    made = node(
        "IF",
        [operand(*condition), x],
        out,
        version=version,
        then_subgraph_index=1,
        else_subgraph_index=2,
    )
    return around.node(made)


@pytest.mark.parametrize("condition, expected", [(True, [6, -8]), (False, [3, -4])])
def test_the_condition_chooses(condition, expected):
    around = branches()
    record = prepare(if_node(around))
    (out,) = record.spec(around, np.array([condition]), VALUE)
    assert out.tolist() == expected
    assert around.calls == [1 if condition else 2]
    assert (record.shapes, record.open_shapes) == (((2,),), False)


def test_branches_of_different_or_unknown_shapes_leave_it_open():
    longer = operand("INT8", (5,), 0.5)
    assert prepare(if_node(branches(otherwise=((X,), (longer,))))).open_shapes
    around = branches()
    around.subgraph(2, (X,), (X,), double, shapes=[None])
    assert prepare(if_node(around)).open_shapes


def test_refuses_counts_C1():
    assert refused(if_node(branches(then=((X, X), (X,))))) == "C1"
    assert refused(if_node(branches(otherwise=((X,), (X, X))))) == "C1"
    assert refused(if_node(branches(), x=None)) == "C1"


def test_refuses_other_dtypes_C2():
    wide = operand("INT16", (2,), 0.5)
    assert refused(if_node(branches(then=((wide,), (X,))))) == "C2"
    assert refused(if_node(branches(otherwise=((X,), (wide,))))) == "C2"


def test_refuses_a_condition_of_several_elements_C3():
    assert refused(if_node(branches(), condition=("BOOL", (2,)))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(if_node(branches(), version=9)) == "version"
    assert refused(if_node(branches(), condition=("INT8", ()))) == "dtype"
    assert refused(if_node(Around())) == "subgraph"
