"""The kernel corner of convolutions and FULLY_CONNECTED where nothing can be packed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.plain_products import plain_products
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import INT32_MAX, Ints
from refint8.numerics.requantize import (
    DoubleRounding,
    Float64Rounding,
    ReducedMultiplier,
    Requantizer,
)
from refint8.ops._convolution import SumOfProducts
from refint8.ops._product_kernel import check_datapath
from refint8.ops._window import Window

INT64_SAFE = 1 << 62
"""Sums of products stay below it; the bias comes on top."""


@dataclass(frozen=True)
class Taps:
    """How outputs are made: `groups` of `of_group` output channels, each of which takes `taken`
    channels of the input. Weights of neighbouring outputs lie `channel_step` elements apart, those
    of neighbouring taps `tap_step`.
    """

    groups: int
    of_group: int
    taken: int
    channel_step: int
    tap_step: int


def lower_products(
    site: Site,
    record: SumOfProducts,
    positions: tuple[int, int, int],
    window: Window | None,
    taps: Taps,
    packed: Callable[[], None],
    *,
    transposed: bool = False,
    byte_weights: bool = False,
) -> None:
    """Append what `packed` appends, from constant weights; or plain loops, where weights or bias
    are computed or nothing faster is proved exact. The rest is as for `lower_plain_product`.
    """
    places = (site.optional_input(position) for position in positions[1:])
    if all(place is None or place.data is not None for place in places):
        kept = len(site.instructions), len(site.resident), site.scratch_size
        try:
            packed()
        except NotFastError:
            del site.instructions[kept[0] :], site.resident[kept[1] :]
            site.scratch_size = kept[2]
        else:
            return
    lower_plain_product(
        site, record, positions, window, taps, transposed=transposed, byte_weights=byte_weights
    )


def lower_plain_product(
    site: Site,
    record: SumOfProducts,
    positions: tuple[int, int, int],
    window: Window | None,
    taps: Taps,
    *,
    transposed: bool = False,
    byte_weights: bool = False,
) -> None:
    """Append the product. `positions` are those of image, weights and bias; without a window the
    image is one of single pixels. `byte_weights`: only as many bytes of the weights are read as
    there are weights (`filter_values`). Raises NotFastError.
    """
    check_datapath(record)
    x, w = site.read(positions[0]), site.read(positions[1])
    bias = None if site.optional_input(positions[2]) is None else site.read(positions[2])
    out = site.output
    if out.size == 0:
        return
    if window is None:
        images, height, width, depth = x.size // taps.taken, 1, 1, taps.taken
        window = Window((1, 1), (1, 1), (0, 0), (1, 1))
    else:
        images, height, width, depth = x.shape
    find = _transposed_places if transposed else _places
    size = out.shape[1:3] if transposed else window.out
    lines, columns = (find(window, axis, n, size[axis]) for axis, n in enumerate((height, width)))
    w_name = "INT8" if byte_weights and w.dtype == np.int16 else _name(w)
    most = taps.taken * _reach(_name(x), record.input_zero_point)
    most *= _reach(w_name, record.weights_zero_point)
    if most * len(lines) * len(columns) >= INT64_SAFE:
        raise NotFastError("a sum may leave int64")
    form, multiplier, shift, report = _form(record.requantize, taps.groups * taps.of_group)
    kernel = plain_products(
        _name(x),
        w_name,
        "" if bias is None else _name(bias),
        record.dtype,
        form,
        narrow=most <= INT32_MAX,
        wide=record.wide,
    )
    site.call(
        kernel,
        x.offset,
        w.offset,
        -1 if bias is None else bias.offset,
        out.offset,
        images,
        height,
        width,
        depth,
        *size,
        site.constant(lines),
        site.constant(columns),
        taps.groups,
        taps.of_group,
        *window.kernel,
        taps.channel_step,
        taps.tap_step,
        taps.taken,
        record.input_zero_point,
        record.weights_zero_point,
        site.constant(multiplier),
        site.constant(shift),
        report,
        int(record.accumulator.overflow == "report"),
        record.output_zero_point,
        *record.clamp,
        site.alarm,
        macs=out.size * taps.taken * window.kernel[0] * window.kernel[1],
    )


def _name(place: Place) -> str:
    return place.dtype.name.upper()


def _reach(dtype: str, zero_point: int) -> int:
    low, high = DTYPE_RANGE[dtype]
    return max(abs(low - zero_point), abs(high - zero_point))


def _places(window: Window, axis: int, size: int, out: int) -> Ints:
    """[out, kernel]: the input's place under each tap, -1 outside."""
    steps = np.arange(out)[:, np.newaxis] * window.stride[axis] - window.pad[axis]
    places = steps + np.arange(window.kernel[axis]) * window.dilation[axis]
    return np.where((places >= 0) & (places < size), places, -1).astype(np.int64)


def _transposed_places(window: Window, axis: int, size: int, out: int) -> Ints:
    """The same where the window goes over the output."""
    steps = np.arange(out)[:, np.newaxis] + window.pad[axis] - np.arange(window.kernel[axis])
    places, rest = np.divmod(steps, window.stride[axis])
    inside = (rest == 0) & (places >= 0) & (places < size)
    return np.where(inside, places, -1).astype(np.int64)


def _form(requantize: Requantizer, channels: int) -> tuple[str, NDArray[Any], Ints, int]:
    """The form, each channel's multiplier and shift, and the form's `report`."""

    def each(values: Any) -> NDArray[Any]:
        return np.ascontiguousarray(np.broadcast_to(values, (channels,)))

    if isinstance(requantize, DoubleRounding):
        report = int(requantize.left_shift == "report")
        return "double", each(requantize.multiplier), each(requantize.shift), report
    if isinstance(requantize, ReducedMultiplier):
        report = int(requantize.domain == "report")
        return "q15", each(requantize.reduced), each(15 - requantize.shift), report
    if isinstance(requantize, Float64Rounding):
        x86 = int(requantize.float_to_int == "x86")
        return "float64", each(requantize.scale), np.zeros(channels, np.int64), x86
    raise NotFastError(f"{type(requantize).__name__} has no kernel")
