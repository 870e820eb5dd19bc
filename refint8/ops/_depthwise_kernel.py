"""The kernel corner of DEPTHWISE_CONV_2D: weights and row buffers for the native row loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from refint8.native.copy import VECTOR
from refint8.native.depthwise import Filter, depthwise
from refint8.native.epilogue import parameters
from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.memory import ALIGNMENT
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints
from refint8.ops._convolution import SumOfProducts
from refint8.ops._op import Array
from refint8.ops._product_kernel import check_border, check_datapath
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
    check_border(record)
    check_datapath(record)
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
    single = Filter(site.tier, 1, kh, kw, sw, dw, len(sets), constants.form, plain, wide)
    pair = replace(single, rows=2)
    paired = sh == dh == 1 and oh > 1 and pair.groups == single.groups
    if single.groups * kw * len(sets) > MOST_DOTS:
        raise NotFastError(f"a window of {kh}x{kw} has no generated loop")

    pixel, lanes = channels * item, site.tier.lanes
    # A round reads the pixels of a whole block, also behind the row's last window.
    blocks = -(-ow // single.pixels) * single.pixels
    total = max((ow - 1) * sw + (kw - 1) * dw + 1, width + window.pad[1])
    row_bytes = _aligned(max(total, blocks * sw + kw * dw) * pixel + 2 * VECTOR)
    slots = 1 << (kh * dh + sh + 1).bit_length()
    columns = -(-channels // lanes)
    order = np.minimum(np.arange(columns * lanes), channels - 1).reshape(columns, lanes)
    single_w, pair_w = pack(sets, single, order), pack(sets, pair, order)
    site.call(
        depthwise(single, pair if paired else None, partial=channels % lanes != 0),
        x.offset,
        site.output.offset,
        images,
        height,
        width * pixel,
        pixel,
        oh,
        ow,
        sh,
        dh,
        window.pad[0],
        window.pad[1] * pixel,
        site.scratch(slots * row_bytes),
        slots - 1,
        row_bytes,
        site.scratch(row_bytes),
        site.constant(pair_w),
        site.constant(single_w),
        site.constant(constants.block(order)),
        columns,
        pair_w[0].nbytes,
        single_w[0].nbytes,
        record.clamp[0] - signed,
        record.clamp[1] - signed,
        0x80 if signed else 0,
        0x80 if record.dtype == "INT8" else 0,
        offset & 0xFF,
        total * pixel,
        site.scratch(8 * pair.groups * pair.per_lane),
        channels,
        site.constant(single.by_pixel),
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
    """[columns][kw][groups][rows][sets][lanes][taps of a lane], int8 or int16.

    `order` [columns, lanes] names the channel of each lane. For the second of two output rows the
    taps sit one place lower.
    """
    kh, kw, _ = sets[0].shape
    columns, lanes = order.shape
    shape = (columns, kw, spec.groups, spec.rows, len(sets), lanes, spec.per_lane)
    packed = np.zeros(shape, np.int16)
    for tap, row, which, j in np.ndindex(kw, spec.rows, len(sets), kh):
        group, place = divmod(j + row, spec.per_lane)
        packed[:, tap, group, row, which, :, place] = sets[which][j, tap][order]
    return packed if spec.wide else packed.astype(np.int8)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
