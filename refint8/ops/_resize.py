"""What both image resizers read: the image's sizes and the wanted ones."""

from __future__ import annotations

from refint8.ops._op import Node, check

Sizes = tuple[int, int]


def image_sizes(
    node: Node, shape_label: str, size_label: str, smallest: int
) -> tuple[Sizes, Sizes]:
    """((in_h, in_w), (out_h, out_w)) of an NHWC input and a size vector.

    Refuses other ranks under the first label, sizes below `smallest` and empty images under the
    second.
    """
    x, size = node.input(0), node.input(1)
    check(
        len(x.shape) == 4 and size.shape == (2,),
        shape_label,
        f"input {x.shape} must have rank 4 and size {size.shape} two values",
    )
    _, height, width, _ = x.shape
    out_height, out_width = size.integers()
    check(
        min(out_height, out_width) >= smallest and min(height, width) >= 1,
        size_label,
        f"an image of {height} x {width} cannot be resized to {out_height} x {out_width}",
    )
    return (height, width), (out_height, out_width)
