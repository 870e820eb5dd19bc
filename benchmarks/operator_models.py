"""One-operator models for the operator table: every operator in each dtype mode, mid-sized.

Most work on SHAPE, 262,144 elements. Declared output shapes are left to the engines, which derive
them. Operators that only arrange a run (shapes, state, subgraphs) are not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.ops import REGISTRY

SHAPE: Final = (1, 64, 64, 64)
Q8: Final = ("INT8", "UINT8")
QUANTIZED: Final = ("INT8", "UINT8", "INT16")
SIGNED: Final = ("INT8", "INT16")
RAW: Final = ("INT8", "INT16", "INT32")
WIDE: Final = ("INT32", "INT64")

DEFAULTS: Final[Mapping[str, tuple[float, int]]] = {
    "INT8": (0.05, 3),
    "UINT8": (0.05, 131),
    "INT16": (0.001, 0),
}
"""Scale and zero point where an operator does not care."""

NEWEST_OF_REFERENCE: Final = {
    "ABS": 3, "DEPTHWISE_CONV_2D": 6, "SOFTMAX": 3, "ADD": 5, "MUL": 7, "DEPTH_TO_SPACE": 1,
    "TRANSPOSE": 8, "SQUEEZE": 1, "STRIDED_SLICE": 4, "ARG_MAX": 2, "ARG_MIN": 2, "TILE": 2,
    "RANGE": 1, "GELU": 2,
}  # fmt: skip
"""Newest versions that LiteRT's reference resolver takes where its others take newer ones."""


@dataclass(frozen=True, eq=False)
class T:
    """A tensor to declare; `data` makes it a constant. Quantized dtypes have DEFAULTS."""

    dtype: str
    shape: Sequence[int] = SHAPE
    scale: Any = None
    zero_point: Any = None
    data: Any = None
    axis: int = 0

    def declare(self, b: ModelBuilder, name: str) -> int:
        """Add it to a model."""
        scale, zero_point = self.scale, self.zero_point
        if scale is None and self.dtype in DEFAULTS:
            scale, usual = DEFAULTS[self.dtype]
            zero_point = usual if zero_point is None else zero_point
        return b.tensor(
            name,
            self.dtype,
            self.shape if self.data is None else np.shape(self.data),
            scale=scale,
            zero_point=0 if zero_point is None else zero_point,
            quantized_dimension=self.axis,
            data=self.data,
        )


@dataclass(frozen=True, eq=False)
class Case:
    """One operator in one mode."""

    operator: str
    mode: str
    inputs: Sequence[T]
    outputs: Sequence[T]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.operator} {self.mode}"

    def model(self) -> bytes:
        """The file."""
        b = ModelBuilder()
        ins = [t.declare(b, f"x{i}") for i, t in enumerate(self.inputs)]
        outs = [t.declare(b, f"y{i}") for i, t in enumerate(self.outputs)]
        newest = max(REGISTRY[self.operator].versions)
        version = NEWEST_OF_REFERENCE.get(self.operator, newest)
        b.operator(self.operator, ins, outs, version=version, options=self.options)
        given = [i for i, t in zip(ins, self.inputs, strict=True) if t.data is None]
        return b.to_bytes(given, outs)


def one(operator: str, inputs: Sequence[T], *outputs: T, mode: str = "", **options: Any) -> Case:
    """A case; the mode is the first input's dtype unless said."""
    first = next(t.dtype for t in inputs if t.data is None)
    return Case(operator, mode or first, inputs, outputs, options)


def noise(dtype: str, shape: Sequence[int], low: int = -127, high: int = 128) -> Any:
    """Constant data."""
    if dtype == "UINT8":
        low, high = low + 128, high + 128
    return np.random.default_rng(1).integers(low, high, tuple(shape))


def cases() -> Iterator[Case]:
    """All of them."""
    yield from products()
    yield from unary()
    yield from binary()
    yield from rows_and_reductions()
    yield from movers()
    yield from selections()
    yield from stablehlo()


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
        ends = [
            T(d, scale=s if d == "INT32" else None) for d, s in ((source, 1e-9), (target, 1e-9))
        ]
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


def movers() -> Iterator[Case]:
    """Elements go elsewhere unchanged."""
    ints = lambda *data: T("INT32", data=list(data))  # noqa: E731
    pads = T("INT32", data=[[0, 0], [1, 2], [3, 1], [0, 0]])
    blocks = [ints(2, 2), T("INT32", data=[[0, 0], [0, 0]])]
    for dtype in ("INT8", "INT16", "INT32"):
        x, y = T(dtype), T(dtype)
        yield one("RESHAPE", [x, ints(64, 4096)], y, new_shape=[64, 4096])
        yield one("SQUEEZE", [x], y, squeeze_dims=[0])
        yield one("EXPAND_DIMS", [x, ints(0)], y)
        yield one("TRANSPOSE", [x, ints(0, 2, 1, 3)], y, mode=f"{dtype} pixels")
        yield one("TRANSPOSE", [x, ints(0, 3, 1, 2)], y, mode=f"{dtype} channels first")
        yield one("CONCATENATION", [x, x], y, mode=f"{dtype} channels", axis=3)
        yield one("PAD", [x, pads], y)
        fill = T(dtype, data=[7])
        yield one("PADV2", [x, pads, fill], y)
        yield Case("MIRROR_PAD", dtype, [x, pads], [y], {"mode": "REFLECT"})
        part = T(dtype, (1, 50, 40, 40))
        yield one("SLICE", [x, ints(0, 3, 5, 8), ints(1, 50, 40, 40)], part)
        strided = [ints(0, 1, 2, 0), ints(1, 63, 64, 64), ints(1, 2, 3, 2)]
        yield one("STRIDED_SLICE", [x, *strided], y)
        yield one("SPLIT", [ints(3), x], y, y, mode=dtype, num_splits=2)
        yield one("SPLIT_V", [x, ints(10, 54), ints(3)], y, y, num_splits=2)
        yield one("PACK", [x, x], y, values_count=2, axis=3)
        yield one("UNPACK", [T(dtype, (64, 64, 64, 2))], y, y, num=2, axis=3)
        some = noise("INT32", (48,), 0, 64)
        yield one("GATHER", [x, T("INT32", data=some)], y, axis=2)
        pairs = noise("INT32", (512, 3), 0, 1)
        pairs[:, 1:] = noise("INT32", (512, 2), 0, 64)
        yield one("GATHER_ND", [x, T("INT32", data=pairs)], y)
        yield one("TILE", [T(dtype, (1, 32, 32, 64)), ints(1, 2, 2, 1)], y)
        yield one("SPACE_TO_BATCH_ND", [x, *blocks], y)
        yield one("BATCH_TO_SPACE_ND", [T(dtype, (4, 32, 32, 64)), *blocks], y)
        yield one("REVERSE_V2", [x, ints(2)], y)
        yield one("BROADCAST_TO", [T(dtype, (1, 64, 1, 64)), ints(1, 64, 64, 64)], y)
        update = [T(dtype, (1, 32, 32, 64)), ints(0, 8, 8, 0)]
        yield one("DYNAMIC_UPDATE_SLICE", [x, *update], y)
        yield one("BITCAST", [x], T("INT8" if dtype != "INT8" else "UINT8"))
    for dtype in Q8:
        yield one("SPACE_TO_DEPTH", [T(dtype)], T(dtype), block_size=2)
        yield one("DEPTH_TO_SPACE", [T(dtype)], T(dtype), block_size=2)
    some = [T("UINT8", (64, 64, 64)), ints(*[40] * 64)]
    yield one("REVERSE_SEQUENCE", some, T("UINT8"), seq_dim=1, batch_dim=0)
    yield one("CONCATENATION", [T("UINT8"), T("UINT8", scale=0.07, zero_point=9)], T("UINT8"),
              mode="UINT8 rescaled", axis=3)  # fmt: skip


def selections() -> Iterator[Case]:
    """Chosen, scattered and made-up elements."""
    ints = lambda *data: T("INT32", data=list(data))  # noqa: E731
    for dtype in ("INT8", "INT16", "INT32"):
        x, y = T(dtype), T(dtype)
        yield one("SELECT", [T("BOOL"), x, x], y, mode=dtype)
        yield one("SELECT_V2", [T("BOOL", (1, 64, 64, 1)), x, x], y, mode=dtype)
        if dtype == "INT32":
            yield one("ZEROS_LIKE", [x], y)
        if dtype != "INT16":
            where = T("INT32", data=noise("INT32", (512, 1), 0, 512))
            yield one("SCATTER_ND", [where, T(dtype, (512, 64)), ints(512, 64)], y, mode=dtype)
        yield one("MATRIX_DIAG", [T(dtype, (64, 64))], y)
        yield one("MATRIX_SET_DIAG", [T(dtype, (64, 64, 64)), T(dtype, (64, 64))], y)
        lookup = T("INT32", data=noise("INT32", (512,), 0, 512))
        if dtype == "INT8":
            yield one("EMBEDDING_LOOKUP", [lookup, T(dtype, (512, 64))], y, mode=dtype)
        rows = T("INT32", data=np.arange(4096) // 64)
        if dtype == "INT32":
            yield one("SEGMENT_SUM", [T(dtype, (4096, 64)), rows], y)
            for name in ("SUM", "MAX", "MIN", "PROD"):
                segments = [T(dtype, (4096, 64)), rows, T("INT32", data=64)]
                yield one(f"UNSORTED_SEGMENT_{name}", segments, y)
        gaps = [T("INT32", data=[1, 2, 2, 1])]
        yield one("DILATE", [T(dtype, (1, 32, 32, 64)), *gaps, T(dtype, data=0)], y)
    on = [T("INT32", data=64), T("INT8", data=1), T("INT8", data=0)]
    yield one("ONE_HOT", [T("INT32", (4096,)), *on], T("INT8"), mode="INT8", axis=-1)
    for dtype in ("BOOL", "INT8"):
        yield one("WHERE", [T(dtype)], T("INT64"))
    yield one("UNIQUE", [T("INT8", (65536,))], T("INT8"), T("INT32"), idx_out_type="INT32")


def stablehlo() -> Iterator[Case]:
    """The STABLEHLO_* operators on raw integers, and windows."""
    for dtype in ("INT8", "INT32"):
        for name in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"):
            yield one(f"STABLEHLO_{name}", [T(dtype), T(dtype)], T(dtype))
        edges = {"edge_padding_low": [0, 1, 1, 0], "edge_padding_high": [0, 2, 2, 0]}
        yield one("STABLEHLO_PAD", [T(dtype), T(dtype, data=1)], T(dtype),
                  interior_padding=[0, 0, 0, 0], **edges)  # fmt: skip
