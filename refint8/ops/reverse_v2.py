"""REVERSE_V2: axes run backwards.

out[..., i_k, ...] = in[..., size_k - 1 - i_k, ...] for every axis k that the second input names,
negative ones counted from the end.

C1  the rank is at most 8
C2  the axes are a vector of at least one, inside the tensor
C3  the axes follow one another without a gap, none named twice

Values are moved as they are, and quantization is not looked at. C3 is the engines' limit; without
an axis they read outside a table.

Semantics: LiteRT `kernels/reverse.cc` and `reference/reverse.h`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._axes import normalize_axis
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._slicing import Range

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT16", "FLOAT32")


@operator("REVERSE_V2", versions=range(1, 5), dtypes=rows("{T},INT32->{T}", DTYPES), values=(1,))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReverseV2(Record):
    """The integer record: the axes, rising."""

    axes: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        shape, given = node.input(0).shape, node.input(1)
        check(len(shape) <= 8, "C1", f"the input has rank {len(shape)}, above 8")
        named = given.integers()
        check(len(given.shape) == 1 and named, "C2", f"axes {named} of shape {given.shape}")
        axes = tuple(sorted(normalize_axis(axis, len(shape), "C2") for axis in named))
        check(
            axes == tuple(range(axes[0], axes[0] + len(axes))),
            "C3",
            f"the axes {axes} do not follow one another",
        )
        return cls(shapes=(shape,), axes=axes)

    def spec(self, x: Array, _axes: Array) -> Array:
        """x of any shape."""
        return np.flip(x, self.axes).copy()

    def lower(self, site: Site) -> None:
        """One copy."""
        x = View.of(site.read(0))
        ranges = [
            Range(size - 1, size, -1) if axis in self.axes else Range(0, size)
            for axis, size in enumerate(x.shape)
        ]
        copy(site, x.take(ranges), View.of(site.output))
