"""Run the experiments on a target and look for the rules that explain its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from refint8.errors import UsageError
from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.profiles import PROFILES
from refint8.oracle.probe.candidates import Candidate, Predictions
from refint8.oracle.probe.experiment import Experiment
from refint8.oracle.probe.suite import cases, suite
from refint8.oracle.targets import Outcome, Target, target
from refint8.oracle.targets.function import FunctionTarget
from refint8.oracle.targets.outcome import Array

AnyTarget = str | Target | Callable[..., Any]


@dataclass(frozen=True)
class RuleFinding:
    """What one case says of one rule. `fits` are the alternatives that agree with every element;
    `contradicted` maps the others to how many elements speak against them.
    """

    rule: str
    fits: tuple[str, ...]
    contradicted: Mapping[str, int]


@dataclass(frozen=True)
class CaseResult:
    """One operator and dtype. `profiles` agree with every element, and `changes` are the rules
    that a nearest profile has to change to agree (empty if none has to).

    `nearest` is that profile, `differing` how many elements then still differ; `ran` of
    `experiments` gave tensors, `problems` say what came of the others.
    """

    case: str
    operator: str
    experiments: int
    ran: int
    elements: int
    telling: int
    profiles: tuple[str, ...]
    nearest: str
    changes: Mapping[str, str]
    differing: int
    rules: tuple[RuleFinding, ...]
    problems: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether some assignment agrees with every element."""
        return self.ran > 0 and self.differing == 0


@dataclass(frozen=True)
class ProbeReport:
    """All cases of one target. `fitting` counts, by profile, the cases that it agrees with."""

    target: str
    engine: str
    cases: tuple[CaseResult, ...]

    @property
    def judged(self) -> tuple[CaseResult, ...]:
        """The cases of which at least one experiment ran."""
        return tuple(case for case in self.cases if case.ran)

    @property
    def fitting(self) -> dict[str, int]:
        """Cases that each profile agrees with, best first."""
        counts = {name: sum(name in case.profiles for case in self.judged) for name in PROFILES}
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def best(self) -> tuple[str, ...]:
        """The profiles that agree with most cases; none when nothing ran or nothing fits."""
        counts = self.fitting
        most = max(counts.values(), default=0)
        return tuple(name for name, count in counts.items() if count == most > 0)

    @property
    def changes(self) -> dict[str, tuple[str, ...]]:
        """Rule changes, as "rule=alternative", that explain what the best profile does not,
        with their cases.
        """
        found: dict[str, list[str]] = {}
        for case in self.judged:
            if case.explained and not set(self.best) & set(case.profiles):
                for rule, alternative in case.changes.items():
                    found.setdefault(f"{rule}={alternative}", []).append(case.case)
        return {change: tuple(names) for change, names in found.items()}

    @property
    def unexplained(self) -> tuple[str, ...]:
        """Cases that no assignment of the rules explains."""
        return tuple(case.case for case in self.judged if not case.explained)


def probe(
    engine: AnyTarget, *, operators: Sequence[str] = (), time_limit: float = 20.0
) -> ProbeReport:
    """Classify a target, operator by operator: a name, a `Target` or a callable (see
    `FunctionTarget`). `operators` (builtin names) limits the cases.

    Raises UsageError for a target or operator that does not exist here.
    """
    with Probing(engine, operators, time_limit) as probing:
        return probing.report([probing.judge(case) for case in probing.cases])


class Probing:
    """A probe under way: the engine answers in a process of its own while this one predicts.

    `cases` are the names of what is to be judged, in order; a context manager.
    """

    def __init__(
        self, engine: AnyTarget, operators: Sequence[str] = (), time_limit: float = 20.0
    ) -> None:
        """Start the engine on all experiments. Raises UsageError as `probe` does."""
        known = {e.operator for e in suite()}
        if unknown := set(operators) - known:
            raise UsageError(
                f"there are no experiments on {', '.join(sorted(unknown))}",
                hint="there are on " + ", ".join(sorted(known)),
            )
        self.target = _target(engine)
        chosen = [e for e in suite() if not operators or e.operator in operators]
        self._cases = cases(chosen)
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._running = {
            id(e): self._pool.submit(
                self.target.run, e.model.content, [e.inputs], time_limit=time_limit
            )
            for e in chosen
        }

    @property
    def cases(self) -> tuple[str, ...]:
        """The names of the cases."""
        return tuple(self._cases)

    def judge(self, case: str) -> CaseResult:
        """Wait for the engine's answers to one case and look for what explains them."""
        experiments = self._cases[case]
        return _case(case, experiments, [self._running[id(e)].result() for e in experiments])

    def report(self, results: Sequence[CaseResult]) -> ProbeReport:
        """All results together."""
        return ProbeReport(self.target.name, self.target.describe(), tuple(results))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def _target(engine: AnyTarget) -> Target:
    if isinstance(engine, str):
        return target(engine)
    return FunctionTarget(engine) if callable(engine) else engine


def _case(case: str, experiments: Sequence[Experiment], outcomes: Sequence[Outcome]) -> CaseResult:
    answered: list[Experiment] = []
    answers: list[Array] = []
    problems: dict[str, None] = {}
    for one, outcome in zip(experiments, outcomes, strict=True):
        answer = outcome.tensors[0].get(one.output) if outcome.status == "ran" else None
        problem = _problem(one, outcome, answer)
        if problem or answer is None:
            problems[problem] = None
            continue
        answered.append(one)
        answers.append(answer)
    predictions = Predictions(answered, answers)
    operator = experiments[0].operator
    profiles, best = predictions.search(operator) if answered else ((), None)
    return CaseResult(
        case=case,
        operator=operator,
        experiments=len(experiments),
        ran=len(answered),
        elements=sum(answer.size for answer in answers),
        telling=predictions.telling(operator) if answered else 0,
        profiles=profiles,
        nearest="" if best is None else best.profile,
        changes={} if best is None else best.changes,
        differing=0 if best is None else predictions.differing(best),
        rules=() if best is None else _findings(operator, predictions, best),
        problems=tuple(problems),
    )


def _problem(one: Experiment, outcome: Outcome, answer: Array | None) -> str:
    """Why an outcome cannot be judged; "" when it can."""
    if outcome.status != "ran":
        first = outcome.detail.splitlines()[0] if outcome.detail else ""
        return f"{outcome.status}: {first}".rstrip(": ")
    declared = one.model.subgraphs[0].tensors[one.output]
    if answer is None:
        return "answered without the output"
    if answer.shape != declared.shape:
        return f"answered with shape {answer.shape}, not {declared.shape}"
    if answer.dtype != _dtype(one):
        return f"answered with {answer.dtype}, not {_dtype(one)}"
    return ""


def _dtype(one: Experiment) -> object:
    return NUMPY_DTYPE[one.model.subgraphs[0].tensors[one.output].dtype]


def _findings(operator: str, predictions: Predictions, best: Candidate) -> tuple[RuleFinding, ...]:
    """One finding for each rule whose alternatives can be told apart from the best candidate."""
    if predictions.differing(best):
        return ()
    found = []
    for rule in predictions.rules_of(operator):
        fits, contradicted = [], {}
        for alternative in rule.alternatives:
            differing = predictions.differing(best.with_rule(rule.name, alternative))
            if differing == 0:
                fits.append(alternative)
            else:
                contradicted[alternative] = differing
        if contradicted:
            found.append(RuleFinding(rule.name, tuple(fits), contradicted))
    return tuple(found)
