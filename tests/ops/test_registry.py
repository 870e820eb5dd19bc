"""Operators are found by the name of their file, and imported when they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from refint8.ops import REGISTRY
from refint8.ops._registry import ROOMS


def modules_after(code: str) -> set[str]:
    """Modules of refint8.ops in a child that has run `code`."""
    code = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    prefix = "refint8.ops."
    return {m.removeprefix(prefix) for m in json.loads(done.stdout) if m.startswith(prefix)}


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    assert not modules_after("import refint8.ops") & ROOMS
    asked = "from refint8.ops import REGISTRY\nassert REGISTRY['ADD'].name == 'ADD'"
    assert "add" in modules_after(asked)
    assert "conv_2d" not in modules_after(asked)
    assert modules_after("from refint8.ops import REGISTRY\nlist(REGISTRY)") >= ROOMS


def test_every_file_has_the_operator_of_its_name() -> None:
    assert sorted(name.lower() for name in REGISTRY) == sorted(ROOMS)
    assert len(REGISTRY) == len(ROOMS)
    for name in REGISTRY:
        assert REGISTRY[name].name == name


@pytest.mark.parametrize(
    "name", ["", "add", "NOPE", "_OP", "_op", "__INIT__", "ADD.SPEC", "../ADD", "ADD\0", "A" * 9999]
)
def test_other_names_are_not_known(name: str) -> None:
    assert REGISTRY.get(name) is None
    assert name not in REGISTRY
    with pytest.raises(KeyError):
        REGISTRY[name]
