"""One LSTM step as LiteRT computes it: int8 activations, int16 cells, gemmlowp's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from refint8.numerics import gemmlowp16
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import Ints, rounding_divide_by_pot, saturate, wrap16
from refint8.numerics.layer_norm import LayerNorm
from refint8.numerics.recording import note, recorded
from refint8.numerics.requantize import Requantizer
from refint8.ops._gemm import matmul
from refint8.ops._lstm import GateWeights, Weights

ONE: Final = (1 << 15) - 1


@dataclass(frozen=True, eq=False)
class Gate:
    """Requantizers of one gate to 2^-12, or to the scale before its layer normalization."""

    input: Requantizer
    recurrent: Requantizer
    peephole: Requantizer | None = None
    layer_norm: LayerNorm | None = None


@dataclass(frozen=True, eq=False)
class GemmlowpCell:
    """The integer record of a cell; without "input" among the gates it is 1 - forget.

    The cell state's scale is 2^cell_exponent. `tanh` and `peephole` are alternatives of the rules
    lstm_tanh and lstm_peephole. A clip of 0 does nothing.
    """

    gates: Mapping[str, Gate]
    input_zero_point: int
    state_zero_point: int
    cell_exponent: int
    hidden: Requantizer
    hidden_zero_point: int
    projection: Requantizer | None
    cell_clip: int
    projection_clip: int
    tanh: str
    peephole: str
    accumulator: Accumulator

    def step(
        self, weights: Weights, x: Ints, h: Ints, c: Ints, *, together: bool
    ) -> tuple[Ints, Ints]:
        """See Cell."""
        x, h = x - self.input_zero_point, h - self.state_zero_point

        def gate(name: str, cell: Ints, function: Callable[[Ints], Ints]) -> Ints:
            w = weights.gates[name]
            return self._gate(name, w, x, h, cell, function, together=together)

        forget = gate("forget", c, gemmlowp16.logistic)
        chosen = ONE - forget
        if "input" in self.gates:
            chosen = gate("input", c, gemmlowp16.logistic)
        update = gate("cell", c, lambda raw: gemmlowp16.tanh(raw, 3))
        kept = wrap16(rounding_divide_by_pot(forget * c, 15))
        added = wrap16(rounding_divide_by_pot(chosen * update, 30 + self.cell_exponent))
        c = saturate(kept + added, 16)
        if self.cell_clip > 0:
            c = np.clip(c, -self.cell_clip, self.cell_clip)
        note("cell state", "forget * c + input * update", c)
        output = gate("output", c, gemmlowp16.logistic)
        m = output * (chosen if self.tanh == "input_gate" else self._tanh(c))
        note("output * tanh(c)", "the product before it is rescaled", m)
        return note("hidden state", "+ zp, saturated", self._hidden(m, weights)), c

    def _tanh(self, c: Ints) -> Ints:
        return gemmlowp16.tanh(c, 15 + self.cell_exponent)

    @recorded("{name} gate", "the function of its sums", bare=True)
    def _gate(
        self,
        name: str,
        w: GateWeights,
        x: Ints,
        h: Ints,
        c: Ints,
        function: Callable[[Ints], Ints],
        *,
        together: bool,
    ) -> Ints:
        return function(self._sums(name, w, x, h, c, together=together))

    @recorded("sums of the gate", "products of x and h, rescaled and added", bare=True)
    def _sums(
        self, name: str, w: GateWeights, x: Ints, h: Ints, c: Ints, *, together: bool
    ) -> Ints:
        record = self.gates[name]
        bias = 0 if record.layer_norm else w.bias
        g = saturate(record.input(self.accumulator(matmul(x, w.weights.T) + bias)), 16)
        g = saturate(g + record.recurrent(self.accumulator(matmul(h, w.recurrent.T))), 16)
        if record.peephole is not None and w.peephole is not None:
            g = self._look(record.peephole, w.peephole, g, c, h.shape[1], together=together)
        if record.layer_norm is not None and w.coefficients is not None:
            g = record.layer_norm(g, w.coefficients, w.bias)
        return g

    def _look(
        self, requantize: Requantizer, w: Ints, g: Ints, c: Ints, outputs: int, *, together: bool
    ) -> Ints:
        """Add what the cell state tells the gate, for all cells or as many as there are outputs.

        In the latter case rows that are computed together count as one flat vector.
        """
        if self.peephole == "every_cell":
            return saturate(g + requantize(w * c), 16)
        rows = (-1,) if together else g.shape
        seen = g.reshape(rows).copy()
        count = outputs * (len(g) if together else 1)
        repeated = np.resize(w[:outputs], count)
        part = (..., slice(count))
        seen[part] = saturate(seen[part] + requantize(repeated * c.reshape(rows)[part]), 16)
        return seen.reshape(g.shape)

    def _hidden(self, m: Ints, weights: Weights) -> Ints:
        if self.projection is None or weights.projection is None:
            return saturate(self.hidden(m) + self.hidden_zero_point, 8)
        hidden = saturate(self.hidden(m) - self.hidden_zero_point, 8) + self.hidden_zero_point
        bias = 0 if weights.projection_bias is None else weights.projection_bias
        sums = self.accumulator(matmul(hidden, weights.projection.T) + bias)
        h = saturate(self.projection(sums) + self.state_zero_point, 8)
        clip = self.projection_clip
        return np.clip(h, -clip, clip) if clip > 0 else h
