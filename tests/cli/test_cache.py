"""`refint8 cache`, and what `refint8` says while it compiles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from refint8.cli._compiling import Compiling
from refint8.cli._console import configure
from refint8.engine.interpreter import Interpreter
from refint8.native import compiling, store
from tests.cli import models
from tests.cli.conftest import Cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, for this process and children."""
    path = tmp_path / "cache"
    monkeypatch.setenv("REFINT8_CACHE_DIR", str(path))
    monkeypatch.setattr(store, "_shared", {})
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(models.write(tmp_path / "conv.tflite", models.conv()))


def test_dir(cli: Cli, folder: Path) -> None:
    called = cli("cache", "dir")
    assert (called.code, called.out, called.err) == (0, f"{folder}\n", "")
    assert not folder.exists()
    document = cli("cache", "dir", "--json").json
    assert document == {
        "schema": "refint8-cache-1",
        "folder": str(folder),
        "bytes": 0,
        "kernels": 0,
        "keys": [],
    }


def test_warm_then_run_then_clear(cli: Cli, child: Cli, folder: Path, model: Path) -> None:
    warmed = cli("cache", "warm", model, "--json").json
    assert warmed["kernels_needed"] == len(warmed["compiled"]) == warmed["kernels"] > 2
    (key,) = warmed["keys"]
    assert sorted(key["kernels"]) == warmed["compiled"]
    assert key["bytes"] == sum(path.stat().st_size for path in folder.rglob("*.o")) > 1000
    assert cli("cache", "warm", model, "--json").json["compiled"] == []

    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.o")}
    ran = child("run", model, "--samples", "5", env={"REFINT8_FAST": "1"})
    assert ran.code == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.o")} == before

    cleared = cli("cache", "clear")
    assert cleared.code == 0
    assert f"removed {len(before)} files" in cleared.out
    assert not folder.exists()
    assert cli("cache", "clear", "--json").json["files_removed"] == 0


def test_clear_leaves_what_is_not_ours(cli: Cli, folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    assert cli("cache", "clear").code == 0
    assert (folder / "mine.txt").read_text() == "mine"


def test_warm_without_models_takes_those_of_the_demo(cli: Cli, child: Cli, folder: Path) -> None:
    warmed = cli("cache", "warm")
    assert warmed.code == 0
    assert "no models given" in warmed.err
    before = set(folder.rglob("*.o"))
    assert len(before) > 5
    shown = child("demo", "--json")
    assert shown.json["differing"] == 0
    assert set(folder.rglob("*.o")) == before


def test_warm_says_when_nothing_can_be_stored(cli: Cli, folder: Path, model: Path) -> None:
    folder.write_text("a file")
    called = cli("cache", "warm", model)
    assert called.code == 2
    assert "cannot be stored" in called.err
    assert "REFINT8_CACHE_DIR" in called.err
    assert folder.read_text() == "a file"


@pytest.mark.parametrize("verb", ["dir", "clear", "warm"])
def test_without_a_home(cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("REFINT8_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("refint8.native.cache.Path.home", homeless)
    called = cli("cache", verb, *([model] if verb == "warm" else []))
    assert called.code == 2
    assert "REFINT8_CACHE_DIR" in called.err


def test_mistakes(cli: Cli, tmp_path: Path, model: Path) -> None:
    assert cli("cache").code == 2
    assert cli("cache", "cool").code == 2
    assert cli("cache", "warm", tmp_path / "absent.tflite").code == 2
    assert cli("cache", "warm", model, "--profile", "nobody").code == 2
    assert "dir" in cli("cache", "--help").out


class Clock:
    """A time that moves when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(compiling, "time", made)
    configure(quiet=False, verbose=False, no_color=False)
    return made


def compile_four(clock: Clock, seconds: float) -> None:
    told = Compiling()
    for done in range(5):
        told("kernel", done, 4)
        clock.now += seconds


def test_nothing_is_said_within_a_second(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    compile_four(clock, 0.25)
    assert capsys.readouterr() == ("", "")


def test_one_line_after_a_second(
    clock: Clock, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    compile_four(clock, 0.6)
    line = f"compiling kernels 3/4 (first run only; cached in {folder})\n"
    assert capsys.readouterr() == ("", line)


def test_nothing_when_quiet(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    configure(quiet=True, verbose=False, no_color=False)
    compile_four(clock, 2.0)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_it_count(
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    compile_four(clock, 1.1)
    lines = capsys.readouterr().err.split("\r")
    assert lines == [
        "",
        *(f"compiling kernels {n}/4 (first run only; cached in {folder})" for n in (2, 3)),
        f"compiling kernels 4/4 (first run only; cached in {folder})\n",
    ]


def test_run_reports_on_stderr_alone(
    cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("REFINT8_FAST", "1")
    monkeypatch.setattr(compiling, "AFTER", -1.0)
    called = cli("run", model, "--samples", "2", "--json")
    assert f"(first run only; cached in {folder})" in called.err
    assert called.json["inputs"]["samples"] == 2
    assert "compiling" not in cli("run", model, "--samples", "2").err


@pytest.mark.usefixtures("litert")
def test_crosscheck_reports_on_stderr_alone(
    cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("REFINT8_FAST", "1")
    monkeypatch.setattr(compiling, "AFTER", -1.0)
    called = cli("crosscheck", model, "--json")
    assert called.err.count(f"(first run only; cached in {folder})") == 1
    assert called.json["models"]
    assert "compiling" not in cli("crosscheck", model).err


@pytest.mark.usefixtures("folder")
def test_crosscheck_says_nothing_when_quiet(
    cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFINT8_FAST", "1")
    monkeypatch.setattr(compiling, "AFTER", -1.0)
    assert "compiling" not in cli("--quiet", "crosscheck", model).err


def test_an_interpreter_reports(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    monkeypatch.setenv("REFINT8_FAST", "1")
    monkeypatch.setattr(compiling, "AFTER", -1.0)
    for said in (1, 0):
        interpreter = Interpreter(str(model))
        interpreter.allocate_tensors()
        interpreter.invoke()
        interpreter.invoke()
        assert capsys.readouterr().err.count(f"(first run only; cached in {folder})") == said


@pytest.mark.parametrize("threads", ["1", "3"])
def test_run_on_threads(cli: Cli, model: Path, threads: str, tmp_path: Path) -> None:
    outputs = [tmp_path / "one.npz", tmp_path / "some.npz"]
    assert cli("run", model, "--samples", "40", "-o", outputs[0], "--threads", "2").code == 0
    assert cli("run", model, "--samples", "40", "-o", outputs[1], "--threads", threads).code == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert cli("run", model, "--threads", "0").code == 2
