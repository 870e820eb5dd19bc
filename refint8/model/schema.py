"""The tables of the TFLite schema, described once; reader and writer both work from here.

A table is written as its fields in slot order, `name:type=default`, in the notation of
`schema.fbs`: a scalar (`int32`), an enum by its name (`Padding`, value given as a number), a
`string`, a vector (`[int32]`), a table (`Buffer`), a vector of tables (`[Buffer]`), or
`union(BuiltinOptions)`, which takes two slots: the member's number, then the table. `_` is a slot
that the schema no longer names.

Slots, types and defaults are the facts of `schema.fbs` version 3d; tests/model/test_schema.py
checks every one of them against the accessors that flatc generated for the `tflite` package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from refint8.model.options import OPTION_TABLES

IDENTIFIER: Final = b"TFL3"
"""Bytes 4 to 8 of every .tflite file."""

SCHEMA_VERSION: Final = 3
"""The only Model.version that readers accept."""

SCALAR_WIDTH: Final[Mapping[str, int]] = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
}
"""Bytes of each scalar type that the schema uses."""

ENUM_STORAGE: Final[Mapping[str, str]] = {
    "ActivationFunctionType": "int8",
    "BuiltinOperator": "int32",
    "BuiltinOptions": "uint8",
    "BuiltinOptions2": "uint8",
    "CombinerType": "int8",
    "CustomOptionsFormat": "int8",
    "DimensionType": "int8",
    "FullyConnectedOptionsWeightsFormat": "int8",
    "LSHProjectionType": "int8",
    "LSTMKernelType": "int8",
    "MirrorPadMode": "int8",
    "Padding": "int8",
    "QuantizationDetails": "uint8",
    "ReduceWindowFunction": "int32",
    "RngAlgorithm": "int8",
    "SparseIndexVector": "uint8",
    "StablehloComparisonDirection": "uint32",
    "StablehloComparisonType": "uint32",
    "StablehloPrecisionConfig": "uint32",
    "TensorType": "int8",
}
"""The scalar that holds each enum; for a union, the scalar that names its member."""

CORE_TABLES: Final[Mapping[str, str]] = {
    "Model": (
        "version:uint32 operator_codes:[OperatorCode] subgraphs:[SubGraph] description:string "
        "buffers:[Buffer] metadata_buffer:[int32] metadata:[Metadata] "
        "signature_defs:[SignatureDef]"
    ),
    "OperatorCode": (
        "deprecated_builtin_code:int8 custom_code:string version:int32=1 "
        "builtin_code:BuiltinOperator"
    ),
    "SubGraph": (
        "tensors:[Tensor] inputs:[int32] outputs:[int32] operators:[Operator] name:string "
        "debug_metadata_index:int32=-1"
    ),
    "Tensor": (
        "shape:[int32] type:TensorType buffer:uint32 name:string "
        "quantization:QuantizationParameters is_variable:bool sparsity:SparsityParameters "
        "shape_signature:[int32] has_rank:bool variant_tensors:[VariantSubType] "
        "external_buffer:uint32"
    ),
    "VariantSubType": "shape:[int32] type:TensorType has_rank:bool",
    "QuantizationParameters": (
        "min:[float32] max:[float32] scale:[float32] zero_point:[int64] "
        "details:union(QuantizationDetails) quantized_dimension:int32"
    ),
    "CustomQuantization": "custom:[uint8]",
    "SparsityParameters": (
        "traversal_order:[int32] block_map:[int32] dim_metadata:[DimensionMetadata]"
    ),
    "DimensionMetadata": (
        "format:DimensionType dense_size:int32 array_segments:union(SparseIndexVector) "
        "array_indices:union(SparseIndexVector)"
    ),
    "Int32Vector": "values:[int32]",
    "Uint16Vector": "values:[uint16]",
    "Uint8Vector": "values:[uint8]",
    "Operator": (
        "opcode_index:uint32 inputs:[int32] outputs:[int32] builtin_options:union(BuiltinOptions) "
        "custom_options:[uint8] custom_options_format:CustomOptionsFormat "
        "mutating_variable_inputs:[bool] intermediates:[int32] "
        "large_custom_options_offset:uint64 large_custom_options_size:uint64 "
        "builtin_options_2:union(BuiltinOptions2) debug_metadata_index:int32=-1"
    ),
    "Buffer": "data:[uint8] offset:uint64 size:uint64",
    "Metadata": "name:string buffer:uint32",
    "SignatureDef": (
        "inputs:[TensorMap] outputs:[TensorMap] signature_key:string _ subgraph_index:uint32"
    ),
    "TensorMap": "name:string tensor_index:uint32",
}
"""Everything but the operators' options, which are in options.py."""

NEWER_THAN_TFLITE_PACKAGE: Final = frozenset(
    {
        ("Tensor", "external_buffer"),
        ("FullyConnectedOptions", "quant_spec"),
        ("StablehloCaseOptions", "branch_subgraph_indices"),
    }
)
"""Fields that the `tflite` package 2.18 does not know; taken from LiteRT 2.3.0."""


@dataclass(frozen=True)
class Field:
    """One field of a table.

    `kind` is "scalar", "enum", "string", "vector" (of scalars or enums), "table", "tables" or
    "union"; `type` the scalar's, enum's, table's or union's name; `storage` the scalar that is in
    the file, "" where an offset is. A union's `slot` holds the table, `slot - 1` the member.
    """

    name: str
    slot: int
    kind: str
    type: str
    storage: str
    default: int | float

    @property
    def width(self) -> int:
        """Bytes in the table itself: the scalar's, or those of a 32-bit offset."""
        return SCALAR_WIDTH[self.storage] if self.kind in ("scalar", "enum") else 4


@dataclass(frozen=True)
class Table:
    """A table's fields by name, in slot order."""

    name: str
    fields: Mapping[str, Field]
    slots: int


@cache
def table(name: str) -> Table:
    """The description of table `name`; KeyError when the schema has none of that name."""
    source = CORE_TABLES.get(name)
    words = (OPTION_TABLES[name] if source is None else source).split()
    fields = {field.name: field for field in _fields(words)}
    return Table(name, fields, max((field.slot + 1 for field in fields.values()), default=0))


def table_names() -> tuple[str, ...]:
    """Every table described, the core ones first."""
    return (*CORE_TABLES, *OPTION_TABLES)


def _fields(words: list[str]) -> Iterator[Field]:
    slot = 0
    for word in words:
        if word == "_":
            slot += 1
            continue
        name, _, rest = word.partition(":")
        type_, _, default = rest.partition("=")
        kind, inner = _kind(type_)
        if kind == "union":
            slot += 1
        storage = inner if inner in SCALAR_WIDTH else ENUM_STORAGE.get(inner, "")
        python_type = {"float32": float, "bool": bool}.get(inner, int)
        yield Field(name, slot, kind, inner, storage, python_type(int(default or 0)))
        slot += 1


def _kind(type_: str) -> tuple[str, str]:
    """A type's notation, split in the kind and the name inside."""
    if type_.startswith("["):
        inner = type_[1:-1]
        plain = inner in SCALAR_WIDTH or inner in ENUM_STORAGE
        return ("vector" if plain else "tables"), inner
    if type_.startswith("union("):
        return "union", type_[6:-1]
    if type_ == "string":
        return "string", ""
    if type_ in SCALAR_WIDTH:
        return "scalar", type_
    return ("enum" if type_ in ENUM_STORAGE else "table"), type_
