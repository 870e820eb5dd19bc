"""What other engines do not run: a table of facts, so that `inspect` can say it beforehand.

Sources, read or measured:
- LiteRT versions: `tflite/core/kernels/register.cc` and `tflite/kernels/register_ref.cc` at
  f67457790; the interpreter refuses a model with a version above the registered one.
- TFLM kernels: `micro_mutable_op_resolver.h` and the wheel's `python_ops_resolver.cc` at 90b983c2.
- TFLM dtypes: one-operator models run on the wheel tflite-micro 0.dev20261023; it refuses these in
  prepare or invoke. TFLM looks at no version.
- XNNPACK: `tflite/delegates/xnnpack/xnnpack_delegate.cc` at f67457790. What the delegate does not
  take runs in LiteRT's own optimized kernels, with another rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from refint8.model.types import Operator, Subgraph

LITERT_REF: Final = "LiteRT BUILTIN_REF"
TFLM: Final = "TFLM"
XNNPACK: Final = "XNNPACK"


@dataclass(frozen=True)
class Limit:
    """One engine's refusal of one operator; `source` says where that was established."""

    engine: str
    reason: str
    source: str


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LITERT_REF_VERSIONS: Final[Mapping[str, int]] = {
    "ABS": 3,
    "ADD": 5,
    "ARG_MAX": 2,
    "ARG_MIN": 2,
    "COS": 1,
    "DEPTHWISE_CONV_2D": 6,
    "DEPTH_TO_SPACE": 1,
    "GELU": 2,
    "MUL": 7,
    "RANGE": 1,
    "SIN": 1,
    "SOFTMAX": 3,
    "SQUEEZE": 1,
    "STRIDED_SLICE": 4,
    "TILE": 2,
    "TRANSPOSE": 8,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 3,
}
"""Highest version of the reference resolver where the default resolver knows a higher one."""

LITERT_REF_LACKS: Final = _names(
    "CEIL ELU HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE ROUND SEGMENT_SUM"
    " STABLEHLO_AND STABLEHLO_CASE STABLEHLO_SHIFT_LEFT"
)
"""Operators of the default resolver without an entry in the reference resolver."""

TFLM_HAS: Final = _names(
    "ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND"
    " BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM"
    " DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP"
    " EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER"
    " GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG"
    " LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM"
    " MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL"
    " REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2"
    " ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V"
    " SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE"
    " TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE"
)
"""Builtin operators with a TFLM kernel."""

TFLM_REFUSES: Final[Mapping[str, frozenset[str]]] = {
    "INT8": _names("EXP LOG NEG SQRT"),
    "INT16": _names(
        "BATCH_TO_SPACE_ND DIV EQUAL EXP GATHER GATHER_ND GREATER_EQUAL LESS LOG MIRROR_PAD NEG"
        " NOT_EQUAL REDUCE_MAX REDUCE_MIN RESIZE_BILINEAR SPACE_TO_BATCH_ND SQRT"
    ),
    "UINT8": _names(
        "ADD ARG_MAX AVERAGE_POOL_2D BATCH_TO_SPACE_ND CAST CONCATENATION CONV_2D"
        " DEPTHWISE_CONV_2D DEPTH_TO_SPACE DIV EQUAL FULLY_CONNECTED GATHER GREATER GREATER_EQUAL"
        " HARD_SWISH L2_NORMALIZATION LEAKY_RELU LESS LESS_EQUAL LOGISTIC LOG_SOFTMAX MAXIMUM"
        " MAX_POOL_2D MEAN MIRROR_PAD MUL PAD PADV2 PRELU REDUCE_MAX REDUCE_MIN RELU RELU6"
        " RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH"
        " SPLIT STRIDED_SLICE SUB SUM TANH TRANSPOSE_CONV UNPACK"
    ),
}
"""dtype to the operators whose TFLM kernel refuses it."""

XNNPACK_TAKES: Final = _names(
    "ADD ASSIGN_VARIABLE BATCH_MATMUL CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE"
    " DEQUANTIZE ELU EXPAND_DIMS FULLY_CONNECTED LEAKY_RELU LOGISTIC MAX_POOL_2D MEAN MUL PAD"
    " QUANTIZE READ_VARIABLE REDUCE_MAX REDUCE_MIN RESHAPE RESIZE_BILINEAR SLICE SPACE_TO_DEPTH"
    " SPLIT STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV"
)
"""Operators that the delegate takes on int8 or uint8."""


def limits(operator: Operator, graph: Subgraph) -> tuple[Limit, ...]:
    """Every engine in the table that does not run this operator, with the reason."""
    if operator.name == "CUSTOM":
        return ()
    dtypes = {graph.tensors[i].dtype for i in (*operator.inputs, *operator.outputs) if i >= 0}
    written = {graph.tensors[i].dtype for i in operator.outputs}
    return (
        *_litert_ref(operator),
        *_tflm(operator, dtypes),
        *_xnnpack(operator, dtypes, written),
    )


def _litert_ref(operator: Operator) -> Iterator[Limit]:
    if operator.name in LITERT_REF_LACKS:
        yield Limit(LITERT_REF, f"has no {operator.name}", "LiteRT register_ref.cc, f67457790")
    highest = LITERT_REF_VERSIONS.get(operator.name)
    if highest is not None and operator.version > highest:
        reason = f"has {operator.name} up to version {highest}, not {operator.version}"
        yield Limit(LITERT_REF, reason, "LiteRT register_ref.cc, f67457790")


def _tflm(operator: Operator, dtypes: set[str]) -> Iterator[Limit]:
    if operator.name not in TFLM_HAS:
        source = "TFLM micro_mutable_op_resolver.h, 90b983c2"
        yield Limit(TFLM, f"has no {operator.name}", source)
        return
    for dtype, refused in TFLM_REFUSES.items():
        if dtype in dtypes and operator.name in refused:
            source = "measured, tflite-micro 0.dev20261023"
            yield Limit(TFLM, f"has no {operator.name} for {dtype}", source)
    if {"INT16", "INT4"} <= dtypes:
        source = "measured, tflite-micro 0.dev20261023"
        yield Limit(TFLM, "takes 4-bit weights with int8 activations only", source)


def _xnnpack(operator: Operator, dtypes: set[str], written: set[str]) -> Iterator[Limit]:
    source = "LiteRT xnnpack_delegate.cc, f67457790"
    if "INT16" in dtypes:
        yield Limit(XNNPACK, "takes no int16", source)
    elif operator.name not in XNNPACK_TAKES and written & {"INT8", "UINT8"}:
        yield Limit(XNNPACK, f"takes no quantized {operator.name}", source)
