"""The kernel corner of QUANTIZE from int32."""

from __future__ import annotations

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError, Site
from refint8.native.sums import requantize_sums
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, Ints, as_int64
from refint8.numerics.requantize import DoubleRounding, Requantizer
from refint8.ops._elementwise import Finish


def lower_from_int32(
    site: Site,
    input_zero_point: int,
    accumulator: Accumulator,
    requantize: Requantizer,
    finish: Finish,
) -> None:
    """Append finish(requantize(x - input_zero_point)) of int32.

    Raises NotFastError where a step may leave int32 and that is to be reported.
    """
    x, out = site.read(0), site.output
    if not isinstance(requantize, DoubleRounding) or int(requantize.multiplier) < 0:
        raise NotFastError(f"{type(requantize).__name__} has no kernel for int32")
    multiplier, shift = int(requantize.multiplier), int(requantize.shift)
    whole = as_int64([INT32_MIN, INT32_MAX])
    ends = _inside(whole - input_zero_point, accumulator.overflow, "a difference")
    ends = _inside(ends << max(shift, 0), requantize.left_shift, "a left shift")
    # Every step that is left is monotone, so the ends speak for what lies between.
    right_only = DoubleRounding(requantize.multiplier, np.minimum(requantize.shift, 0))
    try:
        Accumulator("report")(right_only(ends) + finish.zero_point)
    except DomainError as error:
        raise NotFastError(error.reason) from None
    site.call(
        requantize_sums(finish.dtype),
        x.offset,
        out.offset,
        x.size,
        input_zero_point,
        multiplier,
        max(shift, 0),
        max(-shift, 0),
        finish.zero_point,
        *finish.clamp,
    )


def _inside(ends: Ints, overflow: str, what: str) -> Ints:
    """The ends, or all of int32 where values wrap into it."""
    if ends[0] >= INT32_MIN and ends[1] <= INT32_MAX:
        return ends
    if overflow != "wrap":
        raise NotFastError(f"{what} may leave int32")
    return as_int64([INT32_MIN, INT32_MAX])
