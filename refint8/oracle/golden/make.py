"""Makes a golden: runs the model under a profile and keeps everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePath

from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.types import NUMPY_DTYPE, Model, Tensor
from refint8.native.store import Progress
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile
from refint8.oracle.golden.contents import Golden, OperatorInfo, Role, TensorInfo
from refint8.oracle.golden.encoding import refuse_too_large
from refint8.oracle.inputs import InputSet
from refint8.oracle.plain import plain
from refint8.oracle.random_inputs import random_inputs
from refint8.oracle.targets.outcome import Array


def make_golden(
    model: Model,
    profile: str | Profile = DEFAULT_PROFILE,
    inputs: Sequence[InputSet] | None = None,
    *,
    samples: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> Golden:
    """Every tensor of subgraph 0 for `inputs`, or for `samples` seeded ones.

    `progress` is called while kernels are compiled.
    Raises UsageError without a sample, for more data than a bundle can hold (before it is
    computed), for a tensor whose shape depends on the sample, and as `Session`.
    """
    sets = _drawn(model, samples, seed) if inputs is None else list(inputs)
    if not sets:
        raise UsageError("a golden needs at least one sample")
    graph = model.subgraphs[0]
    session = Session(model, profile, {i: a.shape for i, a in sets[0].items()}, progress=progress)
    results: list[dict[int, Array]] = []
    kept: list[int] = []
    for given in sets:
        session.restart()
        result = session.run(given)
        if not results:
            kept = [
                index for index in dict.fromkeys([*graph.inputs, *_written(model)])
                if graph.tensors[index].dtype in NUMPY_DTYPE and index in result
            ]  # fmt: skip
            refuse_too_large(len(sets) * sum(result[index].nbytes for index in kept), len(sets))
        results.append({index: result[index] for index in kept})
        _check_shapes(model, results)
    return Golden(
        model=model.content,
        model_name=PurePath(model.name).name,
        profile=session.profile.name,
        rules=session.profile.rules.assignment(),
        version=version("refint8"),
        seed=seed if inputs is None else None,
        operators=tuple(
            OperatorInfo(
                step.operator.index,
                step.operator.title,
                tuple(step.operator.inputs),
                tuple(step.operator.outputs),
                {} if step.record is None else plain(step.record),
            )
            for step in session.plan.steps
        ),
        tensors=tuple(_info(model, graph.tensors[index], results[0][index]) for index in kept),
        samples=tuple(results),
    )


def _drawn(model: Model, samples: int, seed: int) -> list[InputSet]:
    """Seeded inputs, of which the first alone says whether all can be held."""
    first = random_inputs(model, min(samples, 1), seed)
    refuse_too_large(samples * sum(a.nbytes for s in first for a in s.values()), samples)
    return random_inputs(model, samples, seed)


def _check_shapes(model: Model, results: list[dict[int, Array]]) -> None:
    for index, array in results[-1].items():
        if array.shape != results[0][index].shape:
            raise UsageError(
                f"tensor {index} '{model.subgraphs[0].tensors[index].name}' has shape"
                f" {array.shape} in sample {len(results) - 1}, {results[0][index].shape} in the"
                " first one",
                hint="make a bundle for each sample",
            )


def _written(model: Model) -> Mapping[int, int]:
    """Tensor to the operator that writes it last, in execution order."""
    operators = model.subgraphs[0].operators
    return {index: operator.index for operator in operators for index in operator.outputs}


def _info(model: Model, tensor: Tensor, value: Array) -> TensorInfo:
    graph = model.subgraphs[0]
    role: Role = "output" if tensor.index in graph.outputs else "inner"
    if tensor.index in graph.inputs:
        role = "input"
    quantization = tensor.quantization
    return TensorInfo(
        index=tensor.index,
        name=tensor.name,
        dtype=_dtype(tensor, value),
        shape=tuple(value.shape),
        scales=() if quantization is None else tuple(quantization.scales.tolist()),
        zero_points=() if quantization is None else tuple(quantization.zero_points.tolist()),
        quantized_dimension=0 if quantization is None else quantization.quantized_dimension,
        role=role,
        operator=_written(model).get(tensor.index, -1),
    )


def _dtype(tensor: Tensor, value: Array) -> str:
    """The tensor's dtype; the value's own where the file declares another, as old converters did
    between two operators.
    """
    if value.dtype == NUMPY_DTYPE[tensor.dtype]:
        return tensor.dtype
    return next(name for name, dtype in NUMPY_DTYPE.items() if dtype == value.dtype)
