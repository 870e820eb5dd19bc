"""VAR_HANDLE: names become numbers."""

from __future__ import annotations

from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused
from tests.ops.surroundings import Around


def handle(dtype="RESOURCE", shape=(), version=1, **names):
    made = node("VAR_HANDLE", [], operand(dtype, shape), version=version, **names)
    return Around().node(made)


def test_the_number_comes_from_both_names():
    record = prepare(handle(container="ab", shared_name="xyz"))
    assert record.spec().item() == 23
    assert record.spec().shape == ()
    assert prepare(handle(shape=(1,), shared_name="x")).spec().tolist() == [1]


def test_it_is_known_before_a_run():
    (known,) = prepare(handle(container="ab")).known_outputs()
    assert known.item() == 20


def test_refuses_more_than_one_element_C1():
    assert refused(handle(shape=(2,))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(handle(version=9)) == "version"
    assert refused(handle("FLOAT32")) == "dtype"
