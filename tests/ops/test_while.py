"""WHILE: turns, growing tensors, the limit."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around

N, X = operand("INT32", ()), operand("INT8", (2,), 0.5)
YES = operand("BOOL", ())


def loop(turns=3, cond=((N, X), (YES,)), body=((N, X), (N, X)), answer=lambda n: n):
    around = Around()
    around.subgraph(1, *cond, lambda n, x: (np.asarray(answer(n < turns)),))
    around.subgraph(2, *body, lambda n, x: (n + 1, np.asarray(x * 2)))
    return around


def while_node(around, inputs=(N, X), outputs=(N, X), version=1):
    made = node(
        "WHILE",
        inputs,
        outputs,
        version=version,
        cond_subgraph_index=1,
        body_subgraph_index=2,
    )
    return around.node(made)


@pytest.mark.parametrize(
    "start, expected", [(0, [8, -16]), (2, [2, -4]), (3, [1, -2]), (9, [1, -2])]
)
def test_turns(start, expected):
    around = loop()
    x = np.array([1, -2], np.int8)
    record = prepare(while_node(around))
    n, out = record.spec(around, np.array(start, np.int32), x)
    assert (int(n), out.tolist()) == (max(start, 3), expected)
    assert out is not x
    assert record.shapes == ((), (2,))


def test_a_body_that_changes_shapes_leaves_them_open():
    around = loop(body=((N, X), (N, operand("INT8", (4,), 0.5))))
    assert prepare(while_node(around)).open_shapes


def test_refuses_counts_C1():
    assert refused(while_node(loop(cond=((N,), (YES,))))) == "C1"
    assert refused(while_node(loop(cond=((N, X), (YES, YES))))) == "C1"
    assert refused(while_node(loop(body=((N, X), (N,))))) == "C1"
    assert refused(while_node(loop(), outputs=(N, X, X))) == "C1"
    assert refused(while_node(loop(), inputs=(N, None))) == "C1"


def test_refuses_other_dtypes_C2():
    wide = operand("INT16", (2,), 0.5)
    assert refused(while_node(loop(cond=((N, X), (N,))))) == "C2"
    assert refused(while_node(loop(body=((N, X), (N, wide))))) == "C2"
    assert refused(while_node(loop(body=((N, wide), (N, X))))) == "C2"


def test_refuses_conditions_of_several_elements_C3():
    assert refused(while_node(loop(cond=((N, X), (operand("BOOL", (2,)),))))) == "C3"
    around = loop(answer=lambda b: np.array([b, b]))
    with pytest.raises(DomainError) as error:
        prepare(while_node(around)).spec(around, np.array(0), np.zeros(2, np.int8))
    assert error.value.label == "C3"


def test_refuses_to_run_forever_C4():
    around = loop(turns=1000)
    with pytest.raises(DomainError, match="after 50 turns") as error:
        prepare(while_node(around)).spec(around, np.array(0), np.zeros(2, np.int8))
    assert error.value.label == "C4"
    just = loop(turns=50)
    prepare(while_node(just)).spec(just, np.array(0), np.zeros(2, np.int8))


def test_refuses_versions_and_dtypes():
    assert refused(while_node(loop(), version=9)) == "version"
    assert refused(while_node(loop(), inputs=(N, operand("STRING", (2,))))) == "dtype"
