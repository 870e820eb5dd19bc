"""LSTM: one step of a long short-term memory, its state kept.

out = h after one step of UNIDIRECTIONAL_SEQUENCE_LSTM with gemmlowp's functions; same inputs by
position, x is [rows, in].

C1  x has rank 2, weights are [cells, in] and [cells, out], vectors have a value per cell
C2  gates, peepholes and coefficients are complete; without projection cells = outputs
C3  both states are variable tensors with a value per row and output or cell
C4  weights are symmetric, unless the rule filter_zero_point=ignored
C5  there are 5 intermediate tensors, and the kernel type is FULL
C6  the cell state's scale is a power of two up to 2^-9, or by the rule lstm_scales=zero all
    parameters are 0; intermediate tensors that are used have a scale
C7  the cell state's scale is at least 2^-15, unless the rule lstm_tanh=input_gate

Semantics: LiteRT `kernels/lstm.cc`, `kernels/lstm_eval.cc`, ai-edge-litert 2.3.0 (CORRECTIONS §D).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.ops._lstm import ROW_INT8, Recurrent, Sizes, check_operands, output_shape
from refint8.ops._lstm_kernel import lower_lstm
from refint8.ops._lstm_parameters import gemmlowp_cell
from refint8.ops._op import Node, check, operator


@operator("LSTM", versions=range(1, 5), dtypes=(ROW_INT8,))
@dataclass(frozen=True, eq=False, kw_only=True)
class Lstm(Recurrent):
    """The integer record."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C7, the cell's parameters."""
        kind = node.options.get("kernel_type", "FULL")
        check(kind == "FULL", "C5", f"the kernel type is {kind}, which is another operator")
        check(len(node.input(0).shape) == 2, "C1", f"the input has shape {node.input(0).shape}")
        sizes = Sizes.of(node, time_major=False)
        check_operands(node, sizes)
        return cls(
            shapes=(output_shape(node, sizes),),
            cell=gemmlowp_cell(node),
            time_major=False,
            dtype=node.output.dtype,
        )

    def lower(self, site: Site) -> None:
        """One instruction; what is reported sets the alarm."""
        lower_lstm(site, self.cell, time_major=self.time_major)
