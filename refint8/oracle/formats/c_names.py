"""What the arrays of a golden are called in C, and the header that each stands in.

The names are those of CMSIS-NN's unit tests: NAME_input, NAME_weights, NAME_biases,
NAME_output_ref; with several inputs NAME_input1, NAME_input2. NAME is made of the model's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from refint8.oracle.formats.names import identifier, safe, stem
from refint8.oracle.golden.contents import Golden, TensorInfo

WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
"""Operators whose constants have the names "weights" and "biases"."""


@dataclass(frozen=True)
class CArray:
    """Where a tensor stands: array `name` in `header`."""

    name: str
    header: str


def prefix(golden: Golden) -> str:
    """The beginning of every name: "kws" for kws.tflite."""
    return identifier(safe(PurePath(golden.model_name).stem) or "model").lower()


def arrays(golden: Golden) -> Mapping[int, CArray]:
    """The array of each tensor."""
    name = prefix(golden)
    inputs = [t.index for t in golden.tensors if t.role == "input"]
    outputs = [t.index for t in golden.tensors if t.role == "output"]
    made = {
        **_numbered(inputs, f"{name}_input", "input_data.h"),
        **_numbered(outputs, f"{name}_output_ref", "output_ref_data.h"),
    }
    weights = _weights(golden)
    for tensor in golden.tensors:
        if tensor.index in made:
            continue
        own = f"{name}_{identifier(stem(tensor))}"
        if tensor.index in weights:
            role = weights[tensor.index]
            made[tensor.index] = CArray(f"{name}_{role}", f"{role}_data.h")
        else:
            made[tensor.index] = CArray(own, f"{tensor.role}_data.h")
    return made


def by_name(golden: Golden) -> Mapping[str, TensorInfo]:
    """The tensor of each name that an array in a dump may have.

    The names that are written; the same without NAME_ and with "output" for "output_ref"; and the
    tensor's own, "t0007_conv1_Relu" or "t0007".
    """
    start = f"{prefix(golden)}_"
    found: dict[str, TensorInfo] = {}
    for index, array in arrays(golden).items():
        tensor = golden.tensor(index)
        for name in (array.name, array.name.removeprefix(start)):
            found[name] = found[name.replace("output_ref", "output")] = tensor
        for name in (identifier(stem(tensor)), f"t{index:04d}"):
            found[name] = found[f"{start}{name}"] = tensor
    return found


def _numbered(indexes: Sequence[int], name: str, header: str) -> dict[int, CArray]:
    if len(indexes) == 1:
        return {indexes[0]: CArray(name, header)}
    return {index: CArray(f"{name}{i}", header) for i, index in enumerate(indexes, 1)}


def _weights(golden: Golden) -> dict[int, str]:
    """The constants of the one operator that have names of their own."""
    if len(golden.operators) != 1 or golden.operators[0].name not in WITH_WEIGHTS:
        return {}
    constant = {tensor.index for tensor in golden.tensors if tensor.role == "constant"}
    operator = golden.operators[0]
    # TRANSPOSE_CONV: the output's shape comes first, then weights and the image, then the bias.
    places = {1: "weights", 3 if operator.name == "TRANSPOSE_CONV" else 2: "biases"}
    return {
        operator.inputs[place]: role
        for place, role in places.items()
        if place < len(operator.inputs) and operator.inputs[place] in constant
    }
