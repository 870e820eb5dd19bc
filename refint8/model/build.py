"""Builds small models in memory: one-operator repros, test cases, seeds for a fuzzer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refint8.errors import UsageError
from refint8.model.constants import PACKED_BITS, pack, unpack
from refint8.model.enums import enum
from refint8.model.operators import schema_values
from refint8.model.options import OPTIONS_OF
from refint8.model.reader import read_model
from refint8.model.types import (
    NUMPY_DTYPE,
    Model,
    Operator,
    Quantization,
    Signature,
    Sparsity,
    Subgraph,
    Tensor,
)
from refint8.model.writer import write_model


@dataclass
class SubgraphBuilder:
    """Tensors and operators of one subgraph, in the order in which they are added."""

    owner: ModelBuilder
    name: str = ""
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()

    def tensor(
        self,
        name: str,
        dtype: str,
        shape: Sequence[int],
        *,
        scale: ArrayLike | None = None,
        zero_point: ArrayLike = 0,
        quantized_dimension: int = 0,
        data: ArrayLike | None = None,
        is_variable: bool = False,
        shape_signature: Sequence[int] | None = None,
        has_rank: bool = True,
        sparsity: Sparsity | None = None,
    ) -> int:
        """Add a tensor and return its index.

        `scale` is one number or one per channel; a single `zero_point` then serves all. `data`
        makes it a constant: values of `dtype` in `shape` (sub-byte types one per element, bytes
        for STRING); floats are rounded to FLOAT16 or FLOAT32. With `sparsity` it is the stored
        values, in one dimension. Raises UsageError for an unknown dtype and for data that does not
        fit.
        """
        enum("TensorType").value_of(dtype)
        index = len(self.tensors)
        dims = tuple(int(size) for size in shape)
        values = None
        if data is not None:
            stored = dims if sparsity is None else np.asarray(data).shape
            values = _constant(name, dtype, stored, data)
        signature = dims if shape_signature is None else tuple(int(s) for s in shape_signature)
        self.tensors.append(
            Tensor(
                index=index,
                name=name,
                dtype=dtype,
                shape=dims,
                shape_signature=signature,
                buffer=0 if values is None else self.owner.next_buffer(),
                quantization=_quantization(scale, zero_point, quantized_dimension),
                is_variable=is_variable,
                has_rank=has_rank,
                data=values,
                sparsity=sparsity,
            )
        )
        return index

    def operator(
        self,
        name: str,
        /,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        version: int = 1,
        intermediates: Sequence[int] = (),
        custom_code: str = "",
        custom_options: bytes = b"",
        options: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> int:
        """Add an operator and return its index; options not given have the schema's defaults.

        Options are given by name, or in `options` (STABLEHLO_COMPOSITE has one named "version").
        Raises UsageError for an option that the operator does not have.
        """
        index = len(self.operators)
        self.operators.append(
            Operator(
                index=index,
                name=name,
                version=version,
                inputs=tuple(inputs),
                outputs=tuple(outputs),
                options=_options(name, {**(options or {}), **more}),
                intermediates=tuple(intermediates),
                custom_code=custom_code,
                custom_options=custom_options,
            )
        )
        return index

    def close(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Name the subgraph's inputs and outputs, by tensor index."""
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)


class ModelBuilder(SubgraphBuilder):
    """A model under construction; itself the builder of subgraph 0.

    >>> b = ModelBuilder()
    >>> x = b.tensor("x", "INT8", (1, 4), scale=0.5, zero_point=3)
    >>> y = b.tensor("y", "INT8", (1, 4), scale=1 / 256, zero_point=-128)
    >>> _ = b.operator("SOFTMAX", [x], [y], version=2, beta=1.0)
    >>> b.model([x], [y]).subgraphs[0].operators[0].title
    'SOFTMAX'
    """

    def __init__(self, description: str = "") -> None:
        super().__init__(owner=self, name="main")
        self.description = description
        self.metadata: dict[str, bytes] = {}
        self.signatures: list[Signature] = []
        self._others: list[SubgraphBuilder] = []
        self._buffers = 0

    def next_buffer(self) -> int:
        """A buffer index that no tensor has yet; 0 is left to the tensors without data."""
        self._buffers += 1
        return self._buffers

    def subgraph(self, name: str) -> tuple[int, SubgraphBuilder]:
        """Add another subgraph, for control flow: its index, and its builder to fill and close."""
        other = SubgraphBuilder(owner=self, name=name)
        self._others.append(other)
        return len(self._others), other

    def signature(
        self, key: str, inputs: Mapping[str, int], outputs: Mapping[str, int], subgraph: int = 0
    ) -> None:
        """Add a named entry point; without any, spec() makes "serving_default" for subgraph 0."""
        self.signatures.append(Signature(key, subgraph, dict(inputs), dict(outputs)))

    def spec(self, inputs: Sequence[int], outputs: Sequence[int]) -> Model:
        """The Model as built: not written, not checked, without content."""
        self.close(inputs, outputs)
        signatures = tuple(self.signatures) or (
            Signature(
                "serving_default",
                0,
                {self._label(tensor): tensor for tensor in inputs},
                {self._label(tensor): tensor for tensor in outputs},
            ),
        )
        return Model(
            name="built",
            content=b"",
            version=3,
            description=self.description,
            subgraphs=tuple(
                Subgraph(
                    index,
                    part.name,
                    tuple(part.tensors),
                    tuple(part.operators),
                    part.inputs,
                    part.outputs,
                )
                for index, part in enumerate([self, *self._others])
            ),
            signatures=signatures,
            metadata=dict(self.metadata),
        )

    def to_bytes(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The .tflite file of the model with these graph inputs and outputs."""
        return write_model(self.spec(inputs, outputs))

    def model(self, inputs: Sequence[int], outputs: Sequence[int], name: str = "built") -> Model:
        """The model as it reads back from to_bytes(); raises ModelError when it does not."""
        return read_model(self.to_bytes(inputs, outputs), name)

    def _label(self, tensor: int) -> str:
        known = 0 <= tensor < len(self.tensors)
        return (known and self.tensors[tensor].name) or f"tensor_{tensor}"


def _constant(name: str, dtype: str, shape: tuple[int, ...], data: ArrayLike) -> NDArray[Any]:
    held = NUMPY_DTYPE.get(dtype)
    if held is None:
        return np.frombuffer(bytes(data), np.uint8)  # type: ignore[arg-type]
    values = np.asarray(data)
    with np.errstate(invalid="ignore"):
        typed = values.astype(held)
    whole = np.array_equal(values, typed) or held.kind in "fc"
    if not (whole and np.array_equal(_repacked(typed, dtype), typed, equal_nan=True)):
        raise UsageError(f"data of '{name}' does not fit {dtype}")
    if typed.shape != shape:
        raise UsageError(f"data of '{name}' has shape {typed.shape}, not {shape}")
    typed.flags.writeable = False
    return typed


def _repacked(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """The values as they would come back from a file."""
    if dtype not in PACKED_BITS:
        return values
    packed = np.frombuffer(pack(values, dtype), np.uint8)
    return unpack(packed, dtype, values.size).reshape(values.shape)


def _quantization(
    scale: ArrayLike | None, zero_point: ArrayLike, quantized_dimension: int
) -> Quantization | None:
    if scale is None:
        return None
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    zero_points = np.atleast_1d(np.asarray(zero_point, np.int64))
    if zero_points.size == 1:
        zero_points = np.full(scales.size, zero_points[0], np.int64)
    return Quantization(scales, zero_points, quantized_dimension)


def _options(operator: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    table = OPTIONS_OF.get(operator)
    if operator not in enum("BuiltinOperator").values and not operator.startswith("BUILTIN_"):
        raise UsageError(f"there is no operator {operator}")
    known = {} if table is None else schema_values(table)
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        has = ", ".join(known) or "none"
        raise UsageError(f"{operator} has no option {', '.join(unknown)}", hint=f"it has: {has}")
    return {**known, **given}
