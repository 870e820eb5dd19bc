"""One-operator models that tell the alternatives of rules apart, with their inputs.

Random data meets a tie once in 1000 elements or less. Here accumulators lie next to ties, sizes
leave odd tails behind whole vectors, and scales are any. Every maker takes a seeded generator and
returns a model and one set of inputs.
"""

from __future__ import annotations

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
WINDOW = {
    "padding": "VALID",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}


def scale(rng, low, high):
    """A float32, evenly spread in the exponent."""
    return float(np.float32(10 ** rng.uniform(low, high)))


def zero_point(rng, dtype):
    low, high = LIMITS[dtype]
    return 0 if dtype == "INT16" else int(rng.integers(low, high + 1))


def values(rng, dtype, shape):
    low, high = LIMITS[dtype]
    return rng.integers(low, high + 1, shape).astype(dtype.lower())


def _finish(b, x, out, *arrays):
    """Inputs x (an index or several), one output."""
    inputs = x if isinstance(x, list) else [x]
    model = read_model(b.to_bytes(inputs, [out]))
    return model, dict(zip(inputs, arrays, strict=True))


def sum_of_products(rng, name, dtype, bias="INT32", outputs=None, per_channel=True):
    """One input value per row and a bias that puts every accumulator next to a tie."""
    n = int(rng.integers(1, 70)) if outputs is None else outputs
    rows = 3
    s_in, zp_in = scale(rng, -4, -1), zero_point(rng, dtype)
    s_out, zp_out = (
        scale(rng, -5, -3) if dtype == "INT16" else scale(rng, -3, 0),
        zero_point(rng, dtype),
    )
    low, high = LIMITS[dtype]
    reach = 10 ** rng.uniform(5, 8.5 if bias == "INT32" else 10, n if per_channel else 1)
    s_w = np.float32(s_out * (high - low) / reach / s_in)
    effective = np.float64(np.float32(s_in)) * s_w.astype(np.float64) / np.float32(s_out)
    ties = rng.integers(low, high, n) + 0.5
    acc = np.round(ties / effective).astype(np.int64) + rng.integers(-1, 2, n)
    limit = 2**31 - 70000
    acc = np.clip(acc, -limit, limit) if bias == "INT32" else acc
    x = np.full(rows, values(rng, dtype, ()))
    x[1:] += rng.integers(0, 2, rows - 1).astype(x.dtype)  # most rows stay at the tie
    w_dtype = "UINT8" if dtype == "UINT8" else "INT8"
    w = values(rng, w_dtype, n)
    zp_w = zero_point(rng, "UINT8") if dtype == "UINT8" else 0
    offset = (int(x[0]) - zp_in) * (w.astype(np.int64) - zp_w)
    image = name != "FULLY_CONNECTED"
    b = ModelBuilder()
    xs = b.tensor("x", dtype, (rows, 1, 1, 1) if image else (rows, 1), scale=s_in,
                  zero_point=zp_in)  # fmt: skip
    depthwise = name == "DEPTHWISE_CONV_2D"
    shape = ((1, 1, 1, n) if depthwise else (n, 1, 1, 1)) if image else (n, 1)
    ws = b.tensor("w", w_dtype, shape, scale=s_w, zero_point=zp_w, data=w.reshape(shape),
                  quantized_dimension=3 if depthwise else 0)  # fmt: skip
    bs = b.tensor("b", bias, (n,), scale=np.float32(s_in) * s_w, data=acc - offset)
    out = b.tensor("y", dtype, (rows, 1, 1, n) if image else (rows, n), scale=s_out,
                   zero_point=zp_out)  # fmt: skip
    options = dict(WINDOW) if image else {}
    if dtype == "INT16" and not depthwise:
        options["quantized_bias_type"] = bias
    activation = str(rng.choice(["NONE", "NONE", "RELU", "RELU6"]))
    inputs = [xs, ws, bs]
    if name == "TRANSPOSE_CONV":
        for unknown in ("dilation_h_factor", "dilation_w_factor"):
            options.pop(unknown)
        size = b.tensor("s", "INT32", (4,), data=[rows, 1, 1, n])
        inputs = [size, ws, xs, bs]
    if depthwise:
        options["depth_multiplier"] = n
    version = {"CONV_2D": 8, "DEPTHWISE_CONV_2D": 6, "TRANSPOSE_CONV": 5}.get(name, 11)
    if dtype != "INT16":
        version = {"FULLY_CONNECTED": 9, "TRANSPOSE_CONV": 3}.get(name, 3)
    b.operator(name, inputs, [out], version=version, fused_activation_function=activation,
               **options)  # fmt: skip
    return _finish(b, xs, out, x.reshape(b.tensors[xs].shape))


def grouped_convolution(rng, dtype="INT8"):
    """A depth of 4 in two groups, a power-of-two multiplier and thus ties everywhere."""
    b = ModelBuilder()
    x = b.tensor("x", dtype, (1, 9, 9, 4), scale=0.5, zero_point=3)
    n = 6
    w_shape, zp = (n, 2, 2, 2), 0
    w = b.tensor("w", dtype, w_shape, scale=0.25, zero_point=zp, data=values(rng, dtype, w_shape))
    c = b.tensor("b", "INT32", (n,), scale=0.125, data=rng.integers(-500, 500, n))
    out = b.tensor("y", dtype, (1, 8, 8, n), scale=32.0, zero_point=1)
    b.operator("CONV_2D", [x, w, c], [out], version=6, **WINDOW)
    return _finish(b, x, out, values(rng, dtype, (1, 9, 9, 4)))


ADDED_SHAPES = [
    ((64, 521), (64, 521)),
    ((7, 9, 5), (7, 9, 5)),
    ((3, 1), (3, 40001)),
    ((1,), (50003,)),
    ((50003,), ()),
    ((2, 30, 1, 37), (2, 1, 30, 37)),
    ((1, 31, 1, 9), (31, 17, 9)),
    ((4, 1, 5, 1), (1, 6, 1, 700)),
    ((1, 1, 1, 19), (40, 40, 19)),
    ((2, 1, 3, 1, 5), (1, 4, 1, 6, 5)),
]


def addition(rng, dtype):
    """Broadcast shapes of every kind, scales far apart."""
    first, second = ADDED_SHAPES[rng.integers(len(ADDED_SHAPES))]
    if dtype == "INT16":
        first = second = ADDED_SHAPES[rng.integers(2)][0]
    s = [scale(rng, -3, 0)]
    s.append(float(np.float32(s[0] * 2 ** rng.uniform(-14, 14))))
    s_out = float(np.float32(max(s) * 2 ** rng.uniform(-0.9, 3)))
    b = ModelBuilder()
    xs = [
        b.tensor(n, dtype, shape, scale=v, zero_point=zero_point(rng, dtype))
        for n, shape, v in zip("ab", (first, second), s, strict=True)
    ]
    shape = np.broadcast_shapes(first, second)
    out = b.tensor("y", dtype, shape, scale=s_out, zero_point=zero_point(rng, dtype))
    b.operator("ADD", xs, [out], version=3 if dtype == "INT16" else 2, pot_scale_int16=False)
    return _finish(b, xs, out, *(values(rng, dtype, shape) for shape in (first, second)))


def reduction(rng, name, dtype):
    """Over height and width and over others, dimensions kept or not; 20 channels."""
    shape = (5, int(rng.integers(1, 9)), int(rng.integers(1, 9)), int(rng.choice([3, 16, 20])))
    axes = [1, 2] if rng.random() < 0.6 else rng.permutation(4)[: int(rng.integers(1, 4))].tolist()
    keep = bool(rng.random() < 0.6)
    left = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
    count = int(np.prod([shape[a] for a in axes]))
    s = scale(rng, -3, 0)
    b = ModelBuilder()
    x = b.tensor("x", dtype, shape, scale=s, zero_point=zero_point(rng, dtype))
    a = b.tensor("a", "INT32", (len(axes),), data=axes)
    grown = np.sqrt(count) if name == "SUM" else 1
    s_out = float(np.float32(s * grown * 2 ** rng.uniform(-2, 1)))
    out = b.tensor("y", dtype, left, scale=s_out, zero_point=zero_point(rng, dtype))
    b.operator(name, [x, a], [out], version=2, keep_dims=keep)
    return _finish(b, x, out, values(rng, dtype, shape))


def conversion(rng, name, source, target):
    """QUANTIZE or DEQUANTIZE, at ties, with a tail."""
    n = int(rng.integers(1, 700))
    s, zp = scale(rng, -4, 1), zero_point(rng, source) if source in LIMITS else 0
    b = ModelBuilder()
    if source == "FLOAT32":
        s_out = s
        zp_out = zero_point(rng, target)
        ties = (rng.integers(-300, 300, n) + 0.5) * np.float32(s)
        x = np.where(rng.random(n) < 0.7, ties, rng.normal(0, 100 * s, n)).astype(np.float32)
        x[: n // 50] = rng.choice(np.array([np.inf, -np.inf, np.nan, 3e38], np.float32), n // 50)
        xs = b.tensor("x", source, (n,))
    else:
        x = values(rng, source, n)
        xs = b.tensor("x", source, (n,), scale=s, zero_point=zp)
        s_out, zp_out = None, 0
        if target in LIMITS:
            s_out = float(
                np.float32(s * float(rng.choice([1.0, 2.0, 4.0, 2 ** rng.uniform(-3, 3)])))
            )
            zp_out = zero_point(rng, target)
    out = b.tensor("y", target, (n,), scale=s_out, zero_point=zp_out)
    b.operator(name, [xs], [out], version=3)
    return _finish(b, xs, out, x)


def softmax(rng, source, target):
    """Rows short and long, equal logits among them, which the reference kernels refuse."""
    classes = int(rng.choice([1, 2, 3, 10, 100, 1001]))
    scales = {"INT8": (1 / 256, -128), "UINT8": (1 / 256, 0), "INT16": (1 / 65536, -32768)}
    b = ModelBuilder()
    x = b.tensor("x", source, (40, classes), scale=scale(rng, -3, 0), zero_point=3)
    out = b.tensor("y", target, (40, classes), scale=scales[target][0],
                   zero_point=scales[target][1])  # fmt: skip
    b.operator("SOFTMAX", [x], [out], version=3, beta=float(rng.choice([1.0, 0.5, 2.3])))
    logits = np.round(rng.normal(60, float(rng.choice([0, 6, 100])), (40, classes)))
    return _finish(b, x, out, np.clip(logits, *LIMITS[source]).astype(source.lower()))


def log_softmax(rng, dtype):
    """Rows of any length."""
    classes = int(rng.choice([1, 2, 3, 10, 100]))
    b = ModelBuilder()
    x = b.tensor("x", dtype, (400, classes), scale=scale(rng, -3, 0), zero_point=3)
    out = b.tensor("y", dtype, (400, classes), scale=1 / 16, zero_point=LIMITS[dtype][1])
    b.operator("LOG_SOFTMAX", [x], [out], version=2)
    return _finish(b, x, out, values(rng, dtype, (400, classes)))


def product(rng, dtype):
    """REDUCE_PROD over one axis of 1 to 3 elements."""
    axis = int(rng.integers(3))
    shape = [50, 6, 20]
    shape[axis] = int(rng.integers(1, 4))
    s = scale(rng, -3, -1)
    b = ModelBuilder()
    x = b.tensor("x", dtype, shape, scale=s, zero_point=zero_point(rng, dtype))
    a = b.tensor("a", "INT32", (1,), data=[axis])
    left = [n for i, n in enumerate(shape) if i != axis]
    high = LIMITS[dtype][1]
    s_out = float(np.float32((s * high / 2) ** shape[axis] / high * 2 ** rng.uniform(0, 2)))
    out = b.tensor("y", dtype, left, scale=s_out, zero_point=zero_point(rng, dtype))
    b.operator("REDUCE_PROD", [x, a], [out], version=2)
    return _finish(b, x, out, values(rng, dtype, shape))


def curve(rng, name, exponent):
    """LOGISTIC or TANH on every int16 value, a scale of a power of two or nearly one."""
    b = ModelBuilder()
    s = float(np.float32(2.0**exponent * float(rng.choice([1, 1, 1.0005, 1.01]))))
    x = b.tensor("x", "INT16", (65536,), scale=s)
    out = b.tensor("y", "INT16", (65536,), scale=1 / 32768)
    b.operator(name, [x], [out], version=3)
    return _finish(b, x, out, np.arange(-32768, 32768).astype(np.int16))


def resized(rng, dtype, name="RESIZE_BILINEAR"):
    """An image between any two sizes, or eight times larger."""
    channels = int(rng.choice([3, 8]))
    shape, size = rng.integers(1, 40, 2), rng.integers(1, 60, 2)
    mode = int(rng.integers(3))
    if rng.random() < 0.2:
        shape, mode = rng.integers(1, 6, 2), 2
        size = shape * 8
    b = ModelBuilder()
    x = b.tensor("x", dtype, (1, *shape.tolist(), channels), scale=0.5, zero_point=3)
    s = b.tensor("s", "INT32", (2,), data=size)
    out = b.tensor("y", dtype, (1, *size.tolist(), channels), scale=0.5, zero_point=3)
    b.operator("RESIZE_BILINEAR", [x, s], [out], version=4, align_corners=mode == 1,
               half_pixel_centers=mode == 2)  # fmt: skip
    return _finish(b, x, out, values(rng, dtype, (1, *shape.tolist(), channels)))
