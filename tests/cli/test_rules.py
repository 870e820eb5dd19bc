"""`refint8 rules`: the catalogue, one profile with what it was proven on, two compared."""

from __future__ import annotations

import pytest

from refint8.numerics.profiles import PROFILES
from tests.cli.conftest import Cli


def test_every_profile_says_whose_it_is_and_what_it_was_proven_on() -> None:
    for profile in PROFILES.values():
        assert profile.engine, profile.name
        assert profile.version, profile.name
        assert profile.proven, profile.name
        assert all(profile.proven), profile.name


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_printed_with_its_evidence(cli: Cli, name: str) -> None:
    profile = PROFILES[name]
    called = cli("rules", "--profile", name)
    assert called.code == 0
    for said in (profile.engine, profile.version, *profile.proven):
        assert said in called.out
    (told,) = cli("rules", "--profile", name, "--json").json["profiles"]
    assert (told["engine"], told["version"]) == (profile.engine, profile.version)
    assert told["proven"] == list(profile.proven)
    assert told["rules"] == profile.rules.assignment()


def test_two_profiles_are_compared(cli: Cli) -> None:
    called = cli("rules", "--diff", "tflm", "cmsis-nn-single")
    assert [line.split()[0] for line in called.out.splitlines()] == ["rule", "requantize"]
    document = cli("rules", "--diff", "litert-ref", "litert-opt", "--json").json
    a, b = document["profiles"]
    assert {rule["name"] for rule in document["rules"]} == set(a["rules"]) == set(b["rules"])
    assert all(a["rules"][name] != b["rules"][name] for name in a["rules"])
    assert a["rules"]["convolution"] == "general"
    assert b["rules"]["convolution"] == "double_up"


def test_equal_profiles_are_said_to_be_equal(cli: Cli) -> None:
    called = cli("rules", "--diff", "tflm", "cmsis-nn")
    assert "assign the same alternatives" in called.out
