"""The kernel corner of MEAN and SUM: sums first, then what becomes of them.

Neighbouring axes that are summed or kept alike are one axis. Where the innermost one is kept, its
elements are lanes and everything summed is one window of vectors; else runs of elements are added
up. Both give sums in scratch memory, of 32 bits for 8 and 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.sums import (
    ITEM,
    divide_sums,
    requantize_sums,
    requantize_sums_float,
    sum_byte_runs,
    sum_runs,
)
from refint8.native.window import Window, sum_vectors
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, Ints, as_int64
from refint8.numerics.float32_sum import Float32Sum
from refint8.numerics.requantize import DoubleRounding, Requantizer
from refint8.ops._reduce import Reduction


@dataclass(frozen=True)
class Axis:
    """Merged neighbours: how many elements, bytes from one to the next, whether summed."""

    size: int
    step: int
    summed: bool


def lower_integer_sum(site: Site, x: Place, reduction: Reduction, dtype: str, count: int) -> None:
    """Append sum / count of int32 or int64, truncated toward zero."""
    sums = lower_sum(site, x, reduction, dtype)
    target = site.output
    site.call(divide_sums(dtype), sums, target.offset, target.size, count)


def lower_requantized_sum(
    site: Site,
    x: Place,
    reduction: Reduction,
    dtype: str,
    requantize: Requantizer,
    accumulator: Accumulator,
    zero_points: tuple[int, int],
) -> None:
    """Append clamp(requantize(sum - n * zero_points[0]) + zero_points[1]) in `dtype`'s range.

    Raises NotFastError where the sum, or a step after it, may leave int32 and is to be reported.
    """
    if isinstance(requantize, Float32Sum):
        _lower_in_float32(site, x, reduction, dtype, requantize)
        return
    offset = reduction.count * zero_points[0]
    ends = reduction.count * (as_int64(DTYPE_RANGE[dtype]) - zero_points[0])
    requantize = _proved(requantize, accumulator, ends, zero_points[1])
    sums = lower_sum(site, x, reduction, dtype)
    multiplier, shift = int(requantize.multiplier), int(requantize.shift)
    site.call(
        requantize_sums(dtype),
        sums,
        site.output.offset,
        site.output.size,
        offset,
        multiplier,
        max(shift, 0),
        max(-shift, 0),
        zero_points[1],
        *DTYPE_RANGE[dtype],
    )


def _lower_in_float32(
    site: Site, x: Place, reduction: Reduction, dtype: str, rescale: Float32Sum
) -> None:
    ends = reduction.count * as_int64(DTYPE_RANGE[dtype])
    most = float(np.abs(ends).max()) * abs(float(rescale.scale)) + abs(float(rescale.offset))
    if not most < np.finfo(np.float32).max / 2 or not _inside(ends):
        raise NotFastError("a step may leave the finite numbers")
    sums = lower_sum(site, x, reduction, dtype)
    factors = site.constant(np.array([rescale.scale, rescale.offset], np.float32))
    words = (sums, site.output.offset, site.output.size, factors, *DTYPE_RANGE[dtype])
    site.call(requantize_sums_float(dtype), *words)


def _proved(
    requantize: Requantizer, accumulator: Accumulator, ends: Ints, zero_point: int
) -> DoubleRounding:
    """The requantizer, once nothing between the ends can leave int32 where that is reported."""
    if not isinstance(requantize, DoubleRounding) or int(requantize.multiplier) < 0:
        raise NotFastError(f"{type(requantize).__name__} has no kernel for sums")
    right_only = requantize
    if accumulator.overflow == "wrap" and not _inside(ends):
        ends = as_int64([INT32_MIN, INT32_MAX])
    shift = np.maximum(requantize.shift, 0)
    if requantize.left_shift == "wrap" and not _inside(ends << shift):
        ends = as_int64([INT32_MIN, INT32_MAX])
        right_only = replace(requantize, shift=np.minimum(requantize.shift, 0))
    try:
        # Every step is monotone: with both ends inside, so is everything between them.
        accumulator(right_only(accumulator(ends)) + zero_point)
    except DomainError as error:
        raise NotFastError(error.reason) from None
    return requantize


def _inside(values: Ints) -> bool:
    return bool(values.min() >= INT32_MIN and values.max() <= INT32_MAX)


def lower_sum(site: Site, x: Place, reduction: Reduction, dtype: str) -> int:
    """Append the sums; returns the arena offset of as many as the output has elements."""
    axes = merged_axes(x.shape, reduction.axes, ITEM[dtype])
    outputs = site.output.size
    sums = site.scratch(outputs * (8 if ITEM[dtype] > 2 else 4))
    summed = [axis for axis in axes if axis.summed]
    lanes = axes[-1] if axes and not axes[-1].summed else None
    if lanes is not None and lanes.size > 1 and len(summed) <= 2 and ITEM[dtype] <= 2:
        rows, columns = [Axis(1, 0, summed=True)] * (2 - len(summed)) + summed
        starts = offsets([axis for axis in axes[:-1] if not axis.summed])
        spec = Window.of("sum", dtype, lanes.size, rows.size * columns.size)
        site.call(
            sum_vectors(spec),
            x.offset,
            sums,
            site.constant(starts),
            starts.size,
            rows.size,
            rows.step,
            columns.size,
            columns.step,
            lanes.size,
        )
        return sums
    run = summed.pop() if axes and axes[-1].summed else Axis(1, 0, summed=True)
    starts = offsets([axis for axis in axes if not axis.summed])
    parts = offsets(summed)
    words = (x.offset, sums, site.constant(starts), starts.size, site.constant(parts), parts.size)
    if ITEM[dtype] == 1:
        flip = 0x80 if dtype == "INT8" else 0
        site.call(sum_byte_runs(site.tier), *words, run.size, flip)
    else:
        site.call(sum_runs(dtype), *words, run.size)
    return sums


def merged_axes(shape: tuple[int, ...], summed: tuple[int, ...], item: int) -> list[Axis]:
    """The axes of a contiguous tensor, those of size 1 left out, equal neighbours merged."""
    axes: list[Axis] = []
    step = item
    for index in reversed(range(len(shape))):
        size, is_summed = shape[index], index in summed
        if size != 1:
            if axes and axes[0].summed == is_summed:
                axes[0] = Axis(axes[0].size * size, axes[0].step, is_summed)
            else:
                axes.insert(0, Axis(size, step, is_summed))
        step *= size
    return axes


def offsets(axes: list[Axis]) -> Ints:
    """The byte offsets of all combinations of indices, the last axis fastest."""
    at = np.zeros(1, np.int64)
    for axis in axes:
        at = (at[:, None] + np.arange(axis.size, dtype=np.int64) * axis.step).reshape(-1)
    return at
