"""Every kernel stays inside its tensors, whatever the shapes (see guard_pages for how)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from refint8.native.cpu import TIERS, runnable
from refint8.ops import REGISTRY
from refint8.ops._op import Record
from tests.engine.hostile.cases import WITHOUT_CASES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="guard pages are made with mmap")

CHECKOUT = Path(__file__).resolve().parents[2]
AT_ONCE = 12
"""Operators per child process."""
SHORT, LONG = 12, 150
"""Cases per operator."""

NAMES = sorted(
    name
    for name, registration in REGISTRY.items()
    if registration.record.lower is not Record.lower
    and name not in WITHOUT_CASES
    and not registration.record.needs_environment  # instructions of programs: test_control
)
GROUPS = [tuple(NAMES[i : i + AT_ONCE]) for i in range(0, len(NAMES), AT_ONCE)]


def child(*arguments, tier=""):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "REFINT8_TIER": tier},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


def results(names, cases, tier=""):
    """Operator to its result; a child that dies is replaced by another one for the rest."""
    found = {}
    left = list(names)
    while left:
        run = child("-m", "tests.engine.guard_pages", f"--cases={cases}", *left, tier=tier)
        made = [json.loads(line) for line in run.stdout.splitlines()]
        found |= {result["operator"]: result for result in made}
        if run.returncode != 0:
            lines = run.stderr.splitlines()
            case = next(line for line in reversed(lines) if line.split(" ")[0] in left)
            end = "" if run.returncode < 0 else "\n" + run.stderr[-2000:]
            found[case.split(" ")[0]] = {
                "counts": {"ran": cases},
                "wrong": [f"case {case} ended with status {run.returncode}{end}"],
            }
        left = [name for name in left if name not in found]
    return found


def wrong_of(found):
    """What went wrong, one line per operator."""
    return "\n".join(f"{n}: {'; '.join(r['wrong'])}" for n, r in found.items() if r["wrong"])


short_results = cache(lambda names: results(names, SHORT))

EACH_GROUP = pytest.mark.parametrize("names", GROUPS, ids=lambda n: f"{n[0]}..{n[-1]}")


@EACH_GROUP
def test_no_kernel_leaves_its_tensors(names):
    assert not wrong_of(short_results(names))


@EACH_GROUP
def test_every_kernel_has_cases(names):
    """Fails for an operator whose cases in tests/engine/hostile are nearly all refused."""
    counts = {name: result["counts"] for name, result in short_results(names).items()}
    assert not {n: c for n, c in counts.items() if c.get("ran", 0) + c.get("wrong", 0) < 2}


@pytest.mark.long
@pytest.mark.parametrize("tier", [tier.name for tier in TIERS if runnable(tier)])
@EACH_GROUP
def test_no_kernel_of_any_tier_leaves_its_tensors(names, tier):
    assert not wrong_of(results(names, LONG, tier))


BAD = """
import ctypes
from tests.engine.guard_pages import Guarded
from refint8.native.memory import round_up
memory = Guarded({tight!r})
block = memory.block(100)
address = {address}
print("alive", flush=True)
{act}
print("unharmed")
"""


@pytest.mark.parametrize(
    "tight, address, act",
    [
        ("end", "block.start + round_up(100)", "ctypes.string_at(address, 1)"),
        ("start", "block.start - 1", "ctypes.string_at(address, 1)"),
        ("end", "block.start + round_up(100)", "ctypes.memset(address, 0, 1)"),
        ("start", "memory.add(__import__('numpy').zeros(8))", "ctypes.memset(address, 0, 1)"),
    ],
)
def test_what_is_forbidden_ends_the_child(tight, address, act):
    run = child("-c", BAD.format(tight=tight, address=address, act=act))
    assert run.stdout.split() == ["alive"] and run.returncode < 0


@pytest.mark.parametrize("tight", ["end", "start"])
def test_what_is_allowed_does_not(tight):
    act = "ctypes.memset(address, 0, 1); ctypes.string_at(address, 1)"
    for address in ("block.start", "block.start + round_up(100) - 1"):
        run = child("-c", BAD.format(tight=tight, address=address, act=act))
        assert run.stdout.split() == ["alive", "unharmed"], run.stderr
