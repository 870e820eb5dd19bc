"""A bundle records every rule, also those of operators that another set of kernels takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import PROFILES
from refint8.oracle.golden.make import make_golden
from refint8.oracle.golden.recorded import recorded_profile


def golden(profile):
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "INT8", (1, 4), scale=0.75)
    b.operator("ADD", [x, x], [y], version=2)
    return make_golden(b.model([x], [y]), profile)


@pytest.mark.parametrize("name", PROFILES)
def test_the_recorded_profile_is_the_one_it_was_made_under(name):
    made = golden(name)
    assert recorded_profile(made).rules == PROFILES[name].rules
    nameless = replace(made, profile="of somebody's own")
    assert recorded_profile(nameless).rules == PROFILES[name].rules


def test_a_rule_that_is_not_known_is_refused():
    made = golden("xnnpack")
    for name in ("delegated.requantize", "requantize"):
        strange = replace(made, rules={**made.rules, name: "of the future"})
        with pytest.raises(UsageError, match=f"{name}=of the future"):
            recorded_profile(strange)
