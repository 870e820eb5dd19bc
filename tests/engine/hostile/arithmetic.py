"""Random operators that compute: windows, products, one and two operands, reductions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from refint8.model.operators import schema_values
from refint8.model.options import OPTIONS_OF
from refint8.ops import REGISTRY
from refint8.ops._op import Operand
from tests.engine.hostile.operands import (
    QUANTIZED,
    Case,
    bits,
    dtype_of,
    like,
    make,
    pick,
    quantized,
    small_shape,
    some,
    sometimes_computed,
)
from tests.ops.nodes import constant, operand

CHANNELS = (1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 24, 31, 33, 48, 64, 65, 130)
OUTPUTS = {
    "L2_NORMALIZATION": {"INT8": (1 / 128, 0), "UINT8": (1 / 128, 128)},
    "LOG_SOFTMAX": {"INT8": (1 / 16, 127), "UINT8": (1 / 16, 255), "FLOAT32": ()},
}
"""Scale and zero point where an operator has only one."""

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def image(rng: Generator, channels: int | None = None) -> tuple[int, int, int, int]:
    """[n, h, w, c] with one axis long and the others short."""
    sizes = [some(rng, 1, 2), some(rng, 1, 9), some(rng, 1, 9), channels or pick(rng, CHANNELS)]
    if rng.random() < 0.3:
        sizes[some(rng, 1, 2)] = some(rng, 10, 40)
    return sizes[0], sizes[1], sizes[2], sizes[3]


def window(rng: Generator) -> dict[str, Any]:
    return {
        "padding": pick(rng, ("SAME", "VALID")),
        "stride_h": some(rng, 1, 3),
        "stride_w": some(rng, 1, 3),
        "fused_activation_function": pick(rng, ACTIVATIONS),
    }


def dilations(rng: Generator) -> dict[str, Any]:
    return {
        "dilation_h_factor": pick(rng, (1, 1, 1, 2, 3)),
        "dilation_w_factor": pick(rng, (1, 1, 1, 2, 3)),
    }


def weights(rng: Generator, dtype: str, shape: Any, axis: int) -> Operand:
    """Constant weights for an activation of that dtype: per channel for INT8, else one scale."""
    if dtype == "UINT8":
        return operand("UINT8", shape, 0.02, some(rng, 0, 255), data=bits(rng, "UINT8", shape))
    kind = pick(rng, ("INT8", "INT8", "INT8", "INT4"))
    scales = rng.uniform(0.001, 0.02, shape[axis])
    return operand(kind, shape, scales, 0, axis, data=bits(rng, kind, shape))


def bias(rng: Generator, dtype: str, count: int) -> Operand | None:
    if rng.random() < 0.2:
        return None
    kind = "INT64" if dtype == "INT16" else "INT32"
    return operand(kind, (count,), 1e-4, data=rng.integers(-30_000, 30_000, count))


def convolution(name: str, rng: Generator) -> Case:
    dtype = pick(rng, QUANTIZED)
    groups = pick(rng, (1, 1, 1, 1, 2, 3))
    each, out = pick(rng, CHANNELS), pick(rng, CHANNELS)
    n, h, w, c = image(rng, each * groups)
    kernel = (out * groups, some(rng, 1, 5), some(rng, 1, 5), each)
    inputs = [
        quantized(rng, dtype, (n, h, w, c)),
        weights(rng, dtype, kernel, 0),
        bias(rng, dtype, kernel[0]),
    ]
    result = quantized(rng, dtype, ())
    case = make(name, inputs, result, rng, **window(rng), **dilations(rng))
    return sometimes_computed(rng, case, 1, 2)


def depthwise(name: str, rng: Generator) -> Case:
    dtype, multiplier = pick(rng, QUANTIZED), pick(rng, (1, 1, 1, 2, 3, 8))
    shape = image(rng)
    kernel = (1, some(rng, 1, 6), some(rng, 1, 6), shape[3] * multiplier)
    inputs = [
        quantized(rng, dtype, shape),
        weights(rng, dtype, kernel, 3),
        bias(rng, dtype, kernel[3]),
    ]
    options = {**window(rng), **dilations(rng), "depth_multiplier": multiplier}
    options["stride_w"] = options["stride_h"]
    case = make(name, inputs, quantized(rng, dtype, ()), rng, **options)
    return sometimes_computed(rng, case, 1, 2)


def transpose_convolution(name: str, rng: Generator) -> Case:
    dtype, (n, h, w, c) = pick(rng, QUANTIZED), image(rng)
    out, kh, kw = pick(rng, CHANNELS), some(rng, 1, 5), some(rng, 1, 5)
    options = window(rng)
    sh, sw = options["stride_h"], options["stride_w"]
    same = options["padding"] == "SAME"
    height = h * sh if same else (h - 1) * sh + kh
    width = w * sw if same else (w - 1) * sw + kw
    inputs = [
        constant("INT32", [n, height, width, out]),
        weights(rng, dtype, (out, kh, kw, c), 0),
        quantized(rng, dtype, (n, h, w, c)),
        bias(rng, dtype, out),
    ]
    case = make(name, inputs, quantized(rng, dtype, ()), rng, **options)
    return sometimes_computed(rng, case, 1, 3)


def fully_connected(name: str, rng: Generator) -> Case:
    dtype, depth, units = pick(rng, QUANTIZED), pick(rng, CHANNELS), pick(rng, CHANNELS)
    lead = [some(rng, 1, 9) for _ in range(some(rng, 1, 3))]
    inputs = [
        quantized(rng, dtype, (*lead, depth)),
        weights(rng, dtype, (units, depth), 0),
        bias(rng, dtype, units),
    ]
    options = {"fused_activation_function": pick(rng, ACTIVATIONS)}
    case = make(name, inputs, quantized(rng, dtype, ()), rng, **options)
    return sometimes_computed(rng, case, 1, 2)


def pool(name: str, rng: Generator) -> Case:
    dtype = pick(rng, QUANTIZED)
    x = quantized(rng, dtype, image(rng))
    size = {"filter_height": some(rng, 1, 6), "filter_width": some(rng, 1, 6)}
    return make(name, [x], like(x), rng, **window(rng), **size)


def unary(name: str, rng: Generator) -> Case:
    dtype, shape = dtype_of(rng, name), small_shape(rng)
    rows = [row for row in REGISTRY[name].rows if dtype in row.inputs[0]]
    to = str(pick(rng, sorted(pick(rng, rows).outputs[0])))
    x = quantized(rng, dtype, shape)
    if name in OUTPUTS:
        result = operand(to, (), *OUTPUTS[name][to])
    elif name in ("LOGISTIC", "TANH", "SOFTMAX"):
        scale = {"INT16": 1 / 32768}.get(to, 1 / 128 if name == "TANH" else 1 / 256)
        middle = {"INT8": 0, "UINT8": 128}.get(to, 0)
        low = {"INT8": -128}.get(to, 0)
        result = operand(to, (), scale, middle if name == "TANH" else low)
    else:
        result = quantized(rng, to, ())
    made, arrays = make(name, [x], result, rng, **({"beta": 0.7} if name == "SOFTMAX" else {}))
    if name in ("SQRT", "RSQRT", "LOG") and dtype != "FLOAT32":
        # What is not positive is reported; zero points lie at the lower end often enough.
        positive = np.maximum(arrays[0].astype(np.int64), x.zero_point + 1)
        arrays[0] = np.minimum(positive, np.iinfo(arrays[0].dtype).max).astype(arrays[0].dtype)
    return made, arrays


def pair(name: str, rng: Generator) -> Case:
    """Two operands that broadcast, either of which may be a constant."""
    dtype, shape = dtype_of(rng, name), small_shape(rng, 0, 4)
    cut = shape[some(rng, 0, len(shape)) :] if rng.random() < 0.5 else shape
    other = [1 if rng.random() < 0.25 else n for n in cut]
    shapes = [shape, tuple(other)]
    if rng.random() < 0.5:
        shapes.reverse()
    fixed = some(rng, 0, 3)
    xs = []
    for position, dims in enumerate(shapes):
        kind = dtype if position == 0 else str(pick(rng, sorted(matching(name, dtype))))
        data = bits(rng, kind, dims) if fixed == position else None
        xs.append(quantized(rng, kind, dims, data=data))
    to = next(row for row in REGISTRY[name].rows if dtype in row.inputs[0]).outputs[0]
    result = quantized(rng, str(pick(rng, sorted(to))), ())
    if name in ("MAXIMUM", "MINIMUM"):
        xs = [like(xs[0], x.shape, data=x.data) for x in xs]
        result = like(xs[0])
    table = OPTIONS_OF.get(name)
    fused = table is not None and "fused_activation_function" in schema_values(table)
    options = {"fused_activation_function": pick(rng, ACTIVATIONS)} if fused else {}
    return make(name, xs, result, rng, **options)


def matching(name: str, dtype: str) -> set[str]:
    """Dtypes of the second input beside that of the first."""
    rows = [row for row in REGISTRY[name].rows if dtype in row.inputs[0]]
    return {d for row in rows for d in row.inputs[min(1, len(row.inputs) - 1)]}


def prelu(name: str, rng: Generator) -> Case:
    dtype, shape = pick(rng, QUANTIZED), image(rng)
    slopes = (1, 1, shape[3])
    kind = "UINT8" if dtype == "UINT8" else "INT8"
    alpha = quantized(rng, kind, slopes, data=bits(rng, kind, slopes))
    return make(name, [quantized(rng, dtype, shape), alpha], quantized(rng, dtype, ()), rng)


def reduction(name: str, rng: Generator) -> Case:
    dtype, shape = dtype_of(rng, name), small_shape(rng, 1, 5)
    axes = [a for a in range(len(shape)) if rng.random() < 0.5] or [-1]
    x = quantized(rng, dtype, shape)
    result = like(x) if rng.random() < 0.5 else quantized(rng, dtype, ())
    keep = bool(rng.random() < 0.5)
    return make(name, [x, constant("INT32", axes)], result, rng, keep_dims=keep)


def extreme_index(name: str, rng: Generator) -> Case:
    dtype, shape = dtype_of(rng, name), small_shape(rng, 1, 4)
    to = pick(rng, ("INT32", "INT64"))
    axis = constant("INT32", some(rng, 0, len(shape) - 1))
    return make(name, [quantized(rng, dtype, shape), axis], operand(to, ()), rng, output_type=to)


def resize(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), image(rng))
    size = constant("INT32", [some(rng, 1, 20), some(rng, 1, 20)])
    align = bool(rng.random() < 0.4)
    half = not align and bool(rng.random() < 0.5)
    options = {"align_corners": align, "half_pixel_centers": half}
    return make(name, [x, size], like(x), rng, **options)


def matrix_product(name: str, rng: Generator) -> Case:
    """Batches that broadcast; either side may be transposed, the second may be a constant."""
    dtype = pick(rng, ("INT8", "INT16"))
    m, k, n = (pick(rng, CHANNELS) for _ in range(3))
    batch = tuple(some(rng, 1, 3) for _ in range(some(rng, 0, 2)))
    flipped = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    left, right = (
        (a, b)[:: -1 if f else 1] for (a, b), f in zip(((m, k), (k, n)), flipped, strict=True)
    )
    fixed = bits(rng, dtype, (*batch, *right)) if rng.random() < 0.5 else None
    xs = [
        quantized(rng, dtype, (*batch, *left)),
        quantized(rng, dtype, (*batch, *right), data=fixed),
    ]
    return make(name, xs, quantized(rng, dtype, ()), rng, adj_x=flipped[0], adj_y=flipped[1])


def running_sum(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 4))
    axis = constant("INT32", some(rng, 0, len(x.shape) - 1))
    flags = {"exclusive": bool(rng.random() < 0.5), "reverse": bool(rng.random() < 0.5)}
    return make(name, [x, axis], quantized(rng, x.dtype, ()), rng, **flags)


def shifting(name: str, rng: Generator) -> Case:
    """Shifts by counts that are defined."""
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 0, 4))
    made, arrays = make(name, [x, like(x, x.shape)], like(x), rng)
    most = 8 * arrays[1].dtype.itemsize - 1
    arrays[1] = rng.integers(0, most, x.shape).astype(arrays[1].dtype)
    return made, arrays


def powers(name: str, rng: Generator) -> Case:
    """Powers that stay in range, where neither operand is a constant."""
    made, arrays = pair(name, rng)
    for k, limits in enumerate(((-6, 7), (0, 11))):
        if (x := arrays[k]) is not None:
            arrays[k] = np.asarray(rng.integers(*limits, x.shape), x.dtype)
    return made, arrays


def largest(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 3))
    k = constant("INT32", some(rng, 0, x.shape[-1]))
    return make(name, [x, k], [like(x), operand("INT32", ())], rng)


def rising_segments(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 4))
    steps = rng.integers(0, 2, x.shape[0])
    steps[:1] = 0
    return make(name, [x, constant("INT32", np.cumsum(steps))], like(x), rng)


def segments(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 4))
    count = some(rng, 1, 6)
    ids = operand("INT32", x.shape[: some(rng, 1, len(x.shape))])
    made, arrays = make(name, [x, ids, constant("INT32", count)], like(x), rng)
    arrays[1] = rng.integers(-1, count, ids.shape).astype(np.int32)
    return made, arrays
