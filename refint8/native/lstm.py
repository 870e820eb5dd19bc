"""The kernel of the LSTM operators: all steps of a sequence, row after row.

Functions of int16 values are tables of 65,536 entries. The states are worked on in scratch memory
and written back at the end, so that the alarm leaves them as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from refint8.native.control import copy_exactly
from refint8.native.fixedpoint import divide_by_pot
from refint8.native.inverse_square_root import multiplier as root_multiplier
from refint8.native.inverse_square_root import right_shift as root_shift
from refint8.native.lang import Kernel, clamp, i8, i16, i64, inlined
from refint8.native.products import (
    exact_dot,
    leaves_wide,
    leaves_word,
    low_word,
    rescale,
    rescale_wide,
)
from refint8.native.sums import ITEM, POINTERS

LOW, HIGH = -(1 << 15), (1 << 15) - 1
ONE: Final = HIGH

WORDS: Final = (
    *("x", "out", "h", "c", "new_h", "new_c", "raw", "projected"),
    *("steps", "rows", "inputs", "cells", "outputs"),
    *("x_step", "x_row", "out_step", "out_row"),
    *("report", "alarm", "cell_clip", "h_clip", "h_zero_point", "m_zero_point"),
    *("sigmoid", "gate_tanh", "cell_tanh"),
    *("kept", "kept_left", "kept_right", "kept_report"),
    *("added", "added_left", "added_right", "added_report"),
    *("m", "m_left", "m_right", "m_report"),
    *("p", "p_left", "p_right", "p_report", "p_weights", "p_begin"),
)
"""The first words. Arena offsets, sizes, distances in bytes between steps and between rows, what
is reported, clips (0: none), addresses of tables; four words for each requantization."""

GATE_WORDS: Final = (
    *("w_weights", "w_begin", "w", "w_left", "w_right", "w_report"),
    *("r_weights", "r_begin", "r", "r_left", "r_right", "r_report"),
    *("look", "l", "l_left", "l_right", "l_report"),
    *("norm", "norm_bias", "n", "n_left", "n_right", "guard"),
)
"""Then these for each of four gates. Addresses of int8 weights and of what sums begin with (int64),
of an int16 peephole for each row and cell (0: none), of int16 coefficients and int64 biases."""

A: Final = {name: at for at, name in enumerate(WORDS)}
G: Final = {name: at for at, name in enumerate(GATE_WORDS)}


@dataclass(frozen=True)
class Variant:
    """What one kernel is compiled for. `arithmetic` is an alternative of the rule lstm."""

    arithmetic: str
    dtype: str
    cifg: bool = False
    peephole: bool = False
    norm: bool = False
    projection: bool = False
    tanh: bool = True

    @property
    def name(self) -> str:
        """Of the kernel."""
        flags = [k for k in ("cifg", "peephole", "norm", "projection") if getattr(self, k)]
        flags += [] if self.tanh else ["without_tanh"]
        return "_".join(("lstm", self.arithmetic, self.dtype.lower(), *flags))


@inlined
def normalized(raw: Any, count: int, q: Any, wraps: int) -> int:
    """Layer normalization in place; 1 where a sum leaves int32. `q` points to a gate's words."""
    total, squares = np.int64(0), np.int64(0)
    for n in range(count):
        value = np.int64(raw[n])
        total += value
        squares += value * value
    total *= 1024
    mean = -(-total // count) if total < 0 else total // count
    exact = squares * ((1 << 20) // count) - mean * mean
    variance = -(-exact >> 20) if exact < 0 else exact >> 20
    if variance < 1:
        variance = q[GUARD]
    factor, right = np.int64((1 << 31) - 1), np.int64(0)
    if variance > 1:
        factor, right = root_multiplier(variance), root_shift(variance)
    if right < 0:
        right = np.int64(0)
    weights, bias = i16(q[NORM]), i64(q[NORM_BIAS])
    bad = 0
    for n in range(count):
        scaled = rescale(1024 * np.int64(raw[n]) - mean, factor, 0, right)
        u = scaled * np.int64(weights[n]) + bias[n]
        bad |= leaves_word(u) & (1 - wraps)
        word = low_word(u)
        word += 512 if word > 0 else -512
        word = -(-word >> 10) if word < 0 else word >> 10
        raw[n] = clamp(rescale(word, q[N], q[N_LEFT], q[N_RIGHT]), LOW, HIGH)
    return bad


GUARD, NORM, NORM_BIAS = G["guard"], G["norm"], G["norm_bias"]
N, N_LEFT, N_RIGHT = G["n"], G["n_left"], G["n_right"]


@cache
def lstm(variant: Variant) -> Kernel:
    """Words: WORDS, then GATE_WORDS four times."""

    def make() -> Any:
        return _make(variant)

    return Kernel(variant.name, make)


def _make(variant: Variant) -> Any:
    pointer, item = POINTERS[variant.dtype], ITEM[variant.dtype]
    wide, tables = variant.dtype == "INT16", variant.arithmetic == "tables"
    low, high = (LOW, HIGH) if wide else (-128, 127)
    first = 1 if variant.cifg else 0
    peephole, norm, projection = variant.peephole, variant.norm, variant.projection
    tanh_of_cell = variant.tanh
    base, each = 8 * len(WORDS), 8 * len(GATE_WORDS)
    x_at, out_at, h_at, c_at, new_h, new_c, raw_at, projected = range(8)
    sizes = A["steps"]
    x_step = A["x_step"]
    report, alarm, cell_clip, h_clip, h_zero, m_zero = (A["report"] + k for k in range(6))
    sigmoid_at, gate_tanh, cell_tanh = (A["sigmoid"] + k for k in range(3))
    kept_at, added_at, m_at, p_at = A["kept"], A["added"], A["m"], A["p"]
    w_at, r_at, look_at = G["w_weights"], G["r_weights"], G["look"]

    @inlined
    def part(source: int, q: Any, at: int, n: int, count: int, reported: int) -> Any:
        """(a requantized sum, whether it is to be reported) in one number: sum * 2 + flag."""
        total = exact_dot(pointer(source), i8(q[at] + n * count), count) + i64(q[at + 1])[n]
        if wide:
            return 2 * rescale_wide(total, q[at + 2], q[at + 4]) + leaves_wide(total)
        word = low_word(total)
        bad = (leaves_word(total) & reported) | (leaves_word(word << q[at + 3]) & q[at + 5])
        return 2 * rescale(word, q[at + 2], q[at + 3], q[at + 4]) + bad

    @inlined
    def product(x: int, p: Any, at: int) -> Any:
        """A product of two int16 rescaled, times 2, plus whether it is to be reported."""
        bad = leaves_word(x << p[at + 1]) & p[at + 3]
        return 2 * rescale(x, p[at], p[at + 1], p[at + 2]) + bad

    @inlined
    def update(p: Any, gates: Any, c: Any) -> int:
        cells, clip, bad = p[sizes + 3], p[cell_clip], 0
        for n in range(cells):
            forget, added = np.int64(gates[cells + n]), np.int64(gates[2 * cells + n])
            chosen = np.int64(ONE) - forget
            if first == 0:
                chosen = np.int64(gates[n])
            kept = forget * np.int64(c[n])
            added = chosen * added
            if tables:
                left, right = product(kept, p, kept_at), product(added, p, added_at)
                bad |= (left & 1) | (right & 1)
                kept, added = clamp(left >> 1, LOW, HIGH), clamp(right >> 1, LOW, HIGH)
            else:
                kept = np.int64(np.int16(divide_by_pot(kept, 15)))
                added = np.int64(np.int16(divide_by_pot(added, p[added_at + 2])))
            new = clamp(kept + added, LOW, HIGH)
            if clip > 0:
                new = clamp(new, -clip, clip)
            c[n] = new
        return bad

    def run(params: int, arena: int) -> None:
        p = i64(params)
        steps, rows, inputs = p[sizes], p[sizes + 1], p[sizes + 2]
        cells, outputs = p[sizes + 3], p[sizes + 4]
        sigmoid, tanh, of_cell = i16(p[sigmoid_at]), i16(p[gate_tanh]), i16(p[cell_tanh])
        gates = i16(arena + p[raw_at])
        copy_exactly(arena + p[new_h], arena + p[h_at], rows * outputs * item)
        copy_exactly(arena + p[new_c], arena + p[c_at], rows * cells * 2)
        bad = 0
        for step in range(steps):
            for row in range(rows):
                x = arena + p[x_at] + step * p[x_step] + row * p[x_step + 1]
                h = arena + p[new_h] + row * outputs * item
                c = i16(arena + p[new_c] + row * cells * 2)
                for g in range(first, 4):
                    q = i64(params + base + g * each)
                    if g == 3:
                        bad |= update(p, gates, c)
                    raw = i16(arena + p[raw_at] + 2 * g * cells)
                    for n in range(cells):
                        of_x = part(x, q, w_at, n, inputs, p[report])
                        of_h = part(h, q, r_at, n, outputs, p[report])
                        bad |= (of_x & 1) | (of_h & 1)
                        told = of_h >> 1
                        if tables:
                            told = clamp(told, LOW, HIGH)
                        raw[n] = clamp(clamp(of_x >> 1, LOW, HIGH) + told, LOW, HIGH)
                    if peephole and q[look_at] != 0:
                        look = i16(q[look_at] + 2 * row * cells)
                        for n in range(cells):
                            seen = product(np.int64(look[n]) * np.int64(c[n]), q, look_at + 1)
                            bad |= seen & 1
                            raw[n] = clamp(np.int64(raw[n]) + (seen >> 1), LOW, HIGH)
                    if norm:
                        bad |= normalized(raw, cells, q, 1 - p[report])
                    if g == 2:
                        for n in range(cells):
                            raw[n] = tanh[np.int64(raw[n]) + 32768]
                    else:
                        for n in range(cells):
                            raw[n] = sigmoid[np.int64(raw[n]) + 32768]
                y = pointer(h)
                if projection:
                    y = pointer(arena + p[projected])
                for n in range(cells):
                    squashed = np.int64(gates[n])
                    if tanh_of_cell:
                        squashed = np.int64(of_cell[np.int64(c[n]) + 32768])
                    m = product(np.int64(gates[3 * cells + n]) * squashed, p, m_at)
                    bad |= m & 1
                    y[n] = clamp((m >> 1) + p[m_zero], low, high)
                if projection:
                    to = pointer(h)
                    for n in range(outputs):
                        total = exact_dot(y, i8(p[p_at + 4] + n * cells), cells)
                        total += i64(p[p_at + 5])[n]
                        word = low_word(total)
                        bad |= leaves_word(total) & p[report]
                        made = product(word, p, p_at)
                        bad |= made & 1
                        value = clamp((made >> 1) + p[h_zero], low, high)
                        if p[h_clip] > 0:
                            value = clamp(value, -p[h_clip], p[h_clip])
                        to[n] = value
                out = arena + p[out_at] + step * p[x_step + 2] + row * p[x_step + 3]
                copy_exactly(out, h, outputs * item)
            if bad != 0:
                i64(arena + p[alarm])[0] = 1
                return
        copy_exactly(arena + p[h_at], arena + p[new_h], rows * outputs * item)
        copy_exactly(arena + p[c_at], arena + p[new_c], rows * cells * 2)

    return run
