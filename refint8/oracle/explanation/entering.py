"""What enters one element: the elements of the operator's inputs, with their part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product as every

import numpy as np

from refint8.ops import Record
from refint8.ops._convolution import filter_values
from refint8.ops._lstm import Recurrent
from refint8.ops._op import Array, Shape
from refint8.ops._reduce import Reduction
from refint8.ops._window import Window
from refint8.ops.batch_matmul import BatchMatmul
from refint8.ops.concatenation import Concatenation
from refint8.ops.conv_2d import Conv2D
from refint8.ops.depthwise_conv_2d import DepthwiseConv2D
from refint8.ops.fully_connected import FullyConnected
from refint8.ops.l2_normalization import L2Normalization
from refint8.ops.log_softmax import LogSoftmax
from refint8.ops.resize_bilinear import ResizeBilinear
from refint8.ops.softmax import Softmax
from refint8.ops.svdf import Svdf
from refint8.ops.transpose_conv import TransposeConv
from refint8.oracle.explanation.focus import Index, Inputs, within
from refint8.oracle.explanation.origin import FILL, origin

Number = int | float


@dataclass(frozen=True)
class Element:
    """One element of an input; `zero_point` is what the operator subtracts from it."""

    input: int
    index: Index
    value: Number
    zero_point: int = 0


@dataclass(frozen=True)
class Term:
    """Elements that are multiplied; `part` is what the term adds to the sum."""

    elements: tuple[Element, ...]
    part: Number


@dataclass(frozen=True)
class Entering:
    """What enters the element.

    `kind` is "products" (a sum of them), "window" (values under it), "row" (along an axis),
    "elements" (one of each input), "copy" (of one input's element), "constant" (of no input) or
    "unknown". `count` is how many terms there are, `outside` how many taps lie outside the image;
    `total` is the sum of all parts. `terms` are in the order of the largest parts.
    """

    kind: str
    terms: tuple[Term, ...] = ()
    count: int = 0
    outside: int = 0
    total: Number | None = None

    def largest(self, limit: int) -> Entering:
        """The same with no more terms than `limit`."""
        return replace(self, terms=self.terms[:limit])


def entering(
    record: Record, inputs: Inputs, output: int, shape: Shape, index: Index, *, computed: bool
) -> Entering:
    """What enters the element at `index` of the operator's output number `output`, of `shape`.

    `computed`: there are steps of arithmetic, so that it is no copy.
    """
    for kind, find in PRODUCTS.items():
        if isinstance(record, kind):
            return _sum_of_products(find(record, inputs, index))
    x = inputs[0] if inputs else None
    window, reduction = getattr(record, "window", None), getattr(record, "reduction", None)
    if isinstance(window, Window) and x is not None and x.ndim == 4:
        return _under(window, x, index)
    if isinstance(reduction, Reduction) and x is not None:
        return _along(x, _reduced(reduction, x.shape, index))
    if isinstance(record, (Softmax, LogSoftmax, L2Normalization)) and x is not None:
        return _along(x, [(*index[:-1], i) for i in range(x.shape[-1])])
    if isinstance(record, Recurrent) and x is not None:
        return _along(x, [(*index[:-1], i) for i in range(x.shape[-1])])
    if isinstance(record, ResizeBilinear) and x is not None:
        return _neighbours(record, x, index)
    if isinstance(record, Concatenation):
        # Rescaled or not, an element comes from one place.
        record, computed = replace(record, rescales=(None,) * len(record.rescales)), False
    found = None if computed else _copied(record, inputs, output, index)
    return found or _one_of_each(inputs, shape, index)


Products = Iterator[tuple[Element, Element] | None]
"""Pairs of elements; None for a tap outside the image."""


def _sum_of_products(pairs: Products) -> Entering:
    terms, outside = [], 0
    for pair in pairs:
        if pair is None:
            outside += 1
            continue
        a, b = pair
        terms.append(Term(pair, (a.value - a.zero_point) * (b.value - b.zero_point)))
    terms.sort(key=lambda term: -abs(term.part))
    total = sum(term.part for term in terms)
    return Entering("products", tuple(terms), len(terms), outside, total)


def _element(position: int, array: Array, index: Index, zero_point: int = 0) -> Element:
    return Element(position, index, array[index].item(), zero_point)


def _inputs(inputs: Inputs, *positions: int) -> list[Array]:
    found = [inputs[position] for position in positions]
    return [array for array in found if array is not None]


def _taps(window: Window, x: Array, index: Index) -> Array:
    """Flat positions + 1 in x of the taps of one window, [kernel_h, kernel_w, channels]; 0 for
    taps outside the image.
    """
    n, y, column, _ = index
    positions = np.arange(1, x.size + 1).reshape(x.shape)
    taps: Array = window.patches(positions[n : n + 1])[0, y, column]
    return taps


def _conv_2d(record: Conv2D, inputs: Inputs, index: Index) -> Products:
    x, w = _inputs(inputs, 0, 1)
    depth, channel = w.shape[3], index[3]
    group = channel // (w.shape[0] // (x.shape[3] // depth))
    taps = _taps(record.window, x, index)[..., group * depth : (group + 1) * depth]
    weights = filter_values(w)
    for j, i, c in np.ndindex(*taps.shape):
        at = (channel, j, i, c)
        yield _tap(record, x, weights, int(taps[j, i, c]), at)


def _depthwise(record: DepthwiseConv2D, inputs: Inputs, index: Index) -> Products:
    x, w = _inputs(inputs, 0, 1)
    taps = _taps(record.window, x, index)
    channel = index[3] // (w.shape[3] // x.shape[3])
    weights = filter_values(w)
    for j, i in np.ndindex(*taps.shape[:2]):
        yield _tap(record, x, weights, int(taps[j, i, channel]), (0, j, i, index[3]))


def _tap(
    record: Conv2D | DepthwiseConv2D, x: Array, weights: Array, tap: int, at: Index
) -> tuple[Element, Element] | None:
    if tap == 0:
        return None
    where = tuple(int(i) for i in np.unravel_index(tap - 1, x.shape))
    pixel = _element(0, x, where, record.input_zero_point)
    return pixel, _element(1, weights, at, record.weights_zero_point)


def _transpose_conv(record: TransposeConv, inputs: Inputs, index: Index) -> Products:
    w, x = _inputs(inputs, 1, 2)
    (sh, sw), (top, left) = record.window.stride, record.window.pad
    n, y, column, channel = index
    for j, i in np.ndindex(*record.window.kernel):
        row, row_rest = divmod(y + top - j, sh)
        col, col_rest = divmod(column + left - i, sw)
        if row_rest or col_rest:
            continue
        for c in range(x.shape[3]):
            if not (0 <= row < x.shape[1] and 0 <= col < x.shape[2]):
                yield None
                continue
            pixel = _element(2, x, (n, row, col, c), record.input_zero_point)
            yield pixel, _element(1, w, (channel, j, i, c), record.weights_zero_point)


def _fully_connected(record: FullyConnected, inputs: Inputs, index: Index) -> Products:
    x, w = _inputs(inputs, 0, 1)
    unit, depth = index[-1], w.shape[1]
    row = int(np.ravel_multi_index(index, record.shapes[0])) // w.shape[0]
    for k in range(depth):
        where = tuple(int(i) for i in np.unravel_index(row * depth + k, x.shape))
        a = _element(0, x, where, record.input_zero_point)
        yield a, _element(1, w, (unit, k), record.weights_zero_point)


def _batch_matmul(record: BatchMatmul, inputs: Inputs, index: Index) -> Products:
    x1, x2 = _inputs(inputs, 0, 1)
    (*batch, i, j), (swap1, swap2) = index, record.transposed
    for k in range(x1.shape[-2] if swap1 else x1.shape[-1]):
        ends = ((k, i) if swap1 else (i, k), (j, k) if swap2 else (k, j))
        pair = [
            _element(p, x, (*_batch(batch, x.shape[:-2]), *end), zero_point)
            for p, (x, end, zero_point) in enumerate(
                zip((x1, x2), ends, record.zero_points, strict=True)
            )
        ]
        yield pair[0], pair[1]


def _batch(batch: list[int], shape: Shape) -> Index:
    kept = batch[len(batch) - len(shape) :]
    return tuple(i if n > 1 else 0 for i, n in zip(kept, shape, strict=True))


def _svdf(record: Svdf, inputs: Inputs, index: Index) -> Products:
    """Of the newest entry in the state of the unit's first filter."""
    x, features = _inputs(inputs, 0, 1)
    batch, unit = index
    for k in range(x.shape[1]):
        a = _element(0, x, (batch, k), record.input_zero_point)
        yield a, _element(1, features, (unit * record.rank, k))


PRODUCTS: dict[type[Record], Callable[..., Products]] = {
    Conv2D: _conv_2d,
    DepthwiseConv2D: _depthwise,
    TransposeConv: _transpose_conv,
    FullyConnected: _fully_connected,
    BatchMatmul: _batch_matmul,
    Svdf: _svdf,
}


def _under(window: Window, x: Array, index: Index) -> Entering:
    taps = _taps(window, x, index)[..., index[3]]
    found = [np.unravel_index(int(tap) - 1, x.shape) for tap in taps.reshape(-1) if tap]
    inside = _along(x, [tuple(int(i) for i in at) for at in found])
    return replace(inside, kind="window", outside=int((taps == 0).sum()))


def _reduced(reduction: Reduction, shape: Shape, index: Index) -> Iterator[Index]:
    kept = iter(index)
    ranges: list[range] = []
    for axis, size in enumerate(shape):
        gone = axis in reduction.axes
        at = next(kept) if not gone or reduction.keep_dims else 0
        ranges.append(range(size) if gone else range(at, at + 1))
    return every(*ranges)


def _along(x: Array, where: Iterator[Index] | list[Index]) -> Entering:
    terms = [Term((_element(0, x, at),), x[at].item()) for at in where]
    terms.sort(key=lambda term: -abs(term.part))
    return Entering("row", tuple(terms), len(terms), total=sum(term.part for term in terms))


def _neighbours(record: ResizeBilinear, x: Array, index: Index) -> Entering:
    n, y, column, channel = index
    rows, columns = record.rows, record.columns
    corners = [
        (n, int(row[y]), int(col[column]), channel)
        for col in (columns.lower, columns.upper)
        for row in (rows.lower, rows.upper)
    ]
    terms = tuple(Term((_element(0, x, at),), x[at].item()) for at in corners)
    return Entering("elements", terms, len(terms))


def _copied(record: Record, inputs: Inputs, output: int, index: Index) -> Entering | None:
    found = origin(record, inputs, output, index)
    if found is None:
        return None
    position, where = found
    if position == FILL:
        return Entering("constant")
    x = inputs[position]
    assert x is not None
    return Entering("copy", (Term((_element(position, x, where),), x[where].item()),), 1)


def _one_of_each(inputs: Inputs, shape: Shape, index: Index) -> Entering:
    """The element of each input that broadcasts to the output's."""
    locate = within(shape, index)
    terms = []
    for position, x in enumerate(inputs):
        at = None if x is None or x.dtype.kind not in "iufb" else locate(x.shape)
        if x is not None and at is not None:
            terms.append(Term((_element(position, x, at),), x[at].item()))
    return Entering("elements" if terms else "unknown", tuple(terms), len(terms))
