"""Views that repeat what they see: the copy kernel's side of broadcasting."""

from __future__ import annotations

from dataclasses import replace

from refint8.ops._copy_kernel import View
from refint8.ops._op import Shape


def spread(x: View, shape: Shape) -> View:
    """x in a larger shape: axes of size 1, and new ones in front, do not move."""
    new = len(shape) - len(x.shape)
    steps = (0 if size == 1 else step for size, step in zip(x.shape, x.steps, strict=True))
    return replace(x, shape=shape, steps=(*(0,) * new, *steps))
