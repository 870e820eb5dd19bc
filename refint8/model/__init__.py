"""READ: bytes to frozen dataclasses, and back."""

from refint8.model.types import (
    NUMPY_DTYPE,
    Model,
    Oddity,
    Operator,
    Quantization,
    Signature,
    SparseLevel,
    Sparsity,
    Subgraph,
    Tensor,
)

__all__ = [
    "NUMPY_DTYPE",
    "Model",
    "Oddity",
    "Operator",
    "Quantization",
    "Signature",
    "SparseLevel",
    "Sparsity",
    "Subgraph",
    "Tensor",
]
