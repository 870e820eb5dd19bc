"""The kernel corner of PAD and PADV2: the border, axis by axis, and the input within it."""

from __future__ import annotations

from refint8.native.lowering import Place, Site
from refint8.ops._copy_kernel import View, copy, fill
from refint8.ops._op import Array
from refint8.ops._padding import Border
from refint8.ops._slicing import Range


def lower_border(site: Site, x: Place, border: Border, value: Array | View) -> None:
    """Append out = x with `value` around it, every element written once.

    What comes before and after along an axis spans the input along the axes before that, and the
    whole output along those behind it.
    """
    out = View.of(site.output)
    inner = [Range(before, size) for before, size in zip(border.before, border.inner, strict=True)]
    for axis, (before, size, after) in enumerate(
        zip(border.before, border.inner, border.after, strict=True)
    ):
        behind = [Range(0, whole) for whole in out.shape[axis + 1 :]]
        for side in (Range(0, before), Range(before + size, after)):
            fill(site, out.take([*inner[:axis], side, *behind]), value)
    copy(site, View.of(x), out.take(inner))
