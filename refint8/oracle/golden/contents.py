"""What a golden bundle holds, whatever the format; and what a device's dump holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from refint8.oracle.plain import sha256
from refint8.oracle.targets.outcome import Array

Role = Literal["input", "inner", "output", "constant"]
"""input: of the model; output: of the model; inner: written by an operator and used by others;
constant: weights and the like, only in the golden of an operator's kit."""


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of subgraph 0 that has a value in every sample.

    `dtype` is TFLite's name ("INT8") of what it holds (the rule `declared_dtype` may overrule what
    the model declares), `shape` the shape of each sample's array. `scales` and
    `zero_points` are empty without quantization. `operator` is the index of the operator that
    writes it last, -1 for inputs.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    quantized_dimension: int
    role: Role
    operator: int


@dataclass(frozen=True)
class OperatorInfo:
    """One operator in execution order. `inputs` are tensor indexes, -1 where an optional one is
    absent; `record` is the integer record as plain data, as `refint8 inspect --constants` has it;
    it is empty where it depends on the values of a tensor.
    """

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    record: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Golden:
    """A model, inputs, and every bit that has to come of them under a profile.

    `samples` map tensor indexes to arrays of exactly the declared dtype and shape; inputs are
    among them. Every sample ran on fresh state. `seed` is None where the inputs were given.
    `version` is the version of refint8 that made it.
    """

    model: bytes
    model_name: str
    profile: str
    rules: Mapping[str, str]
    version: str
    seed: int | None
    operators: tuple[OperatorInfo, ...]
    tensors: tuple[TensorInfo, ...]
    samples: tuple[Mapping[int, Array], ...]

    @cached_property
    def model_sha256(self) -> str:
        """The hash of the model's file."""
        return hashlib.sha256(self.model).hexdigest()

    def tensor(self, index: int) -> TensorInfo:
        """A tensor by index. Raises KeyError."""
        return self._by_index[index]

    def hash_of(self, sample: int, index: int) -> str:
        """SHA-256 of a tensor's elements, little-endian and row-major."""
        return sha256(self.samples[sample][index])

    @cached_property
    def _by_index(self) -> dict[int, TensorInfo]:
        return {tensor.index: tensor for tensor in self.tensors}


@dataclass(frozen=True)
class DumpProblem:
    """Something in a dump that cannot be compared: where, and why. `tensor` is its index, None
    for a file that belongs to no tensor; `sample` likewise.
    """

    file: str
    reason: str
    tensor: int | None = None
    sample: int | None = None


@dataclass(frozen=True, eq=False)
class Dump:
    """What a device computed: for each sample the tensors that were read, and what could not be.

    A tensor that is not there was not dumped, which is allowed. Arrays have the golden's dtype
    and shape; what has another is a problem.
    """

    source: str
    samples: tuple[Mapping[int, Array], ...]
    problems: tuple[DumpProblem, ...] = ()
