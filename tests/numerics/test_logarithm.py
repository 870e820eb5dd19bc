"""The fixed-point logarithm: in Python integers, and close to the real one."""

from __future__ import annotations

import math

import numpy as np

from refint8.numerics.logarithm import log_of_at_least_1
from tests.ops.gemmlowp_integers import log_at_least_1


def values():
    borders = [2**k + d for k in range(19, 32) for d in (-2, -1, 0, 1, 2)]
    noise = np.random.default_rng(3).integers(2**19, 2**31, 3000).tolist()
    small = (2**19 + np.random.default_rng(4).integers(0, 2**22, 3000)).tolist()
    return [v for v in (*borders, *noise, *small) if 2**19 <= v < 2**31]


def test_equals_python_integers():
    z = values()
    assert log_of_at_least_1(z).tolist() == [log_at_least_1(v) for v in z]


def test_is_close_to_the_real_function():
    z = np.array(values())
    real = np.array([math.log(v / 2**19) for v in z.tolist()])
    assert abs(log_of_at_least_1(z) / 2**26 - real).max() < 1e-6
    assert log_of_at_least_1(1 << 19) == 0
