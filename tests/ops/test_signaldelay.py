"""SignalDelay: over runs, rows apart; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused
from tests.ops.signal_nodes import flexbuffer, signal, spoiled
from tests.ops.surroundings import Around


def delay(length=3, x=(4,), out=None, content=None, dtype="INT16"):
    options = flexbuffer(delay_length=length) if content is None else content
    return signal("SignalDelay", [(dtype, x)], [("INT16", x if out is None else out)], options)


def stream(made, inputs):
    around, record = Around(), prepare(made)
    return [record.spec(around, np.array(x, np.int16)).tolist() for x in inputs]


def test_example():
    assert stream(delay(), [[1, 2, 3, 4], [5, 6, 7, 8]]) == [[0, 0, 0, 1], [2, 3, 4, 5]]


@pytest.mark.parametrize("length", [0, 1, 4, 5, 13])
def test_equals_the_definition(length):
    inputs = np.random.default_rng(length).integers(-32768, 32768, (6, 2, 4))
    found = stream(delay(length, (2, 4)), inputs)
    for row in range(2):
        late = [0] * length + inputs[:, row].reshape(-1).tolist()
        assert [value for out in found for value in out[row]] == late[:24]


def test_refuses_other_options_C1():
    assert refused(delay(-1)) == "C1"
    for content in spoiled({"delay_length": 3}, "delay_length"):
        assert refused(delay(content=content)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(delay(x=())) == "C2"
    assert refused(delay(x=(2, 0))) == "C2"
    assert refused(delay(out=(5,))) == "C2"


def test_refuses_long_memories_C3():
    assert refused(delay((1 << 24) + 1)) == "C3"
    assert refused(delay(1 << 23, (3, 4))) == "C3"
    prepare(delay(1 << 23, (2, 4)))


def test_refuses_other_dtypes_and_versions():
    assert refused(delay(dtype="INT32")) == "dtype"
    assert refused(replace(delay(), version=2)) == "version"
