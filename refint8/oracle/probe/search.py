"""Run the experiments on a target and look for the rules that explain its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from refint8.errors import UsageError
from refint8.numerics.profiles import PROFILES
from refint8.oracle.probe.candidates import Candidate, Predictions
from refint8.oracle.probe.experiment import Experiment
from refint8.oracle.probe.suite import cases, suite
from refint8.oracle.targets import Outcome, Target, target
from refint8.oracle.targets.outcome import Array

Tick = Callable[[str], None]
"""Called with the name of a case when it begins."""


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
    missing: str = ""

    @property
    def judged(self) -> tuple[CaseResult, ...]:
        """The cases of which at least one experiment ran."""
        return tuple(case for case in self.cases if case.ran)

    @property
    def fitting(self) -> dict[str, int]:
        """Cases that each profile agrees with, best first."""
        counts = {
            name: sum(name in case.profiles for case in self.judged) for name in PROFILES
        }
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
    engine: str | Target,
    *,
    operators: Sequence[str] = (),
    time_limit: float = 20.0,
    tick: Tick | None = None,
) -> ProbeReport:
    """Classify a target, operator by operator. `operators` (builtin names) limits the cases.

    Raises UsageError for a target or operator that does not exist here.
    """
    one = target(engine) if isinstance(engine, str) else engine
    chosen = [e for e in suite() if not operators or e.operator in operators]
    unknown = set(operators) - {e.operator for e in suite()}
    if unknown:
        raise UsageError(
            f"there are no experiments on {', '.join(sorted(unknown))}",
            hint="there are on " + ", ".join(sorted({e.operator for e in suite()})),
        )
    with ThreadPoolExecutor(max_workers=1) as pool:
        # The engine answers in a process of its own while this one predicts.
        running = {
            id(e): pool.submit(one.run, e.model.content, [e.inputs], time_limit=time_limit)
            for e in chosen
        }
        results = []
        for case, experiments in cases(chosen).items():
            if tick is not None:
                tick(case)
            outcomes = [running[id(e)].result() for e in experiments]
            if any(outcome.status == "missing" for outcome in outcomes):
                pool.shutdown(cancel_futures=True)
                return ProbeReport(one.name, one.describe(), (), outcomes[0].detail)
            results.append(_case(case, experiments, outcomes))
    return ProbeReport(one.name, one.describe(), tuple(results))


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
    from refint8.model.types import NUMPY_DTYPE

    return NUMPY_DTYPE[one.model.subgraphs[0].tensors[one.output].dtype]


def _findings(
    operator: str, predictions: Predictions, best: Candidate
) -> tuple[RuleFinding, ...]:
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
