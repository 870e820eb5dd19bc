"""The layout of golden.bin: its tables (schema/golden.fbs says the same), limits, file names."""

from __future__ import annotations

from typing import Final

from refint8.model.enums import Enum
from refint8.model.enums import enum as tflite_enum
from refint8.model.notation import Schema
from refint8.model.types import NUMPY_DTYPE

FORMAT_VERSION: Final = 1
"""Raised when a reader of the version before would misread a bundle."""

LARGEST: Final = (1 << 31) - 1
"""Bytes that FlatBuffers' readers accept, whose offsets have 31 bits."""

BIN: Final = "golden.bin"
MANIFEST: Final = "golden.json"
MODEL: Final = "model.tflite"
KITS: Final = "kits"

ROLES: Final = Enum(
    "Role",
    names := {0: "inner", 1: "input", 2: "output", 3: "constant"},
    {v: k for k, v in names.items()},
)
"""What a tensor is to the model."""


def _enum(name: str) -> Enum:
    if name == "Role":
        return ROLES
    numbers = tflite_enum("TensorType").values
    values = {dtype: numbers[dtype] for dtype in NUMPY_DTYPE}
    return Enum(name, {number: dtype for dtype, number in values.items()}, values)


GOLDEN: Final = Schema(
    identifier=b"RI8G",
    root="Golden",
    tables={
        "Golden": (
            "format_version:uint32 refint8_version:string model_name:string model_sha256:[uint8] "
            "profile:string rules:[Rule] seed:int64=-1 tensors:[Tensor] operators:[Operator] "
            "samples:[Sample]"
        ),
        "Rule": "name:string alternative:string",
        "Tensor": (
            "index:int32 name:string dtype:DType shape:[int32] scales:[float32] "
            "zero_points:[int64] quantized_dimension:int32 role:Role operator:int32=-1"
        ),
        "Operator": "index:int32 name:string inputs:[int32] outputs:[int32] record:string",
        "Sample": "tensors:[TensorData]",
        "TensorData": "data:[uint8] sha256:[uint8]",
    },
    enum_storage={"DType": "int8", "Role": "uint8"},
    enum=_enum,
    aligned=frozenset({"TensorData"}),
)
"""DType has the numbers of TFLite's TensorType."""
