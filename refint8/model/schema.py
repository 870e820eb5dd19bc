"""The tables of the TFLite schema, described once; reader and writer both work from here.

The notation is that of notation.py. Slots, types and defaults are the facts of `schema.fbs`
version 3d; tests/model/test_schema.py checks every one of them against the accessors that flatc
generated for the `tflite` package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refint8.model.enums import enum
from refint8.model.notation import Schema, Table
from refint8.model.options import OPTION_TABLES

IDENTIFIER: Final = b"TFL3"
"""Bytes 4 to 8 of every .tflite file."""

SCHEMA_VERSION: Final = 3
"""The only Model.version that readers accept."""

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

TFLITE: Final = Schema(
    identifier=IDENTIFIER,
    root="Model",
    tables={**CORE_TABLES, **OPTION_TABLES},
    enum_storage=ENUM_STORAGE,
    enum=enum,
    aligned=frozenset({"Buffer"}),
)
"""The schema as a whole."""


def table(name: str) -> Table:
    """The description of table `name`; KeyError when the schema has none of that name."""
    return TFLITE.table(name)


def table_names() -> tuple[str, ...]:
    """Every table described, the core ones first."""
    return tuple(TFLITE.tables)
