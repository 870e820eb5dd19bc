"""RESIZE_BILINEAR: an NHWC image in another size, four neighbours blended.

With (lower, upper, fraction) of an output index along each axis, (y0, y1, dy) and (x0, x1, dx):

out = blend(in[y0, x0], in[y1, x0], in[y0, x1], in[y1, x1], dy, dx) on the raw values

INT8, INT16: integers throughout, fractions in Q10.
  scale = (1024 * in + out / 2) / out, or (1024 * (in - 1) + (out - 1) / 2) / (out - 1) with
          align_corners and out > 1
  pos   = i * scale, + scale / 2 - 512 with half_pixel_centers
  lower = max(trunc(pos / 1024), 0), upper = min(trunc((pos + 1023) / 1024), in - 1),
  fraction = pos - 1024 * lower
  blend = round_half_away((v00 * (1024 - dy) * (1024 - dx) + v10 * dy * (1024 - dx)
          + v01 * (1024 - dy) * dx + v11 * dy * dx) / 2^20)
UINT8: **float32**, every operation rounded, in the order written (`numerics/resize.py`).
  lower = max(floor(pos), 0), upper = min(ceil(pos), in - 1),
  blend = trunc(v00 * (1 - dy) * (1 - dx) + v10 * dy * (1 - dx) + v01 * (1 - dy) * dx
          + v11 * dy * dx + 0.5)
  Under the rule resize_weights=product each value is multiplied with the product of its weights,
  and the sum goes in the order v00, v01, v10, v11, 0.5.
8 bits under the rule resize_bilinear=eleven_bits: **float32** positions clamped to the image,
  lower = floor(pos), upper = min(lower + 1, in - 1), fraction = round_half_even(2048 * (pos -
  lower)), blend = (t + 2^21) >> 22 with t in Q22, blended along x, then along y

C1  the input has rank 4 and the size is a vector of two
C2  the sizes are at least 1, and the image is not empty
C3  align_corners and half_pixel_centers are not both set

Quantization is not looked at. Where the rounded Q10 scale leads past the last pixel, as from 65 to
513, the engine reads behind the row: DomainError.

Semantics: LiteRT `kernels/resize_bilinear.cc` and `reference/resize_bilinear.h`, ai-edge-litert
2.3.0 (NUMERICS §7, CORRECTIONS item 24).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import NotFastError, Site
from refint8.native.memory import round_up
from refint8.native.resize import resize_bilinear, resize_bilinear_float_uint8
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.resize import (
    Line,
    blend_float32,
    blend_q10,
    blend_q11,
    linear_float32,
    linear_q10,
    linear_q11,
)
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._resize import image_sizes

LINES: Final[Mapping[str, Callable[..., Line]]] = {
    "float32": linear_float32,
    "float32_product": linear_float32,
    "ten_bits": linear_q10,
    "eleven_bits": linear_q11,
}
BLENDS: Final[Mapping[str, Callable[..., Ints]]] = {
    "float32": blend_float32,
    "float32_product": partial(blend_float32, product_first=True),
    "ten_bits": blend_q10,
    "eleven_bits": blend_q11,
}
"""The arithmetics by name: positions and weights, and how neighbours are blended."""


@operator(
    "RESIZE_BILINEAR",
    versions=range(1, 5),
    dtypes=("INT8,INT32->INT8", "INT16,INT32->INT16", "UINT8,INT32->UINT8"),
    values=(1,),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class ResizeBilinear(Record):
    """The integer record: the neighbours of every output row and column, with their fractions."""

    rows: Line
    columns: Line
    dtype: str
    arithmetic: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, lines and shape."""
        image, size = image_sizes(node, "C1", "C2", smallest=1)
        align, half = node.options["align_corners"], node.options["half_pixel_centers"]
        check(not (align and half), "C3", "align_corners and half_pixel_centers are both set")
        batches, _, _, channels = node.input(0).shape
        arithmetic = _arithmetic(node)
        linear = LINES[arithmetic]
        return cls(
            shapes=((batches, *size, channels),),
            rows=linear(image[0], size[0], align_corners=align, half_pixel_centers=half),
            columns=linear(image[1], size[1], align_corners=align, half_pixel_centers=half),
            dtype=node.output.dtype,
            arithmetic=arithmetic,
        )

    def spec(self, x: Array, _size: Array) -> Array:
        """x [n, h, w, c] to [n, out_h, out_w, c]."""
        y_line, x_line = self.rows, self.columns
        above, below = x[:, y_line.lower], x[:, y_line.upper]
        out = BLENDS[self.arithmetic](
            above[:, :, x_line.lower],
            below[:, :, x_line.lower],
            above[:, :, x_line.upper],
            below[:, :, x_line.upper],
            y_line.fraction[:, None, None],
            x_line.fraction[:, None],
        )
        return out.astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """Lines blended across, then with each other; for uint8 the other way round."""
        x, out, rows, columns = site.read(0), site.output, self.rows, self.columns
        if self.arithmetic == "float32_product":
            raise NotFastError("products of weights have no kernel")
        if 0 in out.shape:
            return
        images, height, width, channels = x.shape
        for line, size in ((rows, height), (columns, width)):
            if max(line.lower.max(), line.upper.max()) >= size or line.lower.min() < 0:
                raise NotFastError("a neighbour lies outside the image")
        pixel = channels * x.dtype.itemsize
        row = width * pixel
        words = (x.offset, out.offset, images, height * row, row, *out.shape[1:])
        if self.arithmetic == "float32":
            line_bytes = round_up(4 * row)
            site.call(
                resize_bilinear_float_uint8,
                *words,
                site.constant(np.stack([rows.lower, rows.upper], axis=1)),
                site.constant(np.stack([columns.lower, columns.upper], axis=1) * pixel),
                site.scratch(2 * line_bytes),
                line_bytes,
                *(
                    site.constant(np.stack([np.float32(1) - f, f], axis=1))
                    for f in (rows.fraction, columns.fraction)
                ),
            )
            return
        line_bytes = round_up(4 * out.shape[2] * channels)
        site.call(
            resize_bilinear(self.dtype, 11 if self.arithmetic == "eleven_bits" else 10),
            *words,
            site.constant(np.stack([rows.lower, rows.upper, rows.fraction], axis=1)),
            site.constant(
                np.stack([columns.lower * pixel, columns.upper * pixel, columns.fraction], axis=1)
            ),
            site.scratch(2 * line_bytes),
            line_bytes,
        )


def _arithmetic(node: Node) -> str:
    dtype, rules = node.output.dtype, node.rules
    if rules.resize_bilinear == "eleven_bits" and dtype != "INT16":
        return "eleven_bits"
    if dtype != "UINT8":
        return "ten_bits"
    return "float32_product" if rules.resize_weights == "product" else "float32"
