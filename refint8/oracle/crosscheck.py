"""Run a model here and on engines, and find the first operator where they part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from refint8.engine.session import Session
from refint8.errors import DomainError, Refint8Error, UnsupportedError
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Model, Operator
from refint8.native.store import Progress
from refint8.oracle.compare import TensorDiff, compare_arrays
from refint8.oracle.inputs import InputSet
from refint8.oracle.random_inputs import random_inputs
from refint8.oracle.targets import Outcome, Target, target

Verdict = Literal[
    "equal", "different", "refused", "crashed", "timed out", "missing", "unsupported", "undefined"
]
"""equal, different: tensors were compared. refused, crashed, timed out, missing: the engine gave
none. unsupported, undefined: refint8 itself refused the model, or its arithmetic here."""

EXIT_CODES: Final[Mapping[Verdict, int]] = {
    "equal": 0,
    "different": 1,
    "missing": 2,
    "unsupported": UnsupportedError.exit_code,
    "undefined": DomainError.exit_code,
}
"""By verdict; an engine's own refusal, crash or time-out is a result, not a failure."""


@dataclass(frozen=True)
class TensorResult:
    """One tensor over all samples. `diff` is of the first sample that differs, else of the first.

    `operator` is the operator that wrote the tensor; `differing` and `elements` count all samples.
    """

    tensor: int
    name: str
    operator: int
    operator_name: str
    elements: int
    differing: int
    largest: int | float
    sample: int
    diff: TensorDiff

    @property
    def equal(self) -> bool:
        """Whether every sample has the same bits."""
        return self.differing == 0 and not self.diff.problem


@dataclass(frozen=True)
class OperatorTotal:
    """All tensors written by one kind of operator."""

    operator_name: str
    tensors: int
    elements: int
    differing: int


@dataclass(frozen=True)
class Comparison:
    """One model against one target. `tensors` are in execution order.

    `expected` is how many tensors refint8 has; an engine may let fewer be read. `detail` is the
    engine's or refint8's reason where there is one.
    """

    target: str
    engine: str
    profile: str
    verdict: Verdict
    expected: int = 0
    tensors: tuple[TensorResult, ...] = ()
    detail: str = ""
    seconds: float = 0.0

    @property
    def elements(self) -> int:
        """Elements compared, over all samples."""
        return sum(result.elements for result in self.tensors)

    @property
    def differing(self) -> int:
        """Elements that differ, over all samples."""
        return sum(result.differing for result in self.tensors)

    @property
    def first(self) -> TensorResult | None:
        """The first divergence in execution order."""
        return next((result for result in self.tensors if not result.equal), None)

    @property
    def operators(self) -> tuple[OperatorTotal, ...]:
        """Totals by kind of operator, most differing elements first."""
        names = dict.fromkeys(result.operator_name for result in self.tensors)
        totals = []
        for name in names:
            mine = [result for result in self.tensors if result.operator_name == name]
            elements = sum(result.elements for result in mine)
            differing = sum(result.differing for result in mine)
            totals.append(OperatorTotal(name, len(mine), elements, differing))
        return tuple(sorted(totals, key=lambda total: -total.differing))


@dataclass(frozen=True)
class Report:
    """One model against all targets that were asked for."""

    model: str
    sha256: str
    samples: int
    seed: int | None
    comparisons: tuple[Comparison, ...]

    @cached_property
    def exit_code(self) -> int:
        """0 equal, 1 a difference, 2 nothing could be compared, 3 unsupported, 4 undefined."""
        return exit_code(comparison.verdict for comparison in self.comparisons)

    def __bool__(self) -> bool:
        return self.exit_code == 0


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """What a process ends with: a difference outweighs 4, that 3, that 2.

    Where engines only refused, crashed or ran out of time nothing is known to be equal: 2.
    """
    codes = [EXIT_CODES.get(verdict) for verdict in verdicts]
    for code in (1, DomainError.exit_code, UnsupportedError.exit_code, 2):
        if code in codes:
            return code
    return 0 if 0 in codes else 2


def crosscheck(
    model: Model | bytes | str | Path,
    targets: str | Target | Sequence[str | Target] = ("litert:ref",),
    *,
    profile: str | None = None,
    inputs: Sequence[InputSet] | None = None,
    samples: int = 3,
    seed: int = 0,
    input_shapes: Mapping[int, tuple[int, ...]] | None = None,
    time_limit: float = 60.0,
    stream: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Compare every tensor that an operator writes, bit for bit, with every target.

    Each target is compared with its own profile (`Target.profile`), or with `profile`.
    `inputs` replaces the `samples` seeded input sets; every set runs on fresh state, or with
    `stream` on the state that the one before left behind.
    `time_limit` is per target, in seconds; `progress` is called while kernels are compiled.
    What engines and refint8 refuse is in the report;
    raises UsageError for a target or profile that does not exist, ModelError for bytes that are
    no model.
    """
    if not isinstance(model, Model):
        model = read_model(model)
    chosen = [targets] if isinstance(targets, str) or not isinstance(targets, Sequence) else targets
    resolved = [target(item) if isinstance(item, str) else item for item in chosen]
    sets = random_inputs(model, samples, seed, input_shapes) if inputs is None else list(inputs)
    readable = [
        index for index in _writers(model) if model.subgraphs[0].tensors[index].dtype in NUMPY_DTYPE
    ]
    ours = _Ours(model, sets, input_shapes, stream, progress)
    with ThreadPoolExecutor(max_workers=len(resolved) or 1) as pool:
        # Engines run in processes of their own while this one computes.
        running: list[tuple[Target, str, Refint8Error | None, Future[Outcome] | None]] = []
        for one in resolved:
            name = profile or one.profile
            refusal = ours.refusal(name)
            future = None
            if refusal is None:
                future = pool.submit(
                    one.run,
                    model.content,
                    sets,
                    tensors=readable,
                    input_shapes=input_shapes,
                    time_limit=time_limit,
                    **({"stream": True} if stream else {}),
                )
            running.append((one, name, refusal, future))
        comparisons = [
            _comparison(model, one, name, refusal, future, ours)
            for one, name, refusal, future in running
        ]
    return Report(
        model=model.name,
        sha256=hashlib.sha256(model.content).hexdigest(),
        samples=len(sets),
        seed=seed if inputs is None else None,
        comparisons=tuple(comparisons),
    )


class _Ours:
    """refint8's side: planned and run once per profile, when first asked for."""

    def __init__(
        self,
        model: Model,
        sets: Sequence[InputSet],
        input_shapes: Mapping[int, tuple[int, ...]] | None,
        stream: bool,
        progress: Progress | None,
    ) -> None:
        self._model, self._sets, self._input_shapes = model, sets, input_shapes
        self._stream, self._progress = stream, progress
        self._sessions: dict[str, Session | Refint8Error] = {}
        self._results: dict[str, list[InputSet] | Refint8Error] = {}

    def refusal(self, profile: str) -> Refint8Error | None:
        """Why the model cannot be planned under the profile; None when it can."""
        if profile not in self._sessions:
            try:
                self._sessions[profile] = Session(
                    self._model, profile, self._input_shapes, progress=self._progress
                )
            except (UnsupportedError, DomainError) as error:
                self._sessions[profile] = error
        session = self._sessions[profile]
        return session if isinstance(session, Refint8Error) else None

    def results(self, profile: str) -> list[InputSet] | Refint8Error:
        """The tensors of every input set, or why there are none."""
        if profile not in self._results:
            session = self._sessions[profile]
            assert isinstance(session, Session), "planned before it is run"
            try:
                session.restart()
                self._results[profile] = [self._run(session, given) for given in self._sets]
            except (UnsupportedError, DomainError) as error:
                self._results[profile] = error
        return self._results[profile]

    def _run(self, session: Session, given: InputSet) -> InputSet:
        if not self._stream:
            session.restart()
        return session.run(given)


def _writers(model: Model) -> dict[int, Operator]:
    """The operator that writes each tensor last, in execution order."""
    return {index: op for op in model.subgraphs[0].operators for index in op.outputs}


def _comparison(
    model: Model,
    one: Target,
    profile: str,
    refusal: Refint8Error | None,
    future: Future[Outcome] | None,
    ours: _Ours,
) -> Comparison:
    mine: list[InputSet] | Refint8Error = refusal or ours.results(profile)
    if isinstance(mine, Refint8Error):
        verdict: Verdict = "undefined" if isinstance(mine, DomainError) else "unsupported"
        return Comparison(one.name, one.describe(), profile, verdict, detail=str(mine))
    assert future is not None
    outcome = future.result()
    engine = one.describe()
    if outcome.status != "ran":
        return Comparison(
            one.name,
            engine,
            profile,
            outcome.status,
            detail=outcome.detail,
            seconds=outcome.seconds,
        )
    graph = model.subgraphs[0]
    writers = {
        index: op
        for index, op in _writers(model).items()
        if index in mine[0] and graph.tensors[index].dtype in NUMPY_DTYPE
    }
    results = [
        _tensor_result(graph.tensors[index].name, operator, index, mine, outcome)
        for index, operator in writers.items()
        if all(index in theirs for theirs in outcome.tensors)
    ]
    if writers and not results:
        detail = f"no tensor could be read. {outcome.detail}".strip()
        return Comparison(one.name, engine, profile, "refused", len(writers), detail=detail)
    same = all(result.equal for result in results)
    return Comparison(
        target=one.name,
        engine=engine,
        profile=profile,
        verdict="equal" if same else "different",
        expected=len(writers),
        tensors=tuple(results),
        detail=outcome.detail,
        seconds=outcome.seconds,
    )


def _tensor_result(
    name: str, operator: Operator, index: int, mine: Sequence[InputSet], outcome: Outcome
) -> TensorResult:
    diffs = [
        compare_arrays(index, a[index], b[index])
        for a, b in zip(mine, outcome.tensors, strict=True)
    ]
    sample = next((n for n, diff in enumerate(diffs) if not diff.equal), 0)
    return TensorResult(
        tensor=index,
        name=name,
        operator=operator.index,
        operator_name=operator.title,
        elements=sum(diff.elements for diff in diffs),
        differing=sum(diff.differing for diff in diffs),
        largest=max(diff.largest for diff in diffs),
        sample=sample,
        diff=diffs[sample],
    )
