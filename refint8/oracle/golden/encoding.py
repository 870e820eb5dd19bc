"""A golden as the bytes of golden.bin, in pieces: the tables first, then the data they point to."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from refint8.errors import UsageError
from refint8.model.encode import BUFFER_ALIGNMENT, Appended, encode
from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.golden.contents import Golden, OperatorInfo, TensorInfo
from refint8.oracle.golden.layout import FORMAT_VERSION, GOLDEN, LARGEST
from refint8.oracle.targets.outcome import Array

LENGTH_BYTES = 4
"""In front of a vector's elements."""


def encoded(golden: Golden, hashes: list[list[str]]) -> Iterator[bytes]:
    """The file's bytes, the tables as the first piece.

    `hashes` are SHA-256 by sample and position among the golden's tensors. The same golden gives
    the same bytes on any machine. Raises UsageError for more than FlatBuffers can hold.
    """
    _check_arrays(golden)
    at = 0
    samples = []
    for sample, of_sample in zip(golden.samples, hashes, strict=True):
        data = []
        for tensor, digest in zip(golden.tensors, of_sample, strict=True):
            at += _gap(at)
            data.append({"data": Appended(at), "sha256": bytes.fromhex(digest)})
            at += LENGTH_BYTES + sample[tensor.index].nbytes
        samples.append({"tensors": data})
    refuse_too_large(at, len(golden.samples))
    tables = encode("Golden", {**_about(golden), "samples": samples}, GOLDEN, appends=True)
    refuse_too_large(len(tables) + at, len(golden.samples))
    yield tables
    at = 0
    for sample in golden.samples:
        for tensor in golden.tensors:
            data_bytes = _little_endian(sample[tensor.index])
            yield bytes(_gap(at)) + struct.pack("<I", len(data_bytes)) + data_bytes
            at += _gap(at) + LENGTH_BYTES + len(data_bytes)


def _check_arrays(golden: Golden) -> None:
    """Refuse a golden whose arrays are not what it says they are."""
    for number, sample in enumerate(golden.samples):
        for tensor in golden.tensors:
            array = sample[tensor.index]
            if array.shape != tensor.shape or array.dtype != NUMPY_DTYPE[tensor.dtype]:
                raise UsageError(
                    f"tensor {tensor.index} '{tensor.name}' of sample {number} is"
                    f" {array.dtype}{list(array.shape)}, not {tensor.dtype}{list(tensor.shape)}"
                )


def refuse_too_large(size: int, samples: int) -> None:
    """Raise UsageError for a bundle of more bytes than FlatBuffers can hold."""
    if size > LARGEST:
        fit = samples * LARGEST // size
        raise UsageError(
            f"a bundle of {samples} samples takes {size:,} bytes, over the {LARGEST:,} that"
            " FlatBuffers can hold",
            hint=f"make several bundles of at most {fit} samples each"
            if fit
            else "one sample is too large already: cut the model in two",
        )


def _gap(at: int) -> int:
    """Zero bytes before a length word at `at`, so that the elements after it are aligned."""
    return (-at - LENGTH_BYTES) % BUFFER_ALIGNMENT


def _about(golden: Golden) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "refint8_version": golden.version,
        "model_name": golden.model_name,
        "model_sha256": bytes.fromhex(golden.model_sha256),
        "profile": golden.profile,
        "rules": [{"name": name, "alternative": kind} for name, kind in golden.rules.items()],
        "seed": -1 if golden.seed is None else _seed(golden.seed),
        "tensors": [_tensor(tensor) for tensor in golden.tensors],
        "operators": [_operator(operator) for operator in golden.operators],
    }


def _seed(seed: int) -> int:
    if not 0 <= seed < 1 << 63:
        raise UsageError(f"seed {seed} does not fit a bundle", hint="take one of 63 bits")
    return seed


def _tensor(tensor: TensorInfo) -> Mapping[str, Any]:
    return {
        "index": tensor.index,
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": tensor.shape,
        "scales": tensor.scales,
        "zero_points": tensor.zero_points,
        "quantized_dimension": tensor.quantized_dimension,
        "role": tensor.role,
        "operator": tensor.operator,
    }


def _operator(operator: OperatorInfo) -> Mapping[str, Any]:
    return {
        "index": operator.index,
        "name": operator.name,
        "inputs": operator.inputs,
        "outputs": operator.outputs,
        "record": json.dumps(operator.record, separators=(",", ":"), allow_nan=False),
    }


def _little_endian(array: Array) -> bytes:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return little.tobytes()
