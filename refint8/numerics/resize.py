"""Where the pixels of a resized image come from, and how neighbours are blended.

An output index i along one axis lies at a position in the input: i * in / out, or
i * (in - 1) / (out - 1) with `align_corners`, or (i + 0.5) * in / out - 0.5 with
`half_pixel_centers`. Three arithmetics: **float32**, in exactly the engine's order of operations,
integers with 10 fractional bits, and float32 positions with weights of 11 bits. Formulas:
CORRECTIONS items 23 and 24, NUMERICS §3 and §7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import (
    INT32_MAX,
    Ints,
    as_int64,
    round_half_away,
    rounding_divide_by_pot,
    rounding_shift_right,
    truncating_divide,
)
from refint8.numerics.recording import note, recorded

ONE_Q10 = 1 << 10
ONE_Q11 = 1 << 11


@dataclass(frozen=True, eq=False)
class Line:
    """The two neighbours of every output index along one axis, and the weight of the upper.

    `fraction` is the position minus `lower`: float32, or int64 in Q10. It is negative where the
    position lies before the first pixel; both neighbours are the same there.
    """

    lower: Ints
    upper: Ints
    fraction: NDArray[Any]

    def inside(self, size: int) -> Line:
        """The line, if it stays inside an axis of that size. Raises DomainError.

        Scales are rounded: after many steps a rounding up can carry positions past the last
        pixel, where the engine reads what lies behind the row (65 to 513 pixels do so in Q10).
        """
        if self.lower.max(initial=0) >= size:
            raise DomainError(
                f"{len(self.lower)} pixels from {size}: the rounded scale leads to pixel"
                f" {int(self.lower.max())}, outside the axis",
                hint="the engine reads memory behind the image; choose another size",
            )
        return self


def scale_float32(size: int, out: int, *, align_corners: bool) -> np.float32:
    """Input pixels per output pixel, one division in **float32**."""
    if align_corners and out > 1:
        return np.float32(size - 1) / np.float32(out - 1)
    return np.float32(size) / np.float32(out)


def nearest(size: int, out: int, *, align_corners: bool, half_pixel_centers: bool) -> Ints:
    """The nearest input index of each of `out` output indices, in **float32**; int64 [out].

    floor, or with align_corners the nearest integer with ties away from zero; never past the end.
    Source: GetNearestNeighbor, LiteRT `reference/resize_nearest_neighbor.h`.
    """
    if out == 0:
        return np.zeros(0, np.int64)
    scale = scale_float32(size, out, align_corners=align_corners)
    offset = np.float32(0.5 if half_pixel_centers else 0)
    position = (np.arange(out).astype(np.float32) + offset) * scale
    index = round_half_away(position) if align_corners else np.floor(position)
    inside: Ints = np.minimum(index.astype(np.int64), size - 1)
    return inside


def nearest_q16(size: int, out: int) -> Ints:
    """The nearest input index of each of `out` output indices, with 16 fractional bits.

    Source: ResizeNearestNeighbor, LiteRT `optimized/optimized_ops.h` (uint8).
    """
    scale = (size << 16) // max(out, 1) + 1
    index: Ints = np.minimum((np.arange(out, dtype=np.int64) * scale) >> 16, size - 1)
    return index


def linear_float32(size: int, out: int, *, align_corners: bool, half_pixel_centers: bool) -> Line:
    """The neighbours of each output index, in **float32**.

    Source: ComputeInterpolationValues, LiteRT `reference/resize_bilinear.h`.
    """
    scale = scale_float32(size, out, align_corners=align_corners)
    index, half = np.arange(out).astype(np.float32), np.float32(0.5)
    position = (index + half) * scale - half if half_pixel_centers else index * scale
    lower = np.maximum(np.floor(position).astype(np.int64), 0)
    upper = np.minimum(np.ceil(position).astype(np.int64), size - 1)
    return Line(lower, upper, position - lower.astype(np.float32)).inside(size)


def linear_q10(size: int, out: int, *, align_corners: bool, half_pixel_centers: bool) -> Line:
    """The neighbours of each output index, in integers with 10 fractional bits.

    Source: ComputeInterpolationValuesInteger, LiteRT `reference/resize_bilinear.h`. Raises
    DomainError where a position would leave int32 or the axis.
    """
    steps, span = (out - 1, size - 1) if align_corners and out > 1 else (out, size)
    scale = (ONE_Q10 * span + steps // 2) // steps
    if max(ONE_Q10 * size + out // 2, out * scale + ONE_Q10) > INT32_MAX:
        raise DomainError(
            f"positions in an axis of size {size} resized to {out} leave 32 bits with 10"
            " fractional ones",
            hint="the engine computes them in int32; tile the image",
        )
    position = np.arange(out, dtype=np.int64) * scale
    if half_pixel_centers:
        position += scale // 2 - ONE_Q10 // 2
    lower = np.maximum(truncating_divide(position, ONE_Q10), 0)
    upper = np.minimum(truncating_divide(position + ONE_Q10 - 1, ONE_Q10), size - 1)
    return Line(lower, upper, position - ONE_Q10 * lower).inside(size)


def linear_q11(size: int, out: int, *, align_corners: bool, half_pixel_centers: bool) -> Line:
    """The neighbours by positions in **float32**, the fraction rounded half to even to 11 bits.

    Positions are clamped to the axis. With `half_pixel_centers` one is f32(f32(i * scale) +
    f32(f32(0.5 * scale) - 0.5)). Source: XNNPACK `indirection.c` (resize_bilinear2d_hwc_q11).
    """
    scale = scale_float32(size, out, align_corners=align_corners)
    index, half = np.arange(out).astype(np.float32), np.float32(0.5)
    position = index * scale
    if half_pixel_centers:
        position = position + (half * scale - half)
    position = np.clip(position, np.float32(0), np.float32(size - 1))
    lower = position.astype(np.int64)
    fraction = np.rint((position - lower.astype(np.float32)) * np.float32(ONE_Q11))
    return Line(lower, np.minimum(lower + 1, size - 1), fraction.astype(np.int64))


@recorded(
    "blend",
    "four neighbours weighted in float32, + 0.5, truncated",
)
def blend_float32(
    v00: NDArray[Any],
    v10: NDArray[Any],
    v01: NDArray[Any],
    v11: NDArray[Any],
    dy: NDArray[np.float32],
    dx: NDArray[np.float32],
    *,
    product_first: bool = False,
) -> Ints:
    """Four neighbours v<y><x> weighted in **float32**, + 0.5, truncated; int64.

    Products from left to right, sums in the order v00, v10, v01, v11, 0.5; nothing is fused. With
    `product_first` a value is multiplied with the product of its weights, and the sum's order is
    v00, v01, v10, v11, 0.5 (LiteRT `optimized/resize_bilinear.h`).
    """
    one = np.float32(1)
    if product_first:
        total = v00.astype(np.float32) * ((one - dy) * (one - dx))
        total = total + v01.astype(np.float32) * ((one - dy) * dx)
        total = total + v10.astype(np.float32) * (dy * (one - dx))
        total = total + v11.astype(np.float32) * (dy * dx)
        blended: Ints = (total + np.float32(0.5)).astype(np.int64)
        return blended
    total = v00.astype(np.float32) * (one - dy) * (one - dx)
    total = total + v10.astype(np.float32) * dy * (one - dx)
    total = total + v01.astype(np.float32) * (one - dy) * dx
    total = total + v11.astype(np.float32) * dy * dx
    note("weighted sum", "in float32", total)
    truncated: Ints = (total + np.float32(0.5)).astype(np.int64)
    return truncated


@recorded(
    "blend",
    "four neighbours weighted by Q10 fractions, / 2^20",
)
def blend_q10(
    v00: NDArray[Any],
    v10: NDArray[Any],
    v01: NDArray[Any],
    v11: NDArray[Any],
    dy: Ints,
    dx: Ints,
) -> Ints:
    """Four neighbours v<y><x> weighted by Q10 fractions, ties away from zero; int64."""
    total = as_int64(v00) * (ONE_Q10 - dy) * (ONE_Q10 - dx)
    total = total + as_int64(v10) * dy * (ONE_Q10 - dx)
    total = total + as_int64(v01) * (ONE_Q10 - dy) * dx
    total = total + as_int64(v11) * dy * dx
    note("weighted sum", "in Q20", total)
    return rounding_divide_by_pot(total, 20)


@recorded("blend", "four neighbours weighted by Q11 fractions, / 2^22")
def blend_q11(
    v00: NDArray[Any],
    v10: NDArray[Any],
    v01: NDArray[Any],
    v11: NDArray[Any],
    dy: Ints,
    dx: Ints,
) -> Ints:
    """Four neighbours v<y><x> weighted by Q11 fractions, first along x, one rounding, ties up.

    Source: XNNPACK `s8-ibilinear`.
    """
    above = (as_int64(v00) << 11) + (as_int64(v01) - as_int64(v00)) * dx
    below = (as_int64(v10) << 11) + (as_int64(v11) - as_int64(v10)) * dx
    return rounding_shift_right((above << 11) + (below - above) * dy, 22)
