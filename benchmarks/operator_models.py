"""One-operator models for the operator table: every operator in each dtype mode, mid-sized.

Most work on SHAPE, 262,144 elements. Declared output shapes are left to the engines, which derive
them. Operators that only arrange a run (shapes, state, subgraphs) are not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.operator_case import Case
from benchmarks.operators_computing import binary, products, rows_and_reductions, unary
from benchmarks.operators_moving import movers, selections, stablehlo


def cases() -> Iterator[Case]:
    """All of them."""
    yield from products()
    yield from unary()
    yield from binary()
    yield from rows_and_reductions()
    yield from movers()
    yield from selections()
    yield from stablehlo()
