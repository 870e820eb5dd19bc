"""The kernel corner of TRANSPOSE_CONV: a matrix product for every phase of the stride.

Output pixels whose coordinates leave the same remainders by the stride make a phase. Within one,
the operator is an ordinary convolution of stride 1 over the padded input: output row t*sh + p has
the taps j with (p + pad - j) a multiple of sh, at input row t + (p + pad - j) / sh. Phases whose
windows nearly agree share a product, as further columns with zeros where a tap is not theirs; all
of them do where kernel and stride are equal. The products go to scratch memory, from where the
phases are put together row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from refint8.native.copy import move_over, pad_image
from refint8.native.lang import i64, kernel, least
from refint8.native.lowering import NotFastError, Place, Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.requantize import over_channels
from refint8.ops._convolution import SumOfProducts
from refint8.ops._op import Array
from refint8.ops._product_kernel import Rows, lower_product
from refint8.ops._window import Window


@kernel
def interleave_rows(params: int, arena: int) -> None:
    """Rows put together from parts. Words: target, images, height, bytes of a row, stride, rows of
    a phase, units of a row, parts of a unit, bytes of a part, address of (start, bytes from one row
    to the next, from one unit to the next) for every row phase and part.

    Rows are written in ascending order, so what one writes too much the next one overwrites.
    """
    p = i64(params)
    at, images, height, row, stride, rows = arena + p[0], p[1], p[2], p[3], p[4], p[5]
    units, parts, size, table = p[6], p[7], p[8], i64(p[9])
    for image in range(images):
        t = image * rows
        phase = 0
        for _ in range(height):
            end = at + row
            for unit in range(units):
                for part in range(parts):
                    k = 3 * (phase * parts + part)
                    count = least(size, end - at)
                    source = arena + table[k] + t * table[k + 1] + unit * table[k + 2]
                    move_over(at, source, count, 0)
                    at += count
            phase += 1
            if phase == stride:
                phase = 0
                t += 1


@dataclass(frozen=True)
class Taps:
    """Along one axis: (tap, distance in the input) for every phase, and how many pixels it has."""

    phases: tuple[tuple[tuple[int, int], ...], ...]
    size: int

    @classmethod
    def of(cls, kernel_size: int, stride: int, pad: int, out: int) -> Taps:
        """The taps of every remainder of the output's coordinate by the stride."""
        found = [
            tuple(
                (j, (p + pad - j) // stride)
                for j in range(kernel_size)
                if not (p + pad - j) % stride
            )
            for p in range(stride)
        ]
        return cls(tuple(found), -(-out // stride))

    def reach(self, phases: tuple[int, ...]) -> tuple[int, int]:
        """Lowest and highest distance that these phases look; not beyond 0 in one direction."""
        distances = [d for p in phases for _, d in self.phases[p]] or [0]
        return min(distances), max(distances)


@dataclass(frozen=True)
class Group:
    """Phases (vertical, horizontal) that share a product: window from `low`, of size `window`."""

    phases: tuple[tuple[int, int], ...]
    low: tuple[int, int]
    window: tuple[int, int]

    @classmethod
    def of(cls, taps: tuple[Taps, Taps], rows: tuple[int, ...], columns: tuple[int, ...]) -> Group:
        """All combinations of row and column phases."""
        (y_low, y_high), (x_low, x_high) = taps[0].reach(rows), taps[1].reach(columns)
        window = (y_high - y_low + 1, x_high - x_low + 1)
        return cls(tuple(product(rows, columns)), (y_low, x_low), window)

    def cost(self, outputs: int, depth: int, lanes: int) -> int:
        """Multiplications per pixel of a phase, lanes that idle included."""
        columns = -(-len(self.phases) * outputs // lanes) * lanes
        return columns * self.window[0] * (self.window[1] * depth + 4)


def lower_transpose_conv(
    site: Site, record: SumOfProducts, x: Place, window: Window, weights: Array, bias: Array | None
) -> None:
    """Append the operator for x [n, h, w, c] and weights [o, kh, kw, c].

    Raises NotFastError where no kernel is proved exact.
    """
    out = site.output
    images, height, width, outputs = out.shape
    if 0 in out.shape:
        return
    (sh, sw), item = window.stride, out.dtype.itemsize
    taps = tuple(
        Taps.of(*axis)
        for axis in zip(window.kernel, window.stride, window.pad, (height, width), strict=True)
    )
    y_taps, x_taps = taps
    groups = _grouped((y_taps, x_taps), outputs, x.shape[3], site.tier.lanes)
    image = Padded.of(site, record, x, groups, (y_taps.size, x_taps.size))
    per_image = y_taps.size * x_taps.size
    direct = len(groups) == sh == 1 and width == x_taps.size * sw
    starts: dict[tuple[int, int], tuple[int, int]] = {}
    for group in groups:
        step = len(group.phases) * outputs * item
        start = out.offset if direct else site.scratch(images * per_image * step)
        lower_product(
            site,
            replace(
                record,
                requantize=over_channels(
                    record.requantize, partial(np.tile, reps=len(group.phases))
                ),
            ),
            image.rows(group, record.dtype),
            _weights(group, (y_taps, x_taps), weights, record.weights_zero_point),
            None if bias is None else np.tile(bias.reshape(-1), len(group.phases)),
            (start, step),
        )
        for index, phase in enumerate(group.phases):
            starts[phase] = (start + index * outputs * item, step)
    if direct:
        return
    # Where a product holds all column phases side by side, units or whole rows are copied at once.
    joined = len(groups) in (1, sh) and len(groups[0].phases) >= sw
    whole = joined and len(groups[0].phases) == sw
    table = [
        (starts[y, part][0], starts[y, part][1] * x_taps.size, starts[y, part][1])
        for y in range(sh)
        for part in range(1 if joined else sw)
    ]
    row = width * outputs * item
    site.call(
        interleave_rows,
        out.offset,
        images,
        height,
        row,
        sh,
        y_taps.size,
        1 if whole else x_taps.size,
        1 if joined else sw,
        row if whole else outputs * item * (sw if joined else 1),
        site.constant(np.array(table, np.int64)),
    )


def _grouped(taps: tuple[Taps, Taps], outputs: int, depth: int, lanes: int) -> list[Group]:
    """The cheapest of: one product for all phases, one for each row phase, one for each phase."""
    rows, columns = (tuple(range(len(axis.phases))) for axis in taps)
    ways = [
        [Group.of(taps, rows, columns)],
        [Group.of(taps, (y,), columns) for y in rows],
        [Group.of(taps, (y,), (x,)) for y in rows for x in columns],
    ]
    return min(ways, key=lambda way: sum(g.cost(outputs, depth, lanes) for g in way))


@dataclass(frozen=True, eq=False)
class Padded:
    """The input image with borders of zero points where windows stick out.

    `pad` is what lies above and to the left, `positions` the windows' positions in each direction.
    """

    offset: int
    shape: tuple[int, ...]
    item: int
    pad: tuple[int, int]
    positions: tuple[int, int]
    unsigned: bool

    @classmethod
    def of(
        cls,
        site: Site,
        record: SumOfProducts,
        x: Place,
        groups: list[Group],
        positions: tuple[int, int],
    ) -> Padded:
        """Append the copy where one is needed."""
        images, *size, depth = x.shape
        pad = tuple(max(0, *(-group.low[a] for group in groups)) for a in (0, 1))
        ends = (max(g.low[a] + g.window[a] - 1 for g in groups) for a in (0, 1))
        padded = [pad[a] + max(size[a], positions[a] + end) for a, end in enumerate(ends)]
        item = x.dtype.itemsize
        row = padded[1] * depth * item
        if (images * padded[0] + 1) * row >= 1 << 31:
            raise NotFastError("the image is too large for a table of 32-bit offsets")
        both = (pad[0], pad[1])
        if padded == size:
            return cls(x.offset, x.shape, item, both, positions, unsigned=False)
        zero_point, (lowest, highest) = record.input_zero_point, DTYPE_RANGE[record.dtype]
        if not lowest <= zero_point <= highest or (item == 2 and zero_point):
            raise NotFastError(f"a border of {zero_point} has no kernel in {record.dtype}")
        flip = 0x80 if record.dtype == "INT8" else 0
        target = site.scratch(images * padded[0] * row)
        site.call(
            pad_image,
            x.offset,
            target,
            images,
            size[0],
            size[1] * depth * item,
            pad[0],
            pad[1] * depth * item,
            padded[0],
            row,
            flip,
            (zero_point & 0xFF) ^ flip,
        )
        shape = (images, padded[0], padded[1], depth)
        return cls(target, shape, item, both, positions, unsigned=True)

    def rows(self, group: Group, dtype: str) -> Rows:
        """The group's windows as rows of a product."""
        images, height, width, depth = self.shape
        pixel = depth * self.item
        row = width * pixel
        first = self.offset + (self.pad[0] + group.low[0]) * row
        first += (self.pad[1] + group.low[1]) * pixel
        count = images * self.positions[0] * self.positions[1]
        if group.window == (1, 1) and self.positions == (height, width):
            return Rows(dtype, first, count, pixel, None, np.zeros(1, np.int64), self.unsigned)
        image, y, x = np.meshgrid(
            np.arange(images), *(np.arange(n) for n in self.positions), indexing="ij"
        )
        table = ((image * height + y) * row + x * pixel).reshape(-1)
        lines = np.arange(group.window[0], dtype=np.int64) * row
        return Rows(dtype, first, count, 0, table, lines, self.unsigned)


def _weights(group: Group, taps: tuple[Taps, Taps], weights: Array, zero_point: int) -> Array:
    """[phases * o, lines, bytes of a line]: each phase's taps in their places, zero elsewhere."""
    outputs, _, _, depth = weights.shape
    (height, width), (y_low, x_low) = group.window, group.low
    made = np.full((len(group.phases), outputs, height, width, depth), zero_point, np.int64)
    for index, (y, x) in enumerate(group.phases):
        for (j, dy), (i, dx) in product(taps[0].phases[y], taps[1].phases[x]):
            made[index, :, dy - y_low, dx - x_low] = weights[:, j, i]
    return made.reshape(len(group.phases) * outputs, height, width * depth)
