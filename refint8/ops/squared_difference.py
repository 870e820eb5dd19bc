"""SQUARED_DIFFERENCE: (x1 - x2)^2 with broadcasting, each operand with its own scale.

int8 and int16 (t = 2 * max(s1, s2), h = 7 for int8, 0 for int16):
a_k = requantize((x_k - zp_k) << h, by s_k / t)                          k = 1, 2
out = clamp(requantize((a_1 - a_2)^2, by t^2 / (2^2h * s_out)) + zp_out)

int32: (x1 - x2)^2 modulo 2^32

C1  the shapes broadcast
C2  int16 operands have zero point 0
C3  zero points are values of their dtype
C4  s_k / t is above 0 (else the engine aborts: outside the domain)

Semantics: LiteRT `kernels/squared_difference.cc`, ai-edge-litert 2.3.0 (aborts where the output
multiplier is 1 or more); TFLM `micro/kernels/squared_difference.cc`, tflite-micro 0.dev20261023,
which has int16 and any output multiplier (CORRECTIONS item 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.integer_pairs import square_tables
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note
from refint8.numerics.requantize import DoubleRounding, Requantizer, requantizer
from refint8.numerics.scales import ratio_float64
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._elementwise import Finish, broadcast_shape, check_symmetric, check_zero_points
from refint8.ops._integer_pairs_kernel import lower_integer_pairs
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._pair_kernel import lower_by_pair_table, lower_constant_scalar

LEFT_SHIFT = {"INT8": 7, "INT16": 0}
"""Bits of headroom that the inputs are shifted into before they are rescaled."""


@dataclass(frozen=True, eq=False)
class ScaledSquare:
    """General scales. Shifted inputs fit 16 bits, squares of their differences 31."""

    left_shift: int
    zero_points: tuple[int, int]
    rescale: tuple[Requantizer, Requantizer]
    requantize: Requantizer
    finish: Finish

    def __call__(self, a: Array, b: Array) -> Array:
        """Shift left, rescale each, subtract, square, requantize."""
        first, second = (
            rescale((as_int64(x) - zero_point) << self.left_shift)
            for x, zero_point, rescale in zip((a, b), self.zero_points, self.rescale, strict=True)
        )
        square = (first - second) ** 2
        note("square", "(x1 - x2)^2", square, x1=first, x2=second)
        return self.finish(self.requantize(square))


@operator(
    "SQUARED_DIFFERENCE",
    versions=range(1, 3),
    dtypes=("INT8,INT8->INT8", "INT16,INT16->INT16", "INT32,INT32->INT32"),
    dtype_of=1,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SquaredDifference(Record):
    """The integer record; plain integers have no `arithmetic`."""

    arithmetic: ScaledSquare | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the arithmetic by dtype and scales."""
        shape = broadcast_shape(node.input(0), node.input(1), "C1")
        plain = node.output.dtype == "INT32"
        return cls(shapes=(shape,), arithmetic=None if plain else _scaled_square(node))

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to the square of their difference."""
        if self.arithmetic is not None:
            return self.arithmetic(x1, x2)
        with np.errstate(over="ignore"):
            # The difference has 33 bits; the low 32 of its square depend on its low 32 only.
            low = (as_int64(x1) - as_int64(x2)).astype(NUMPY_DTYPE["INT32"])
            return np.asarray(low * low)

    def lower(self, site: Site) -> None:
        """Bytes by a table of all pairs, int16 by a table of each side."""
        square = self.arithmetic
        if square is None:
            lower_integer_pairs(site, "square_of_difference")
        elif site.output.dtype.itemsize == 1:
            if not lower_constant_scalar(site, square):
                lower_by_pair_table(site, square)
        else:
            _lower_tables(site, square)


def _lower_tables(site: Site, square: ScaledSquare) -> None:
    every, (first, second) = np.arange(-32768, 32768), square.rescale
    tables = (first(every), second(every))
    requantize = square.requantize
    if not isinstance(requantize, DoubleRounding):
        raise NotFastError(f"{type(requantize).__name__} has no kernel for squares")
    shift = int(requantize.shift)
    reach = max(int(tables[0].max() - tables[1].min()), int(tables[1].max() - tables[0].min()))
    if requantize.left_shift == "report" and reach * reach << max(shift, 0) >= 1 << 31:
        raise NotFastError("a left shift may leave int32")
    addresses = [site.constant(table.astype(np.int32)) for table in tables]
    for runs in broadcast_runs(site):
        site.call(
            square_tables(runs.scalar),
            *runs.words,
            *addresses,
            int(requantize.multiplier),
            max(shift, 0),
            max(-shift, 0),
            square.finish.zero_point,
            *square.finish.clamp,
        )


def _scaled_square(node: Node) -> ScaledSquare:
    a, b, out = node.input(0), node.input(1), node.output
    check_symmetric((a, b, out), "C2")
    check_zero_points((a, b, out), "C3")
    left_shift = LEFT_SHIFT[out.dtype]
    twice_larger = 2 * max(a.scale, b.scale)
    ratios = [ratio_float64(x.scale, twice_larger) for x in (a, b)]
    if not min(ratios) > 0:
        raise DomainError(f"the input multipliers are {ratios}, not above 0", label="C4")
    real = ratio_float64(twice_larger * twice_larger, (1 << 2 * left_shift) * out.scale)
    return ScaledSquare(
        left_shift=left_shift,
        zero_points=(a.zero_point, b.zero_point),
        rescale=(requantizer(ratios[0], node.rules), requantizer(ratios[1], node.rules)),
        requantize=requantizer(real, node.rules),
        finish=Finish.of(node, "NONE"),
    )
