"""CUMSUM: sums of all elements up to each one, along an axis.

int8:
acc_i = start + sum of ((x_k - zp_in) << 19) for k <= i
out_i = clamp(requantize(acc_i, by 2 * s_in / (2^20 * s_out)) + zp_out)
where `start` is 0, or -zp_in << 19 by the rule `running_sum`.

int32, int64: the sums modulo 2^bits

With the option `exclusive` k < i, with `reverse` the axis is walked from its end.

C1  the axis is one number inside the input
C2  int8: 2 * s_in / (2^20 * s_out) is below 1 (else the engine aborts: outside the domain)

Semantics: TFLM `micro/kernels/cumsum.cc`, `reference/cumsum.h`, tflite-micro 0.dev20261023
(int8); LiteRT `kernels/cumsum.cc`, ai-edge-litert 2.3.0 (integers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.native.running_sums import cumulative_sums, requantized_sums
from refint8.ops._axes import read_axis
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._running_sum import TERM_SHIFT, RunningSum


@operator(
    "CUMSUM",
    versions=range(1, 2),
    dtypes=rows("{T},INT32->{T}", ("INT8", "INT32", "INT64")),
    values=(1,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Cumsum(Record):
    """The integer record; plain integers have no `arithmetic`."""

    axis: int
    exclusive: bool
    reverse: bool
    arithmetic: RunningSum | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2, axis, requantizer."""
        x = node.input(0)
        return cls(
            shapes=(x.shape,),
            axis=read_axis(node.input(1), len(x.shape), "C1"),
            exclusive=bool(node.options.get("exclusive")),
            reverse=bool(node.options.get("reverse")),
            arithmetic=RunningSum.of(node, "C2") if x.dtype == "INT8" else None,
        )

    def spec(self, x: Array, _axis: Array | None = None) -> Array:
        """x of rank 1 or more to the same shape."""
        if self.arithmetic is None:
            return self._sums(x)
        return self.arithmetic(self._sums(self.arithmetic.terms(x)))

    def _sums(self, x: Array) -> Array:
        walked = np.flip(x, self.axis) if self.reverse else x
        with np.errstate(over="ignore"):
            sums = np.cumsum(walked, self.axis, dtype=x.dtype)
            sums = sums - walked if self.exclusive else sums
        return np.asarray(np.flip(sums, self.axis) if self.reverse else sums)

    def lower(self, site: Site) -> None:
        """Position by position."""
        x, sums = site.read(0), self.arithmetic
        before, behind = math.prod(x.shape[: self.axis]), math.prod(x.shape[self.axis + 1 :])
        words = (
            x.offset,
            site.output.offset,
            before,
            x.shape[self.axis],
            behind,
            int(self.exclusive),
            int(self.reverse),
        )
        if sums is None:
            site.call(cumulative_sums(x.dtype.name.upper()), *words)
            return
        site.call(
            requantized_sums(),
            *words,
            sums.zero_point,
            sums.start,
            TERM_SHIFT,
            *sums.factor(),
            sums.finish.zero_point,
            *sums.finish.clamp,
            int(sums.accumulator.overflow == "wrap"),
            site.alarm,
        )
