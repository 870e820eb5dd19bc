"""The inverse square root: in Python integers, and close to the real one."""

from __future__ import annotations

import numpy as np

from refint8.numerics.inverse_square_root import inverse_square_root
from tests.ops.gemmlowp_integers import inverse_root


def values():
    borders = [2**k + d for k in range(1, 31) for d in (-1, 0, 1)]
    noise = np.random.default_rng(5).integers(2, 2**31, 2000).tolist()
    return [v for v in (*range(2, 2000), *borders, *noise, 2**31 - 1) if 2 <= v < 2**31]


def test_equals_python_integers():
    v = values()
    multiplier, shift = inverse_square_root(v)
    pairs = list(zip(multiplier.tolist(), shift.tolist(), strict=True))
    assert pairs == [inverse_root(x) for x in v]


def test_is_close_to_the_real_function():
    v = np.array(values())
    multiplier, shift = inverse_square_root(v)
    assert abs(multiplier * 2.0 ** (shift - 31) * np.sqrt(v) - 1).max() < 1e-5


def test_up_to_1_gives_1():
    multiplier, shift = inverse_square_root([1, 0, -1, -(2**31)])
    assert multiplier.tolist() == [2**31 - 1] * 4
    assert shift.tolist() == [0] * 4
