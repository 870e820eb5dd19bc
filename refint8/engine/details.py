"""The dictionaries of the tf.lite interface, key by key and dtype by dtype as LiteRT 2.3.0."""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.model.types import NUMPY_DTYPE, Operator, Quantization, Subgraph, Tensor
from refint8.ops._op import Shape

Details = dict[str, Any]


def tensor_details(tensor: Tensor, shape: Shape | None, dtype: str) -> Details:
    """What `get_tensor_details` says of a tensor; `shape` and `dtype` are the actual ones."""
    quantization = tensor.quantization
    return {
        "name": tensor.name,
        "index": tensor.index,
        "shape": np.array(tensor.shape if shape is None else shape, np.int32),
        "shape_signature": np.array(tensor.shape_signature, np.int32),
        "dtype": element_type(dtype),
        "quantization": _legacy_quantization(quantization),
        "quantization_parameters": {
            "scales": np.array(quantization.scales if quantization else [], np.float32),
            "zero_points": np.array(quantization.zero_points if quantization else [], np.int32),
            "quantized_dimension": quantization.quantized_dimension if quantization else 0,
            "block_size": 0,
        },
        "sparsity_parameters": {},
    }


def _legacy_quantization(quantization: Quantization | None) -> tuple[float, int]:
    # The engine's one-scale field stays (0.0, 0) when there is none or there are several.
    if quantization is None or quantization.scales.size != 1:
        return 0.0, 0
    return float(quantization.scales[0]), int(quantization.zero_points[0])


def element_type(dtype: str) -> type:
    """The NumPy type of a tensor's elements; object for resources and the like, as in LiteRT."""
    if dtype == "STRING":
        return np.bytes_
    return NUMPY_DTYPE[dtype].type if dtype in NUMPY_DTYPE else np.object_


def operator_details(operator: Operator, graph: Subgraph) -> Details:
    """What `_get_ops_details` says of an operator."""

    def dtypes(indexes: tuple[int, ...]) -> list[type]:
        return [element_type(graph.tensors[i].dtype) for i in indexes if i >= 0]

    return {
        "index": operator.index,
        "op_name": operator.custom_code or operator.name,
        "inputs": np.array(operator.inputs, np.int32),
        "outputs": np.array(operator.outputs, np.int32),
        "operand_types": dtypes(operator.inputs),
        "result_types": dtypes(operator.outputs),
    }
