"""The kernel corner of MUL and PRELU on quantized tensors: products of differences, rescaled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from refint8.native.epilogue import parameters
from refint8.native.epilogue_constants import Parameters
from refint8.native.lowering import NotFastError, Site
from refint8.native.pairwise import Pairwise, blocks, pairwise
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.numerics.requantize import Requantizer
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._elementwise import Finish
from refint8.ops._pair_kernel import (
    PairFunction,
    clamp_words,
    lower_by_pair_table,
    lower_constant_scalar,
)

WORD = DTYPE_RANGE["INT16"]


def lower_scaled_product(
    site: Site,
    zero_points: tuple[int, int],
    requantize: Requantizer,
    finish: Finish,
    spec: PairFunction,
) -> None:
    """Append finish(requantize((a - za) * (b - zb))). Raises NotFastError."""

    def stages() -> list[Parameters]:
        a, b = _differences(site, zero_points)
        return [_stage(requantize, np.outer(a, b), finish)]

    _lower(site, "product", stages, zero_points, finish, spec)


def lower_prelu(
    site: Site,
    zero_points: tuple[int, int],
    identity: Requantizer,
    slope: Requantizer,
    finish: Finish,
    spec: PairFunction,
) -> None:
    """Append finish(identity(d)) where d = a - za >= 0, finish(slope(d * (b - zb))) elsewhere.

    Raises NotFastError.
    """

    def stages() -> list[Parameters]:
        d, alpha = _differences(site, zero_points)
        positive = _stage(identity, np.maximum(d, 0), finish)
        return [positive, _stage(slope, np.outer(np.minimum(d, 0), alpha), finish)]

    _lower(site, "prelu", stages, zero_points, finish, spec)


def _lower(
    site: Site,
    kind: str,
    stages: Callable[[], list[Parameters]],
    zero_points: tuple[int, int],
    finish: Finish,
    spec: PairFunction,
) -> None:
    small = finish.dtype != "INT16"
    if small and lower_constant_scalar(site, spec):
        return
    try:
        made = stages()
    except NotFastError:
        if not small:
            raise
        lower_by_pair_table(site, spec)
        return
    address = site.constant(blocks(site.tier, made))
    dtypes = tuple(site.input(k).dtype.name.upper() for k in (0, 1))
    plain = finish.clamp == DTYPE_RANGE[finish.dtype] and finish.dtype != "UINT8"
    forms = tuple(stage.form for stage in made)
    for runs in broadcast_runs(site):
        row = Pairwise(
            kind, site.tier, (dtypes[0], dtypes[1], finish.dtype), runs.scalar, forms, plain=plain
        )
        site.call(pairwise(row), *runs.words, *clamp_words(finish), address, *zero_points)


def _differences(site: Site, zero_points: tuple[int, int]) -> tuple[Ints, Ints]:
    """Lowest and highest difference from the zero point, of each operand; they fit words."""
    found = []
    for k, zero_point in enumerate(zero_points):
        ends = as_int64(DTYPE_RANGE[site.input(k).dtype.name.upper()]) - zero_point
        if ends[0] < WORD[0] or ends[1] > WORD[1]:
            raise NotFastError("a difference from the zero point leaves int16")
        found.append(ends)
    return found[0], found[1]


def _stage(requantize: Requantizer, totals: Ints, finish: Finish) -> Parameters:
    """The epilogue for accumulators between the least and the greatest of `totals`."""
    shift = 128 if finish.dtype == "UINT8" else 0
    low, high = finish.clamp
    return parameters(
        requantize,
        np.zeros(1, np.int64),
        (totals.min().reshape(1), totals.max().reshape(1)),
        finish.zero_point - shift,
        (low - shift, high - shift),
    )
