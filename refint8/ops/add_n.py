"""ADD_N: the sum of several tensors of one shape.

int8, all inputs with one scale and zero point:
acc = start + sum of ((x_k - zp_in) << 19)
out = clamp(requantize(acc, by 2 * s_in / (2^20 * s_out)) + zp_out)
where `start` is 0, or -zp_in << 19 by the rule `running_sum`.

int32: the sum modulo 2^32

C1  all shapes are equal
C2  int8: all inputs have the first one's scale and zero point
C3  int8: 2 * s_in / (2^20 * s_out) is below 1 (else the engine aborts: outside the domain)

Semantics: TFLM `micro/kernels/add_n.cc`, `reference/add_n.h`, tflite-micro 0.dev20261023 (int8);
LiteRT `kernels/add_n.cc`, ai-edge-litert 2.3.0 (int32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.running_sums import accumulate
from refint8.native.sums import requantize_sums
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._parameters import check_same_parameters
from refint8.ops._running_sum import RunningSum


@operator(
    "ADD_N",
    versions=range(1, 2),
    dtypes=("INT8,INT8*->INT8", "INT32,INT32*->INT32"),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class AddN(Record):
    """The integer record; plain integers have no `arithmetic`."""

    arithmetic: RunningSum | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, requantizer."""
        inputs = [node.input(position) for position in range(len(node.inputs))]
        shape = inputs[0].shape
        for x in inputs:
            check(x.shape == shape, "C1", f"tensor {x.index} has shape {x.shape}, not {shape}")
        plain = node.output.dtype == "INT32"
        if not plain:
            check_same_parameters(inputs[1:], inputs[0], "C2")
        return cls(shapes=(shape,), arithmetic=None if plain else RunningSum.of(node, "C3"))

    def spec(self, *inputs: Array) -> Array:
        """Arrays of one shape to their sum."""
        if self.arithmetic is None:
            with np.errstate(over="ignore"):
                return np.asarray(np.sum(inputs, axis=0, dtype=inputs[0].dtype))
        terms = np.stack([self.arithmetic.terms(x) for x in inputs])
        return self.arithmetic(terms.sum(axis=0))

    def lower(self, site: Site) -> None:
        """One input after the other into int32, rescaled at the end."""
        sums = site.output.offset
        if self.arithmetic is not None:
            self.arithmetic.check_terms(len(site.inputs))
            sums = site.scratch(4 * site.output.size)
        for position in range(len(site.inputs)):
            x = site.read(position)
            kernel = accumulate(x.dtype.name.upper(), position == 0)
            site.call(kernel, x.offset, sums, x.size)
        if self.arithmetic is not None:
            site.call(
                requantize_sums("INT8"),
                sums,
                site.output.offset,
                site.output.size,
                *self.arithmetic.sum_words(len(site.inputs)),
            )
