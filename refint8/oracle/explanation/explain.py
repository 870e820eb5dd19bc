"""`explain`: one element of one run, under one profile or two."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from refint8.engine.verbs import Inputs, Source, load, named_inputs
from refint8.errors import DomainError, UnsupportedError, UsageError
from refint8.model.types import Model, Operator, Tensor
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile
from refint8.numerics.profiles import profile as profile_of
from refint8.oracle.compare import compare_arrays
from refint8.oracle.explanation.choice import index_of, tensor_of
from refint8.oracle.explanation.derivation import Derivation, Scene, derive, same_value
from refint8.oracle.explanation.entering import Entering, Number
from refint8.oracle.explanation.focus import Index
from refint8.oracle.explanation.parting import Parting, part
from refint8.oracle.explanation.runs import OwnRun, Run, own_run


@dataclass(frozen=True)
class Explanation:
    """The derivation of one element; with a second profile where the two part.

    Both derivations start from the values that the operator was given in A's run (in B's own where
    `own_inputs` was asked for), so that a difference in `b` is made by this operator. `operator` is
    None for an input or constant of the model, which nothing derives.
    """

    model: str
    sha256: str
    tensor: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    index: Index
    scale: float | None
    zero_point: int
    operator: int | None
    operator_name: str
    inputs: tuple[tuple[int, str], ...]
    a: Derivation
    b: Derivation | None = None
    parting: Parting | None = None
    own_run: OwnRun | None = None

    @property
    def differs(self) -> bool:
        """Whether A and B give different values."""
        return self.b is not None and not same_value(self.a.value, self.b.value)

    def real(self, value: Number | None) -> float | None:
        """What a value stands for, where the tensor has one scale."""
        return (
            None if self.scale is None or value is None else (value - self.zero_point) * self.scale
        )

    def __str__(self) -> str:
        at = ",".join(map(str, self.index))
        text = f"{self.name or self.tensor} at {at}: {self.a.value} under {self.a.profile}"
        return text if self.b is None else f"{text}, {self.b.value} under {self.b.profile}"


def explain(
    model: Source,
    inputs: Inputs,
    tensor: int | str | None = None,
    index: Sequence[int] | None = None,
    *,
    profile: str | Profile = DEFAULT_PROFILE,
    against: str | Profile | None = None,
    own_inputs: bool = False,
) -> Explanation:
    """Derive one element of a tensor: what enters, every constant, every rounding.

    `tensor` is an index or a name; without one it is the first tensor that `profile` and `against`
    compute differently. `index` has one number per dimension; without one it is the first element
    that differs (or the first one at all). With `own_inputs`, B's derivation starts from the values
    of B's own run. The values derived are asserted to be those of the runs.

    Raises UsageError for a tensor or element that does not exist, with the nearest names; and what
    running the model under `profile` raises.
    """
    loaded = load(model)
    a, b = profile_of(profile), None if against is None else profile_of(against)
    arrays = named_inputs(loaded, inputs)
    run_a = Run.of(loaded, a, arrays)
    run_b = None if b is None else Run.of(loaded, b, arrays, may_refuse=True)
    return explain_runs(loaded, run_a, run_b, b, tensor, index, own_inputs=own_inputs)


def explain_runs(
    loaded: Model,
    run_a: Run,
    run_b: Run | None,
    b: Profile | None,
    tensor: int | str | None,
    index: Sequence[int] | None,
    *,
    own_inputs: bool = False,
) -> Explanation:
    """`explain` on runs that were made before, of the same inputs; `run_b` is one under `b`."""
    assert run_a.session is not None
    a = run_a.session.profile
    chosen = tensor_of(loaded, tensor, run_a, run_b)
    if chosen.index not in run_a.tensors:
        raise UsageError(f"tensor {chosen.index} '{chosen.name}' has no value in a run")
    at = index_of(chosen, index, run_a.tensors)
    operator = writer_of(loaded, chosen.index)
    if operator is None:
        return _not_derived(loaded, chosen, run_a, at)
    if index is None and b is not None:
        at = _first_difference(scene_of(run_a, operator, chosen, at), b)
    scene = scene_of(run_a, operator, chosen, at)
    derived = _checked(derive(scene, a.name, a.rules), scene)
    common = _common(loaded, chosen, scene.shape, at, operator)
    if b is None or run_b is None:
        return Explanation(**common, a=derived)
    own = own_run(run_a, run_b, operator, chosen.index, at)
    where = scene
    if own_inputs:
        if run_b.refused:
            raise UsageError(f"{b.name} has no run of its own: {run_b.refused}")
        where = scene_of(run_b, operator, chosen, at)
    other = derive(where, b.name, b.rules)
    if own_inputs or (not own.inputs and not own.refused and _stateless(run_a, operator)):
        _checked(other, scene_of(run_b, operator, chosen, at))
    parting = part(where, derived, other, (a.rules, b.rules)) if not own_inputs else None
    return Explanation(**common, a=derived, b=other, parting=parting, own_run=own)


def writer_of(model: Model, tensor: int) -> Operator | None:
    """The operator that writes a tensor last; None for inputs and constants."""
    operators = model.subgraphs[0].operators
    return next((op for op in reversed(operators) if tensor in op.outputs), None)


def scene_of(run: Run, operator: Operator, tensor: Tensor, at: Index) -> Scene:
    """An element of a tensor that the operator writes, with all that the run gave the operator."""
    assert run.session is not None
    plan = run.session.plan
    (step,) = (step for step in plan.steps if step.operator.index == operator.index)
    value = run.tensors[tensor.index]
    number = value[at].item()
    output = list(operator.outputs).index(tensor.index)
    return Scene(plan, step, run.before, output, value.shape, at, number)


def _first_difference(scene: Scene, b: Profile) -> Index:
    """Where B computes another element out of A's values; the first element where it does not."""
    ours = scene.values[scene.tensor.index]
    try:
        diff = compare_arrays(0, ours, scene.output_array(b.rules))
    except (UnsupportedError, DomainError):
        return scene.index
    return scene.index if diff.first is None else diff.first


def _checked(derivation: Derivation, scene: Scene) -> Derivation:
    """The derivation, whose value is that of the run."""
    same = same_value(derivation.value, scene.given)
    assert same, f"derived {derivation.value}, the run has {scene.given} ({derivation.refused})"
    return derivation


def _stateless(run: Run, operator: Operator) -> bool:
    """Whether the values before the operator are surely those that it was given."""
    assert run.session is not None
    variables = {t.index for t in run.session.plan.subgraph.tensors if t.is_variable}
    return not variables & set(operator.inputs)


def _common(
    model: Model, tensor: Tensor, shape: tuple[int, ...], at: Index, operator: Operator | None
) -> dict[str, Any]:
    graph, q = model.subgraphs[0], tensor.quantization
    one = q is not None and q.scales.size == 1
    present = list(operator.inputs) if operator else []
    return {
        "model": model.name,
        "sha256": hashlib.sha256(model.content).hexdigest(),
        "tensor": tensor.index,
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": shape,
        "index": at,
        "scale": float(q.scales[0]) if q is not None and one else None,
        "zero_point": int(q.zero_points[0]) if q is not None and one and q.zero_points.size else 0,
        "operator": operator.index if operator else None,
        "operator_name": operator.title if operator else "",
        "inputs": tuple((i, graph.tensors[i].name if i >= 0 else "") for i in present),
    }


def _not_derived(model: Model, tensor: Tensor, run: Run, at: Index) -> Explanation:
    value = run.tensors[tensor.index]
    kind = "input" if tensor.index in model.subgraphs[0].inputs else "constant"
    assert run.session is not None
    a = Derivation(run.session.profile.name, value[at].item(), Entering(kind))
    return Explanation(**_common(model, tensor, value.shape, at, None), a=a)
