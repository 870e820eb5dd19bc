"""Factors of delegated ADD and LEAKY_RELU, at ties that tell how the factors were made."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from refint8.numerics.rules import Rules
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, run
from tests.ops.python_integers import clamp, float32, half_up
from tests.ops.test_delegated_arithmetic import ADDITION, even, every, of, pair


def test_the_factors_of_a_common_shift_are_rounded_to_21_bits():
    """Sums that are ties but for the rounding of the factor, which its width and kind decide."""
    told = [0, 0]
    x, y = every("INT8"), of("INT8", [1])
    for out in (6.0, 10.0, 14.0, 18.0, 22.0, 26.0):
        ratio = Fraction(float32(1 / out))
        shift = 20 - math.floor(math.log2(ratio))
        factor = round(ratio * 2**shift)
        assert 2**20 <= factor < 2**21
        got = pair("ADD", ADDITION, "INT8", (1.0, 1.0, out), (0, 0, 0), x, y).tolist()

        def meant(factor, shift):
            return [half_up(Fraction((v + 1) * factor, 2**shift)) for v in x.tolist()]

        assert got == meant(factor, shift)
        told[0] += got != meant(math.floor(ratio * 2**shift), shift)
        told[1] += got != meant(round(ratio * 2 ** (shift + 1)), shift + 1)
    assert min(told) > 0, told


def test_the_slope_of_leaky_relu_is_rounded_twice_to_float32():
    """Slopes next to ties of 1/256: f32(f32(s_in / s_out) * alpha), not f32(s_in * alpha / s_out)
    or f32(f32(s_in * alpha) / s_out).
    """
    rng = np.random.default_rng(0)
    told = [0, 0]
    for k in range(400):
        s, out = (float32(v) for v in rng.uniform(0.01, 0.1, 2))
        ratio = float32(s / out)
        alpha = float32((k % 40 + 0.5) / 256 / ratio)
        factor = even(256 * float32(ratio * alpha))
        others = float32(s * alpha / out), float32(float32(s * alpha) / out)
        found = [n for n, other in enumerate(others) if even(256 * other) != factor]
        for n in found:
            told[n] += 1
        if not found:
            continue
        x = of("INT8", [-128])
        rules = Rules(leaky_relu="eight_bits")
        node_of = node(
            "LEAKY_RELU", [operand("INT8", (1,), s)], operand("INT8", (1,), out),
            rules=rules, alpha=alpha,
        )  # fmt: skip
        assert prepare(node_of).slope.multiplier == factor
        assert run(node_of, x) == [clamp(half_up(Fraction(-128 * factor, 256)), -128, 127)]
    assert min(told) > 5, told
