"""A sum that leaves 32 bits is reported or wraps, by the rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refint8.errors import DomainError
from refint8.numerics.accumulator import Accumulator
from tests.numerics.strategies import INT32_MAX, INT32_MIN, signed

VALUES = st.lists(st.one_of(signed(32), signed(40)), max_size=6)


@given(VALUES)
def test_wraps_to_the_low_32_bits(values):
    out = Accumulator("wrap")(np.array(values, np.int64))
    assert out.tolist() == [(v + 2**31) % 2**32 - 2**31 for v in values]


@given(VALUES)
def test_reports_the_first_value_outside(values):
    exact = np.array(values, np.int64)
    outside = [k for k, v in enumerate(values) if not INT32_MIN <= v <= INT32_MAX]
    if not outside:
        assert Accumulator()(exact).tolist() == values
        return
    with pytest.raises(DomainError) as caught:
        Accumulator()(exact)
    first = outside[0]
    assert f"is {values[first]} at ({first},), outside 32 bits" in caught.value.reason
    assert f"({len(outside)} such elements)" in caught.value.reason


def test_limits_are_inside():
    limits = np.array([[INT32_MIN], [INT32_MAX]])
    assert Accumulator()(limits) is limits
    for beyond in (INT32_MIN - 1, INT32_MAX + 1):
        with pytest.raises(DomainError):
            Accumulator()(np.array(beyond))
