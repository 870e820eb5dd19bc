"""UNIDIRECTIONAL_SEQUENCE_LSTM: a long short-term memory over a sequence, its state kept.

Inputs by position: 0 x; 1-4 weights, 5-8 recurrent weights, 12-15 biases of the gates i, f, c, o;
9-11 peepholes of i, f, o; 16, 17 projection and its bias; 18 hidden state h, 19 cell state c;
20-23 layer normalization. Without 1, 5 and 12 the input gate is 1 - f. Every step, in time:

g   = saturate(requantize(W (x - zp_x) + b)) + requantize(R (h - zp_h)), saturated, for each gate
      + requantize(P * c), saturated, with peepholes (the cell gate has none, o sees the new c)
      = layer_norm(g), which adds b instead, with layer normalization
i, f, o = logistic(g)                         c' = tanh(g)                  of 2^-12 to 2^-15
c   = saturate(RDBPOT(f * c, 15) + RDBPOT(i * c', 30 + e)), clipped         c has the scale 2^e
m   = requantize(o * tanh(c))
h   = clamp(m + zp_h); with projection clamp(requantize(P (m + zp_m) + b) + zp_h), clipped
out = h

By the rule `lstm` functions and roundings are gemmlowp's on int16, or those of the operators
FULLY_CONNECTED, MUL, LOGISTIC and TANH (tables), where the two products of c are requantized with
multipliers and the activations may be int16.

C1  x has rank 3, weights are [cells, in] and [cells, out], vectors have a value per cell
C2  gates, peepholes and coefficients are complete; without projection cells = outputs
C3  both states are variable tensors with a value per row and output or cell
C4  weights are symmetric, unless the rule filter_zero_point=ignored
C5  gemmlowp: there are 5 intermediate tensors
C6  gemmlowp: the cell state's scale is a power of two and the intermediate tensors that are used
    have a scale, or by the rule lstm_scales=zero (but for the last one) all parameters are 0
C7  gemmlowp: the cell state's scale is 2^-15 to 2^-9, unless the rule lstm_tanh=input_gate
C8  tables: neither projection nor peephole nor layer normalization, all gates, TANH; gemmlowp: x
    is int8

Semantics: LiteRT `kernels/unidirectional_sequence_lstm.cc`, `kernels/lstm_eval.cc`, ai-edge-litert
2.3.0 (CORRECTIONS §D); TFLM `micro/kernels/lstm_eval.h`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from refint8.native.lowering import Site
from refint8.ops._lstm import ROW_INT8, Recurrent, Sizes, check_operands, output_shape
from refint8.ops._lstm_kernel import lower_lstm
from refint8.ops._lstm_parameters import gemmlowp_cell
from refint8.ops._lstm_tables import table_cell
from refint8.ops._op import Node, check, operator

ROW_INT16: Final = ",".join(
    (
        *("INT16", "INT8", "INT8", "INT8", "INT8", "INT8", "INT8", "INT8", "INT8"),
        *("INT16?", "INT16?", "INT16?", "INT64", "INT64", "INT64", "INT64"),
        *("INT8?", "INT64?", "INT16", "INT16", "INT16?", "INT16?", "INT16?", "INT16?->INT16"),
    )
)
"""Activations of int16: x, hidden state and output."""


@operator("UNIDIRECTIONAL_SEQUENCE_LSTM", versions=range(1, 5), dtypes=(ROW_INT8, ROW_INT16))
@dataclass(frozen=True, eq=False, kw_only=True)
class UnidirectionalSequenceLstm(Recurrent):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C8, the cell's parameters."""
        time_major = bool(node.options.get("time_major", False))
        check(len(node.input(0).shape) == 3, "C1", f"the input has shape {node.input(0).shape}")
        sizes = Sizes.of(node, time_major=time_major)
        check_operands(node, sizes)
        return cls(
            shapes=(output_shape(node, sizes),),
            cell=table_cell(node) if node.rules.lstm == "tables" else gemmlowp_cell(node),
            time_major=time_major,
            dtype=node.output.dtype,
        )

    def lower(self, site: Site) -> None:
        """One instruction; what is reported sets the alarm."""
        lower_lstm(site, self.cell, time_major=self.time_major)
