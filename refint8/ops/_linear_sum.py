"""A sum of two bytes as one linear function, verified on every pair of bytes.

The definition rescales each operand, adds, and rescales the sum: three multiplications, each with
a rounding of its own. Seen as a function of two bytes it is a step function, and a plane

    t(a, b) = (a * A + b * B + C) / 2^f,    out = clamp(floor(t))

with 30-bit A and B has the same steps for nearly all scales: even ties that go away from zero only
ask for a slope that is steeper by some 2^-20. What counts is that all 65,536 pairs agree; where
they do not on the plane that the scales give, another one is looked for among all planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._addition import CommonShiftSum, ScaledSum
from refint8.ops._lookup_kernel import BYTES

LOW_BITS = 15
"""Bits of the lower half of A, B and C."""

MOST_FRACTION_BITS = 30
FEWEST_FRACTION_BITS = 22

NEAR = 2.0**-6
"""How near to a step a pair has to lie to be looked at when the plane is moved."""

REACH = 2.0**-12
"""How far a plane is moved at most."""

MARGINS = (2.0**-20, 2.0**-22, 2.0**-25)
"""How far the moved plane keeps away from steps; rounding A and B to 2^-f costs some 2^-22."""

MOST_CUTS = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """low <= t(a[i], b[j]) < high; clamped outputs are open on their side."""

    a: Floats
    b: Floats
    low: Floats
    high: Floats

    def keeps(self, plane: Floats, f: int) -> bool:
        """Whether the plane, rounded to f fractional bits, has exactly these steps."""
        slope_a, slope_b, height = as_int64(np.rint(plane * 2.0**f))
        a, b = as_int64(self.a), as_int64(self.b)
        out = (a[:, None] * slope_a + (b * slope_b + height)) >> f
        return bool(np.all((out >= self.low) & (out < self.high)))


def linear_sum(record: ScaledSum) -> tuple[int, int, int, int, int] | None:
    """The words of `pairwise`'s kind "linear"; None where there is no such plane.

    High pair, low pair, high constant, low constant, shift.
    """
    try:
        start, steps = _plane(record), _steps(record)
    except DomainError:
        return None
    if start is None:
        return None
    fitting = (
        f
        for f in range(MOST_FRACTION_BITS, FEWEST_FRACTION_BITS - 1, -1)
        if _split(start, steps, f)
    )
    f = next(fitting, None)
    if f is None:
        return None
    if steps.keeps(start, f):
        return _split(start, steps, f)
    for margin in MARGINS:
        moved = _moved(start, steps, record.zero_points, margin)
        if moved is not None and steps.keeps(moved, f):
            return _split(moved, steps, f)
    return None


def common_shift_words(record: CommonShiftSum) -> tuple[int, int, int, int, int] | None:
    """The same words of a sum that is such a function by definition; None where it leaves them."""
    values = BYTES[record.finish.dtype].astype(np.float64)
    nothing = np.zeros(0)
    (a, b), (za, zb), f = record.factors, record.zero_points, record.shift
    shift = 128 if record.finish.dtype == "UINT8" else 0
    offset = record.finish.zero_point - shift
    height = (1 << (f - 1)) + (offset << f) - a * za - b * zb
    plane = np.array([a, b, height], np.float64) / 2.0**f
    return _split(plane, Steps(values, values, nothing, nothing), max(f, LOW_BITS))


def _plane(record: ScaledSum) -> Floats | None:
    """Slopes and height as the scales give them, without any rounding but that of floats."""
    factors = []
    for requantize in (*record.rescale, record.requantize):
        if not isinstance(requantize, DoubleRounding):
            return None
        factors.append(float(requantize.multiplier) * 2.0 ** (int(requantize.shift) - 31))
    scale = 2.0**record.left_shift * factors[2]
    a, b = factors[0] * scale, record.sign * factors[1] * scale
    za, zb = record.zero_points
    shift = 128 if record.finish.dtype == "UINT8" else 0
    return np.array([a, b, 0.5 + record.finish.zero_point - shift - a * za - b * zb])


def _steps(record: ScaledSum) -> Steps:
    values = BYTES[record.finish.dtype]
    shift = 128 if record.finish.dtype == "UINT8" else 0
    out = record(values[:, None], values[None, :]).astype(np.float64)
    lowest, highest = record.finish.clamp
    return Steps(
        a=values.astype(np.float64),
        b=values.astype(np.float64),
        low=np.where(out == lowest, -np.inf, out - shift),
        high=np.where(out == highest, np.inf, out - shift + 1),
    )


def _moved(
    plane: Floats, steps: Steps, zero_points: tuple[int, int], margin: float
) -> Floats | None:
    """A plane near by that keeps all steps; None where there is none.

    The ellipsoid method: every pair on the wrong side cuts off half of the ellipsoid in which the
    plane must lie, and the smallest ellipsoid around the rest is next.
    """
    a, b = steps.a - zero_points[0], steps.b - zero_points[1]
    t = steps.a[:, None] * plane[0] + steps.b[None, :] * plane[1] + plane[2]
    cuts = []
    for sign, distance in ((-1.0, t - steps.low), (1.0, steps.high - t)):
        i, j = np.nonzero(distance < NEAR)
        normal = np.stack([a[i] / 128, b[j] / 128, np.ones(i.size)], axis=1)
        cuts.append((sign * normal, distance[i, j] - margin))
    normals = np.concatenate([normal for normal, _ in cuts])
    limits = np.concatenate([limit for _, limit in cuts])
    move, shape = np.zeros(3), np.eye(3) * REACH**2
    for _ in range(MOST_CUTS if limits.size else 0):
        excess = normals @ move - limits
        worst = int(np.argmax(excess))
        if excess[worst] <= 0:
            break
        along = shape @ normals[worst]
        extent = float(np.sqrt(normals[worst] @ along))
        depth = excess[worst] / extent
        if not depth < 1:
            return None
        along /= extent
        move = move - (1 + 3 * depth) / 4 * along
        shrunk = 2 * (1 + 3 * depth) / (4 * (1 + depth)) * np.outer(along, along)
        shape = 9 / 8 * (1 - depth * depth) * (shape - shrunk)
    slopes = move[:2] / 128
    height = move[2] - slopes @ np.array(zero_points, np.float64)
    found: Floats = plane + np.array([*slopes, height])
    return found


def _split(plane: Floats, steps: Steps, f: int) -> tuple[int, int, int, int, int] | None:
    """A, B and C in halves; None where a half, or a sum on the way, may leave its bits."""
    a, b, c = (int(v) for v in np.rint(plane * 2.0**f))
    if max(abs(a), abs(b)) >= 1 << 30:
        return None
    corners = steps.a[[0, 127, 128, 255], None] * a + steps.b[None, [0, 127, 128, 255]] * b + c
    # The high sum differs from t by what the low sum is: at most 2 * 256 + 1 of its units.
    if np.abs(corners).max() / 2.0**LOW_BITS + 1024 >= 1 << 31:
        return None
    low_bits = (1 << LOW_BITS) - 1

    def pair(first: int, second: int) -> int:
        return (first & 0xFFFF) | (second & 0xFFFF) << 16

    return (
        pair(a >> LOW_BITS, b >> LOW_BITS),
        pair(a & low_bits, b & low_bits),
        c >> LOW_BITS,
        c & low_bits,
        f - LOW_BITS,
    )
