"""Convolutions as they are defined, in plain loops: for computed weights and unusual factors.

One output after the other, the taps of its window by tables of input lines and columns (-1 where
a tap lies outside), and the channels under a tap in a loop that LLVM vectorises. A kernel per
requantization; what a rule reports sets the alarm.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from refint8.native.fixedpoint import INT32_HIGH, INT32_LOW, divide_by_pot, high_mul
from refint8.native.lang import Kernel, Primitive, clamp, i64, inlined
from refint8.native.sums import ITEM, POINTERS


def _pointer_f64(b: Any, address: Any) -> Any:
    from llvmlite import ir

    return b.inttoptr(address, ir.DoubleType().as_pointer())


f64: Any = Primitive("f64", 1, _pointer_f64, "float64*")
"""An address as a pointer to double."""

FARTHEST = 2.0**62
"""Doubles below it in magnitude can be cast to int64."""


@inlined
def _round_half_away(x: float) -> Any:
    """A double of less than 2^62."""
    whole = np.int64(x)
    rest = x - np.float64(whole)
    if rest >= 0.5:
        whole += 1
    if rest <= -0.5:
        whole -= 1
    return whole


@inlined
def _double(total: int, multiplier: int, shift: int, channel: int, report: int) -> Any:
    """Family D, and whether that is to be reported."""
    left, right = i64(shift)[channel], np.int64(0)
    if left < 0:
        right, left = -left, np.int64(0)
    shifted = total << left
    narrow = np.int64(np.int32(shifted))
    bad = report if narrow != shifted else 0
    return divide_by_pot(high_mul(narrow, i64(multiplier)[channel]), right), bad


@inlined
def _q15(total: int, multiplier: int, shift: int, channel: int, report: int) -> Any:
    """Family Q15, counts modulo 64, and whether that is to be reported."""
    count = i64(shift)[channel]
    outside = (total < -(1 << 47)) | (total >= 1 << 47)
    half = np.int64(1) << ((count - 1) & 63)
    scaled = (total * i64(multiplier)[channel] + half) >> (count & 63)
    return np.int64(np.int32(scaled)), report if outside else 0


@inlined
def _float64(total: int, multiplier: int, shift: int, channel: int, report: int) -> Any:
    """Family F64; `report` says what becomes of values outside int32: 0 clamped, 1 -2^31."""
    real = np.float64(total) * f64(multiplier)[channel]
    rounded = np.int64(INT32_LOW)
    if real > -FARTHEST and real < FARTHEST:
        rounded = _round_half_away(real)
        if rounded < INT32_LOW or rounded > INT32_HIGH:
            high = INT32_HIGH if rounded > 0 else INT32_LOW
            rounded = np.int64(INT32_LOW if report else high)
    elif not report:
        rounded = np.int64(INT32_HIGH if real > 0 else (INT32_LOW if real < 0 else 0))
    return rounded, 0


FORMS: dict[str, Any] = {"double": _double, "q15": _q15, "float64": _float64}
"""From a sum to output steps: (total, multipliers' address, shifts' address, channel, report)."""

WORDS = (
    "x", "weights", "bias", "out", "images", "height", "width", "depth", "out_height", "out_width",
    "lines", "columns", "groups", "of_group", "kernel_height", "kernel_width", "channel_step",
    "tap_step", "taken", "input_zero_point", "weights_zero_point", "multiplier", "shift",
    "report", "report_sums", "zero_point", "low", "high", "alarm",
)  # fmt: skip
"""Parameter words. Arena offsets: x, weights, bias (-1: none), out, alarm. `lines` and `columns`
are addresses of [out size, kernel size] int64, -1 for a tap outside; `depth` are the input's
channels, `taken` those that one output takes, group after group. `channel_step` and `tap_step`
count elements of the weights. `report` goes to the form; `report_sums` reports what leaves int32,
which else wraps."""


@cache
def plain_products(
    x: str, weights: str, bias: str, out: str, form: str, *, narrow: bool, wide: bool
) -> Kernel:
    """`bias` is "" where there is none; `narrow`: the products under a tap sum up within int32;
    `wide`: the sums with the bias have 64 bits.
    """
    x_pointer, w_pointer, out_pointer = (POINTERS[name] for name in (x, weights, out))
    bias_pointer = POINTERS[bias or "INT32"]
    has_bias, item, w_item = bool(bias), ITEM[x], ITEM[weights]
    requantize = FORMS[form]

    def make() -> Any:
        def multiply(params: int, arena: int) -> None:
            p = i64(params)
            height, width, depth, out_height, out_width = p[5], p[6], p[7], p[8], p[9]
            lines, columns, groups, of_group, kh, kw = (
                i64(p[10]),
                i64(p[11]),
                p[12],
                p[13],
                p[14],
                p[15],
            )
            channel_step, tap_step, taken = p[16], p[17], p[18]
            x_zero, w_zero, report, report_sums = p[19], p[20], p[23], p[24]
            zero_point, low, high = p[25], p[26], p[27]
            y = out_pointer(arena + p[3])
            at = 0
            for pixel in range(p[4] * out_height * out_width):
                image = pixel // (out_height * out_width)
                inside = pixel - image * (out_height * out_width)
                row = inside // out_width
                column = inside - row * out_width
                for channel in range(groups * of_group):
                    first = channel // of_group * taken
                    total: Any = np.int64(0)
                    if has_bias:
                        total = np.int64(bias_pointer(arena + p[2])[channel])
                    for j in range(kh):
                        line = lines[row * kh + j]
                        if line < 0:
                            continue
                        for i in range(kw):
                            place = columns[column * kw + i]
                            if place < 0:
                                continue
                            place = ((image * height + line) * width + place) * depth + first
                            tap = channel * channel_step + (j * kw + i) * tap_step
                            a = x_pointer(arena + p[0] + item * place)
                            b = w_pointer(arena + p[1] + w_item * tap)
                            if narrow:
                                small = np.int32(0)
                                for c in range(taken):
                                    left = np.int32(a[c]) - np.int32(x_zero)
                                    right = np.int32(b[c]) - np.int32(w_zero)
                                    product = np.int32(np.int32(left) * np.int32(right))
                                    small = np.int32(small + product)
                                total += np.int64(small)
                            else:
                                for c in range(taken):
                                    left = np.int64(a[c]) - x_zero
                                    total += left * (np.int64(b[c]) - w_zero)
                    bad: Any = np.int64(0)
                    if not wide:
                        kept = np.int64(np.int32(total))
                        bad = report_sums if kept != total else 0
                        total = kept
                    steps, reported = requantize(total, p[21], p[22], channel, report)
                    exact = steps + zero_point
                    steps = np.int64(np.int32(exact))
                    bad |= reported | (report_sums if steps != exact else 0)
                    if bad != 0:
                        i64(arena + p[28])[0] = 1
                        return
                    y[at] = clamp(steps, low, high)
                    at += 1

        return multiply

    flags = "".join(f"_{name}" for name, on in (("narrow", narrow), ("wide", wide)) if on)
    types = "_".join(name.lower() for name in (x, weights, bias or "none", out))
    return Kernel(f"plain_products_{form}_{types}{flags}", make)
