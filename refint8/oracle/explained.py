"""The first differing elements of a tensor explained, and the profile that computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from refint8.errors import DomainError, UnsupportedError
from refint8.model.types import Model
from refint8.numerics.profiles import PROFILES, Profile
from refint8.numerics.profiles import profile as profile_of
from refint8.numerics.rules import CATALOGUE, Rules
from refint8.ops._op import Array
from refint8.oracle.diff_map import Element
from refint8.oracle.explanation.derivation import Scene, same_value
from refint8.oracle.explanation.explain import Explanation, explain_runs, scene_of, writer_of
from refint8.oracle.explanation.runs import Run
from refint8.oracle.findings import Comparison, own_differences
from refint8.oracle.inputs import InputSet

TENSORS: Final = 6
ELEMENTS: Final = 5
FEWER: Final = 2
"""The first tensor has ELEMENTS elements explained, the others of a comparison FEWER."""


@dataclass(frozen=True)
class Explained:
    """Explanations of a tensor's first differing elements, in the order of `elements`.

    `fits` are the profiles that compute the other side's value for all of them from equal inputs;
    the explanations show the first of them beside ours.
    """

    tensor: int
    elements: tuple[Element, ...]
    explanations: tuple[Explanation, ...]
    fits: tuple[str, ...]


class Runs:
    """A model's runs by profile and sample, each made when first asked for.

    `sets` are the inputs by the number of their sample.
    """

    def __init__(self, model: Model, sets: Mapping[int, InputSet]) -> None:
        self.model, self.sets = model, sets
        self._made: dict[tuple[str, int], Run] = {}

    def of(self, profile: Profile, sample: int) -> Run:
        """The run; its tensors are missing where the profile refuses the model."""
        key = (profile.name, sample)
        if key not in self._made:
            self._made[key] = Run.of(self.model, profile, self.sets[sample], may_refuse=True)
        return self._made[key]


def explained_tensor(
    runs: Runs, tensor: int, elements: Sequence[Element], profile: Profile
) -> Explained | None:
    """The elements of one tensor under `profile`; None where a run of its own computes another one.

    That is so where the compared value came of state that earlier samples left, or of the operator
    alone.
    """
    model = runs.model
    operator = writer_of(model, tensor)
    if operator is None or not elements:
        return None
    written = model.subgraphs[0].tensors[tensor]
    scenes = []
    for element in elements:
        run = runs.of(profile, element.sample)
        value = run.tensors.get(tensor)
        if value is None or len(element.index) != value.ndim:
            return None
        if not same_value(value[element.index].item(), element.ours):
            return None
        scenes.append(scene_of(run, operator, written, element.index))
    fits = _fitting(profile, scenes, elements)
    found = []
    for element in elements:
        a = runs.of(profile, element.sample)
        other = profile_of(fits[0]) if fits else None
        b = runs.of(other, element.sample) if other else None
        found.append(explain_runs(model, a, b, other, tensor, element.index))
    return Explained(tensor, tuple(elements), tuple(found), fits)


def explained_comparison(
    model: Model, sets: Sequence[InputSet], comparison: Comparison
) -> Mapping[int, Explained]:
    """The operators that differ by themselves, by the tensor they write: at most TENSORS tensors.

    What inherits its difference has nothing to explain: its arithmetic is the same on both sides.
    """
    found: dict[int, Explained] = {}
    profile = profile_of(comparison.profile)
    runs = Runs(model, dict(enumerate(sets)))
    for finding in comparison.findings:
        for result in own_differences(finding):
            if len(found) == TENSORS or result.map is None:
                break
            elements = result.map.first[: FEWER if found else ELEMENTS]
            told = explained_tensor(runs, result.tensor, elements, profile)
            if told is not None:
                found[result.tensor] = told
    return found


def _fitting(
    profile: Profile, scenes: Sequence[Scene], elements: Sequence[Element]
) -> tuple[str, ...]:
    """The profiles that compute the other side's values out of the same inputs."""
    # Profiles that agree on all rules that the operator reads compute the same; one of them runs.
    known = {_read(scenes[0], profile.rules): False}
    found = []
    for name, other in PROFILES.items():
        key = _read(scenes[0], other.rules)
        if key not in known:
            known[key] = _fits(other.rules, scenes, elements)
        if known[key]:
            found.append(name)
    return tuple(found)


def _read(scene: Scene, rules: Rules) -> tuple[str, ...]:
    """The alternatives in force of the rules that the scene's operator reads."""
    name, in_force = scene.step.operator.name, scene.rules_in_force(rules)
    return tuple(
        getattr(in_force, rule.name)
        for rule in CATALOGUE
        if name in rule.operators or "*" in rule.operators
    )


def _fits(rules: Rules, scenes: Sequence[Scene], elements: Sequence[Element]) -> bool:
    """Whether the rules give the other side's values, every one."""
    outputs: dict[int, Array] = {}
    for scene, element in zip(scenes, elements, strict=True):
        if element.sample not in outputs:
            try:
                outputs[element.sample] = scene.output_array(rules)
            except (UnsupportedError, DomainError):
                return False
        output = outputs[element.sample]
        if output.shape != scene.shape:
            return False
        if not same_value(output[element.index].item(), element.theirs):
            return False
    return True
