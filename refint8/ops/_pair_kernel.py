"""What operators on two operands share: limits, tables over all pairs of bytes, table by scalar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError, Site
from refint8.native.raw_pairs import look_up_pairs
from refint8.ops._broadcast_kernel import broadcast_runs
from refint8.ops._elementwise import Finish
from refint8.ops._lookup_kernel import BYTES, lower_lookup
from refint8.ops._op import Array

PairFunction = Callable[[Array, Array], Array]

PAIRS: Final[dict[str, tuple[Array, Array]]] = {
    dtype: (np.repeat(values, 256), np.tile(values, 256)) for dtype, values in BYTES.items()
}
"""All pairs of bytes, in the order of the table's index 256 * a + b (as uint8)."""


def clamp_words(finish: Finish) -> tuple[int, int, int]:
    """Low, high and flip of `narrow.Clamp`."""
    shift = 128 if finish.dtype == "UINT8" else 0
    return finish.clamp[0] - shift, finish.clamp[1] - shift, shift


def lower_constant_scalar(site: Site, function: PairFunction) -> bool:
    """Append function(x1, x2) of bytes as a lookup where one operand is one known value.

    False where it is not.
    """
    for k in (0, 1):
        known, other = site.input(k), site.input(1 - k)
        if known.data is None or known.size != 1 or other.size != site.output.size:
            continue
        value = known.data.reshape(1)

        def of(x: Array, value: Array = value, k: int = k) -> Array:
            return function(value, x) if k == 0 else function(x, value)

        lower_lookup(site, 1 - k, of)
        return True
    return False


def lower_by_pair_table(site: Site, function: PairFunction, part: slice | None = None) -> None:
    """Append function(x1, x2) of bytes by a table of all pairs: any function at all.

    `part` of the output's elements only, where both operands have its shape. Raises NotFastError
    where the function refuses a pair.
    """
    dtypes = [site.input(k).dtype.name.upper() for k in (0, 1)]
    try:
        table = function(PAIRS[dtypes[0]][0], PAIRS[dtypes[1]][1])
    except DomainError as error:
        raise NotFastError(error.reason) from None
    address = site.constant(table)
    for runs in broadcast_runs(site):
        words = runs.words if part is None else runs.part(part, 1)
        site.call(look_up_pairs(runs.scalar), *words, address)
