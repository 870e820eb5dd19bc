"""What starts fast because it is not imported. Times are printed by `benchmarks/`, not tested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import models
from tests.conftest import CHECKOUT

COMPILERS = {"numba", "refint8.native.compile", "refint8.native.ir"}
REST = {"pydantic", "rich", "matplotlib", "PIL", "tensorflow", "ai_edge_litert", "tflite_micro"}


def imported(code: str, **environment: str) -> set[str]:
    """Names of modules in a child after it has run `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_package_alone() -> None:
    found = imported("import refint8")
    assert found & {"numpy", "typer", "llvmlite", "flatbuffers", *COMPILERS, *REST} == set()
    assert {name for name in found if name.startswith("refint8")} == {"refint8"}


@pytest.mark.parametrize("name", ["Interpreter", "run", "load", "compare"])
def test_names_of_the_package(name: str) -> None:
    found = imported(f"from refint8 import {name}")
    assert found & {"typer", "llvmlite", *COMPILERS, *REST} == set()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(models.write(tmp_path / "conv.tflite", models.conv()))


def call(*arguments: object) -> str:
    given = [str(argument) for argument in arguments]
    return f"from refint8.cli import main\nassert main({given!r}) == 0"


def test_a_run_by_specs_loads_no_compiler(model: Path) -> None:
    found = imported(call("run", model), REFINT8_FAST="0")
    assert found & {"llvmlite", *COMPILERS, *REST} == set()


def test_a_warm_run_loads_llvmlite_alone(model: Path, tmp_path: Path) -> None:
    environment = {"REFINT8_FAST": "1", "REFINT8_CACHE_DIR": str(tmp_path / "cache")}
    for samples in (1, 8):
        cold = imported(call("run", model, "--samples", samples), **environment)
        assert "numba" in cold
        warm = imported(call("run", model, "--samples", samples), **environment)
        assert "llvmlite.binding" in warm
        assert warm & {*COMPILERS, *REST} == set()
        if samples == 1:
            imported(call("cache", "clear"), **environment)


@pytest.mark.parametrize(
    ("verb", "others"),
    [("run", "demo crosscheck inspect"), ("rules", "run demo crosscheck"), ("ops", "run demo")],
)
def test_a_verb_loads_no_other(model: Path, verb: str, others: str) -> None:
    found = imported(call(verb, *([model] if verb == "run" else [])))
    assert f"refint8.cli.{verb}" in found
    assert found & {f"refint8.cli.{other}" for other in others.split()} == set()


def test_the_help_knows_all_verbs() -> None:
    found = imported(call("--help"))
    for verb in ("demo", "run", "inspect", "crosscheck", "setup_device", "rules", "ops", "cache"):
        assert f"refint8.cli.{verb}" in found
    assert found & {*COMPILERS, *REST} == set()
