"""The rules that a golden was made under, as it records them."""

from __future__ import annotations

from typing import Any, Final

from refint8.errors import UsageError
from refint8.numerics.profiles import PROFILES, Profile
from refint8.numerics.rules import CATALOGUE, Rules
from refint8.oracle.golden.contents import Golden

DELEGATED: Final = "delegated."
"""Stands before a rule's name where operators that another set of kernels takes follow another
alternative (the rule `delegation`)."""


def recorded_rules(rules: Rules) -> dict[str, str]:
    """Rule to alternative, with entries "delegated.RULE" where delegated operators differ."""
    own = rules.assignment()
    if rules.delegated is None:
        return own
    theirs = rules.delegated.assignment()
    return own | {DELEGATED + name: kind for name, kind in theirs.items() if kind != own[name]}


def recorded_profile(golden: Golden) -> Profile:
    """The profile as recorded. A rule that did not exist yet is as the profile has it now.

    Raises UsageError for rules that this version does not know.
    """
    known = {rule.name: rule.alternatives for rule in CATALOGUE}
    for name, alternative in golden.rules.items():
        if alternative not in known.get(name.removeprefix(DELEGATED), ()):
            raise UsageError(
                f"the bundle was made by refint8 {golden.version} with the rule"
                f" {name}={alternative}, which this version does not have",
                hint="upgrade refint8",
            )
    base = PROFILES[golden.profile].rules if golden.profile in PROFILES else Rules()
    own: dict[str, Any] = base.assignment()
    own |= {name: kind for name, kind in golden.rules.items() if name in known}
    rules = Rules(**own)
    if rules.delegation != "none":
        theirs: dict[str, Any] = {} if base.delegated is None else recorded_rules(base)
        theirs |= golden.rules
        changed = {n.removeprefix(DELEGATED): a for n, a in theirs.items() if n not in known}
        rules = Rules(**own, delegated=Rules(**{**own, **changed}))
    return Profile(golden.profile, "as recorded in a golden bundle", "", rules)
