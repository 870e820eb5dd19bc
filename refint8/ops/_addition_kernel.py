"""The kernel corner of ADD and SUB."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from refint8.native.epilogue import parameters
from refint8.native.epilogue_constants import Parameters
from refint8.native.lowering import NotFastError, Site
from refint8.native.pairwise import Pairwise, blocks, pairwise
from refint8.native.raw_pairs import raw_pairs
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.numerics.requantize import DoubleRounding, Requantizer, RightShiftRounding
from refint8.ops._addition import CommonShiftSum, PowerOfTwoSum, RawSum, ScaledSum, Sum
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._linear_sum import common_shift_words, linear_sum
from refint8.ops._lookup_kernel import BYTES
from refint8.ops._pair_kernel import clamp_words, lower_by_pair_table, lower_constant_scalar
from refint8.ops._vector_sum import VectorSum

EXACT_HALF = (1 << 30, 0)
"""Multiplier and shift of 1/2."""


def lower_sum(site: Site, arithmetic: Sum) -> None:
    """Append x1 + x2 or x1 - x2. Raises NotFastError."""
    if isinstance(arithmetic, RawSum):
        _lower_raw(site, arithmetic)
    elif isinstance(arithmetic, PowerOfTwoSum):
        _lower_powers_of_two(site, arithmetic)
    elif isinstance(arithmetic, ScaledSum):
        _lower_scaled(site, arithmetic)
    elif isinstance(arithmetic, CommonShiftSum):
        _lower_common_shift(site, arithmetic)
    elif isinstance(arithmetic, VectorSum):
        _lower_vectors(site, arithmetic)
    else:
        raise NotFastError(f"{type(arithmetic).__name__} has no kernel")


def _lower_raw(site: Site, record: RawSum) -> None:
    name = "add" if record.sign > 0 else "sub"
    for runs in broadcast_runs(site):
        site.call(
            raw_pairs(name, record.finish.dtype, runs.scalar), *runs.words, *record.finish.clamp
        )


def _lower_powers_of_two(site: Site, record: PowerOfTwoSum) -> None:
    # Packing saturates the sum to int16, which is the definition's own step where this is 0.
    if record.finish.zero_point != 0:
        raise NotFastError("int16 with a zero point other than 0")
    forms = tuple("keep" if n == 0 else "round" if n < 16 else "sign" for n in record.shifts)
    for runs in broadcast_runs(site):
        spec = Pairwise(
            "shifts",
            site.tier,
            ("INT16", "INT16", "INT16"),
            runs.scalar,
            forms,
            minus=record.sign < 0,
            plain=record.finish.clamp == DTYPE_RANGE["INT16"],
        )
        site.call(pairwise(spec), *runs.words, *clamp_words(record.finish), *record.shifts)


def _lower_scaled(site: Site, record: ScaledSum) -> None:
    small = record.finish.dtype != "INT16"
    requantize = record.requantize
    if isinstance(requantize, RightShiftRounding) and requantize.lanes > 1:
        _lower_in_lanes(site, record, requantize)
    elif small:
        if lower_constant_scalar(site, record):
            return
        linear = linear_sum(record)
        if linear is None:
            try:
                _lower_staged(site, record)
            except NotFastError:
                lower_by_pair_table(site, record)
            return
        for runs in broadcast_runs(site):
            spec = _spec(site, record, "linear", runs.scalar)
            words = clamp_words(record.finish)
            site.call(pairwise(spec), *runs.words, *words, *linear)
    else:
        _lower_staged(site, record)


def _lower_common_shift(site: Site, record: CommonShiftSum) -> None:
    if lower_constant_scalar(site, record):
        return
    words = common_shift_words(record)
    if words is None:
        lower_by_pair_table(site, record)
        return
    for runs in broadcast_runs(site):
        spec = _spec(site, record, "linear", runs.scalar)
        site.call(pairwise(spec), *runs.words, *clamp_words(record.finish), *words)


def _spec(
    site: Site, record: ScaledSum | CommonShiftSum, kind: str, scalar: tuple[bool, bool]
) -> Pairwise:
    dtype = record.finish.dtype
    plain = record.finish.clamp == DTYPE_RANGE[dtype] and dtype != "UINT8"
    return Pairwise(kind, site.tier, (dtype, dtype, dtype), scalar, plain=plain)


def _lower_vectors(site: Site, record: VectorSum) -> None:
    """As the general sum, where both agree on all pairs of bytes, which is nearly always so."""
    dtype = record.general.finish.dtype
    if dtype == "INT16":
        raise NotFastError("sums in vectors have no kernel on int16")
    a, b = BYTES[dtype][:, np.newaxis], BYTES[dtype]
    if not np.array_equal(record.inside(a, b), record.general(a, b)):
        raise NotFastError("some pairs depend on their place")
    _lower_scaled(site, record.general)


def _lower_in_lanes(site: Site, record: ScaledSum, requantize: RightShiftRounding) -> None:
    """What an engine's vectors make of whole groups of elements, then what its scalars make."""
    if record.finish.dtype == "INT16":
        raise NotFastError("a right shift by a negative count has no kernel on int16")
    size = site.output.size
    whole = size - size % requantize.lanes
    scalar = replace(record, requantize=replace(requantize, lanes=1))
    lower_by_pair_table(site, record, slice(0, whole))
    lower_by_pair_table(site, scalar, slice(whole, size))


@dataclass(frozen=True)
class Stages:
    """Epilogue constants of the operands and of the sum."""

    constants: tuple[Parameters, Parameters, Parameters]

    @property
    def forms(self) -> tuple[str, ...]:
        """Their forms, in order."""
        return tuple(stage.form for stage in self.constants)


def _lower_staged(site: Site, record: ScaledSum) -> None:
    stages = staged_sum(record)
    constants = site.constant(blocks(site.tier, list(stages.constants)))
    for runs in broadcast_runs(site):
        spec = replace(
            _spec(site, record, "staged", runs.scalar),
            forms=stages.forms,
            left_shift=record.left_shift,
            minus=record.sign < 0,
        )
        site.call(pairwise(spec), *runs.words, *clamp_words(record.finish), constants)


def staged_sum(record: ScaledSum) -> Stages:
    """The three requantizations in vector form. Raises NotFastError where one has none."""
    limits = as_int64(DTYPE_RANGE[record.finish.dtype])
    operands: list[Parameters] = []
    ends: list[Ints] = []
    for requantize, zero_point in zip(record.rescale, record.zero_points, strict=True):
        shifted = (limits - zero_point) << record.left_shift
        operands.append(_operand_stage(requantize, shifted, zero_point, record.left_shift))
        ends.append(requantize(shifted))
    first, second = ends
    total = first + record.sign * (second if record.sign > 0 else second[::-1])
    shift = 128 if record.finish.dtype == "UINT8" else 0
    low, high = record.finish.clamp
    output = parameters(
        record.requantize,
        np.zeros(1, np.int64),
        (total[:1], total[1:]),
        record.finish.zero_point - shift,
        (low - shift, high - shift),
    )
    return Stages((operands[0], operands[1], output))


def _operand_stage(
    requantize: Requantizer, shifted: Ints, zero_point: int, left_shift: int
) -> Parameters:
    """Of one operand; exactly 1/2 is a shift by one less, as nothing is cut off."""
    if not isinstance(requantize, DoubleRounding):
        raise NotFastError(f"{type(requantize).__name__} has no vector form for operands")
    bias = np.full(1, -(zero_point << left_shift), np.int64)
    if (int(requantize.multiplier), int(requantize.shift)) == EXACT_HALF:
        nothing = np.zeros(1, np.int64)
        return Parameters("half", bias >> 1, nothing.astype(np.uint32), nothing.astype(np.uint64),
                          nothing)  # fmt: skip
    wide_open = (-(1 << 31), (1 << 31) - 1)
    stage = parameters(requantize, bias, (shifted[:1], shifted[1:]), 0, wide_open)
    if stage.form not in ("fast", "mixed"):
        raise NotFastError("an operand's factor has no vector form")
    return stage
