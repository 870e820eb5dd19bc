"""Kernels against specs: one operator lowered by itself, run, and compared bit for bit.

`assert_kernel_equals_spec(node, *arrays)` takes what `nodes.run` takes: an operator and one array
for each of its inputs. It lowers the record under every tier this CPU runs and checks, beside the
bits, that a kernel wrote nowhere but to its outputs and its scratch memory, that it depends on
nothing it was not given, and that what the program keeps for it is unchanged.
`why_not_fast` gives the reason for which an operator is left to its spec.

For more than one operator there is `assert_program_equals_spec(model, inputs)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.engine.bank import view
from refint8.engine.program import Interlude, Stretch, run_program
from refint8.engine.program import lower as lower_plan
from refint8.engine.runner import NativeCall, Runner, link
from refint8.engine.session import Session
from refint8.model.types import NUMPY_DTYPE, Model
from refint8.native.cpu import TIERS, Tier, runnable
from refint8.native.lang import Kernel
from refint8.native.lowering import Instruction, NotFastError, Place, Site
from refint8.native.memory import SLACK, Constants, aligned_block, round_up
from refint8.native.store import shared
from refint8.ops._op import Node, Record, prepare

Array = NDArray[Any]

RUNNABLE = tuple(tier for tier in TIERS if runnable(tier))
"""The tiers this CPU runs, best first."""

SENTINEL = 4096
"""Bytes before, between and behind tensors that no kernel has any business with."""


class AlarmError(Exception):
    """A kernel met data that it leaves to the spec."""


@dataclass(frozen=True, eq=False)
class Lowered:
    """A record's instructions and the memory they work on."""

    instructions: Sequence[Instruction]
    inputs: Sequence[Place | None]
    outputs: Sequence[Place]
    resident: Sequence[Place]
    constants: Constants
    alarm: int
    scratch: slice
    size: int
    state: Sequence[int] = ()

    @property
    def kernels(self) -> list[Kernel]:
        """The kernels of the instructions, in order."""
        return [instruction.kernel for instruction in self.instructions]


def lower_record(
    record: Record,
    inputs: Sequence[Array | None],
    constants: Iterable[int],
    dtypes: Sequence[str],
    tier: Tier,
) -> Lowered:
    """Lower a record for inputs of these shapes; those at the positions `constants` are known.

    `dtypes` are the outputs'. Raises NotFastError.
    """
    known = set(constants)
    end = SENTINEL

    def place(shape: Sequence[int], dtype: Any, data: Array | None) -> Place:
        nonlocal end
        made = Place(end, tuple(shape), np.dtype(dtype), data)
        end += round_up(made.nbytes) + SENTINEL
        return made

    ins = [
        None if x is None else place(x.shape, x.dtype, x if i in known else None)
        for i, x in enumerate(inputs)
    ]
    outs = [
        place(shape, NUMPY_DTYPE[dtype], None)
        for shape, dtype in zip(record.shapes, dtypes, strict=True)
    ]
    alarm, end = end, end + round_up(8)
    site = Site(tier, ins, outs, Constants(), alarm, scratch_start=end)
    record.lower(site)
    return Lowered(
        site.instructions,
        ins,
        outs,
        site.resident,
        site.constants,
        alarm,
        slice(end, end + site.scratch_size),
        end + site.scratch_size + SENTINEL,
        record.state,
    )


def run_lowered(lowered: Lowered, inputs: Sequence[Array | None], fill: int) -> list[Array]:
    """The outputs of one run, then its new state, in an arena that held `fill`-seeded noise.

    Checks what was touched.
    """
    addresses = shared().addresses([run_program, *lowered.kernels])
    stretch = link(Stretch(tuple(lowered.instructions), (), ()), addresses, lowered.alarm)
    arena = aligned_block(lowered.size)
    arena[:] = np.random.default_rng(fill).integers(0, 256, arena.size, np.uint8)
    given = {id(place): x for place, x in zip(lowered.inputs, inputs, strict=True) if place}
    for place in lowered.inputs:
        if place is not None and (place.data is None or place in lowered.resident):
            view(arena, place)[...] = given[id(place)]
    alarm = arena[lowered.alarm : lowered.alarm + 8].view(np.int64)
    alarm[:] = 0
    before = arena.copy()
    kept = [block.copy() for block in lowered.constants._blocks]
    NativeCall(addresses[run_program.name])(stretch.address, int(arena.ctypes.data))
    allowed = np.zeros(arena.size, bool)
    allowed[lowered.scratch] = True
    for place in lowered.outputs:
        allowed[place.offset : place.offset + place.nbytes + SLACK] = True
    states = [lowered.inputs[position] for position in lowered.state]
    if alarm[0]:
        for place in states:
            assert place and np.array_equal(view(arena, place), given[id(place)]), "state is lost"
        raise AlarmError
    for place in states:
        assert place
        allowed[place.offset : place.offset + place.nbytes] = True
    stray = np.flatnonzero((arena != before) & ~allowed)
    assert not stray.size, f"{stray.size} bytes written where nothing is due, from {stray[0]}"
    for block, copy in zip(lowered.constants._blocks, kept, strict=True):
        assert np.array_equal(block, copy), "a constant was written"
    return [view(arena, place).copy() for place in (*lowered.outputs, *states) if place]


def assert_record_equals_spec(
    record: Record,
    inputs: Sequence[Array | None],
    dtypes: Sequence[str],
    *,
    constants: Iterable[int] = (),
    tiers: Iterable[Tier] = RUNNABLE,
) -> None:
    """Every tier's kernel gives the spec's bits, whatever the memory held before."""
    known = tuple(constants)
    result = record.spec(*inputs)
    expected = result if isinstance(result, tuple) else (result,)
    for tier in tiers:
        lowered = lower_record(record, inputs, known, dtypes, tier)
        for fill in (1, 2):
            found = run_lowered(lowered, inputs, fill)
            for want, got in zip(expected, found, strict=True):
                assert_same_bits(want, got, f"{tier.name}: {[k.name for k in lowered.kernels]}")


def assert_alarm(operator: Node, *arrays: Array | None) -> None:
    """Under every tier the kernel leaves these arrays to the spec."""
    values, known = _known(operator, arrays)
    record = prepare(operator)
    for tier in RUNNABLE:
        lowered = lower_record(record, values, known, [o.dtype for o in operator.outputs], tier)
        try:
            run_lowered(lowered, values, 1)
        except AlarmError:
            continue
        raise AssertionError(f"{tier.name}: no alarm")


def assert_same_bits(want: Array, got: Array, what: str) -> None:
    """Equal shapes, dtypes and bytes (so that a NaN equals itself and -0 is not 0)."""
    assert want.shape == got.shape and want.dtype == got.dtype, (want.shape, got.shape, want.dtype)
    raw = [np.ascontiguousarray(x).reshape(-1).view(np.uint8) for x in (want, got)]
    if np.array_equal(*raw):
        return
    wrong = [x.reshape(want.size, -1) for x in raw]
    places = np.flatnonzero((wrong[0] != wrong[1]).any(axis=1))
    at = np.unravel_index(places[0], want.shape)
    index = tuple(int(i) for i in at)
    raise AssertionError(
        f"{what}: {places.size} of {want.size} differ, first at {index}:"
        f" spec {want[at]}, kernel {got[at]}"
    )


def _known(operator: Node, arrays: Sequence[Array | None]) -> tuple[list[Array | None], list[int]]:
    """One array per input, constants filled in where None was given, and which are constants."""
    operands = list(operator.inputs)
    given = [*arrays, *[None] * (len(operands) - len(arrays))]
    values = [
        x if x is not None or operand is None else operand.data
        for x, operand in zip(given, operands, strict=True)
    ]
    known = [i for i, o in enumerate(operands) if o is not None and o.data is not None]
    return values, known


def assert_kernel_equals_spec(
    operator: Node, *arrays: Array | None, tiers: Iterable[Tier] = RUNNABLE
) -> None:
    """Prepare the operator and compare kernels with spec; fails when it is not fast."""
    values, known = _known(operator, arrays)
    record = prepare(operator)
    dtypes = [out.dtype for out in operator.outputs]
    assert_record_equals_spec(record, values, dtypes, constants=known, tiers=tiers)


def why_not_fast(operator: Node, *arrays: Array | None, tier: Tier = RUNNABLE[0]) -> str:
    """The reason of NotFastError; "" when the operator has a kernel.

    Arrays are needed only for their shapes; where none is given, one of the operand's is made.
    """
    values, known = _known(operator, arrays)
    made = [
        np.zeros(operand.shape, NUMPY_DTYPE[operand.dtype]) if x is None and operand else x
        for x, operand in zip(values, operator.inputs, strict=True)
    ]
    record = prepare(operator)
    try:
        lower_record(record, made, known, [out.dtype for out in operator.outputs], tier)
    except NotFastError as reason:
        return str(reason)
    return ""


def kernels_of(operator: Node, *arrays: Array | None, tier: Tier = RUNNABLE[0]) -> Iterator[str]:
    """Names of the kernels an operator is lowered to."""
    values, known = _known(operator, arrays)
    dtypes = [out.dtype for out in operator.outputs]
    for kernel in lower_record(prepare(operator), values, known, dtypes, tier).kernels:
        yield kernel.name


def assert_program_equals_spec(
    model: Model,
    inputs: Mapping[int, Array],
    *,
    profile: str = "tflite",
    tiers: Iterable[Tier] = RUNNABLE,
    interludes: int = 0,
) -> None:
    """A whole model: every tensor as the session computes it by specs, under every tier.

    `interludes` is how many of its operators may be left to their specs.
    """
    session = Session(model, profile)
    want = session.run(dict(inputs))
    for tier in tiers:
        program = lower_plan(session.plan, tier)
        assert program is not None
        slow = [part.reason for part in program.parts if isinstance(part, Interlude)]
        assert len(slow) == interludes, slow
        runner = Runner(program, shared())
        for index, x in inputs.items():
            runner.view(index)[...] = x
        runner.invoke()
        for index, value in want.items():
            if program.map.place(index) is not None:
                assert_same_bits(value, runner.view(index), f"{tier.name}, tensor {index}")
