"""Models of a few operators that XNNPACK takes, or just not, with their inputs.

Every maker takes a seeded generator and returns a model and one set of inputs, as those of
`telling_models` do: scales of any size and of powers of two, all pairs of bytes, graphs that
XNNPACK rewrites.
"""

from __future__ import annotations

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from tests.crosscheck.telling_models import LIMITS, scale, values, zero_point

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def every(dtype):
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1).astype(dtype.lower())


def ratio(rng, low, high):
    """A factor between two powers of two, a power of two itself now and then."""
    exponent = rng.uniform(low, high)
    return 2.0 ** (round(exponent) if rng.random() < 0.3 else exponent)


def one(x):
    return float(np.float32(x))


def pair(rng, name, dtype):
    """ADD, SUB or MUL on all pairs of bytes, or with a constant, around the limits of scales."""
    s1 = scale(rng, -4, 0)
    if name == "MUL":
        s2 = scale(rng, -4, 0)
        s_out = one(s1 * s2 / ratio(rng, -18, 7.9))
    else:
        s2 = one(s1 * ratio(rng, -11, 0))
        s_out = one(s1 / ratio(rng, -11, 7.9))
    shapes = [((256, 1), (1, 256)), ((65536,), (65536,)), ((256,), (1,))][rng.integers(3)]
    b = ModelBuilder()
    bytes_ = every(dtype)
    arrays = {
        (256, 1): (bytes_[:, None], bytes_[None, :]),
        (65536,): (np.repeat(bytes_, 256), np.tile(bytes_, 256)),
        (256,): (bytes_, values(rng, dtype, (1,))),
    }[shapes[0]]
    constant = bool(shapes[0] == (256,) or rng.random() < 0.3)
    x1 = b.tensor("a", dtype, shapes[0], scale=s1, zero_point=zero_point(rng, dtype))
    x2 = b.tensor("b", dtype, shapes[1], scale=s2, zero_point=zero_point(rng, dtype),
                  data=arrays[1] if constant else None)  # fmt: skip
    shape = np.broadcast_shapes(*shapes)
    y = b.tensor("y", dtype, shape, scale=s_out, zero_point=zero_point(rng, dtype))
    b.operator(name, [x1, x2], [y], fused_activation_function=str(rng.choice(ACTIVATIONS)))
    inputs = {x1: arrays[0]} if constant else {x1: arrays[0], x2: arrays[1]}
    return read_model(b.to_bytes(list(inputs), [y])), inputs


def unary(rng, name, dtype):
    """LOGISTIC, TANH, ELU, LEAKY_RELU, QUANTIZE or a square, on every byte."""
    b = ModelBuilder()
    s = scale(rng, -3, 0)
    s_out = one(s / ratio(rng, -9, 8))
    options = {}
    if name in ("LOGISTIC", "TANH", "ELU"):
        s_out = one(rng.choice([1 / 256, 1 / 128, 1 / 257, scale(rng, -3, 0)]))
    if name == "LEAKY_RELU":
        options["alpha"] = one(rng.choice([0.1, 0.3, -0.5, 1.5, 2.0**-5, rng.normal()]))
    x = b.tensor("x", dtype, (256,), scale=s, zero_point=zero_point(rng, dtype))
    if name == "MUL":
        s_out = one(s * s / ratio(rng, -9, 5))
        options["fused_activation_function"] = str(rng.choice(ACTIVATIONS))
    y = b.tensor("y", dtype, (256,), scale=s_out, zero_point=zero_point(rng, dtype))
    version = 2 if name == "LEAKY_RELU" else 1
    b.operator(name, [x] * (2 if name == "MUL" else 1), [y], version=version, **options)
    return read_model(b.to_bytes([x], [y])), {x: every(dtype)}


def batch_matmul(rng, zero_point_right):
    b = ModelBuilder()
    rows, inner, columns = rng.integers(1, 20, 3).tolist()
    s1, s2 = scale(rng, -3, 0), scale(rng, -3, 0)
    s_out = one(s1 * s2 / ratio(rng, -12, -3))
    x1 = b.tensor("a", "INT8", (2, rows, inner), scale=s1, zero_point=zero_point(rng, "INT8"))
    x2 = b.tensor("b", "INT8", (2, columns, inner), scale=s2, zero_point=zero_point_right)
    y = b.tensor("y", "INT8", (2, rows, columns), scale=s_out, zero_point=zero_point(rng, "INT8"))
    b.operator("BATCH_MATMUL", [x1, x2], [y], version=2, adj_y=True)
    inputs = {x: values(rng, "INT8", b.tensors[x].shape) for x in (x1, x2)}
    return read_model(b.to_bytes([x1, x2], [y])), inputs


def padded_convolution(rng, dtype):
    """A PAD that the convolution behind it swallows."""
    b = ModelBuilder()
    zp = zero_point(rng, dtype)
    x = b.tensor("x", dtype, (1, 5, 5, 3), scale=0.02, zero_point=zp)
    p = b.tensor("p", "INT32", (4, 2), data=[[0, 0], [1, 2], [2, 1], [0, 0]])
    wide = b.tensor("wide", dtype, (1, 8, 8, 3), scale=0.02, zero_point=zp)
    b.operator("PAD", [x, p], [wide])
    zp_w = zero_point(rng, dtype) if dtype == "UINT8" else 0
    w = b.tensor("w", dtype, (4, 3, 3, 3), scale=0.01, zero_point=zp_w,
                 data=values(rng, dtype, (4, 3, 3, 3)))  # fmt: skip
    c = b.tensor("c", "INT32", (4,), scale=0.0002, data=rng.integers(-999, 999, 4))
    y = b.tensor("y", dtype, (1, 6, 6, 4), scale=0.07, zero_point=zero_point(rng, dtype))
    b.operator("CONV_2D", [wide, w, c], [y], version=3, padding="VALID", stride_h=1, stride_w=1)
    return read_model(b.to_bytes([x], [y])), {x: values(rng, dtype, (1, 5, 5, 3))}


def unary_chain(rng, dtype):
    """Elementwise operators in a row, floats among them, that become one table."""
    b = ModelBuilder()
    low, _ = LIMITS[dtype]

    def step(name, inputs, s, zp=None, kind=dtype):
        zp = zero_point(rng, dtype) if zp is None else zp
        y = b.tensor(name, kind, (256,), scale=None if kind == "FLOAT32" else s, zero_point=zp)
        b.operator(name, inputs, [y])
        return y

    x = b.tensor("x", dtype, (256,), scale=scale(rng, -2, -1), zero_point=zero_point(rng, dtype))
    gate = step("LOGISTIC", [x], 1 / 256, low)
    swish = step("MUL", [x, gate], scale(rng, -2, -1))
    fine = step("QUANTIZE", [swish], scale(rng, -2, -1.5))
    real = step("DEQUANTIZE", [fine], None, 0, "FLOAT32")
    again = step("QUANTIZE", [real], scale(rng, -2, -1))
    c = b.tensor("c", dtype, (1,), scale=0.03, zero_point=0, data=values(rng, dtype, (1,)))
    moved = step("ADD", [again, c], scale(rng, -1.9, -1))
    y = step("MUL", [moved, moved], 0.1)
    return read_model(b.to_bytes([x], [y])), {x: every(dtype)}


def with_two_sums(rng, dtype):
    """A clamped sum, and a clamped difference behind it."""
    b = ModelBuilder()
    tensors = [
        b.tensor(n, dtype, shape, scale=scale(rng, -2, -1), zero_point=zero_point(rng, dtype))
        for n, shape in (("a", (256, 1)), ("b", (1, 256)), ("c", (256, 256)), ("d", (256, 256)))
    ]
    first, second, total, y = tensors
    b.operator("ADD", [first, second], [total], fused_activation_function="RELU6")
    b.operator("SUB", [total, first], [y], fused_activation_function="RELU_N1_TO_1")
    inputs = {first: every(dtype)[:, None], second: every(dtype)[None, :]}
    return read_model(b.to_bytes([first, second], [y])), inputs
