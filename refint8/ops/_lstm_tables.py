"""One LSTM step as TFLM computes it: FULLY_CONNECTED, MUL, and LOGISTIC and TANH on int16."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints, saturate
from refint8.numerics.recording import note, recorded
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import nearest_power_of_two, product_ratio_float64, product_ratio_mixed
from refint8.numerics.sigmoid_table import interpolate_logistic, interpolate_tanh
from refint8.ops._gemm import matmul
from refint8.ops._lstm import (
    CELL_STATE,
    GATES,
    HIDDEN_STATE,
    PROJECTION,
    RECURRENT,
    WEIGHTS,
    Weights,
    has_layer_norm,
    is_cifg,
    operand_of,
)
from refint8.ops._op import Node, check

GATE_SCALE: Final = 2.0**-12
UNIT: Final = 2.0**-15
"""The scale of what sigmoid and tanh give."""
GATE_POWER: Final = -12


@dataclass(frozen=True, eq=False)
class TableCell:
    """The integer record of a cell: requantizers of the eight products and the three MULs.

    `gates` are those of input and hidden state; the latter have no bias. `wide`: sums of int16
    activations have 64 bits. The cell state's scale counts as 2^cell_power for its tanh.
    """

    gates: Mapping[str, tuple[Requantizer, Requantizer]]
    input_zero_point: int
    state_zero_point: int
    forget_product: Requantizer
    input_product: Requantizer
    output_product: Requantizer
    cell_power: int
    cell_clip: int
    dtype: str
    wide: bool
    accumulator: Accumulator

    def step(
        self, weights: Weights, x: Ints, h: Ints, c: Ints, *, together: bool
    ) -> tuple[Ints, Ints]:
        """See Cell; rows never meet, so `together` changes nothing."""
        x, h = x - self.input_zero_point, h - self.state_zero_point
        forget, chosen, update = (
            self._gate(name, weights, x, h) for name in ("forget", "input", "cell")
        )
        kept = saturate(self.forget_product(forget * c), 16)
        added = saturate(self.input_product(chosen * update), 16)
        c = saturate(kept + added, 16)
        if self.cell_clip > 0:
            c = np.clip(c, -self.cell_clip, self.cell_clip)
        note("cell state", "forget * c + input * update", c)
        output = self._gate("output", weights, x, h)
        m = self.output_product(scaled_tanh(c, self.cell_power) * output)
        h = np.clip(m + self.state_zero_point, *DTYPE_RANGE[self.dtype])
        return note("hidden state", "+ zp, clamped", h, x=m, zp=self.state_zero_point), c

    @recorded("{name} gate", "the function of its sums", bare=True)
    def _gate(self, name: str, weights: Weights, x: Ints, h: Ints) -> Ints:
        raw = self._sums(name, weights, x, h)
        return scaled_tanh(raw, GATE_POWER) if name == "cell" else _sigmoid(raw)

    @recorded("sums of the gate", "products of x and h, rescaled and added", bare=True)
    def _sums(self, name: str, weights: Weights, x: Ints, h: Ints) -> Ints:
        w, (of_input, of_state) = weights.gates[name], self.gates[name]
        first = saturate(of_input(self._sum(matmul(x, w.weights.T) + w.bias)), 16)
        second = saturate(of_state(self._sum(matmul(h, w.recurrent.T))), 16)
        return saturate(first + second, 16)

    def _sum(self, exact: Ints) -> Ints:
        return exact if self.wide else self.accumulator(exact)


def _sigmoid(raw: Ints) -> Ints:
    return interpolate_logistic(3 * raw)


def scaled_tanh(raw: Ints, power: int) -> Ints:
    """tanh of raw * 2^power in Q0.15, |raw| < 2^15: 3 * 2^(power + 12) steps of 1/12 * 2^-9."""
    left = power + 12
    u = 3 * raw << left if left >= 0 else (3 * raw + (1 << (-left - 1))) >> -left
    return interpolate_tanh(u)


def table_cell(node: Node) -> TableCell:
    """Condition C8, and all parameters: scales of products in float32, of MULs in double."""
    x, hidden, cells = node.input(0), node.input(HIDDEN_STATE), node.input(CELL_STATE)
    plain = not is_cifg(node) and not has_layer_norm(node)
    peephole = node.optional_input(10) is not None
    check(
        plain and not peephole and node.optional_input(PROJECTION) is None,
        "C8",
        "with sigmoid tables there is no projection, peephole, normalization or missing gate",
    )
    activation = node.options.get("fused_activation_function", "TANH")
    check(activation == "TANH", "C8", f"the cell gate's activation is {activation}, not TANH")
    rules, wide = node.rules, x.dtype == "INT16"

    def product(first: int, name: str, scale: float) -> Requantizer:
        weights = operand_of(node, first, name)
        assert weights is not None, "it has been checked"
        real = product_ratio_mixed(scale, weights.scale, GATE_SCALE)
        return requantizer(real, rules, wide=wide)

    def mul(a: float, b: float, out: float) -> Requantizer:
        return requantizer(product_ratio_float64(a, b, out), rules)

    clip = float(np.float32(node.options.get("cell_clip", 0.0)))
    low, high = DTYPE_RANGE["INT16"]
    return TableCell(
        gates={
            name: (product(WEIGHTS, name, x.scale), product(RECURRENT, name, hidden.scale))
            for name in GATES
        },
        input_zero_point=x.zero_point,
        state_zero_point=hidden.zero_point,
        forget_product=mul(UNIT, cells.scale, cells.scale),
        input_product=mul(UNIT, UNIT, cells.scale),
        output_product=mul(UNIT, UNIT, hidden.scale),
        cell_power=nearest_power_of_two(cells.scale),
        cell_clip=int(np.clip(clip / cells.scale, low, high)) if clip > 0 else 0,
        dtype=x.dtype,
        wide=wide,
        accumulator=Accumulator(rules.accumulator),
    )
