"""Tables against the same construction written out for one entry at a time."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.numerics.tables import lut8_lookup, lut8_table, lut16_lookup, lut16_table
from tests.ops.python_integers import clamp, float32, round_half_away


def softsign(x):
    """Algebraic, so that every operation is exactly rounded anywhere."""
    return x / (1 + abs(x))


def entry8(x, low, high, si, zi, so, zo):
    si, inverse = float32(si), float32(1 / float32(so))
    t = float32(si * (x - zi))
    y = float32(t / float32(1 + abs(t)))
    rounded = round_half_away(Fraction(float32(y * inverse)))
    return clamp(rounded + zo, low, high)


@pytest.mark.parametrize(
    "dtype, low, high, zi, zo", [("INT8", -128, 127, -17, 5), ("UINT8", 0, 255, 111, 128)]
)
@pytest.mark.parametrize("si, so", [(0.05, 1 / 128), (0.011, 0.0039), (0.7, 0.0021), (1e-4, 1e-5)])
def test_lut8_equals_one_entry_at_a_time(dtype, low, high, zi, zo, si, so):
    table = lut8_table(softsign, dtype, si, zi, so, zo)
    assert table.tolist() == [entry8(x, low, high, si, zi, so, zo) for x in range(low, high + 1)]
    x = np.array([low, -1 if low else 128, 1, high], dtype.lower())
    assert lut8_lookup(x, table, dtype).tolist() == [table[v - low] for v in x.tolist()]


@pytest.mark.parametrize(
    "si, so, q",
    [
        (0.08226067572832108, 0.007822847925126553, 83),
        (0.0701264888048172, 0.010462851263582706, 121),
        (0.06551136076450348, 0.01741553284227848, 65),
        (0.06263040006160736, 0.009577568620443344, 124),
    ],
)
def test_lut8_next_to_ties(si, so, q):
    """Scales for which dividing by the output's (the first two), or an argument in double (the
    others), gives another entry.
    """
    table = lut8_table(softsign, "INT8", si, 0, so, 0)
    si, so = float32(si), float32(so)
    y = float32(float32(si * q) / float32(1 + float32(si * q)))
    divided = round_half_away(Fraction(float32(y / so)))
    in_double = round_half_away(Fraction(si * q / (1 + si * q) * float32(1 / so)))
    right = entry8(q, -128, 127, si, 0, so, 0)
    assert table[q + 128] == right
    assert right in (divided, in_double) and divided != in_double


def test_lut8_rounds_ties_away_from_zero():
    table = lut8_table(lambda x: x, "INT8", 0.5, 0, 1.0, 0)
    x = np.array([-5, -3, -1, 0, 1, 3, 5], np.int8)
    assert lut8_lookup(x, table, "INT8").tolist() == [-3, -2, -1, 0, 1, 2, 3]


def test_lut8_overflow_is_a_rule():
    """2^30 * 4 leaves int32: clamped, or the lowest int32 before it is clamped."""
    steep = {
        (dtype, rule): lut8_table(lambda x: x * np.float32(2**30), dtype, 1.0, 0, 1.0, 0, rule)
        for dtype in ("INT8", "UINT8")
        for rule in ("saturate", "x86", "x86_uint8")
    }
    last = {key: int(table[-1]) for key, table in steep.items()}
    assert last == {
        ("INT8", "saturate"): 127,
        ("INT8", "x86"): -128,
        ("INT8", "x86_uint8"): 127,
        ("UINT8", "saturate"): 255,
        ("UINT8", "x86"): 0,
        ("UINT8", "x86_uint8"): 0,
    }


def entries16(function, si, zi, so, zo, narrow):
    """The formula of lut16_table, every operation rounded by `narrow`."""

    def whole(x):
        return float(round_half_away(Fraction(x)))

    si, so = narrow(si), narrow(so)
    first, last = narrow(si * (-32768 - zi)), narrow(si * (32767 - zi))
    step = narrow(narrow(last - first) / 512)
    span = narrow(narrow(so * (32767 - zo)) - narrow(so * (-32768 - zo)))
    per_unit = narrow(65536 / span)
    table = []
    for i in range(512):
        start = narrow(first + narrow(i * step))
        v = function(start)
        m = function(narrow(start + narrow(step / 2)))
        w = function(narrow(first + narrow((i + 1) * step)))
        rounded = whole(narrow(v * per_unit))
        middle = whole(narrow(narrow(narrow(w * per_unit) + rounded) / 2))
        bias = whole(narrow(narrow(middle - whole(narrow(m * per_unit))) / 2))
        table.append(int(clamp(narrow(rounded - bias), -32768, 32767)))
    table.append(int(clamp(whole(narrow(function(last) * per_unit)), -32768, 32767)))
    return table


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    "si, zi, so, zo",
    [(1e-3, 0, 1 / 32768, 0), (3.1e-4, 0, 2.9e-5, 0), (10 / 65535, 32767, 2 / 65535, 0)],
)
def test_lut16_equals_one_entry_at_a_time(precision, si, zi, so, zo):
    narrow = float32 if precision == "float32" else float

    def one(x):
        return narrow(x / narrow(1 + abs(x)))

    table = lut16_table(softsign, si, zi, so, zo, precision)
    assert table.tolist() == entries16(one, si, zi, so, zo, narrow)


def test_lut16_bias_halves_the_error_of_the_middle():
    """A parabola that sags by 8 steps between samples: they move by half of that."""
    curve = lut16_table(lambda x: x * x * np.float32(8 / 4096), 1.0, 0, 65536 / 65535, 0)
    samples = (-32768 + np.arange(513) * 65535 / 512) ** 2 * 8 / 4096
    inside = samples < 30000
    assert inside.sum() > 50
    assert abs(curve[inside] - (samples[inside] - 4)).max() <= 1


def test_lut16_stores_nan_as_0_and_clamps_infinities():
    with np.errstate(over="ignore"):
        table = lut16_table(lambda x: np.exp2(x, dtype=np.float32), 1.0, 0, 1.0, 0)
    # Both neighbours infinite: inf - inf. One infinite, or finite ones: clamped.
    assert table[0] == 0
    assert table[-2] == 0
    assert table[-1] == 32767
    assert set(table[260:-1].tolist()) <= {0, 32767, -32768}


def test_lut16_lookup_equals_python_integers_on_all_inputs():
    table = lut16_table(softsign, 1e-3, 0, 1 / 32768, 0)
    table[100], table[101] = -32768, 32767  # a difference that wraps in 16 bits
    x = np.arange(-32768, 32768, dtype=np.int16)
    entries = table.tolist()

    def one(value):
        index = 256 + (value >> 7)
        slope = (entries[index + 1] - entries[index] + 2**15) % 2**16 - 2**15
        y = entries[index] + math.floor(Fraction(slope * (value % 128) + 64, 128))
        return (y + 2**15) % 2**16 - 2**15

    assert lut16_lookup(x, table).tolist() == [one(value) for value in x.tolist()]


def test_lut16_reads_its_last_sample():
    table = np.zeros(513, np.int64)
    table[512] = 128
    assert lut16_lookup(np.array([32639, 32640, 32641, 32767]), table).tolist() == [0, 0, 1, 127]
