"""CALL: a subgraph as an operator."""

from __future__ import annotations

import numpy as np

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around, double

X = operand("INT8", (2,), 0.5)


def around(inputs=(X,), outputs=(X,), shapes=None):
    made = Around()
    made.subgraph(4, inputs, outputs, double, shapes)
    return made


def caller(surroundings, inputs=(X,), outputs=(X,), version=1):
    return surroundings.node(node("CALL", inputs, outputs, version=version, subgraph=4))


def test_it_gives_what_the_subgraph_gives():
    made = around()
    record = prepare(caller(made))
    (out,) = record.spec(made, np.array([3, -4], np.int8))
    assert out.tolist() == [6, -8]
    assert record.shapes == ((2,),)
    assert prepare(caller(around(shapes=[None]))).open_shapes


def test_refuses_counts_C1():
    assert refused(caller(around(inputs=(X, X)))) == "C1"
    assert refused(caller(around(outputs=()))) == "C1"
    assert refused(caller(around(), inputs=(None,))) == "C1"


def test_refuses_other_dtypes_C2():
    wide = operand("INT16", (2,), 0.5)
    assert refused(caller(around(inputs=(wide,)))) == "C2"
    assert refused(caller(around(outputs=(wide,)))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(caller(around(), version=9)) == "version"
    assert refused(caller(around(), inputs=(operand("STRING", (2,)),))) == "dtype"
    assert refused(caller(Around())) == "subgraph"
