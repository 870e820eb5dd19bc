"""Reductions over axes: MEAN, SUM and their relatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.numerics.float32_sum import Float32Sum
from refint8.ops._axes import normalize_axis
from refint8.ops._op import Array, Node, Shape


@dataclass(frozen=True)
class Reduction:
    """Which axes vanish. `count` is how many elements meet in one, `shape` the result's."""

    axes: tuple[int, ...]
    keep_dims: bool
    count: int
    shape: Shape

    @classmethod
    def of(cls, node: Node, label: str) -> Reduction:
        """From input, axes (the second input's value) and the option `keep_dims`.

        Negative axes count from the end, repeated ones count once; the axes of a scalar are
        ignored. Refuses axes outside the input's rank under `label`.
        """
        shape = node.input(0).shape
        given = node.input(1).integers() if shape else ()
        axes = tuple(sorted({normalize_axis(axis, len(shape), label) for axis in given}))
        keep = bool(node.options.get("keep_dims", False))
        left = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
        count = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
        return cls(axes, keep, count, tuple(left))

    def __call__(self, combine: np.ufunc, x: Array) -> Array:
        """Combine with np.add, np.maximum, ..., in the dtype of x."""
        reduced: Array = np.asarray(
            combine.reduce(x, axis=self.axes, dtype=x.dtype, keepdims=self.keep_dims)
        )
        return reduced


def sum_in_float32(node: Node, count: int, *, mean: bool) -> Float32Sum | None:
    """What makes output steps of raw sums of 8 bits under the rule reduction=float32, else None."""
    x, out = node.input(0), node.output
    if node.rules.reduction != "float32" or x.dtype not in ("INT8", "UINT8"):
        return None
    source, target = (x.scale, x.zero_point), (out.scale, out.zero_point)
    return Float32Sum.of(source, target, count, mean=mean)
