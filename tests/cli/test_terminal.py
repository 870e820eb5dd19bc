"""How the command line talks: help, version, colours, pipes, quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from refint8.numerics.rules import CATALOGUE
from refint8.ops import REGISTRY
from tests.cli import models
from tests.cli.conftest import Cli


def test_help_begins_with_three_examples_and_has_the_exit_codes(cli: Cli) -> None:
    called = cli("--help")
    assert called.code == 0
    lines = called.out.splitlines()
    assert lines[0] == "Examples:"
    assert [line.split()[0] for line in lines[1:4]] == ["refint8"] * 3
    for code in range(5):
        assert f"\n  {code}  " in called.out


@pytest.mark.parametrize("verb", ["run", "inspect", "rules", "ops", "demo"])
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    called = cli(verb, "-h")
    assert called.code == 0
    assert f"refint8 {verb}" in called.out


def test_no_arguments_is_usage(cli: Cli) -> None:
    called = cli()
    assert (called.code, called.out) == (2, "")
    assert "Commands:" in called.err


def test_version(cli: Cli) -> None:
    assert cli("--version").out == f"refint8 {version('refint8')}\n"


@pytest.mark.parametrize("flags", [["-q", "run"], ["run", "-q"], ["run", "--quiet"]])
def test_quiet_leaves_the_result_alone(cli: Cli, tmp_path: Path, flags: list[str]) -> None:
    path = models.write(tmp_path / "m.tflite", models.reshape())
    called = cli(*flags, path)
    assert called.code == 0
    assert called.err == ""
    assert "INT8[1,2,3]" in called.out


def test_nothing_is_cut_in_a_pipe(child: Cli) -> None:
    called = child("rules", env={"COLUMNS": "40"})
    assert called.code == 0
    for rule in CATALOGUE:
        assert any(
            line.startswith(f"{rule.name} ") and line.endswith(rule.meaning)
            for line in called.out.splitlines()
        )
    assert "\x1b" not in called.out
    assert "…" not in called.out


def test_a_reader_that_leaves_early_is_no_error() -> None:
    call = [sys.executable, "-m", "refint8", "ops", "--json"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 141
    assert said == b""


@pytest.mark.parametrize(
    ("env", "arguments", "coloured"),
    [
        ({}, ["rules"], True),
        ({"NO_COLOR": "1"}, ["rules"], False),
        ({}, ["rules", "--no-color"], False),
        ({"TERM": "dumb"}, ["rules"], False),
    ],
)
def test_colours_on_a_terminal_only_where_wanted(
    env: dict[str, str], arguments: list[str], coloured: bool
) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "60", **env}
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "refint8", *arguments],
        stdout=follower,
        stdin=subprocess.DEVNULL,
        env={**clean, **environment},
    ) as process:
        os.close(follower)
        shown = b""
        while chunk := _read(leader):
            shown += chunk
        assert process.wait(60) == 0
    os.close(leader)
    assert (b"\x1b[" in shown) == coloured
    assert "…".encode() not in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says EIO when the other side is closed
        return b""


def test_importing_the_package_does_not_import_the_command_line() -> None:
    code = "import sys, refint8; print([m for m in ('typer', 'rich', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "schema"),
    [
        (["rules"], "refint8-rules-1"),
        (["rules", "requantize"], "refint8-rules-1"),
        (["rules", "--diff", "tflite", "tflm"], "refint8-rules-1"),
        (["ops"], "refint8-ops-1"),
        (["ops", "CONV_2D"], "refint8-ops-1"),
    ],
)
def test_json_names_its_schema(cli: Cli, arguments: list[str], schema: str) -> None:
    called = cli(*arguments, "--json")
    assert called.code == 0
    assert called.json["schema"] == schema


def test_ops_lists_the_registry(cli: Cli) -> None:
    text = cli("ops").out
    for name in REGISTRY:
        assert f"\n{name} " in text
    listed = cli("ops", "--json").json["operators"]
    assert [operator["name"] for operator in listed] == sorted(REGISTRY)


def test_ops_defines_one_operator(cli: Cli) -> None:
    text = cli("ops", "conv_2d").out
    assert text.startswith("CONV_2D: slide OHWI weights")
    assert "\nC1  " in text
    assert "INT8,INT8|INT4,INT32?->INT8" in text
    assert "requantize" in text
    (document,) = cli("ops", "CONV_2D", "--json").json["operators"]
    assert document["conditions"]["C1"].startswith("input and weights have rank 4")
    assert "requantize" in document["rules"]
    assert document["versions"][0] == 1


def test_a_mistyped_name_is_guessed(cli: Cli) -> None:
    assert "did you mean CONV_2D" in cli("ops", "CONV2D").err
    assert "did you mean SignalRfft" in cli("ops", "SignalRffft").err
    assert "did you mean requantize" in cli("rules", "requantise").err


def test_rules_of_a_profile_and_their_difference(cli: Cli) -> None:
    text = cli("rules", "--profile", "litert-ref").out
    assert any(line.split()[:2] == ["accumulator", "wrap"] for line in text.splitlines())
    assert "not report" in text
    lines = cli("rules", "--diff", "tflite", "litert-ref").out.splitlines()
    assert lines[0].split()[:3] == ["rule", "tflite", "litert-ref"]
    names = [line.split()[0] for line in lines[1:]]
    assert "accumulator" in names
    assert "requantize" not in names
    assert "assign the same" in cli("rules", "--diff", "tflm", "tflm").out


def test_one_rule_in_full(cli: Cli) -> None:
    text = cli("rules", "accumulator").out
    assert text.startswith(
        "accumulator: a sum of products, or a difference from a zero point, that"
    )
    for alternative in ("report", "wrap"):
        assert f"\n{alternative} " in text
