"""STABLEHLO_CASE: an index chooses, the last branch stands for every other index."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around

X = operand("INT8", (2,), 0.5)


def branches(last=((X,), (X,))):
    around = Around()
    around.subgraph(5, (X,), (X,), lambda x: (x,))
    around.subgraph(6, (X,), (X,), lambda x: (np.asarray(-x),))
    around.subgraph(8, *last, lambda x: (np.asarray(x * 0),))
    return around


def case(around, index=("INT32", ()), x=X, version=1, subgraphs=(5, 6, 8)):
    made = node(
        "STABLEHLO_CASE",
        [operand(*index), x],
        X,
        version=version,
        branch_subgraph_indices=subgraphs,
    )
    return around.node(made)


@pytest.mark.parametrize("index, chosen", [(0, 5), (1, 6), (2, 8), (3, 8), (-1, 8)])
def test_the_index_chooses(index, chosen):
    around = branches()
    prepare(case(around)).spec(around, np.array(index), np.array([3, -4], np.int8))
    assert around.calls == [chosen]


def test_the_shapes_are_known_where_all_agree():
    assert prepare(case(branches())).shapes == ((2,),)
    assert prepare(case(branches(last=((X,), (operand("INT8", (3,)),))))).open_shapes


def test_refuses_counts_C1():
    assert refused(case(branches(last=((X, X), (X,))))) == "C1"
    assert refused(case(branches(), x=None)) == "C1"


def test_refuses_other_dtypes_C2():
    assert refused(case(branches(last=((X,), (operand("INT16", (2,)),))))) == "C2"


def test_refuses_no_branch_and_several_indexes_C3():
    assert refused(case(branches(), subgraphs=())) == "C3"
    assert refused(case(branches(), index=("INT32", (2,)))) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(case(branches(), version=9)) == "version"
    assert refused(case(branches(), index=("BOOL", ()))) == "dtype"
