"""CALL_ONCE: once in the life of an environment."""

from __future__ import annotations

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around


def once(around, version=1, inputs=()):
    made = node("CALL_ONCE", inputs, (), version=version, init_subgraph_index=3)
    return around.node(made)


def test_it_runs_the_first_time_only():
    around = Around()
    around.subgraph(3, (), (), lambda: ())
    record = prepare(once(around))
    for _ in range(3):
        assert record.spec(around) == ()
    assert around.calls == [3]
    another = Around(functions=around.functions)
    record.spec(another)
    assert another.calls == [3]


def test_another_operator_counts_as_the_same():
    around = Around()
    around.subgraph(3, (), (), lambda: ())
    prepare(once(around)).spec(around)
    prepare(once(around)).spec(around)
    assert around.calls == [3]


def test_refuses_a_subgraph_with_inputs_or_outputs_C1():
    for inputs, outputs in (((operand("INT8", (1,)),), ()), ((), (operand("INT8", (1,)),))):
        around = Around()
        around.subgraph(3, inputs, outputs)
        assert refused(once(around)) == "C1"


def test_refuses_versions_and_dtypes():
    around = Around()
    around.subgraph(3, (), ())
    assert refused(once(around, version=9)) == "version"
    assert refused(once(around, inputs=[operand("INT8", (1,))])) == "dtype"
    assert refused(once(Around())) == "subgraph"
