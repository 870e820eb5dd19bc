"""Operators that give every element another place: new axes, permuted, merged again."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._op import Array, Shape


@dataclass(frozen=True)
class Rearrangement:
    """The input seen as `divided`, its axes in the order `permutation`, then merged to `shape`."""

    divided: Shape
    permutation: tuple[int, ...]
    shape: Shape

    def __call__(self, x: Array) -> Array:
        """x of any shape with as many elements."""
        return x.reshape(self.divided).transpose(self.permutation).reshape(self.shape)

    def lower(self, site: Site) -> None:
        """One copy, of the first input to the first output."""
        source = View.of(site.read(0), self.divided).permuted(self.permutation)
        copy(site, source, View.of(site.output, source.shape))
