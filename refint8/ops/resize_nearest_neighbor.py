"""RESIZE_NEAREST_NEIGHBOR: an NHWC image in another size, each pixel copied from the nearest.

out[n, y, x, c] = in[n, row(y), column(x), c]

row and column are computed in **float32** (`numerics/resize.py`), as in the engine:

v = f32(f32(i + (half_pixel_centers ? 0.5 : 0)) * scale)
scale = align_corners and out > 1 ? f32((in - 1) / (out - 1)) : f32(in / out)
index = min(align_corners ? round_half_away(v) : floor(v), in - 1)

uint8 under the rule resize_nearest_uint8=fixed_point, without options:
index = min((i * (in * 2^16 / out + 1)) / 2^16, in - 1), divisions rounded down

C1  the input has rank 4 and the size is a vector of two
C2  the sizes are not negative, and the image is not empty

Values are moved as they are: any dtype of 8, 16 or 32 bits. Quantization is not looked at. Both
options may be set.

Semantics: LiteRT `kernels/resize_nearest_neighbor.cc`, `reference/resize_nearest_neighbor.h`,
ai-edge-litert 2.3.0 (CORRECTIONS item 23).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

from refint8.native.lowering import Site
from refint8.native.resize import resize_nearest
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.resize import nearest, nearest_q16
from refint8.ops._dtypes import WIDTH_8, WIDTH_16, WIDTH_32, rows
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._resize import image_sizes


@operator(
    "RESIZE_NEAREST_NEIGHBOR",
    versions=range(1, 5),
    dtypes=rows("{T},INT32->{T}", (*WIDTH_8, *WIDTH_16, *WIDTH_32)),
    values=(1,),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ResizeNearestNeighbor(Record):
    """The integer record: the source row of every output row, likewise for columns."""

    rows: Ints
    columns: Ints

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2, indices and shape."""
        image, size = image_sizes(node, "C1", "C2", smallest=0)
        align, half = node.options["align_corners"], node.options["half_pixel_centers"]
        batches, _, _, channels = node.input(0).shape
        source = partial(nearest, align_corners=align, half_pixel_centers=half)
        in_integers = node.rules.resize_nearest_uint8 == "fixed_point"
        if in_integers and node.output.dtype == "UINT8" and not (align or half):
            source = partial(nearest_q16)
        return cls(
            shapes=((batches, *size, channels),),
            rows=source(image[0], size[0]),
            columns=source(image[1], size[1]),
        )

    def spec(self, x: Array, _size: Array) -> Array:
        """x [n, h, w, c] to [n, out_h, out_w, c]."""
        return x[:, self.rows][:, :, self.columns]

    def lower(self, site: Site) -> None:
        """Whole pixels; rows that repeat are copied from the row before."""
        x, out = site.read(0), site.output
        if 0 in out.shape:
            return
        images, height, width, channels = x.shape
        pixel = channels * x.dtype.itemsize
        site.call(
            resize_nearest,
            x.offset,
            out.offset,
            images,
            height * width * pixel,
            *out.shape[1:3],
            pixel,
            site.constant(self.rows * (width * pixel)),
            site.constant(self.columns * pixel),
        )
