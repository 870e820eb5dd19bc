"""`refint8 rules`: the places where integer implementations differ."""

from __future__ import annotations

from typing import Annotated

import typer

from refint8.cli._console import result, result_json
from refint8.cli._options import AsJson, profile_names
from refint8.errors import UsageError
from refint8.numerics.profiles import DEFAULT_PROFILE, PROFILES, Profile
from refint8.numerics.profiles import profile as profile_of
from refint8.numerics.rules import CATALOGUE, Rule
from refint8.report.table import Block, Table, Text

SCHEMA = "refint8-rules-1"


def _rule_names() -> list[str]:
    return [rule.name for rule in CATALOGUE]


def rules(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RULE]",
            help="One rule in full.",
            show_default=False,
            autocompletion=_rule_names,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="PROFILE",
            help="What a profile assigns.",
            autocompletion=profile_names,
        ),
    ] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Only the rules that differ between two profiles."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the rules: the places where implementations differ, and what profiles assign."""
    if sum(given is not None for given in (name, profile, diff)) > 1:
        raise UsageError("give one of RULE, --profile and --diff")
    chosen = [profile_of(each) for each in diff or ([profile] if profile else PROFILES)]
    listed = list(CATALOGUE)
    if name is not None:
        listed = [_rule(name)]
    elif diff:
        listed = [rule for rule in CATALOGUE if len({_both(p, rule) for p in chosen}) > 1]
    if as_json:
        result_json(
            SCHEMA,
            {
                "rules": [rule._asdict() for rule in listed],
                "profiles": [
                    {
                        "name": each.name,
                        "summary": each.summary,
                        "engine": each.engine,
                        "version": each.version,
                        "proven": list(each.proven),
                        "rules": {rule.name: _of(each, rule) for rule in listed},
                        "delegated": {
                            rule.name: each.delegated(rule)
                            for rule in listed
                            if each.delegated(rule) != _of(each, rule)
                        },
                    }
                    for each in chosen
                ],
            },
        )
    elif name is not None:
        result(_one(listed[0]))
    elif diff:
        result(_difference(listed, chosen))
    elif profile:
        result(_assignment(listed, chosen[0]))
    else:
        result(_catalogue(listed))


def _rule(name: str) -> Rule:
    for rule in CATALOGUE:
        if rule.name == name:
            return rule
    import difflib

    close = difflib.get_close_matches(name, _rule_names())
    hint = f"did you mean {' or '.join(close)}?" if close else "`refint8 rules` lists all"
    raise UsageError(f"there is no rule {name!r}", hint=hint)


def _of(profile: Profile, rule: Rule) -> str:
    return profile.rules.assignment()[rule.name]


def _both(profile: Profile, rule: Rule) -> str:
    """The alternative, and behind it that of delegated operators where it is another one."""
    own, delegated = _of(profile, rule), profile.delegated(rule)
    return own if delegated == own else f"{own}; delegated: {delegated}"


def _users(alternative: str, rule: Rule) -> list[str]:
    """The profiles that assign an alternative, to all operators or to delegated ones."""
    users = []
    for profile in PROFILES.values():
        if _of(profile, rule) == alternative:
            users.append(profile.name)
        elif profile.delegated(rule) == alternative:
            users.append(f"{profile.name} where delegated")
    return users


def _catalogue(listed: list[Rule]) -> list[Block]:
    rows = [(rule.name, rule.default, _elsewhere(rule), rule.meaning) for rule in listed]
    profiles = [(p.name, p.summary, p.engine, p.version) for p in PROFILES.values()]
    return [
        Table(("rule", DEFAULT_PROFILE, "elsewhere", "meaning"), rows),
        Text(""),
        Table(("profile", "summary", "proven equal to", "version"), profiles),
        Text(""),
        Text("`refint8 rules RULE` explains one; `refint8 rules --diff A B` compares profiles"),
    ]


def _elsewhere(rule: Rule) -> str:
    """The alternatives that other profiles assign, each with the profiles."""
    others = {other: _users(other, rule) for other in rule.alternatives if other != rule.default}
    return "; ".join(f"{other} ({', '.join(names)})" for other, names in others.items() if names)


def _assignment(listed: list[Rule], profile: Profile) -> list[Block]:
    rows = []
    for rule in listed:
        for chosen in dict.fromkeys((_of(profile, rule), profile.delegated(rule))):
            own = chosen == _of(profile, rule)
            other = "" if chosen == rule.default else f"not {rule.default}"
            name = rule.name if own else "  where delegated"
            rows.append((name, chosen, other, rule.alternatives[chosen]))
    headers = ("rule", "alternative", f"as in {DEFAULT_PROFILE}?", "meaning")
    proven = "".join(f"\n  {each}" for each in profile.proven)
    about = f"{profile.name}: {profile.summary}\n{profile.engine}, {profile.version}"
    return [Text(f"{about}\nproven on{proven}\n"), Table(headers, rows)]


def _difference(listed: list[Rule], chosen: list[Profile]) -> list[Block]:
    a, b = chosen
    if not listed:
        return [Text(f"{a.name} and {b.name} assign the same alternatives")]
    rows = [(r.name, _both(a, r), _both(b, r), " ".join(r.operators), r.meaning) for r in listed]
    return [Table(("rule", a.name, b.name, "operators", "meaning"), rows)]


def _one(rule: Rule) -> list[Block]:
    rows = [
        (alternative, ", ".join(_users(alternative, rule)), meaning)
        for alternative, meaning in rule.alternatives.items()
    ]
    return [
        Text(f"{rule.name}: {rule.meaning}\nread by {' '.join(rule.operators)}\n"),
        Table(("alternative", "profiles", "meaning"), rows),
    ]
