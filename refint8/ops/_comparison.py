"""The six comparisons: raw integers, or both sides on the common scale 2^-8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.errors import DomainError
from refint8.native.integer_pairs import compare_tables
from refint8.native.lowering import Site
from refint8.numerics.far_shift import FarShiftRounding
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import broadcast_shape, check_zero_points
from refint8.ops._integer_pairs_kernel import lower_integer_pairs
from refint8.ops._op import Array, Node, Record
from refint8.ops._pair_kernel import lower_by_pair_table, lower_constant_scalar

LEFT_SHIFT = 8
"""Bits of headroom that both sides are shifted into before their scales are multiplied in."""

QUANTIZED = ("UINT8", "INT8", "INT16")

ORDERED_ROWS = rows("{T},{T}->BOOL", (*QUANTIZED, "INT32", "INT64"))
EQUALITY_ROWS = ("BOOL,BOOL->BOOL", *ORDERED_ROWS)


@dataclass(frozen=True)
class Side:
    """One operand's way to the common scale."""

    zero_point: int
    rescale: FarShiftRounding

    def __call__(self, x: Array) -> Array:
        """(x - zp) * 2^8 * scale, rounded; the shifted difference fits 25 bits."""
        shifted = (as_int64(x) - self.zero_point) << LEFT_SHIFT
        note("shifted", "(x - zp) << 8", shifted, x=x, zp=self.zero_point)
        return self.rescale(shifted)


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Record):
    """The integer record. Without `sides` the integers are compared as they are."""

    relation: np.ufunc
    sides: tuple[Side, Side] | None

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to a bool for each pair."""
        if self.sides is not None:
            x1, x2 = (side(x) for side, x in zip(self.sides, (x1, x2), strict=True))
        out: Array = np.asarray(self.relation(x1, x2))
        return note("relation", "1 where it holds", out, x1=x1, x2=x2)

    def lower(self, site: Site) -> None:
        """Bytes by a table of all pairs, int16 by a table of each side, plain integers as they
        are.
        """
        name = self.relation.__name__
        if self.sides is None:
            lower_integer_pairs(site, name)
        elif site.input(0).dtype.itemsize == 1:
            if not lower_constant_scalar(site, self.spec):
                lower_by_pair_table(site, self.spec)
        else:
            every = np.arange(-32768, 32768)
            tables = [site.constant(as_int64(side(every))) for side in self.sides]
            for runs in broadcast_runs(site):
                site.call(compare_tables(name, runs.scalar), *runs.words, *tables)


def shapes_of(node: Node) -> tuple[tuple[int, ...]]:
    """The broadcast shape, condition C1."""
    return (broadcast_shape(node.input(0), node.input(1), "C1"),)


def scaled_sides(node: Node) -> tuple[Side, Side]:
    """By zero points and scales; condition C2."""
    operands = (node.input(0), node.input(1))
    check_zero_points(operands, "C2")
    rule = node.rules.far_shift
    if rule == "x86" and any(x.scale == 1 for x in operands):
        raise DomainError("a scale is 1, on which the engine aborts")
    first, second = (Side(x.zero_point, FarShiftRounding.by(x.scale, rule)) for x in operands)
    return first, second


def equality_sides(node: Node) -> tuple[Side, Side] | None:
    """For EQUAL and NOT_EQUAL: 8 bits by their scales, int16 where it has any."""
    x = node.input(0)
    scaled = x.dtype in ("UINT8", "INT8") or (x.dtype == "INT16" and x.quantized)
    return scaled_sides(node) if scaled else None


def order_sides(node: Node) -> tuple[Side, Side] | None:
    """For the four orders: 8 bits by their scales, int16 with scales by the rule `order_int16`."""
    x = node.input(0)
    if x.dtype in ("UINT8", "INT8"):
        return scaled_sides(node)
    rule = node.rules.order_int16
    if x.dtype != "INT16" or not x.quantized or rule == "raw":
        return None
    if rule == "report":
        raise DomainError("the engine compares int16 by parameters that nothing has set")
    return scaled_sides(node)
