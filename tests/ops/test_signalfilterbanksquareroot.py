"""SignalFilterBankSquareRoot: to the nearest integer but for two edges; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops import signal_integers
from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import signal


def root(x=(4,), bits=(), out=None, dtype="UINT64"):
    outputs = [("UINT32", x if out is None else out)]
    return signal("SignalFilterBankSquareRoot", [(dtype, x), ("INT32", bits)], outputs)


def roots(values, bits=0):
    x = np.array(values, np.uint64)
    return run(root(x.shape), x, np.array(bits, np.int32)).tolist()


def test_examples():
    assert roots([0, 1, 2, 3, 6, 7]) == [0, 1, 1, 2, 2, 3]
    assert roots([49, 56, 57], 1) == [3, 3, 4]


def test_edges():
    # Nearer to 2^16, but what has no upper word stays within 16 bits.
    assert roots([2**32 - 1, 2**32, 2**32 + 65537]) == [65535, 65536, 65537]
    assert roots([2**64 - 1, 2**64 - 2**32]) == [2**32 - 1, 2**32 - 1]


@pytest.mark.parametrize("bits", [0, 5, 31])
def test_equals_the_definition(bits):
    rng = np.random.default_rng(bits)
    near = [1, 2, 3, 4, 255, 256, 65535, 65536, 65537, 10**6, 2**31, 2**32 - 2, 2**32 - 1]
    values = [k * k + d for k in near for d in (-2, -1, 0, 1, 2)]
    values += [k * k + k + d for k in near for d in (-1, 0, 1, 2)]  # where rounding turns
    wide = rng.integers(0, 1 << 63, 500, dtype=np.uint64) >> rng.integers(0, 63, 500, np.uint64)
    values = [v for v in [*values, *wide.tolist()] if 0 <= v < 1 << 64]
    assert roots(values, bits) == [signal_integers.root(v) >> bits for v in values]


def test_refuses_other_shapes_C1():
    assert refused(root((1, 4))) == "C1"
    assert refused(root(bits=(1,))) == "C1"
    assert refused(root(out=(5,))) == "C1"


def test_refuses_other_bits_C2():
    record = prepare(root())
    for bits in (-1, 32, -(1 << 31)):
        with pytest.raises(DomainError) as error:
            record.spec(np.ones(4, np.uint64), np.array(bits, np.int32))
        assert error.value.label == "C2"


def test_refuses_other_dtypes_and_versions():
    assert refused(root(dtype="UINT32")) == "dtype"
    assert refused(replace(root(), version=2)) == "version"
