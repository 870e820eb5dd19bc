"""What `verify` says of a dump: per tensor, per operator, as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from refint8.oracle.findings import Alone, TensorResult
from refint8.oracle.golden.contents import Dump, DumpProblem, Golden, TensorInfo
from refint8.oracle.verify.waivers import Waiver, WaiverUse

Verdict = Literal["equal", "differs", "waived", "problem", "missing"]
"""Of a tensor. equal: every sample that was dumped has the golden's bits. waived: it differs, and
a waiver allows that. problem: something in the dump cannot be compared. missing: not dumped."""

Role = Literal[
    "equal", "cause", "repeated", "inherited", "downstream", "within", "unknown", "input"
]
"""Of an operator. cause: the dump's outputs are not what refint8 computes of the dump's inputs.
repeated: a cause that is fully explained by the kind that already explains its inputs, such as a
layout in which the whole dump is written. inherited: they are what refint8 computes of the dump's
inputs, which differ from the golden's. downstream: its inputs differ and refint8 could not run it
alone. within: some inputs were not dumped; the cause is among `suspects`. unknown: none of its
outputs were dumped, or could be read. input: no operator, but the inputs of the model (index -1):
the device was fed something else."""

KindName = Literal[
    "layout",
    "channel order",
    "byte order",
    "sign",
    "constant",
    "stale",
    "other tensor",
    "cut off",
    "saturation",
    "clamp missing",
    "zero point",
    "offset",
    "shifted",
    "parameter",
    "stuck bit",
    "scale",
    "off by one",
    "garbage",
]
"""What a difference looks like, the more telling first; docs/VERIFY.md says what each means."""

Require = Literal["outputs", "all", "dumped"]
"""What has to be in the dump: the model's outputs; every tensor; nothing in particular."""

Outcome = Literal["equal", "waived", "partial", "incomplete", "differs", "unusable"]
"""Of the dump. equal: every tensor of every sample was compared and has the golden's bits. waived:
all differences are waived. partial: what was dumped is equal (or waived), and it was not all.
incomplete: the same, but what is required is missing. differs: a tensor differs or has a problem.
unusable: nothing could be compared."""

EXIT_CODES: Final[Mapping[Outcome, int]] = {
    "equal": 0,
    "waived": 0,
    "partial": 0,
    "incomplete": 1,
    "differs": 1,
    "unusable": 2,
}


@dataclass(frozen=True)
class Kind:
    """A hypothesis about a difference: how many of the differing elements it predicts exactly."""

    name: KindName
    explained: int
    differing: int
    detail: str = ""

    @property
    def share(self) -> float:
        """The part of the differing elements that the hypothesis explains, 0 to 1."""
        return self.explained / self.differing if self.differing else 0.0


@dataclass(frozen=True)
class RuleFit:
    """One change of the golden's rules, and how many elements then still differ of `before`.

    `alternative` is the rule's alternative; with `rule` "profile" it is the name of a profile.
    """

    rule: str
    alternative: str
    before: int
    differing: int

    @property
    def fits(self) -> bool:
        """Whether the difference vanishes."""
        return self.differing == 0

    def __str__(self) -> str:
        if self.rule == "profile":
            return f"profile {self.alternative}"
        return f"{self.rule}={self.alternative}"


@dataclass(frozen=True)
class TensorVerdict:
    """One tensor of the golden over all samples. `result` compares the samples that were dumped
    with the golden (`a` the golden's side, `b` the dump's); None where there are none.
    """

    tensor: TensorInfo
    verdict: Verdict
    dumped: int
    result: TensorResult | None = None
    problems: tuple[DumpProblem, ...] = ()
    waiver: Waiver | None = None

    @property
    def differs(self) -> bool:
        """Whether bits differ, waived or not."""
        return self.result is not None and not self.result.equal


@dataclass(frozen=True)
class OperatorVerdict:
    """One operator: its tensors, itself on the dump's own inputs, and what is to blame.

    `isolated` compares the dump with what refint8 computes of the dump's inputs; it is None where
    those are the golden's, so that `tensors` say the same. `kinds` are the hypotheses that explain
    most, best first, `location` where in the tensor the differences lie, `rules` the rule changes
    that make them vanish or fewer. `suspects` are operators for the role "within".
    """

    operator: int
    name: str
    role: Role
    tensors: tuple[TensorVerdict, ...]
    isolated: Alone | None = None
    kinds: tuple[Kind, ...] = ()
    location: str = ""
    rules: tuple[RuleFit, ...] = ()
    suspects: tuple[int, ...] = ()
    note: str = ""

    @property
    def first(self) -> TensorVerdict | None:
        """The first of its tensors that differs or has a problem."""
        return next((t for t in self.tensors if t.differs or t.verdict == "problem"), None)

    @property
    def fit(self) -> RuleFit | None:
        """The rule change that explains everything."""
        return next((rule for rule in self.rules if rule.fits), None)


@dataclass(frozen=True, eq=False)
class VerifyReport:
    """A dump held against a golden. Truthy if it passes.

    `tensors` are all of the golden's, inputs first, then in execution order; `operators` likewise,
    the model's inputs as operator -1 where they were dumped. `problems` belong to no tensor.
    `today` is the date that waivers were held against, as ISO 8601.
    """

    golden: Golden
    dump: Dump
    tensors: tuple[TensorVerdict, ...]
    operators: tuple[OperatorVerdict, ...]
    problems: tuple[DumpProblem, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    require: Require = "outputs"
    notes: tuple[str, ...] = ()

    @cached_property
    def outcome(self) -> Outcome:
        """The verdict on the dump as a whole."""
        verdicts = {tensor.verdict for tensor in self.tensors}
        if not any(tensor.result for tensor in self.tensors):
            return "unusable"
        if self.problems or verdicts & {"differs", "problem"}:
            return "differs"
        if self.lacking:
            return "incomplete"
        count = len(self.golden.samples)
        if any(t.dumped < count for t in self.tensors if t.tensor.role != "input"):
            return "partial"
        return "waived" if "waived" in verdicts else "equal"

    @property
    def exit_code(self) -> int:
        """0 equal, 1 differs or incomplete, 2 nothing could be compared."""
        return EXIT_CODES[self.outcome]

    @cached_property
    def lacking(self) -> tuple[TensorVerdict, ...]:
        """Tensors that are required and were not dumped in every sample."""
        count = len(self.golden.samples)
        roles = {"outputs": ("output",), "all": ("output", "inner"), "dumped": ()}[self.require]
        return tuple(t for t in self.tensors if t.dumped < count and t.tensor.role in roles)

    @cached_property
    def first(self) -> OperatorVerdict | None:
        """The first divergence in execution order, waived ones aside."""
        failing = ("differs", "problem")
        return next(
            (o for o in self.operators if any(t.verdict in failing for t in o.tensors)), None
        )

    @property
    def causes(self) -> tuple[OperatorVerdict, ...]:
        """The operators that differ by themselves."""
        return tuple(operator for operator in self.operators if operator.role == "cause")

    @property
    def elements(self) -> int:
        """Elements compared."""
        return sum(t.result.elements for t in self.tensors if t.result)

    @property
    def differing(self) -> int:
        """Elements that differ, waived ones included."""
        return sum(t.result.differing for t in self.tensors if t.result)

    def __bool__(self) -> bool:
        return self.exit_code == 0
