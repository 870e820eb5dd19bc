"""Makes a golden: runs the model under a profile and keeps everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.types import NUMPY_DTYPE, Model, Tensor
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile
from refint8.oracle.golden.contents import Golden, OperatorInfo, Role, TensorInfo
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
) -> Golden:
    """Every tensor of subgraph 0 for `inputs`, or for `samples` seeded ones.

    Raises UsageError without a sample, and as `Session`.
    """
    sets = random_inputs(model, samples, seed) if inputs is None else list(inputs)
    if not sets:
        raise UsageError("a golden needs at least one sample")
    graph = model.subgraphs[0]
    session = Session(model, profile, {i: a.shape for i, a in sets[0].items()})
    results = []
    for given in sets:
        session.restart()
        results.append(session.run(given))
    kept = [
        index for index in dict.fromkeys([*graph.inputs, *_written(model)])
        if graph.tensors[index].dtype in NUMPY_DTYPE and index in results[0]
    ]  # fmt: skip
    return Golden(
        model=model.content,
        model_name=model.name,
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
                plain(step.record),
            )
            for step in session.plan.steps
        ),
        tensors=tuple(_info(model, graph.tensors[index], results[0][index]) for index in kept),
        samples=tuple({index: result[index] for index in kept} for result in results),
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
