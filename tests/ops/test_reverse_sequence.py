"""REVERSE_SEQUENCE: the definition element by element, lengths, the kernel, and every refusal."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from refint8.errors import DomainError
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import constant, node, operand, refused, run


def reverse(shape, lengths, batch=0, sequence=1, dtype="UINT8", index="INT32", **changes):
    given = operand(index, lengths) if isinstance(lengths, tuple) else constant(index, lengths)
    out = operand(dtype, (1,) * len(shape))
    inputs = [operand(dtype, shape), given]
    return node("REVERSE_SEQUENCE", inputs, out, seq_dim=sequence, batch_dim=batch, **changes)


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    out = run(reverse((3, 3), (3,)), x, np.array([2, 0, 3], np.int32))
    assert out.tolist() == [[2, 1, 3], [4, 5, 6], [9, 8, 7]]
    out = run(reverse((3, 3), (3,), 1, 0), x, np.array([2, 1, 3], np.int32))
    assert out.tolist() == [[4, 2, 9], [1, 5, 6], [7, 8, 3]]


@pytest.mark.parametrize(("batch", "sequence"), list(permutations(range(3), 2)))
@pytest.mark.parametrize("dtype", ["UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
def test_element_by_element_and_kernel(batch, sequence, dtype):
    shape = (3, 4, 5)
    x = operand(dtype, shape, data=np.arange(60)).value
    lengths = (np.arange(shape[batch]) * 2 % (shape[sequence] + 1)).tolist()
    asked = reverse(shape, lengths, batch, sequence, dtype, "INT64")
    out = run(asked, x, np.array(lengths))
    for index in np.ndindex(*shape):
        place, length = list(index), lengths[index[batch]]
        if place[sequence] < length:
            place[sequence] = length - 1 - place[sequence]
        assert out[index] == x[tuple(place)]
    assert_kernel_equals_spec(asked, x, None)
    computed = reverse(shape, (len(lengths),), batch, sequence, dtype, "INT64")
    assert_kernel_equals_spec(computed, x, np.array(lengths))


def test_a_negative_length_reverses_nothing():
    x = np.array([[1, 2, 3]], np.uint8)
    assert run(reverse((1, 3), (1,)), x, np.array([-2], np.int32)).tolist() == [[1, 2, 3]]
    assert_kernel_equals_spec(reverse((1, 3), [-2]), x, None)
    assert_kernel_equals_spec(reverse((1, 3), (1,)), x, np.array([-2], np.int32))


def test_reports_lengths_beyond_the_axis():
    x = np.zeros((2, 3), np.uint8)
    with pytest.raises(DomainError, match="length 4 is beyond a sequence of 3"):
        run(reverse((2, 3), (2,)), x, np.array([0, 4], np.int32))
    assert "beyond" in why_not_fast(reverse((2, 3), [0, 4]), x, None)
    assert_alarm(reverse((2, 3), (2,)), x, np.array([0, 4], np.int32))


def test_refuses_other_axes_C1():
    for batch, sequence in ((0, 0), (-1, 1), (0, -1), (0, 2), (2, 0)):
        assert refused(reverse((2, 3), (2,), batch, sequence)) == "C1"


def test_refuses_other_numbers_of_lengths_C2():
    assert refused(reverse((2, 3), (3,))) == "C2"
    assert refused(reverse((2, 3), (2, 1))) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(reverse((2, 3), (2,), version=2)) == "version"
    assert refused(reverse((2, 3), (2,), dtype="INT8")) == "dtype"
    assert refused(reverse((2, 3), (2,), index="INT16")) == "dtype"
