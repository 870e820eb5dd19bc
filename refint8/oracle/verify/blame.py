"""Who is to blame: the role of every operator, what its difference looks like, which rule fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from refint8.model.types import Model
from refint8.numerics.profiles import Profile
from refint8.oracle.compare import TensorDiff, compare_arrays
from refint8.oracle.diff_map import diff_map
from refint8.oracle.findings import Alone, TensorResult
from refint8.oracle.golden.contents import Dump, Golden, OperatorInfo
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.comparison import result_of
from refint8.oracle.verify.fed import Fed, Recomputed, needed_operators, recompute
from refint8.oracle.verify.kinds.evidence import Evidence
from refint8.oracle.verify.kinds.location import location
from refint8.oracle.verify.kinds.named import kinds
from refint8.oracle.verify.rule_fits import rule_fits
from refint8.oracle.verify.single import SingleOperator, single_operator
from refint8.oracle.verify.verdicts import (
    Kind,
    KindName,
    OperatorVerdict,
    Role,
    RuleFit,
    TensorVerdict,
)

Mode = Literal["auto", "cumulative", "isolated"]
"""See `verify`."""

ENCODINGS: Final[tuple[KindName, ...]] = (
    *("layout", "channel order", "byte order", "sign", "zero point"),
)
"""Kinds that leave the values what they are, stored otherwise."""

MOST_SAMPLES: Final = 4
MOST_ELEMENTS: Final = 1 << 21
"""What hypotheses are held against: so many samples, as long as they have so many elements."""

Expected = Mapping[tuple[int, int], Array]


class Blame:
    """Judges operators in execution order."""

    def __init__(
        self,
        golden: Golden,
        dump: Dump,
        model: Model,
        profile: Profile,
        mode: Mode,
        differing: set[tuple[int, int]],
    ) -> None:
        """`differing` are the (sample, tensor) that are not the golden's."""
        self._golden, self._dump, self._model, self._profile = golden, dump, model, profile
        self._mode = mode
        self._fed = Fed(golden, dump, set(differing))
        self._needed = needed_operators(golden, dump)
        self._encoded: dict[int, Kind] = {}
        self._singles: dict[int, SingleOperator | str] = {}
        self._fitting: dict[str, tuple[RuleFit, ...]] = {}

    def inputs(self, name: str, tensors: tuple[TensorVerdict, ...]) -> OperatorVerdict:
        """The model's inputs as they were dumped; a difference is what the device was fed with."""
        differing = [tensor for tensor in tensors if tensor.differs]
        if not differing:
            return OperatorVerdict(-1, name, "equal", tensors)
        index = differing[0].tensor.index
        numbers = range(len(self._golden.samples))
        expected = {
            (n, index): self._golden.samples[n][index]
            for n in numbers
            if index in self._dump.samples[n]
        }
        evidence, samples = self._evidence(index, expected, None)
        found = kinds(evidence, self._golden, self._dump, samples)
        self._note_encoding(found, (index,))
        note = "the device was fed with something else than the golden's inputs"
        if index in self._encoded:
            note = "the golden's inputs, stored otherwise"
        return OperatorVerdict(-1, name, "input", tensors, None, found, location(evidence),
                               note=note)  # fmt: skip

    def operator(self, info: OperatorInfo, tensors: tuple[TensorVerdict, ...]) -> OperatorVerdict:
        """One operator, after all those before it."""
        if self._mode == "isolated":
            found = self._on_golden(info)
        else:
            found = recompute(self._fed, info, info.index in self._needed, self._single)
        if not any(tensor.result for tensor in tensors):
            return OperatorVerdict(info.index, info.name, "unknown", tensors)
        isolated = self._isolated(info, found)
        departs = isolated.verdict == "different"
        if not any(tensor.differs for tensor in tensors):
            note = ""
            if departs and found.single:
                note = (
                    "equal, though what it reads differs in the dump: the device seems to have"
                    " computed that rightly and dumped it otherwise"
                )
            shown = isolated if found.single else None
            return OperatorVerdict(info.index, info.name, "equal", tensors, shown, note=note)
        if found.reason:
            skipped = Alone("skipped", detail=found.reason)
            return OperatorVerdict(info.index, info.name, "downstream", tensors, skipped)
        shown = isolated if found.differently_fed else None
        outputs = tuple(tensor.tensor.index for tensor in tensors)
        carried = self._carried(info)
        if not departs:
            if carried:
                self._encoded.update(dict.fromkeys(outputs, carried))
            return OperatorVerdict(info.index, info.name, "inherited", tensors, shown)
        if found.suspects:
            suspects = (*found.suspects, info.index)
            return self._explained(info, tensors, found, shown, "within", suspects)
        if carried:
            # What it reads is the golden's, stored otherwise: so the device read the golden's.
            found = self._on_golden(info)
        verdict = self._explained(info, tensors, found, shown, "cause", ())
        if not found.differently_fed:
            self._note_encoding(verdict.kinds, outputs)
        return verdict

    def _explained(
        self,
        info: OperatorInfo,
        tensors: tuple[TensorVerdict, ...],
        found: Recomputed,
        shown: Alone | None,
        role: Role,
        suspects: tuple[int, ...],
    ) -> OperatorVerdict:
        parted = [i for n, i in found.expected if self._departs(n, i, found.expected)]
        index = parted[0]
        clamp = info.record.get("clamp")
        limits = tuple(clamp) if isinstance(clamp, list) and len(clamp) == 2 else None
        evidence, samples = self._evidence(index, found.expected, limits)
        single = self._single(info.index) if role == "cause" else "not alone to blame"
        where = location(evidence)
        rules: tuple[RuleFit, ...] = ()
        note = ""
        if isinstance(single, str):
            named = kinds(evidence, self._golden, self._dump, samples)
        else:
            inputs = [self._inputs(single, n, found) for n in samples]
            named = kinds(evidence, self._golden, self._dump, samples, single, inputs)
            got = [self._dumped_outputs(info, n) for n in samples]
            before = sum(
                compare_arrays(i, found.expected[n, i], array).differing
                for n, outputs in zip(samples, got, strict=True)
                for i, array in outputs.items()
            )
            rules = rule_fits(single, inputs, got, before, self._fitting.get(info.name, ()))
            if rules and rules[0].fits:
                self._fitting[info.name] = rules
        carried = self._carried(info)
        if role == "cause" and carried and named and _same(named[0], carried):
            role, note = "repeated", f"as its inputs: {carried.detail}"
        return OperatorVerdict(
            info.index, info.name, role, tensors, shown, named, where, rules, suspects, note
        )

    def _on_golden(self, info: OperatorInfo) -> Recomputed:
        """The operator as if it had been fed with the golden's values."""
        numbers = range(len(self._golden.samples))
        expected = {
            (n, i): self._golden.samples[n][i]
            for n in numbers
            for i in dict.fromkeys(info.outputs)
            if i in self._dump.samples[n]
        }
        return Recomputed(expected, (), ())

    def _isolated(self, info: OperatorInfo, found: Recomputed) -> Alone:
        diffs: dict[int, list[tuple[int, TensorDiff]]] = {}
        for (n, i), expected in sorted(found.expected.items(), key=lambda item: item[0]):
            diff = compare_arrays(i, expected, self._dump.samples[n][i])
            diffs.setdefault(i, []).append((n, diff))
        results: tuple[TensorResult, ...] = tuple(
            result_of(self._golden.tensor(i), info.name, diffs[i])
            for i in dict.fromkeys(info.outputs)
            if i in diffs
        )
        if found.differently_fed:  # else the comparison with the golden is the same
            results = tuple(self._mapped(result, found.expected) for result in results)
        equal = all(result.equal for result in results)
        return Alone("equal" if equal else "different", results)

    def _mapped(self, result: TensorResult, expected: Expected) -> TensorResult:
        """The result with a map of where it differs; what was expected is not kept."""
        if result.equal:
            return result
        theirs = self._dump.samples
        index = result.tensor
        held = [
            (n, mine, theirs[n][i])
            for (n, i), mine in sorted(expected.items(), key=lambda item: item[0])
            if i == index
        ]
        return replace(result, map=diff_map(held))

    def _departs(self, sample: int, index: int, expected: Expected) -> bool:
        mine = expected[sample, index]
        return not compare_arrays(index, mine, self._dump.samples[sample][index]).equal

    def _evidence(
        self, index: int, expected: Expected, clamp: tuple[int, ...] | None
    ) -> tuple[Evidence, tuple[int, ...]]:
        """The samples in which a tensor departs, not too many of them."""
        numbers = [n for n, i in sorted(expected) if i == index and self._departs(n, i, expected)]
        size = max(1, expected[numbers[0], index].size)
        kept = tuple(numbers[: max(1, min(MOST_SAMPLES, MOST_ELEMENTS // size))])
        limits = None if clamp is None else (int(clamp[0]), int(clamp[1]))
        return Evidence(
            self._golden.tensor(index),
            tuple(expected[n, index] for n in kept),
            tuple(self._dump.samples[n][index] for n in kept),
            limits,
        ), kept

    def _inputs(self, single: SingleOperator, sample: int, found: Recomputed) -> dict[int, Array]:
        if sample in found.differently_fed:
            return dict(self._fed.values(sample, single.inputs))
        return {index: self._golden.samples[sample][index] for index in single.inputs}

    def _dumped_outputs(self, info: OperatorInfo, sample: int) -> dict[int, Array]:
        dumped = self._dump.samples[sample]
        return {index: dumped[index] for index in info.outputs if index in dumped}

    def _carried(self, info: OperatorInfo) -> Kind | None:
        """The encoding of all its inputs that differ, if they have one and the same."""
        numbers = range(len(self._golden.samples))
        changed = [i for i in info.inputs if any((n, i) in self._fed.changed for n in numbers)]
        found = [self._encoded.get(index) for index in changed]
        first = found[0] if found else None
        return first if first and all(k and _same(k, first) for k in found) else None

    def _note_encoding(self, found: tuple[Kind, ...], outputs: tuple[int, ...]) -> None:
        if found and found[0].name in ENCODINGS and found[0].explained == found[0].differing:
            self._encoded.update(dict.fromkeys(outputs, found[0]))

    def _single(self, index: int) -> SingleOperator | str:
        if self._mode == "cumulative":
            return "operators were not run alone"
        if index not in self._singles:
            self._singles[index] = single_operator(self._golden, self._model, self._profile, index)
        return self._singles[index]


def _same(one: Kind, other: Kind) -> bool:
    whole = one.explained == one.differing
    return (
        whole and one.name == other.name and one.detail.split(":")[0] == other.detail.split(":")[0]
    )
