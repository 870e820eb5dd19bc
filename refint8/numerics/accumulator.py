"""What happens when a sum of products leaves its register."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, Ints, wrap32
from refint8.numerics.recording import note


def overflow_error(what: str, values: Ints, bits: int = 32) -> DomainError:
    """The error for values that left `bits` bits, naming the first offender and how many."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    outside = (values < low) | (values > high)
    index = tuple(int(i) for i in np.argwhere(outside)[0])
    return DomainError(
        f"{what} is {int(values[index])} at {index}, outside {bits} bits"
        f" ({int(outside.sum())} such elements)",
        hint="the result is not defined; a profile of an engine that wraps reproduces its wrap",
    )


@dataclass(frozen=True)
class Accumulator:
    """A 32-bit accumulator; `overflow` is the rule's alternative "report" or "wrap".

    Only the final sum is looked at: a partial sum that leaves the range and returns gives the
    same bits on every two's-complement machine.
    """

    overflow: str = "report"

    def __call__(self, exact: Ints) -> Ints:
        """Exact int64 sums to what the register holds. Raises DomainError under "report"."""
        if exact.size == 0 or (exact.min() >= INT32_MIN and exact.max() <= INT32_MAX):
            return exact
        if self.overflow == "report":
            raise overflow_error("an accumulator", exact)
        return note("accumulator", "the low 32 bits", wrap32(exact), x=exact, if_changed="x")
