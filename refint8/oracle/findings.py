"""What a crosscheck finds: per tensor, per operator, per target, per model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from refint8.errors import DomainError, UnsupportedError
from refint8.oracle.compare import TensorDiff
from refint8.oracle.diff_map import DiffMap
from refint8.oracle.targets import Status

Verdict = Literal[
    "equal",
    "different",
    "malformed",
    "refused",
    "aborted",
    "crashed",
    "timed out",
    "missing",
    "unsupported",
    "undefined",
    "skipped",
]
"""equal, different: tensors were compared. malformed, refused, aborted, crashed, timed out,
missing: the engine gave none, see `targets.Status`. unsupported, undefined: refint8 itself refused
the model, or its arithmetic here. skipped: an operator that cannot stand alone."""

EXIT_CODES: Final[Mapping[Verdict, int]] = {
    "equal": 0,
    "different": 1,
    "malformed": 1,
    "missing": 2,
    "unsupported": UnsupportedError.exit_code,
    "undefined": DomainError.exit_code,
}
"""By verdict; an engine's own refusal, crash or time-out is a result, not a failure."""

Mode = Literal["cumulative", "isolated", "both", "auto"]
"""cumulative: the whole model runs, every tensor it lets be read is compared. isolated: every
operator runs alone, fed with refint8's own values. auto: cumulative, then isolated where that
leaves a question."""

Role = Literal["equal", "cause", "inherited", "downstream", "in place", "unknown"]
"""cause: the operator differs on refint8's own inputs (alone, or in the model where its inputs are
equal). inherited: it differs in the model, and is equal alone. downstream: it differs in the model,
so do its inputs, and it was not run alone. in place: its inputs are equal and its outputs differ in
the model, yet alone it is equal: the engine computes it otherwise among its neighbours. unknown:
nothing of it was compared."""


@dataclass(frozen=True)
class TensorResult:
    """One tensor over all samples. `diff` is of the first sample that differs, else of the first.

    `operator` is the operator that wrote the tensor; `differing` and `elements` count all samples.
    `map` says where they differ, None where nothing does or nothing could be held side by side.
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
    map: DiffMap | None = None

    @property
    def equal(self) -> bool:
        """Whether every sample has the same bits."""
        return self.differing == 0 and not self.diff.problem


@dataclass(frozen=True)
class Alone:
    """One operator run alone on refint8's inputs. `delegated`: a delegate ran it, if known."""

    verdict: Verdict
    tensors: tuple[TensorResult, ...] = ()
    detail: str = ""
    delegated: bool | None = None


@dataclass(frozen=True)
class Finding:
    """One operator: its tensors in the model, itself alone (None: not run), and what follows.

    `note` says what is known to make the two incomparable.
    """

    operator: int
    operator_name: str
    role: Role
    tensors: tuple[TensorResult, ...]
    alone: Alone | None = None
    delegated: bool | None = None
    note: str = ""


def own_differences(finding: Finding) -> tuple[TensorResult, ...]:
    """The tensors in which an operator itself differs: alone where it ran alone, else in place."""
    if finding.role not in ("cause", "in place"):
        return ()
    alone = () if finding.alone is None else finding.alone.tensors
    differing = tuple(result for result in alone if not result.equal)
    return differing or tuple(result for result in finding.tensors if not result.equal)


@dataclass(frozen=True)
class Count:
    """Tensors and elements compared, elements differing, and by how much at most."""

    tensors: int
    elements: int
    differing: int
    largest: int | float

    @classmethod
    def of(cls, results: Iterable[TensorResult]) -> Count:
        """Over some tensors."""
        found = list(results)
        return cls(
            len(found),
            sum(result.elements for result in found),
            sum(result.differing for result in found),
            max((result.largest for result in found), default=0),
        )


@dataclass(frozen=True)
class OperatorTotal:
    """All operators of one kind: in the model, alone, and how many of them are a cause."""

    operator_name: str
    operators: int
    causes: int
    cumulative: Count
    isolated: Count

    @property
    def tensors(self) -> int:
        """Tensors compared in the model."""
        return self.cumulative.tensors

    @property
    def elements(self) -> int:
        """Elements compared in the model."""
        return self.cumulative.elements

    @property
    def differing(self) -> int:
        """Elements that differ in the model."""
        return self.cumulative.differing


@dataclass(frozen=True)
class Comparison:
    """One model against one target under one profile. `tensors` are in execution order.

    `expected` is how many tensors refint8 has; an engine may let fewer be read. `detail` is the
    engine's or refint8's reason where there is one. `cumulative` is the verdict of the whole
    model's run, None where only operators were run alone; `verdict` counts both in.
    """

    target: str
    engine: str
    profile: str
    verdict: Verdict
    expected: int = 0
    tensors: tuple[TensorResult, ...] = ()
    detail: str = ""
    seconds: float = 0.0
    cumulative: Verdict | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def elements(self) -> int:
        """Elements compared in the model's run, over all samples."""
        return sum(result.elements for result in self.tensors)

    @property
    def differing(self) -> int:
        """Elements that differ in the model's run, over all samples."""
        return sum(result.differing for result in self.tensors)

    @property
    def first(self) -> TensorResult | None:
        """The first divergence in execution order."""
        return next((result for result in self.tensors if not result.equal), None)

    @property
    def alone(self) -> Count:
        """Everything compared of operators run alone."""
        return Count.of(result for f in self.findings if f.alone for result in f.alone.tensors)

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The operators that differ by themselves."""
        return tuple(finding for finding in self.findings if finding.role == "cause")

    @property
    def operators(self) -> tuple[OperatorTotal, ...]:
        """Totals by kind of operator, most differing elements first."""
        totals = []
        for name in dict.fromkeys(finding.operator_name for finding in self.findings):
            mine = [finding for finding in self.findings if finding.operator_name == name]
            alone = [each.alone for each in mine if each.alone]
            total = OperatorTotal(
                name,
                len(mine),
                sum(finding.role == "cause" for finding in mine),
                Count.of(result for finding in mine for result in finding.tensors),
                Count.of(result for each in alone for result in each.tensors),
            )
            totals.append(total)
        return tuple(sorted(totals, key=lambda t: (-t.cumulative.differing, -t.isolated.differing)))


@dataclass(frozen=True)
class Report:
    """One model against all targets that were asked for."""

    model: str
    sha256: str
    samples: int
    seed: int | None
    comparisons: tuple[Comparison, ...]
    mode: Mode = "cumulative"

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


def verdict_of(status: Status, results: Sequence[TensorResult]) -> Verdict:
    """The verdict on what a target answered."""
    if status != "ran":
        return status
    return "equal" if all(result.equal for result in results) else "different"
