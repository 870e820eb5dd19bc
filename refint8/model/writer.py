"""Writes a Model as a .tflite file, the inverse of reader.py.

What a Model does not hold (quantization min and max, subgraphs' debug indexes) is not written, so
a file read and written again means the same but is not the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refint8.errors import UsageError
from refint8.model.constants import to_bytes
from refint8.model.encode import encode
from refint8.model.enums import enum
from refint8.model.options import IN_SECOND_UNION, OPTIONS_OF
from refint8.model.sparsity import sparsity_values
from refint8.model.types import Model, Operator, Quantization, Signature, Subgraph, Tensor

_GREATEST_OLD_CODE = 127
"""PLACEHOLDER_FOR_GREATER_OP_CODES: what the 8-bit code field says for all codes beyond it."""


def write_model(model: Model) -> bytes:
    """The bytes of `model`; equal models give equal bytes.

    `model.content` and `model.oddities` are not looked at, and nothing is checked: a fuzzer may
    write a model that cannot be read. Constants sit 16-byte aligned, sub-byte types packed.
    Raises UsageError where the format has no place for a value.
    """
    codes = _codes(model)
    buffers, metadata = _buffers(model)
    return encode(
        "Model",
        {
            "version": model.version,
            "operator_codes": [_code(*code) for code in codes],
            "subgraphs": [_subgraph(subgraph, codes) for subgraph in model.subgraphs],
            "description": model.description,
            "buffers": [{"data": data} if data is not None else {} for data in buffers],
            "metadata": metadata,
            "signature_defs": [_signature(signature) for signature in model.signatures],
        },
    )


def _codes(model: Model) -> list[tuple[str, int, str]]:
    """The distinct (name, version, custom code), in order of first use."""
    operators = (operator for subgraph in model.subgraphs for operator in subgraph.operators)
    return list(dict.fromkeys((o.name, o.version, o.custom_code) for o in operators))


def _code(name: str, version: int, custom_code: str) -> Mapping[str, Any]:
    number = enum("BuiltinOperator").value_of(name)
    return {
        "deprecated_builtin_code": min(number, _GREATEST_OLD_CODE),
        "builtin_code": name,
        "version": version,
        "custom_code": custom_code or None,
    }


def _buffers(model: Model) -> tuple[list[bytes | None], list[Mapping[str, Any]]]:
    """The buffers at the indexes that the tensors name, then those of the metadata."""
    tensors = [tensor for subgraph in model.subgraphs for tensor in subgraph.tensors]
    stored: list[bytes | None] = [None] * (1 + max((t.buffer for t in tensors), default=0))
    for tensor in tensors:
        if tensor.data is None:
            continue
        if tensor.buffer == 0:
            raise UsageError(f"tensor {tensor.index} has data, but buffer 0 must stay empty")
        stored[tensor.buffer] = to_bytes(tensor.data, tensor.dtype)
    metadata: list[Mapping[str, Any]] = []
    for name, content in model.metadata.items():
        metadata.append({"name": name, "buffer": len(stored)})
        stored.append(content)
    return stored, metadata


def _subgraph(subgraph: Subgraph, codes: Sequence[tuple[str, int, str]]) -> Mapping[str, Any]:
    return {
        "tensors": [_tensor(tensor) for tensor in subgraph.tensors],
        "inputs": subgraph.inputs,
        "outputs": subgraph.outputs,
        "operators": [_operator(operator, codes) for operator in subgraph.operators],
        "name": subgraph.name or None,
    }


def _tensor(tensor: Tensor) -> Mapping[str, Any]:
    dynamic = tensor.shape_signature != tensor.shape
    return {
        "shape": tensor.shape,
        "type": tensor.dtype,
        "buffer": tensor.buffer,
        "name": tensor.name or None,
        "quantization": _quantization(tensor.quantization),
        "is_variable": tensor.is_variable,
        "sparsity": None if tensor.sparsity is None else sparsity_values(tensor.sparsity),
        "shape_signature": tensor.shape_signature if dynamic else None,
        "has_rank": tensor.has_rank,
    }


def _quantization(quantization: Quantization | None) -> Mapping[str, Any] | None:
    if quantization is None:
        return None
    return {
        "scale": quantization.scales,
        "zero_point": quantization.zero_points,
        "quantized_dimension": quantization.quantized_dimension,
    }


def _operator(operator: Operator, codes: Sequence[tuple[str, int, str]]) -> Mapping[str, Any]:
    code = (operator.name, operator.version, operator.custom_code)
    values: dict[str, Any] = {
        "opcode_index": codes.index(code),
        "inputs": operator.inputs,
        "outputs": operator.outputs,
        "intermediates": operator.intermediates or None,
        "custom_options": operator.custom_options or None,
    }
    table = OPTIONS_OF.get(operator.name)
    if table is not None:
        union = "builtin_options_2" if table in IN_SECOND_UNION else "builtin_options"
        values[union] = (table, operator.options)
    return values


def _signature(signature: Signature) -> Mapping[str, Any]:
    return {
        "inputs": _tensor_map(signature.inputs),
        "outputs": _tensor_map(signature.outputs),
        "signature_key": signature.key,
        "subgraph_index": signature.subgraph,
    }


def _tensor_map(names: Mapping[str, int]) -> list[Mapping[str, Any]]:
    return [{"name": name, "tensor_index": tensor} for name, tensor in names.items()]
