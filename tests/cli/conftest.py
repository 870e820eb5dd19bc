"""Calls of the command line, in this process and in a child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from refint8.cli import main


@dataclass(frozen=True)
class Called:
    """How a call ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The result, which must be JSON as the standard has it: no NaN, no Infinity."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is not JSON")

        return json.loads(self.out, parse_constant=refuse)


Cli = Callable[..., Called]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`cli("run", "model.tflite")` in this process."""
    monkeypatch.setenv("NO_COLOR", "")  # --no-color sets it; this puts it back afterwards

    def call(*arguments: object) -> Called:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Called(code, said.out, said.err)

    return call


@pytest.fixture
def child(tmp_path: Path) -> Cli:
    """The same as `python -m refint8` in a child; keywords go to subprocess.run."""

    def call(*arguments: object, env: dict[str, str] | None = None, **options: Any) -> Called:
        done = subprocess.run(
            [sys.executable, "-m", "refint8", *map(str, arguments)],
            capture_output=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            **options,
        )
        return Called(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call
