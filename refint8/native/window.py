"""Many vectors to one: the largest, the sum or the average of what a window covers.

A window is `rows` lines of `columns` vectors each, at any byte steps, `count` elements long:
pixels under a pooling window, or whatever a reduction over one or two groups of axes sums. Lanes
are channels, so nothing is ever added across a vector.

An average is trunc((sum +- half) / taps), ties away from zero, by a multiplication: with
m = |sum| + taps // 2, s bits and M = ceil(2^s / taps), floor(m * M / 2^s) = floor(m / taps) for all
m with m * (M * taps - 2^s) < 2^s. `reciprocal` proves that for each number of taps.

Blocks of lanes are stored whole: windows are written in ascending order, so what one writes too
much the next one overwrites, and the last one meets slack.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from refint8.native.lang import Kernel, Primitive, i64
from refint8.native.lowering import NotFastError

OPERANDS = (
    "source", "rows", "row_step", "columns", "column_step", "count", "target", "low", "high",
    "divisor",
)  # fmt: skip
"""What a window is reduced with; steps in bytes, `count` in elements. `divisor` is the address of
three int64: half, multiplier, shift."""

NARROW_TAPS = 256
"""How many bytes a 16-bit lane sums."""


@dataclass(frozen=True)
class Window:
    """How a window is reduced. `kind` is "largest", "sum" (to int32) or "average".

    `narrow`: sums of at most NARROW_TAPS bytes, in 16-bit lanes.
    """

    kind: str
    dtype: str
    lanes: int
    narrow: bool = False

    @classmethod
    def of(cls, kind: str, dtype: str, count: int, taps: int) -> Window:
        """The variant for vectors of `count` elements and windows of up to `taps` of them."""
        bits = 16 if dtype == "INT16" else 8
        most = 512 // bits
        lanes = 16
        while lanes < min(count, most):
            lanes *= 2
        return cls(kind, dtype, lanes, kind != "largest" and bits == 8 and taps <= NARROW_TAPS)

    @property
    def signed(self) -> bool:
        """Whether elements are signed."""
        return self.dtype != "UINT8"

    @property
    def bits(self) -> int:
        """Bits of an element."""
        return 16 if self.dtype == "INT16" else 8

    @property
    def name(self) -> str:
        """Distinct for distinct code."""
        flags = "_narrow" if self.narrow else ""
        return f"window_{self.kind}_{self.dtype.lower()}_{self.lanes}{flags}"

    @property
    def magnitude(self) -> int:
        """The largest absolute value of an element."""
        return 255 if self.dtype == "UINT8" else 1 << (self.bits - 1)


def reciprocal(spec: Window, taps: int) -> tuple[int, int, int]:
    """Half, multiplier and shift that divide sums of `taps` elements exactly.

    Products have 64 bits, and 32 with `narrow`, where the shift is what is left to do after their
    upper half is taken. Raises NotFastError where the proof fails: with `narrow` for some of more
    than 128 taps, else for windows of thousands of pixels a side.
    """
    if spec.narrow and taps == 1:
        return 1, 0xFFFF, 0  # ((m + 1) * 65535) >> 16 = m
    half, width = taps // 2, 16 if spec.narrow else 32
    most = spec.magnitude * taps + half
    bits = width + taps.bit_length() - 1
    multiplier = -(-(1 << bits) // taps)
    if multiplier >> width:
        bits, multiplier = bits - 1, -(-(1 << bits - 1) // taps)
    exact = most * (multiplier * taps - (1 << bits)) < 1 << bits
    if not exact or most >= 1 << (16 if spec.narrow else 31):
        raise NotFastError(f"a window of {taps} taps is too large for an exact reciprocal")
    return half, multiplier, bits - 16 if spec.narrow else bits


def _primitive(spec: Window) -> Primitive:
    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._window_ir import WindowEmitter

        WindowEmitter(spec, builder, dict(zip(OPERANDS, operands, strict=True))).emit()

    return Primitive("reduce", len(OPERANDS), emit)


@cache
def pool(spec: Window) -> Kernel:
    """A pooling operator, parts of windows outside the image left out.

    Words: source, target, images, bytes of an image, output height and width, addresses of (first
    byte, count) for every output row and every output column, row and pixel bytes of the input,
    channels, low, high, address of divisors [rows][columns] of the part of a window inside, and
    how many of them a row has.
    """

    def make() -> Any:
        reduce = _primitive(spec)
        pixel_of = 2 if spec.bits == 16 else 1

        def pool_image(params: int, arena: int) -> None:
            p = i64(params)
            source, target, images, image_bytes = arena + p[0], arena + p[1], p[2], p[3]
            height, width, ys, xs = p[4], p[5], i64(p[6]), i64(p[7])
            row_step, column_step, count, low, high = p[8], p[9], p[10], p[11], p[12]
            divisors, per_row = p[13], p[14]
            for image in range(images):
                at = source + image * image_bytes
                for y in range(height):
                    first, rows = ys[2 * y], ys[2 * y + 1]
                    of_rows = divisors + 24 * per_row * rows
                    for x in range(width):
                        columns = xs[2 * x + 1]
                        reduce(
                            at + first + xs[2 * x], rows, row_step, columns, column_step, count,
                            target, low, high, of_rows + 24 * columns,
                        )  # fmt: skip
                        target += count * pixel_of

        return pool_image

    return Kernel(f"pool_{spec.name}", make)


@cache
def sum_vectors(spec: Window) -> Kernel:
    """Sums of vectors, one window after the other, as int32.

    Words: source, target, address of the windows' first bytes, how many windows, rows, row step,
    columns, column step, count.
    """

    def make() -> Any:
        reduce = _primitive(spec)

        def sum_windows(params: int, arena: int) -> None:
            p = i64(params)
            source, target, starts, windows = arena + p[0], arena + p[1], i64(p[2]), p[3]
            rows, row_step, columns, column_step, count = p[4], p[5], p[6], p[7], p[8]
            for window in range(windows):
                reduce(
                    source + starts[window], rows, row_step, columns, column_step, count,
                    target, 0, 0, 0,
                )  # fmt: skip
                target += 4 * count

        return sum_windows

    return Kernel(f"sum_{spec.name}", make)
