"""The profile that a golden was made under, as its rules are recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from refint8.errors import UsageError
from refint8.numerics.profiles import PROFILES, Profile
from refint8.numerics.rules import CATALOGUE, Rules
from refint8.oracle.golden.contents import Golden


def recorded_profile(golden: Golden) -> Profile:
    """The profile as recorded. A rule that did not exist yet is as the profile has it now.

    Raises UsageError for rules that this version does not know.
    """
    known = {rule.name: rule.alternatives for rule in CATALOGUE}
    for name, alternative in golden.rules.items():
        if alternative not in known.get(name, ()):
            raise UsageError(
                f"the bundle was made by refint8 {golden.version} with the rule"
                f" {name}={alternative}, which this version does not have",
                hint="upgrade refint8",
            )
    base = PROFILES.get(golden.profile)
    assigned: dict[str, Any] = dict(golden.rules)
    rules = replace(Rules() if base is None else base.rules, **assigned)
    return Profile(golden.profile, "as recorded in a golden bundle", "", rules)
