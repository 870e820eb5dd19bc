"""ADD as LiteRT's optimised kernels compute it: in vectors as far as whole ones reach.

A vector rescales its inputs with one rounding instead of two, so that some bits (one element in
100,000 or so) depend on the element's place. What is left of a run of elements is rounded as in
`ScaledSum`. Source: LiteRT `kernels/internal/optimized/integer_ops/add.h`, `optimized_ops.h`
(AddElementwise, AddScalarBroadcast, BinaryBroadcastFiveFold), ai-edge-litert 2.3.0, x86-64.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    saturating_rounding_doubling_high_mul,
    wrap16,
    wrap32,
)
from refint8.numerics.recording import note, recorded, taken
from refint8.numerics.requantize import DoubleRounding
from refint8.ops._addition import ScaledSum
from refint8.ops._op import Array, Node, Shape


@dataclass(frozen=True, eq=False)
class VectorSum:
    """`general` outside vectors of `lanes`; `run` elements of the output belong together.

    `early`: an input's right shift is taken off its left shift. Otherwise it cuts off what the
    multiplication has left.
    """

    general: ScaledSum
    lanes: int
    run: int
    early: bool

    def __call__(self, a: Array, b: Array) -> Array:
        """Add two arrays that broadcast to the output's shape."""
        shape = np.broadcast_shapes(a.shape, b.shape)
        place = np.arange(np.prod(shape, dtype=np.int64)).reshape(shape) % self.run
        whole = place < self.run // self.lanes * self.lanes
        with taken(~whole):
            rest = self.general(a, b)
        with taken(whole):
            inside = self.inside(a, b)
        return np.where(whole, inside, rest)

    def inside(self, a: Array, b: Array) -> Array:
        """The sum as if every element lay in a vector."""
        general = self.general
        first, second = (
            self._rescaled(as_int64(x) - zero_point, rescale)
            for x, zero_point, rescale in zip(
                (a, b), general.zero_points, general.rescale, strict=True
            )
        )
        note("sum", "x1 + x2", first + second, x1=first, x2=second)
        steps = general.requantize(wrap32(first + second))
        if general.finish.dtype == "INT16":
            return general.finish(steps)
        moved = wrap16(wrap16(steps) + general.finish.zero_point)
        return general.finish(moved - general.finish.zero_point)

    @recorded("rescale", "SRDHM of (x - zp) << left, its right shift cut off or taken off left")
    def _rescaled(self, difference: Ints, rescale: object) -> Ints:
        assert isinstance(rescale, DoubleRounding)
        shift = int(rescale.shift)
        left = self.general.left_shift + (shift if self.early else 0)
        shifted = difference << left if left >= 0 else difference >> -left
        high = saturating_rounding_doubling_high_mul(wrap32(shifted), rescale.multiplier)
        return high if self.early else high >> -shift


def in_vectors(node: Node, general: ScaledSum) -> ScaledSum | VectorSum:
    """The sum by the rule `addition`, for the shapes of the node's inputs."""
    if node.rules.addition != "vectors":
        return general
    run, elementwise = _run(node.input(0).shape, node.input(1).shape)
    dtype = node.output.dtype
    if run == 0 or (dtype == "INT16" and node.input(0).shape != node.input(1).shape):
        return general
    early = elementwise and dtype != "UINT8"
    return VectorSum(general, lanes=16 if early else 8, run=run, early=early)


def _run(a: Shape, b: Shape) -> tuple[int, bool]:
    """How many elements the innermost loop goes over, and whether neither input repeats in it.

    0 where no fivefold loop serves the shapes: seen from the last axis, axes that both inputs
    have, that one repeats, that both have, that the other repeats, that both have.
    """
    rank = max(len(a), len(b))
    first, second = ((1,) * (rank - len(shape)) + shape for shape in (a, b))
    if first == second:
        return int(np.prod(first, dtype=np.int64)), True
    axes = list(zip(first, second, strict=True))[::-1]
    if next(m for m, n in axes if m != n) != 1:
        axes = [(n, m) for m, n in axes]
    sizes = []
    for belongs in (_both_have, _first_repeats, _both_have, _second_repeats, _both_have):
        fold = list(takewhile(belongs, axes))
        sizes.append(int(np.prod([max(axis) for axis in fold], dtype=np.int64)))
        axes = axes[len(fold) :]
    if axes:
        return 0, False
    return (sizes[0], True) if sizes[0] > 1 else (sizes[1], False)


def _both_have(axis: tuple[int, int]) -> bool:
    return axis[0] == axis[1]


def _first_repeats(axis: tuple[int, int]) -> bool:
    return axis[0] == 1


def _second_repeats(axis: tuple[int, int]) -> bool:
    return axis[1] == 1
