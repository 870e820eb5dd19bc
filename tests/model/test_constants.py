"""Sub-byte constants against Python integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.model.constants import byte_size, pack, unpack

RANGES = {"INT4": range(-8, 8), "UINT4": range(16), "INT2": range(-2, 2)}
BITS = {"INT4": 4, "UINT4": 4, "INT2": 2}


@pytest.mark.parametrize("dtype", RANGES)
def test_every_byte(dtype: str) -> None:
    bits, per_byte = BITS[dtype], 8 // BITS[dtype]
    every = np.arange(256, dtype=np.uint8)
    expected = []
    for byte, position in itertools.product(range(256), range(per_byte)):
        value = byte >> (bits * position) & ((1 << bits) - 1)
        negative = dtype.startswith("I") and value >> (bits - 1)
        expected.append(value - (1 << bits) if negative else value)
    values = unpack(every, dtype, 256 * per_byte)
    assert values.tolist() == expected
    assert values.dtype == (np.uint8 if dtype == "UINT4" else np.int8)
    assert pack(values, dtype) == bytes(range(256))


@given(st.data())
def test_pack_and_unpack_are_inverse(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(sorted(RANGES)))
    values = data.draw(st.lists(st.sampled_from(RANGES[dtype]), max_size=33))
    packed = pack(np.array(values, np.int8), dtype)
    assert len(packed) == byte_size(dtype, (len(values),)) == -(-len(values) * BITS[dtype] // 8)
    assert unpack(np.frombuffer(packed, np.uint8), dtype, len(values)).tolist() == values


def test_the_even_element_is_in_the_low_nibble() -> None:
    assert pack(np.array([1, -2, 3], np.int8), "INT4") == bytes([0xE1, 0x03])
    assert pack(np.array([1, -2, -1, 0, 1], np.int8), "INT2") == bytes([0b00_11_10_01, 0b01])


def test_sizes() -> None:
    assert byte_size("INT32", (2, 3)) == 24
    assert byte_size("INT4", (3, 3)) == 5
    assert byte_size("INT2", (3, 3)) == 3
    assert byte_size("INT8", ()) == 1
    assert byte_size("INT8", (0, 5)) == 0
    assert byte_size("STRING", (5,)) is None
