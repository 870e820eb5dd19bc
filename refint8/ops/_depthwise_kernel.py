"""The kernel corner of DEPTHWISE_CONV_2D: weights and row buffers for the native row loop."""

from __future__ import annotations

import math

import numpy as np

from refint8.native.copy import VECTOR
from refint8.native.depthwise import Filter, depthwise
from refint8.native.epilogue import parameters
from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.memory import ALIGNMENT
from refint8.native.narrow import lane_order
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints
from refint8.ops._convolution import SumOfProducts
from refint8.ops._op import Array
from refint8.ops._window import Window

MOST_DOTS = 64
"""Dot products of one block beyond which the generated row loop would be too long."""


def lower_depthwise(
    site: Site,
    record: SumOfProducts,
    x: Place,
    window: Window,
    weights: Ints,
    bias: Array | None,
) -> None:
    """Append the convolution of x [n, h, w, c] with `weights` [kh, kw, c], zero point taken off.

    Raises NotFastError where no kernel is proved exact, or a window is too large.
    """
    kh, kw, channels = weights.shape
    (sh, sw), (dh, dw), (oh, ow) = window.stride, window.dilation, window.out
    images, height, width, depth = x.shape
    if depth != channels:
        raise NotFastError("a depth multiplier has no vector form")
    wide = record.dtype == "INT16"
    if wide and record.input_zero_point:
        raise NotFastError("int16 borders other than 0 have no kernel")
    item, signed = x.dtype.itemsize, 128 if record.dtype == "UINT8" else 0
    # Bytes reach the dot product as uint8: int8 plus 128.
    offset = record.input_zero_point + (128 if record.dtype == "INT8" else 0)
    start = np.zeros(channels, np.int64) if bias is None else bias.astype(np.int64)
    flat = weights.reshape(-1, channels)
    x_low, x_high = (limit - record.input_zero_point for limit in DTYPE_RANGE[record.dtype])
    low = np.minimum(flat * x_low, flat * x_high).sum(axis=0)
    high = np.maximum(flat * x_low, flat * x_high).sum(axis=0)
    constants = parameters(
        record.requantize,
        start - offset * flat.sum(axis=0),
        (low, high) if wide else (low + start, high + start),
        record.output_zero_point - signed,
        (record.clamp[0] - signed, record.clamp[1] - signed),
        wide=wide,
    )
    sets = weight_sets(weights, bits=16 if wide else 8)
    plain = record.clamp == DTYPE_RANGE[record.dtype] and not signed
    single = Filter(site.tier, 1, kh, kw, len(sets), constants.form, plain, wide)
    pair = Filter(site.tier, 2, kh, kw, len(sets), constants.form, plain, wide)
    paired = sh == dh == 1 and oh > 1 and pair.groups == single.groups
    if single.groups * kw * len(sets) * single.vectors > MOST_DOTS:
        raise NotFastError(f"a window of {kh}x{kw} has no generated row loop")

    pixel = channels * item
    total = max((ow - 1) * sw + (kw - 1) * dw + 1, width + window.pad[1])
    plane = _aligned(-(-total // sw) * pixel + 2 * VECTOR)
    row_bytes = plane * sw
    slots = 1 << (window.kernel[0] * dh + sh + 1).bit_length()
    taps = [(i * dw % sw) * plane + (i * dw // sw) * pixel for i in range(kw)]
    phases = channels // math.gcd(channels, single.block)
    order = np.stack(
        [
            (lane_order(site.tier, single.vectors) + p * single.block) % channels
            for p in range(phases)
        ]
    )
    single_w, pair_w = pack(sets, single, order), pack(sets, pair, order)
    site.call(
        depthwise(pair if paired else None, single),
        x.offset,
        site.output.offset,
        images,
        height,
        width,
        pixel,
        oh,
        ow * pixel,
        sh,
        dh,
        window.pad[0],
        window.pad[1],
        site.scratch(slots * row_bytes),
        slots - 1,
        row_bytes,
        plane,
        site.scratch(row_bytes),
        site.constant(np.array(taps, np.int64)),
        site.constant(pair_w),
        site.constant(single_w),
        site.constant(constants.block(order.reshape(-1, site.tier.lanes))),
        phases,
        pair_w[0].nbytes,
        single_w[0].nbytes,
        record.clamp[0] - signed,
        record.clamp[1] - signed,
        0x80 if signed else 0,
        0x80 if record.dtype == "INT8" else 0,
        offset & 0xFF,
        total,
        sw,
        site.scratch(8 * pair.groups * pair.per_lane),
        macs=images * oh * ow * weights.size,
    )


def weight_sets(weights: Ints, bits: int) -> list[Ints]:
    """The weights as a sum of arrays that fit `bits` bits: one, but for legacy uint8."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    sets, rest = [], weights
    while True:
        part = np.clip(rest, low, high)
        sets.append(part)
        rest = rest - part
        if not rest.any():
            return sets


def pack(sets: list[Ints], spec: Filter, order: Ints) -> Array:
    """[phases][kw][groups][rows][sets][vectors][lanes][taps of a lane], int8 or int16.

    For the second of two output rows the taps sit one place lower.
    """
    kh, kw, _ = sets[0].shape
    phases, vectors, lanes = order.shape
    shape = (kw, spec.groups, spec.rows, len(sets), spec.per_lane)
    packed = np.zeros((phases, *shape[:4], vectors, lanes, spec.per_lane), np.int16)
    for tap, row, which, j in np.ndindex(kw, spec.rows, len(sets), kh):
        group, place = divmod(j + row, spec.per_lane)
        packed[:, tap, group, row, which, :, :, place] = sets[which][j, tap][order]
    return packed if spec.wide else packed.astype(np.int8)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
