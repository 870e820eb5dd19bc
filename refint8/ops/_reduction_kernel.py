"""The kernel corner of REDUCE_MAX, MIN, PROD, ANY and ALL."""

from __future__ import annotations

from refint8.native.lowering import NotFastError, Site
from refint8.native.reductions import (
    ITEM,
    reduce_lanes,
    reduce_runs,
    requantized_products,
)
from refint8.numerics.requantize import ReducedMultiplier, Requantizer
from refint8.ops._elementwise import Finish
from refint8.ops._reduce import Reduction
from refint8.ops._reduce_kernel import Axis, merged_axes, offsets


def lower_reduction(site: Site, reduction: Reduction, name: str) -> None:
    """Append "max", "min" or "prod" over the axes; any and all are max and min of 0 and 1."""
    x, out = site.read(0), site.output
    dtype = x.dtype.name.upper()
    if out.size == 0:
        return
    if x.size == 0:
        raise NotFastError("a reduction of nothing")
    axes = merged_axes(x.shape, reduction.axes, ITEM[dtype])
    summed = [axis for axis in axes if axis.summed]
    kept = [axis for axis in axes if not axis.summed]
    lanes = bool(axes) and not axes[-1].summed
    of_run = kept if lanes else summed
    run = of_run.pop() if of_run else Axis(1, 0, summed=True)
    starts, parts = offsets(kept), offsets(summed)
    site.call(
        (reduce_lanes if lanes else reduce_runs)(name, dtype),
        x.offset,
        out.offset,
        site.constant(starts),
        starts.size,
        site.constant(parts),
        parts.size,
        run.size,
    )


def lower_requantized_product(
    site: Site, reduction: Reduction, zero_point: int, requantize: Requantizer, finish: Finish
) -> None:
    """Append products that are rescaled after every factor."""
    x, out = site.read(0), site.output
    if not isinstance(requantize, ReducedMultiplier):
        raise NotFastError(f"{type(requantize).__name__} has no kernel for products")
    right = 15 - int(requantize.shift)
    if right < 1:
        raise NotFastError("a multiplier of 2^14 or more shifts to the left")
    axes = merged_axes(x.shape, reduction.axes, ITEM[finish.dtype])
    starts = offsets([axis for axis in axes if not axis.summed])
    parts = offsets([axis for axis in axes if axis.summed])
    site.call(
        requantized_products(finish.dtype),
        x.offset,
        out.offset,
        site.constant(starts),
        starts.size,
        site.constant(parts),
        parts.size,
        zero_point,
        int(requantize.reduced),
        right,
        finish.zero_point,
        *finish.clamp,
    )
