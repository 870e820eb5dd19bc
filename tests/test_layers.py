"""Data walks one way: imports go down the list of layers, and `import refint8` stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from refint8.numerics.profiles import PROFILES

PACKAGE = Path(__file__).resolve().parents[1] / "refint8"

LAYERS = (
    "errors",
    "model",
    "numerics",
    "native",
    "ops",
    "engine",
    "oracle",
    "report",
    "testing",
    "demo",
    "scaffold",
    "cli",
)
"""A layer imports itself and what stands before it."""

FACADE = {"__init__", "__main__"}
"""The package's own front, which may name every layer."""

FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def layer_of(file):
    return Path(file).with_suffix("").parts[0]


def imported(file):
    """Every refint8 module that the file imports, also inside functions and for typing only."""
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("refint8"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            if node.module == "refint8":
                yield from (f"refint8.{alias.name}" for alias in node.names)
            elif node.module and node.module.startswith("refint8."):
                yield node.module


def test_every_file_has_a_layer():
    assert {layer_of(file) for file in FILES} <= {*LAYERS, *FACADE}


@pytest.mark.parametrize("file", [file for file in FILES if layer_of(file) not in FACADE])
def test_imports_go_down_the_list(file):
    here = LAYERS.index(layer_of(file))
    for module in imported(file):
        layer = module.split(".")[1]
        assert layer in LAYERS, f"{file} imports the front, {module}"
        assert LAYERS.index(layer) <= here, f"{file} imports {module}"


@pytest.mark.parametrize("file", [file for file in FILES if layer_of(file) == "numerics"])
def test_numerics_imports_only_errors_and_model_types(file):
    for module in imported(file):
        inside = module.startswith("refint8.numerics.")
        assert inside or module in ("refint8.errors", "refint8.model.types"), f"{file}: {module}"


@pytest.mark.parametrize("file", [file for file in FILES if layer_of(file) == "ops"])
def test_no_operator_mentions_a_profile(file):
    assert "refint8.numerics.profiles" not in set(imported(file))
    text = (PACKAGE / file).read_text(encoding="utf-8")
    for name in PROFILES:
        # "tflite-micro 0.dev..." is a package, not the profile.
        mention = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)
        assert mention is None, f"{file} mentions {name} at {mention.start()}"


def test_import_is_light():
    code = "import sys, refint8; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = {module.split(".")[0] for module in run.stdout.split()}
    assert "refint8" in loaded
    assert loaded.isdisjoint({"numba", "llvmlite", "rich", "typer", "tflite", "ai_edge_litert"})
