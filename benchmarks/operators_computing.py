"""Cases of operators that compute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.operator_case import (
    DEFAULTS,
    Q8,
    QUANTIZED,
    RAW,
    SHAPE,
    SIGNED,
    WIDE,
    Case,
    T,
    noise,
    one,
)


def products() -> Iterator[Case]:
    """Convolutions, dense layers, matrix products, pooling, resizing."""
    window = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    dilated = {**window, "dilation_h_factor": 1, "dilation_w_factor": 1}
    shape = (1, 28, 28, 64)
    for dtype in QUANTIZED:
        weight = "UINT8" if dtype == "UINT8" else "INT8"
        zero = 128 if weight == "UINT8" else 0

        def weights(*size: int, kind: str = weight, zero: int = zero) -> T:
            return T(kind, scale=0.01, zero_point=zero, data=noise(kind, size))

        def bias(count: int, kind: str = "INT64" if dtype == "INT16" else "INT32") -> T:
            return T(kind, data=noise("INT32", (count,), -999, 999))

        x, y = T(dtype, shape), T(dtype, scale=0.002 if dtype == "INT16" else 0.9)
        yield one("CONV_2D", [x, weights(64, 3, 3, 64), bias(64)], y, mode=f"{dtype} 3x3",
                  quantized_bias_type="INT64" if dtype == "INT16" else "FLOAT32",
                  **dilated)  # fmt: skip
        yield one("CONV_2D", [x, weights(64, 1, 1, 64), bias(64)], y, mode=f"{dtype} 1x1",
                  quantized_bias_type="INT64" if dtype == "INT16" else "FLOAT32",
                  **dilated)  # fmt: skip
        yield one("DEPTHWISE_CONV_2D", [x, weights(1, 3, 3, 64), bias(64)], y,
                  depth_multiplier=1, **dilated)  # fmt: skip
        rows = T(dtype, (16, 256))
        yield one("FULLY_CONNECTED", [rows, weights(256, 256), bias(256)], y,
                  quantized_bias_type="INT64" if dtype == "INT16" else "FLOAT32")  # fmt: skip
        size = T("INT32", data=[1, 28, 28, 16])
        yield one("TRANSPOSE_CONV",
                  [size, weights(16, 3, 3, 32), T(dtype, (1, 14, 14, 32)), bias(16)], y,
                  mode=dtype, padding="SAME", stride_h=2, stride_w=2)  # fmt: skip
        image = T(dtype, zero_point=0 if dtype == "INT16" else None)
        for pool in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            yield one(pool, [image], T(dtype), padding="SAME", stride_h=2, stride_w=2,
                      filter_height=3, filter_width=3)  # fmt: skip
        to = T("INT32", data=[100, 90])
        for resize in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
            yield one(resize, [T(dtype, (1, 64, 64, 32)), to], T(dtype))
    for dtype in SIGNED:
        pair = [T(dtype, (4, 64, 64)), T(dtype, (4, 64, 64))]
        yield one("BATCH_MATMUL", pair, T(dtype, scale=0.9 if dtype == "INT8" else 0.01))


def unary() -> Iterator[Case]:
    """One tensor in, element by element."""
    for name, dtypes in {
        "ABS": SIGNED, "RELU": QUANTIZED, "RELU6": QUANTIZED, "RELU_N1_TO_1": Q8,
        "RELU_0_TO_1": Q8, "HARD_SWISH": Q8, "GELU": QUANTIZED, "EXP": SIGNED, "NEG": RAW,
        "SIGN": ("INT32",), "LEAKY_RELU": QUANTIZED,
    }.items():  # fmt: skip
        for dtype in dtypes:
            options = {"alpha": 0.1} if name == "LEAKY_RELU" else {}
            wide = 0.0012 if dtype == "INT16" else 0.06
            out = T(dtype, scale=wide if dtype in DEFAULTS else None)
            yield one(name, [T(dtype)], out, **options)
    for dtype in SIGNED:
        # Roots and logarithms of what is not negative: int8 from its lowest step on.
        x = T(dtype, zero_point=-128) if dtype == "INT8" else T(dtype)
        if dtype == "INT8":
            for name in ("SQRT", "RSQRT", "LOG"):
                yield one(name, [x], T(dtype))
        else:
            yield one("LOG", [x], T(dtype))
    yield one("ELU", [T("INT8")], T("INT8"))
    for dtype in QUANTIZED:
        fraction = {"INT8": (1 / 256, -128), "UINT8": (1 / 256, 0), "INT16": (1 / 32768, 0)}
        centred = {"INT8": (1 / 128, 0), "UINT8": (1 / 128, 128), "INT16": (1 / 32768, 0)}
        yield one("LOGISTIC", [T(dtype)], T(dtype, (), *fraction[dtype]))
        yield one("TANH", [T(dtype)], T(dtype, (), *centred[dtype]))
        alpha = T("INT8" if dtype == "INT16" else dtype, data=noise(dtype, (1, 1, 64)))
        yield one("PRELU", [T(dtype), alpha], T(dtype))
        yield one("QUANTIZE", [T("FLOAT32")], T(dtype), mode=f"FLOAT32 to {dtype}")
        yield one("DEQUANTIZE", [T(dtype)], T("FLOAT32"))
    for source, target in (("INT8", "UINT8"), ("UINT8", "INT8"), ("INT8", "INT16"),
                           ("INT16", "INT8"), ("INT16", "INT16"), ("INT16", "INT32"),
                           ("INT32", "INT8"), ("INT32", "INT16")):  # fmt: skip
        ends = [T(d, scale=1e-7 if d == "INT32" else None) for d in (source, target)]
        yield one("QUANTIZE", [ends[0]], ends[1], mode=f"{source} to {target}")
    for source, target in (("INT8", "INT32"), ("INT32", "INT8"), ("UINT8", "FLOAT32"),
                           ("INT32", "FLOAT32"), ("FLOAT32", "INT32"), ("INT64", "INT32"),
                           ("BOOL", "INT32")):  # fmt: skip
        yield one("CAST", [T(source)], T(target), mode=f"{source} to {target}",
                  in_data_type=source, out_data_type=target)  # fmt: skip
    yield one("LOGICAL_NOT", [T("BOOL")], T("BOOL"))


def binary() -> Iterator[Case]:
    """Two tensors in: alike, and one of them a channel's constants."""
    arithmetic: dict[str, tuple[str, ...]] = {
        "ADD": (*QUANTIZED, *WIDE), "SUB": (*QUANTIZED, *WIDE), "MUL": (*QUANTIZED, *WIDE),
        "SQUARED_DIFFERENCE": ("INT8", "INT32"), "MAXIMUM": (*QUANTIZED, *WIDE),
        "MINIMUM": (*QUANTIZED, *WIDE),
    }  # fmt: skip
    for name, dtypes in arithmetic.items():
        for dtype in dtypes:
            same = name in ("MAXIMUM", "MINIMUM")
            other = 0.0015 if dtype == "INT16" else 0.07
            second: dict[str, Any] = {}
            if dtype in DEFAULTS and not same:
                second = {"scale": other, "zero_point": DEFAULTS[dtype][1]}
            wide = 0.003 if dtype == "INT16" else 0.2
            y = T(dtype, scale=wide if dtype in DEFAULTS and not same else None)
            options = {"pot_scale_int16": False} if name in ("ADD", "SUB") else {}
            yield one(name, [T(dtype), T(dtype, **second)], y, **options)
            row = T(dtype, data=noise(dtype, (1, 1, 1, 64), 1, 100), **second)
            yield one(name, [T(dtype), row], y, mode=f"{dtype} by a row", **options)
    for dtype in (*QUANTIZED, "INT32"):
        data = noise(dtype, (1, 1, 1, 64), 11, 100)
        by = T(dtype, data=data, zero_point=0 if dtype == "INT8" else None)
        yield one("DIV", [T(dtype), by], T(dtype), mode=f"{dtype} by a row")
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        words = ("INT16",) if name in ("EQUAL", "LESS", "GREATER_EQUAL") else ()
        for dtype in (*Q8, *words, *WIDE):
            yield one(name, [T(dtype), T(dtype)], T("BOOL"))
    for name, dtypes in {"FLOOR_DIV": RAW, "FLOOR_MOD": (*RAW, "INT64")}.items():
        for dtype in dtypes:
            by = T(dtype, data=noise(dtype, SHAPE, 1, 100))
            yield one(name, [T(dtype), by], T(dtype))
    for dtype in (*RAW, "UINT8"):
        few = T(dtype, data=noise("INT8", SHAPE, 0, 7))
        yield one("RIGHT_SHIFT", [T(dtype), few], T(dtype))
        yield one("BITWISE_XOR", [T(dtype), T(dtype)], T(dtype))
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        yield one(name, [T("BOOL"), T("BOOL")], T("BOOL"))
    yield one("POW", [T("INT32"), T("INT32", data=noise("INT32", SHAPE, 0, 2))], T("INT32"))
    yield one("ADD_N", [T("INT32")] * 3, T("INT32"))


def rows_and_reductions() -> Iterator[Case]:
    """Softmax and its kin, sums, extremes, positions."""
    for dtype in QUANTIZED:
        fraction = {"INT8": (1 / 256, -128), "UINT8": (1 / 256, 0), "INT16": (1 / 32768, 0)}
        x = T(dtype, scale=1 / 2048 if dtype == "INT16" else None)
        yield one("SOFTMAX", [x], T(dtype, (), *fraction[dtype]), beta=1.0)
        for what, axes in (("pixels", [1, 2]), ("channels", [3])):
            by = T("INT32", data=axes)
            for name in ("MEAN", "SUM"):
                if name == "SUM" and dtype != "UINT8":
                    continue  # the reference kernel is broken
                out = 0.0013 if dtype == "INT16" else 0.06
                out = 40 * out if name == "SUM" else out
                yield one(name, [T(dtype), by], T(dtype, scale=out), mode=f"{dtype} {what}",
                          keep_dims=True)  # fmt: skip
            for name in ("REDUCE_MAX", "REDUCE_MIN"):
                yield one(name, [T(dtype), by], T(dtype), mode=f"{dtype} {what}")
    for dtype in Q8:
        low = {"INT8": (16 / 256, 127), "UINT8": (16 / 256, 255)}
        yield one("LOG_SOFTMAX", [T(dtype)], T(dtype, (), *low[dtype]))
        middle = {"INT8": 0, "UINT8": 128}[dtype]
        yield one("L2_NORMALIZATION", [T(dtype, zero_point=middle)],
                  T(dtype, (), 1 / 128, middle))  # fmt: skip
    for name in ("ARG_MAX", "ARG_MIN"):
        for dtype in (*Q8, "INT32"):
            yield one(name, [T(dtype), T("INT32", data=3)], T("INT32"), output_type="INT32")
    for dtype in SIGNED:
        yield one("REDUCE_PROD", [T(dtype), T("INT32", data=[3])], T(dtype))
    for dtype in WIDE:
        channels = T("INT32", data=[3])
        yield one("REDUCE_PROD", [T(dtype), channels], T(dtype))
        yield one("SUM", [T(dtype), channels], T(dtype))
        yield one("REDUCE_MAX", [T(dtype), channels], T(dtype))
        yield one("CUMSUM", [T(dtype), T("INT32", data=3)], T(dtype))
    for name in ("REDUCE_ANY", "REDUCE_ALL"):
        yield one(name, [T("BOOL"), T("INT32", data=[1, 2])], T("BOOL"))
    for dtype in (*Q8, "INT16", "INT32"):
        top = [T(dtype, (64, 4096)), T("INT32", data=16)]
        yield one("TOPK_V2", top, T(dtype), T("INT32"))
