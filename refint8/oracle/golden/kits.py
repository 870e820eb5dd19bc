"""A folder for each operator, so that each block of a design has a bench of its own.

0003_CONV_2D/
  model.tflite    the operator alone, with its constants
  record.json     its integer record, and which tensor is which
  README.txt      what is here
  npz/, hex32/    inputs, constants and expected outputs in the formats asked for
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from refint8.errors import UsageError
from refint8.model.extract import one_operator
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Model, Operator, Tensor
from refint8.oracle.formats import format_of
from refint8.oracle.formats.names import comment, safe
from refint8.oracle.golden.contents import Golden, OperatorInfo, Role, TensorInfo
from refint8.oracle.targets.outcome import Array


@dataclass(frozen=True, eq=False)
class Kit:
    """One operator as a golden of its own, in `folder`; or the reason why it has none.

    The golden's tensors are those of the one-operator model; `tensors` maps them to the whole
    model's. Its constants are among them, with the role "constant".
    """

    operator: OperatorInfo
    folder: str
    golden: Golden | None
    tensors: Mapping[int, int]
    reason: str = ""


def write_kits(golden: Golden, directory: Path, formats: Sequence[str]) -> tuple[Kit, ...]:
    """Write a kit for every operator that can stand alone, under `directory`, which is empty.

    Returns the kits of all operators, those without a golden being the ones left out. Raises
    UsageError for an unknown format.
    """
    writers = {name: format_of(name) for name in dict.fromkeys(formats)}
    made = kits(golden)
    for kit in made:
        if kit.golden is None:
            continue
        folder = directory / kit.folder
        folder.mkdir(parents=True)
        (folder / "model.tflite").write_bytes(kit.golden.model)
        _write(folder / "record.json", json.dumps(_record(golden, kit), indent=1) + "\n")
        _write(folder / "README.txt", _readme(golden, kit, list(writers)))
        for name, writer in writers.items():
            (folder / name).mkdir()
            writer.write(kit.golden, folder / name)
    return made


def kits(golden: Golden) -> tuple[Kit, ...]:
    """A kit for each operator in execution order, made of the golden's own values."""
    model = read_model(golden.model, golden.model_name)
    operators = {operator.index: operator for operator in model.subgraphs[0].operators}
    return tuple(_kit(golden, model, operators[info.index], info) for info in golden.operators)


def _kit(golden: Golden, model: Model, operator: Operator, info: OperatorInfo) -> Kit:
    folder = f"{info.index:04d}_{safe(info.name)}"
    known = golden.samples[0]
    try:
        _check_alone(model, operator)
        made = one_operator(model, operator, {index: known[index].shape for index in known})
        if lost := [i for i in (*made.inputs, *made.outputs) if i not in known]:
            raise UsageError(f"the golden has no values of tensor {lost[0]}")
        for index in (*made.inputs, *made.outputs):
            declared = model.subgraphs[0].tensors[index].dtype
            if known[index].dtype != NUMPY_DTYPE.get(declared):
                raise UsageError(f"tensor {index} holds {known[index].dtype}, declared {declared}")
    except UsageError as error:
        return Kit(info, folder, None, {}, error.reason)
    alone = read_model(made.content)
    back = {new: old for old, new in {**made.inputs, **made.outputs}.items()}
    operator_alone = alone.subgraphs[0].operators[0]
    tensors = alone.subgraphs[0].tensors
    constants = {
        index: tensors[index].data
        for index in dict.fromkeys(operator_alone.inputs)
        if index >= 0
        and tensors[index].data is not None
        and tensors[index].dtype in NUMPY_DTYPE
        and not tensors[index].sparse
    }
    infos = [
        *(_given(golden.tensor(old), new, "input") for old, new in made.inputs.items()),
        *(_constant(tensors[index]) for index in constants),
        *(_given(golden.tensor(old), new, "output") for old, new in made.outputs.items()),
    ]
    samples = []
    for sample in golden.samples:
        values: dict[int, Array] = {new: sample[old] for new, old in back.items()}
        values |= {index: data for index, data in constants.items() if data is not None}
        samples.append(values)
    one = replace(
        golden,
        model=made.content,
        model_name=f"{safe(info.name).lower()}_{info.index}.tflite",
        operators=(
            OperatorInfo(0, info.name, operator_alone.inputs, operator_alone.outputs, info.record),
        ),
        tensors=tuple(infos),
        samples=tuple(samples),
    )
    origin = dict(back)
    for new, old in zip(operator_alone.inputs, operator.inputs, strict=True):
        if new in constants:
            origin[new] = old
    return Kit(info, folder, one, origin)


def _check_alone(model: Model, operator: Operator) -> None:
    """Refuse what the golden's values would not be right for. Raises UsageError."""
    graph = model.subgraphs[0]
    writers = Counter(index for other in graph.operators for index in other.outputs)
    for index in (*operator.inputs, *operator.outputs):
        if index < 0:
            continue
        if writers[index] > 1:
            # The golden has the last value only.
            raise UsageError(f"tensor {index} is written more than once")
        sharing = [o.index for o in graph.operators if index in o.inputs and o is not operator]
        if graph.tensors[index].is_variable and sharing:
            raise UsageError(f"operator {sharing[0]} shares its state, tensor {index}")


def _given(info: TensorInfo, index: int, role: Role) -> TensorInfo:
    return replace(info, index=index, role=role, operator=0 if role == "output" else -1)


def _constant(tensor: Tensor) -> TensorInfo:
    assert tensor.data is not None
    quantization = tensor.quantization
    return TensorInfo(
        index=tensor.index,
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tuple(tensor.data.shape),
        scales=() if quantization is None else tuple(quantization.scales.tolist()),
        zero_points=() if quantization is None else tuple(quantization.zero_points.tolist()),
        quantized_dimension=0 if quantization is None else quantization.quantized_dimension,
        role="constant",
        operator=-1,
    )


def _record(golden: Golden, kit: Kit) -> dict[str, object]:
    assert kit.golden is not None
    return {
        "schema": "refint8.kit/1",
        "refint8": golden.version,
        "model": golden.model_name,
        "model_sha256": golden.model_sha256,
        "profile": golden.profile,
        "operator": {"index": kit.operator.index, "name": kit.operator.name},
        "inputs": list(kit.golden.operators[0].inputs),
        "outputs": list(kit.golden.operators[0].outputs),
        "samples": len(golden.samples),
        "tensors": [
            {
                "index": tensor.index,
                "index_in_model": kit.tensors[tensor.index],
                "name": tensor.name,
                "role": tensor.role,
                "dtype": tensor.dtype,
                "shape": list(tensor.shape),
                "scales": list(tensor.scales),
                "zero_points": list(tensor.zero_points),
                "quantized_dimension": tensor.quantized_dimension,
                "sha256": [
                    kit.golden.hash_of(sample, tensor.index)
                    for sample in range(1 if tensor.role == "constant" else len(golden.samples))
                ],
            }
            for tensor in kit.golden.tensors
        ],
        "record": kit.operator.record,
    }


def _readme(golden: Golden, kit: Kit, formats: Sequence[str]) -> str:
    assert kit.golden is not None
    lines = [
        f"Operator {kit.operator.index}, {comment(kit.operator.name)}, of"
        f" {comment(golden.model_name)} (SHA-256 {golden.model_sha256[:16]}...),",
        f"profile {golden.profile}, {len(golden.samples)} sample(s), made by"
        f" refint8 {golden.version}.",
        "",
        "model.tflite  the operator alone",
        "record.json   its integers: multipliers, shifts, offsets, clamps, geometry",
        *(f"{name + '/':<13} {format_of(name).SUMMARY}" for name in formats),
        "",
        "Tensors of model.tflite:",
    ]
    for tensor in kit.golden.tensors:
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        name = comment(tensor.name)
        lines.append(
            f"{tensor.index:>4}  {tensor.role:<8}  {tensor.dtype} {shape}  {name}".rstrip()
        )
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
