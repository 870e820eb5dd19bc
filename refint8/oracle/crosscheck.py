"""Run a model here and on engines, and find the operators where they part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from refint8.errors import DomainError, Refint8Error, UsageError
from refint8.model.names import tensor_of
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Model, Operator
from refint8.oracle.alone import findings, run_alone
from refint8.oracle.findings import (
    EXIT_CODES,
    Comparison,
    Mode,
    OperatorTotal,
    Report,
    TensorResult,
    Verdict,
    exit_code,
    verdict_of,
)
from refint8.oracle.inputs import InputSet
from refint8.oracle.ours import Ours
from refint8.oracle.random_inputs import random_inputs
from refint8.oracle.targets import Case, Outcome, Target, run_case, target
from refint8.oracle.targets.function import FunctionTarget
from refint8.oracle.tensor_results import tensor_result

__all__ = [
    "EXIT_CODES",
    "Comparison",
    "Mode",
    "OperatorTotal",
    "Report",
    "TensorResult",
    "Verdict",
    "crosscheck",
    "exit_code",
]

AnyTarget = str | Target | Callable[..., Any]


def crosscheck(
    model: Model | bytes | str | Path,
    targets: AnyTarget | Sequence[AnyTarget] = ("litert:ref",),
    *,
    profile: str | Sequence[str] | None = None,
    inputs: Sequence[InputSet] | None = None,
    samples: int = 3,
    seed: int = 0,
    input_shapes: Mapping[int, tuple[int, ...]] | None = None,
    time_limit: float = 60.0,
    stream: bool = False,
    mode: Mode = "cumulative",
    tensors: Sequence[str | int] | None = None,
    fresh: bool = False,
) -> Report:
    """Compare every tensor that an operator writes, bit for bit, with every target.

    A target is a name, a `Target`, or a callable (see `FunctionTarget`). Each is compared with
    its own profile (`Target.profile`), or with `profile`, one or several.
    `inputs` replaces the `samples` seeded input sets; every set runs on fresh state, or with
    `stream` on the state that the one before left behind.
    `mode` says whether the model runs as a whole, its operators run one by one on refint8's own
    values, or both (see `Mode`). `tensors` names the only tensors to compare, by name or index.
    `time_limit` is per run, in seconds. Operators run one by one share a process until one dies;
    with `fresh` each has its own.
    What engines and refint8 refuse is in the report; raises UsageError for a target, profile or
    tensor that does not exist, ModelError for bytes that are no model.
    """
    if not isinstance(model, Model):
        model = read_model(model)
    resolved = _resolved(targets)
    sets = random_inputs(model, samples, seed, input_shapes) if inputs is None else list(inputs)
    ours = Ours(model, sets, input_shapes, stream)
    profiles = [profile] if isinstance(profile, str) else list(profile or ())
    run = _Run(
        model, sets, ours, _writers(model, tensors), input_shapes, time_limit, stream, mode, fresh
    )
    pairs = {id(one): profiles or [one.profile] for one in resolved}
    for name in dict.fromkeys(name for names in pairs.values() for name in names):
        ours.refusal(name)  # a profile that does not exist is known before anything runs
    with ThreadPoolExecutor(max_workers=len(resolved) or 1) as pool:
        # Engines run in processes of their own while this one computes.
        jobs = [pool.submit(run.against, one, pairs[id(one)]) for one in resolved]
        comparisons = [comparison for job in jobs for comparison in job.result()]
    return Report(
        model=model.name,
        sha256=hashlib.sha256(model.content).hexdigest(),
        samples=len(sets),
        seed=seed if inputs is None else None,
        comparisons=tuple(comparisons),
        mode=mode,
    )


def _resolved(targets: AnyTarget | Sequence[AnyTarget]) -> list[Target]:
    chosen = [targets] if isinstance(targets, str) or not isinstance(targets, Sequence) else targets
    made: list[Target] = []
    for item in chosen:
        if isinstance(item, str):
            made.append(target(item))
        elif callable(item):
            function = FunctionTarget(item)
            same = sum(one.name.partition("#")[0] == function.name for one in made)
            made.append(FunctionTarget(item, f"{function.name}#{same + 1}") if same else function)
        else:
            made.append(item)
    return made


def _writers(model: Model, tensors: Sequence[str | int] | None) -> dict[int, Operator]:
    """The operator that writes each tensor last, in execution order; of those asked for."""
    graph = model.subgraphs[0]
    found = {
        index: operator
        for operator in graph.operators
        for index in operator.outputs
        if graph.tensors[index].dtype in NUMPY_DTYPE
    }
    if tensors is None:
        return found
    wanted = {tensor_of(graph, name).index: name for name in tensors}
    for index, name in wanted.items():
        if index not in found:
            raise UsageError(f"tensor {name!r} is written by no operator, or is no array")
    return {index: operator for index, operator in found.items() if index in wanted}


@dataclass(frozen=True, eq=False)
class _Run:
    """What all comparisons of a crosscheck have in common."""

    model: Model
    sets: Sequence[InputSet]
    ours: Ours
    writers: Mapping[int, Operator]
    input_shapes: Mapping[int, tuple[int, ...]] | None
    time_limit: float
    stream: bool
    mode: Mode
    fresh: bool

    def against(self, one: Target, profiles: Sequence[str]) -> list[Comparison]:
        """The target under every profile; its engine runs the model once."""
        outcome = None
        if self.mode != "isolated" and any(self.ours.refusal(name) is None for name in profiles):
            shapes = self.input_shapes or {}
            case = Case(self.model.content, self.sets, list(self.writers), shapes)
            outcome = run_case(one, case, time_limit=self.time_limit, stream=self.stream)
        return [self._comparison(one, name, outcome) for name in profiles]

    def _comparison(self, one: Target, profile: str, outcome: Outcome | None) -> Comparison:
        mine = self.ours.results(profile)
        if isinstance(mine, Refint8Error):
            verdict: Verdict = "undefined" if isinstance(mine, DomainError) else "unsupported"
            return Comparison(one.name, one.describe(), profile, verdict, detail=str(mine))
        whole = Comparison(one.name, one.describe(), profile, "skipped", self._expected(mine))
        if outcome is not None:
            whole = self._whole(whole, mine, outcome)
        alone = {}
        if self._wants_alone(whole):
            alone = run_alone(
                self.model,
                one,
                profile,
                self.ours,
                self._operators,
                time_limit=self.time_limit,
                stream=self.stream,
                fresh=self.fresh,
            )
        found = findings(
            self.model,
            self._operators,
            whole.tensors,
            alone,
            None if outcome is None else outcome.delegated,
        )
        verdicts = [each.verdict for each in alone.values()]
        if any(verdict in ("different", "malformed") for verdict in verdicts):
            whole = replace(whole, verdict="different")
        elif whole.cumulative is None:
            others = [verdict for verdict in verdicts if verdict not in ("equal", "skipped")]
            whole = replace(
                whole, verdict="equal" if "equal" in verdicts else (others or ["skipped"])[0]
            )
        return replace(whole, findings=found)

    @property
    def _operators(self) -> list[Operator]:
        """The operators whose tensors are compared, each once."""
        return list({operator.index: operator for operator in self.writers.values()}.values())

    def _expected(self, mine: Sequence[InputSet]) -> int:
        return sum(index in mine[0] for index in self.writers)

    def _whole(self, blank: Comparison, mine: Sequence[InputSet], outcome: Outcome) -> Comparison:
        """The comparison of the model's run."""
        told = replace(blank, detail=outcome.detail, seconds=outcome.seconds)
        if outcome.status != "ran":
            return replace(told, verdict=outcome.status, cumulative=outcome.status)
        graph = self.model.subgraphs[0]
        given = [i for i in self.writers if all(i in theirs for theirs in outcome.tensors)]
        results = tuple(
            tensor_result(graph.tensors[index], operator, mine, outcome.tensors)
            for index, operator in self.writers.items()
            if index in mine[0] and (index in given or index in graph.outputs)
        )
        if self.writers and not given:
            detail = f"no tensor was given. {outcome.detail}".strip()
            return replace(told, verdict="malformed", cumulative="malformed", detail=detail)
        verdict = verdict_of("ran", results)
        return replace(told, tensors=results, verdict=verdict, cumulative=verdict)

    def _wants_alone(self, whole: Comparison) -> bool:
        if self.mode != "auto" or whole.verdict == "missing":
            return self.mode in ("isolated", "both") and whole.verdict != "missing"
        return whole.verdict != "equal" or len(whole.tensors) < whole.expected
