"""What the device's operators were fed with, and what refint8 makes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from refint8.errors import Refint8Error
from refint8.oracle.compare import compare_arrays
from refint8.oracle.golden.contents import Dump, Golden, OperatorInfo
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.single import SingleOperator


@dataclass(eq=False)
class Fed:
    """Values on the device, tensor by tensor: as dumped; where that is missing, what refint8
    computes from what was dumped before; where nothing before differs, the golden's.

    `changed` are the (sample, tensor) whose value is not the golden's, at first those dumped;
    `unknown` those of which nothing can be said. `behind` are the operators between a tensor that
    was not dumped and those that were.
    """

    golden: Golden
    dump: Dump
    changed: set[tuple[int, int]]
    unknown: set[tuple[int, int]] = field(default_factory=set)
    behind: dict[int, frozenset[int]] = field(default_factory=dict)
    _computed: dict[tuple[int, int], Array] = field(default_factory=dict)

    def value(self, sample: int, index: int) -> Array:
        """The value; KeyError where it is unknown."""
        if (sample, index) in self.unknown:
            raise KeyError(index)
        if index in self.dump.samples[sample]:
            return self.dump.samples[sample][index]
        if (sample, index) in self._computed:
            return self._computed[sample, index]
        return self.golden.samples[sample][index]

    def values(self, sample: int, indexes: tuple[int, ...]) -> Mapping[int, Array]:
        """Several of them."""
        return {index: self.value(sample, index) for index in indexes}

    def note_computed(self, sample: int, index: int, value: Array | None) -> None:
        """Keep what a tensor that was not dumped must have been; None: unknown."""
        if value is None:
            self.unknown.add((sample, index))
            self.changed.add((sample, index))
        elif not compare_arrays(index, self.golden.samples[sample][index], value).equal:
            self._computed[sample, index] = value
            self.changed.add((sample, index))


@dataclass(frozen=True, eq=False)
class Recomputed:
    """What an operator should have put out, given what the device fed it with.

    `expected` by sample and tensor, for every output and sample that was dumped; empty where all is
    the golden's. `differently_fed` are the samples whose inputs are not the golden's. `suspects`:
    see `OperatorVerdict`.
    `reason`: why it could not be computed; then `expected` is the golden's.
    """

    expected: Mapping[tuple[int, int], Array]
    differently_fed: tuple[int, ...]
    suspects: tuple[int, ...]
    single: SingleOperator | None = None
    reason: str = ""


def recompute(
    fed: Fed,
    operator: OperatorInfo,
    needed: bool,
    single_of: Callable[[int], SingleOperator | str],
) -> Recomputed:
    """One operator, after those before it. `needed`: whether anything dumped depends on it."""
    known = {tensor.index for tensor in fed.golden.tensors}
    inputs = tuple(dict.fromkeys(i for i in operator.inputs if i in known))
    outputs = tuple(dict.fromkeys(i for i in operator.outputs if i in known))
    numbers = range(len(fed.golden.samples))
    dumped = {(n, i) for n in numbers for i in outputs if i in fed.dump.samples[n]}
    behind = frozenset().union(*(fed.behind.get(i, frozenset()) for i in inputs))
    for index in outputs:
        missing = any((n, index) not in dumped for n in numbers)
        fed.behind[index] = behind | {operator.index} if missing else frozenset()
    elsewhere = tuple(n for n in numbers if any((n, i) in fed.changed for i in inputs))
    if not elsewhere and not dumped & fed.changed:
        return Recomputed({}, (), ())  # and the golden stays untouched in its file
    expected = {(n, i): fed.golden.samples[n][i] for n, i in dumped}
    single, reason = None, ""
    if elsewhere and needed:
        single, reason = _run(fed, operator, inputs, outputs, elsewhere, single_of, expected)
    return Recomputed(expected, elsewhere, tuple(sorted(behind)), single, reason)


def _run(
    fed: Fed,
    operator: OperatorInfo,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    samples: tuple[int, ...],
    single_of: Callable[[int], SingleOperator | str],
    expected: dict[tuple[int, int], Array],
) -> tuple[SingleOperator | None, str]:
    made: list[dict[int, Array]] = []
    single, reason = None, ""
    if any((n, i) in fed.unknown for n in samples for i in inputs):
        reason = "what it was fed with is not known"
    else:
        found = single_of(operator.index)
        if isinstance(found, str):
            reason = found
        else:
            single = found
            try:
                made = single.run([fed.values(n, single.inputs) for n in samples])
            except Refint8Error as error:
                single, reason = None, f"on the dump's inputs: {error.reason}"
    for position, number in enumerate(samples):
        for index in outputs:
            value = made[position][index] if made else None
            if (number, index) not in expected:
                fed.note_computed(number, index, value)
            elif value is not None:
                expected[number, index] = value
    return single, reason


def needed_operators(golden: Golden, dump: Dump) -> frozenset[int]:
    """Operators whose outputs were dumped, or decide about something that was."""
    wanted = {index for sample in dump.samples for index in sample}
    found = set()
    for operator in reversed(golden.operators):
        if wanted & set(operator.outputs):
            found.add(operator.index)
            wanted |= set(operator.inputs)
    return frozenset(found)
