"""The kernel corner of the LSTM operators: the words of one instruction, for either arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from refint8.native.lowering import NotFastError, Site
from refint8.native.lstm import GATE_WORDS, WORDS, Variant, lstm
from refint8.numerics import gemmlowp16
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.numerics.layer_norm import LayerNorm
from refint8.numerics.requantize import Requantizer
from refint8.numerics.sigmoid_table import interpolate_logistic
from refint8.ops._lstm import CELL_STATE, GATES, HIDDEN_STATE, INPUT_COUNT, Cell, Weights
from refint8.ops._lstm_gemmlowp import Gate, GemmlowpCell
from refint8.ops._lstm_tables import GATE_POWER, TableCell, scaled_tanh
from refint8.ops._op import Array
from refint8.ops._rescale_words import double_words, wide_words

NOTHING = (0, 0, 0, 0)
EVERY_WORD = range(-(1 << 15), 1 << 15)
MOST_CELLS = 1 << 16
"""Up to here the sums of a layer normalization stay inside 64 bits."""


def lower_lstm(site: Site, cell: Cell, *, time_major: bool) -> None:
    """Append the whole sequence. Raises NotFastError for other weights than constants."""
    x, out = site.read(0), site.output
    h, c = site.read(HIDDEN_STATE), site.read(CELL_STATE)
    if out.size == 0 or x.size == 0 or c.size == 0:
        raise NotFastError("a tensor is empty")
    weights = _weights(site)
    one_step = len(x.shape) == 2
    steps, rows = (1, x.shape[0]) if one_step else (x.shape[0], x.shape[1])
    if not time_major and not one_step:
        steps, rows = rows, steps
    inputs, outputs, cells = x.shape[-1], out.shape[-1], c.size // rows
    item = x.dtype.itemsize
    by_step, by_row = (rows, 1) if time_major or one_step else (1, steps)
    words = {
        **{"x": x.offset, "out": out.offset, "h": h.offset, "c": c.offset},
        **{"new_h": site.scratch(h.nbytes), "new_c": site.scratch(c.nbytes)},
        **{"raw": site.scratch(8 * cells), "projected": site.scratch(cells * item)},
        **{"steps": steps, "rows": rows, "inputs": inputs, "cells": cells, "outputs": outputs},
        **{"x_step": by_step * inputs * item, "x_row": by_row * inputs * item},
        **{"out_step": by_step * outputs * item, "out_row": by_row * outputs * item},
        "alarm": site.alarm,
    }
    together = time_major or one_step
    variant, gates = _TermsOf(site, weights, rows, together).cell(cell, words, x.dtype.name)
    numbers = [words.pop(name, 0) for name in WORDS]
    assert not words, f"unknown words {sorted(words)}"
    for gate in GATES:
        known = dict(gates.get(gate, {}))
        numbers += [known.pop(name, 0) for name in GATE_WORDS]
        assert not known, f"unknown words {sorted(known)}"
    per_row = sum(w.weights.size + w.recurrent.size for w in weights.gates.values())
    per_row += 0 if weights.projection is None else weights.projection.size
    site.call(lstm(variant), *numbers, macs=steps * rows * per_row)


def _weights(site: Site) -> Weights:
    states = (0, HIDDEN_STATE, CELL_STATE)
    inputs: list[Array | None] = [
        None if position in states else site.optional_constant(position)
        for position in range(INPUT_COUNT)
    ]
    return Weights.of(tuple(inputs))


class _TermsOf:
    """The words of one operator's cell."""

    def __init__(self, site: Site, weights: Weights, rows: int, together: bool) -> None:
        self.site, self.weights, self.rows, self.together = site, weights, rows, together

    def cell(
        self, cell: Cell, words: dict[str, int], dtype: str
    ) -> tuple[Variant, Mapping[str, Mapping[str, int]]]:
        """Fill in the words that depend on the arithmetic; the variant, and the gates' words."""
        if isinstance(cell, GemmlowpCell):
            return self._gemmlowp(cell, words, dtype)
        if isinstance(cell, TableCell):
            return self._tables(cell, words, dtype)
        raise NotFastError(f"{type(cell).__name__} has no kernel")

    def _gemmlowp(
        self, cell: GemmlowpCell, words: dict[str, int], dtype: str
    ) -> tuple[Variant, Mapping[str, Mapping[str, int]]]:
        constant, weights = self.site.constant, self.weights
        projected = cell.projection is not None and weights.projection is not None
        words |= {
            **{"report": int(cell.accumulator.overflow == "report")},
            **{"cell_clip": cell.cell_clip, "h_clip": cell.projection_clip if projected else 0},
            **{"sigmoid": constant(_logistic()), "gate_tanh": constant(_tanh(3))},
            **{"added_right": 30 + cell.cell_exponent, **_four("m", cell.hidden)},
            "m_zero_point": -cell.hidden_zero_point if projected else cell.hidden_zero_point,
        }
        if cell.tanh != "input_gate":
            words["cell_tanh"] = constant(_tanh(15 + cell.cell_exponent))
        if cell.projection is not None and weights.projection is not None:
            begin = cell.hidden_zero_point * weights.projection.sum(axis=1)
            if weights.projection_bias is not None:
                begin = begin + weights.projection_bias
            words |= {
                **_four("p", cell.projection),
                "p_weights": constant(weights.projection.astype(np.int8)),
                "p_begin": constant(begin),
                "h_zero_point": cell.state_zero_point,
            }
        gates = {name: self._gemmlowp_gate(cell, name, gate) for name, gate in cell.gates.items()}
        variant = Variant(
            "gemmlowp",
            dtype.upper(),
            cifg="input" not in cell.gates,
            peephole=any("look" in gate for gate in gates.values()),
            norm=any("norm" in gate for gate in gates.values()),
            projection=projected,
            tanh=cell.tanh != "input_gate",
        )
        return variant, gates

    def _gemmlowp_gate(self, cell: GemmlowpCell, name: str, gate: Gate) -> dict[str, int]:
        own, constant = self.weights.gates[name], self.site.constant
        zero_points = (cell.input_zero_point, cell.state_zero_point)
        bias = np.zeros_like(own.bias) if gate.layer_norm else own.bias
        words = self._sums(name, bias, zero_points, (gate.input, gate.recurrent))
        if gate.peephole is not None and own.peephole is not None:
            look = self._look(cell, own.peephole, own.recurrent.shape[1])
            words |= {"look": constant(look.astype(np.int16)), **_four("l", gate.peephole)}
        if gate.layer_norm is not None and own.coefficients is not None:
            words |= {
                "norm": constant(own.coefficients.astype(np.int16)),
                "norm_bias": constant(own.bias),
                **_norm_words(gate.layer_norm, cell.accumulator.overflow, own.bias.size),
            }
        return words

    def _look(self, cell: GemmlowpCell, peephole: Ints, outputs: int) -> Ints:
        """The weight of each row and cell, 0 where the engine does not look."""
        cells = peephole.size
        seen = np.tile(peephole, (self.rows, 1))
        if cell.peephole == "every_cell":
            return seen
        if outputs > cells:
            raise NotFastError("the engine looks through more peepholes than there are")
        if not self.together:
            seen[:, outputs:] = 0
            return seen
        count = outputs * self.rows
        flat = np.zeros(self.rows * cells, np.int64)
        flat[:count] = np.resize(peephole[:outputs], count)
        return flat

    def _sums(
        self,
        name: str,
        bias: Ints,
        zero_points: tuple[int, int],
        requantize: tuple[Requantizer, Requantizer],
        *,
        wide: bool = False,
    ) -> dict[str, int]:
        """The words of both products of a gate, zero points folded into what sums begin with."""
        own, constant = self.weights.gates[name], self.site.constant
        begin = bias - zero_points[0] * own.weights.sum(axis=1)
        return {
            "w_weights": constant(own.weights.astype(np.int8)),
            "w_begin": constant(begin),
            **_four("w", requantize[0], wide=wide),
            "r_weights": constant(own.recurrent.astype(np.int8)),
            "r_begin": constant(-zero_points[1] * own.recurrent.sum(axis=1)),
            **_four("r", requantize[1], wide=wide),
        }

    def _tables(
        self, cell: TableCell, words: dict[str, int], dtype: str
    ) -> tuple[Variant, Mapping[str, Mapping[str, int]]]:
        constant, zero_points = self.site.constant, (cell.input_zero_point, cell.state_zero_point)
        words |= {
            **{"report": int(cell.accumulator.overflow == "report"), "cell_clip": cell.cell_clip},
            **{"sigmoid": constant(_sigmoid()), "gate_tanh": constant(_scaled_tanh(GATE_POWER))},
            **{"cell_tanh": constant(_scaled_tanh(cell.cell_power))},
            **{**_four("kept", cell.forget_product), **_four("added", cell.input_product)},
            **{**_four("m", cell.output_product), "m_zero_point": cell.state_zero_point},
        }
        gates = {
            name: self._sums(
                name, self.weights.gates[name].bias, zero_points, requantize, wide=cell.wide
            )
            for name, requantize in cell.gates.items()
        }
        return Variant("tables", dtype.upper()), gates


def _four(name: str, requantize: Requantizer, *, wide: bool = False) -> dict[str, int]:
    values = (wide_words if wide else double_words)(requantize)
    return dict(zip((name, f"{name}_left", f"{name}_right", f"{name}_report"), values, strict=True))


def _norm_words(norm: LayerNorm, overflow: str, cells: int) -> dict[str, int]:
    if norm.overflow != overflow or cells > MOST_CELLS:
        raise NotFastError("the layer normalization has no kernel")
    shift = norm.shift + 12
    return {
        **{"n": norm.multiplier, "n_left": max(shift, 0), "n_right": max(-shift, 0)},
        "guard": norm.guard,
    }


@cache
def _logistic() -> Array:
    return gemmlowp16.logistic(as_int64(EVERY_WORD)).astype(np.int16)


@cache
def _tanh(integer_bits: int) -> Array:
    return gemmlowp16.tanh(as_int64(EVERY_WORD), integer_bits).astype(np.int16)


@cache
def _sigmoid() -> Array:
    return interpolate_logistic(3 * as_int64(EVERY_WORD)).astype(np.int16)


@cache
def _scaled_tanh(power: int) -> Array:
    return scaled_tanh(as_int64(EVERY_WORD), power).astype(np.int16)
