"""The kernel corner of BATCH_MATMUL: pack both operands at run time, then multiply."""

from __future__ import annotations

import math

import numpy as np

from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.matrix_products import BLOCK, multiply_packed, pack_rows
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import INT32_MAX
from refint8.numerics.float32_rounding import Float32Rounding
from refint8.numerics.requantize import DoubleRounding, ReducedMultiplier, Requantizer
from refint8.ops._elementwise import Finish

WORD = DTYPE_RANGE["INT16"]


def lower_batch_product(
    site: Site,
    transposed: tuple[bool, bool],
    zero_points: tuple[int, int],
    accumulator: Accumulator | None,
    requantize: Requantizer | None,
    finish: Finish | None,
) -> None:
    """Append the product. Raises NotFastError where a sum may leave its register unreported."""
    out = site.output
    if out.size == 0:
        return
    x1, x2 = site.read(0), site.read(1)
    inner = x1.shape[-2 if transposed[0] else -1]
    most = inner * _reach(x1, zero_points[0]) * _reach(x2, zero_points[1])
    form, words = _epilogue(site, most, accumulator, requantize, finish)
    padded = -(-inner // BLOCK) * BLOCK
    rows, columns = out.shape[-2:]
    first = _packed(site, x1, rows, inner, padded, transposed[0], zero_points[0])
    # The second operand's rows are its columns.
    second = _packed(site, x2, columns, inner, padded, not transposed[1], zero_points[1])
    batches = out.shape[:-2]
    numbers = [
        np.broadcast_to(np.arange(math.prod(x.shape[:-2])).reshape(x.shape[:-2]), batches)
        for x in (x1, x2)
    ]
    pairs = np.stack([n.reshape(-1) for n in numbers], axis=-1).astype(np.int64)
    site.call(
        multiply_packed(form),
        first,
        second,
        out.offset,
        len(pairs),
        site.constant(pairs),
        rows,
        columns,
        padded,
        *words,
        macs=out.size * inner,
    )


def _reach(x: Place, zero_point: int) -> int:
    ends = [end - zero_point for end in DTYPE_RANGE[x.dtype.name.upper()]]
    if ends[0] < WORD[0] or ends[1] > WORD[1]:
        raise NotFastError("a difference from the zero point leaves int16")
    return max(-ends[0], ends[1])


def _packed(
    site: Site, x: Place, rows: int, inner: int, padded: int, turned: bool, zero_point: int
) -> int:
    """`turned`: the rows wanted are the columns of the matrix as it lies."""
    matrices = math.prod(x.shape[:-2])
    target = site.scratch(2 * matrices * rows * padded)
    steps = (1, rows) if turned else (inner, 1)
    site.call(
        pack_rows(x.dtype.name.upper()),
        x.offset,
        target,
        matrices,
        rows,
        inner,
        *steps,
        zero_point,
        padded,
    )
    return target


def _epilogue(
    site: Site,
    most: int,
    accumulator: Accumulator | None,
    requantize: Requantizer | None,
    finish: Finish | None,
) -> tuple[str, tuple[int, ...]]:
    """The form and its words for sums of at most `most`."""
    if accumulator is not None and accumulator.overflow == "report" and most > INT32_MAX:
        raise NotFastError(f"sums of up to {most} may leave int32")
    if requantize is None or finish is None:
        return "plain", (0,) * 6
    tail = (finish.zero_point, *finish.clamp)
    if isinstance(requantize, DoubleRounding):
        shift = int(requantize.shift)
        if requantize.left_shift == "report" and shift > 0 and most << shift > INT32_MAX:
            raise NotFastError("a left shift may leave int32")
        return "double", (int(requantize.multiplier), max(shift, 0), max(-shift, 0), *tail)
    if isinstance(requantize, Float32Rounding):
        if finish.dtype != "INT8" or not np.isfinite(requantize.scale):
            raise NotFastError("a product in float32 goes to int8 by a finite scale")
        address = site.constant(np.atleast_1d(requantize.scale).astype(np.float32))
        return "float32", (address, 0, 0, *tail)
    if isinstance(requantize, ReducedMultiplier):
        if most >= 1 << 47:
            raise NotFastError(f"sums of up to {most} may leave 48 bits")
        return "q15", (int(requantize.reduced), 0, 15 - int(requantize.shift), *tail)
    raise NotFastError(f"{type(requantize).__name__} has no kernel for computed products")
