"""A model as frozen dataclasses: what the file says, checked for range but not yet for meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

OptionValue = Any
"""An option: int, float, bool, str (enum member), or a tuple of ints (vector)."""

NUMPY_DTYPE: Final[Mapping[str, np.dtype[Any]]] = {
    "FLOAT32": np.dtype(np.float32),
    "FLOAT16": np.dtype(np.float16),
    "FLOAT64": np.dtype(np.float64),
    "INT8": np.dtype(np.int8),
    "UINT8": np.dtype(np.uint8),
    "INT16": np.dtype(np.int16),
    "UINT16": np.dtype(np.uint16),
    "INT32": np.dtype(np.int32),
    "UINT32": np.dtype(np.uint32),
    "INT64": np.dtype(np.int64),
    "UINT64": np.dtype(np.uint64),
    "BOOL": np.dtype(np.bool_),
    "COMPLEX64": np.dtype(np.complex64),
    "COMPLEX128": np.dtype(np.complex128),
    "INT4": np.dtype(np.int8),
    "UINT4": np.dtype(np.uint8),
    "INT2": np.dtype(np.int8),
}
"""TensorType name to the dtype that holds it unpacked; 4- and 2-bit values sit one per byte."""


@dataclass(frozen=True, eq=False)
class Quantization:
    """Affine parameters: real = scale * (q - zero_point), one pair or one per channel."""

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    quantized_dimension: int = 0

    @property
    def per_channel(self) -> bool:
        """True when there is more than one scale."""
        return self.scales.size > 1


@dataclass(frozen=True, eq=False)
class SparseLevel:
    """One level of a sparse tensor's tree of coordinates.

    DENSE: every node has `size` children. SPARSE_CSR: the children of node k of the level above
    have the coordinates indices[segments[k]] up to, without it, indices[segments[k + 1]].
    """

    format: str
    size: int = 0
    segments: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    indices: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Sparsity:
    """Where the stored values of a sparse tensor belong, after the format of TACO.

    Level k of the tree walks dimension traversal_order[k]: below the rank one of the tensor's
    own, then the inside of the blocks of dimension block_map[k - rank].
    """

    traversal_order: tuple[int, ...]
    block_map: tuple[int, ...]
    levels: tuple[SparseLevel, ...]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor's declaration; `data` is the constant's value (4-bit unpacked), or None.

    A sparse tensor's `data` is its stored values, in one dimension (see model/sparsity.py).
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    buffer: int
    quantization: Quantization | None = None
    is_variable: bool = False
    has_rank: bool = True
    data: NDArray[Any] | None = None
    sparsity: Sparsity | None = None

    @property
    def sparse(self) -> bool:
        """Whether only some values are stored."""
        return self.sparsity is not None


@dataclass(frozen=True, eq=False)
class Operator:
    """One node. `name` is the builtin's name, or "CUSTOM"; an absent optional input is -1."""

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    intermediates: tuple[int, ...] = ()
    custom_code: str = ""
    custom_options: bytes = b""

    @property
    def title(self) -> str:
        """The name to print: the builtin's, or "CUSTOM:<code>"."""
        return f"CUSTOM:{self.custom_code}" if self.name == "CUSTOM" else self.name


@dataclass(frozen=True, eq=False)
class Subgraph:
    """Tensors and the operators over them, in execution order."""

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Signature:
    """A named entry point: argument and result names to tensor indexes of one subgraph."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True)
class Oddity:
    """Something a tool chain wrote that at least one engine dislikes, and what becomes of it."""

    path: str
    text: str
    refused_by: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Model:
    """A whole file. `content` is the bytes it was read from (engines are fed the very same)."""

    name: str
    content: bytes
    version: int
    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...] = ()
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    oddities: tuple[Oddity, ...] = ()
