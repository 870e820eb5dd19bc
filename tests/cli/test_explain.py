"""`refint8 explain`: what it prints, and how it ends."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from refint8.model.build import ModelBuilder
from tests.cli.conftest import Cli
from tests.cli.models import conv, reshape, write


def halves() -> bytes:
    """FULLY_CONNECTED with a factor of 1/4, whose double roundings are seen at 1 / 4."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    w = b.tensor("dense/weights", "INT8", (2, 2), scale=0.5, data=[[1, 1], [3, 3]])
    y = b.tensor("dense/out", "INT8", (1, 2), scale=1.0)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], version=1)
    return b.to_bytes([x], [y])


@pytest.fixture
def model(tmp_path: Path) -> str:
    return write(tmp_path / "halves.tflite", halves())


@pytest.fixture
def given(tmp_path: Path) -> str:
    path = tmp_path / "x.npy"
    np.save(path, np.array([[2, -1]], np.int8))
    return str(path)


def test_one_element(cli: Cli, model: str, given: str) -> None:
    called = cli("explain", model, "-i", given, "--tensor", "dense/out", "--at", "0,1")
    assert (called.code, called.err) == (0, "")
    head, written, _, enters, *_ = called.out.splitlines()
    assert head == (
        "halves.tflite  dense/out (tensor 2, INT8 [1,2]) at 0,1: 1 (real 1) under tflite"
    )
    assert written == "written by operator 0 FULLY_CONNECTED"
    assert enters == "enters: 2 products"
    assert "x[0,0]      2     2  dense/weights[1,0]      3     3        6" in called.out
    assert "sum 3" in called.out
    assert "1073741824, -1" in called.out  # 1/4 = 2^30 * 2^-31 * 2^-1
    # 3 / 2 = 1.5 up to 2, 2 / 2 = 1.
    lines = [line.split() for line in called.out.splitlines()]
    (high,) = (line for line in lines if line[:1] == ["SRDHM"])
    assert high[-4:] == ["2", "-1/2,", "a", "tie"]


def test_two_profiles_part_at_a_step_and_a_rule(cli: Cli, model: str, given: str) -> None:
    called = cli("explain", model, "-i", given, "-a", "litert-ref")
    assert called.code == 1
    assert "at 0,0: 1 (real 1) under tflite, 0 (real 0) under litert-ref" in called.out
    assert "first step to part: requantize" in called.out
    assert "by rule fully_connected (" in called.out
    assert "): integer against float64" in called.out
    assert "this is the first tensor that parts: 1/2 differ" in called.out


def test_equal_values_end_with_0(cli: Cli, model: str, given: str) -> None:
    called = cli("explain", model, "-i", given, "-t", "2", "--at", "0,1", "-a", "litert-ref")
    assert called.code == 0
    assert "tflite and litert-ref give the same value" in called.out


def test_json_holds_the_whole_derivation(cli: Cli, model: str, given: str) -> None:
    called = cli("explain", model, "-i", given, "-a", "litert-ref", "--json")
    assert called.code == 1
    document = called.json
    assert document["schema"] == "refint8-explain-1"
    assert (document["tensor"], document["index"]) == (2, [0, 0])
    assert [document[side]["value"] for side in "ab"] == [1, 0]
    (requantize,) = (s for s in document["a"]["steps"] if s["name"] == "requantize")
    assert [Fraction(s["dropped"]) for s in requantize["steps"]] == [Fraction(-1, 2)] * 2
    assert all(s["tie"] for s in requantize["steps"])
    assert document["parting"]["step"]["path"] == ["requantize"]
    decisive = [r["name"] for r in document["parting"]["rules"] if r["decisive"]]
    assert decisive == ["fully_connected"]
    assert document["own_run"]["first"]["tensor"] == 2
    term = document["a"]["enters"]["terms"][0]
    assert term["part"] == 2 and term["elements"][0]["value"] == 2


def test_seeded_inputs_and_a_copy(cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "r.tflite", reshape())
    called = cli("explain", path, "-t", "y", "--at", "0,1,1")
    assert called.code == 0
    assert "copied from x[0,4] = " in called.out
    assert "--seed 0" in called.err
    other = cli("explain", path, "-t", "y", "--at", "0,1,1", "--seed", "3", "-q")
    assert other.err == "" and other.out != called.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-t", "dense/outs", "--at", "0,0"], "the nearest: 'dense/out'"),
        (["-t", "dense", "--at", "0,0"], "the nearest: 'dense/weights', 'dense/out'"),
        (["-t", "9", "--at", "0,0"], "no tensor 9"),
        (["-t", "2", "--at", "0,2"], "2 is outside dimension 1"),
        (["-t", "2", "--at", "0"], "2 numbers, not 1"),
        (["-t", "2", "--at", "0,x"], "not a list of integers"),
        (["--at", "0,0"], "no tensor was named"),
        (["-t", "2", "-p", "nobody"], "there is no profile 'nobody'"),
        (["-t", "2", "-a", "nobody"], "there is no profile 'nobody'"),
        (["-t", "2", "--sample", "1"], "there is no sample 1"),
    ],
)
def test_what_does_not_exist_is_2(
    cli: Cli, model: str, given: str, arguments: list[str], message: str
) -> None:
    called = cli("explain", model, "-i", given, *arguments)
    assert (called.code, called.out) == (2, "")
    assert message in called.err


def test_what_cannot_run_keeps_its_exit_code(cli: Cli, tmp_path: Path) -> None:
    floats = write(tmp_path / "f.tflite", conv(dtype="FLOAT32"))
    assert cli("explain", floats, "-t", "y", "--at", "0,0,0,0", "-q").code == 3
    degenerate = write(tmp_path / "d.tflite", conv(scale=1e-45))
    called = cli("explain", degenerate, "-t", "y", "--at", "0,0,0,0", "-q", "--json")
    assert called.code == 4
    assert json.loads(called.err)["kind"] == "DomainError"


def test_long_sums_are_cut_and_long_functions_shown_on_request(cli: Cli, tmp_path: Path) -> None:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.1)
    y = b.tensor("y", "INT8", (1, 4), scale=1 / 256, zero_point=-128)
    b.operator("SOFTMAX", [x], [y], version=1, beta=1.0)
    path = write(tmp_path / "s.tflite", b.to_bytes([x], [y]))
    arguments = ("explain", path, "-t", "y", "--at", "0,2", "-q", "--terms", "2")
    short, every = cli(*arguments), cli(*arguments, "--all-steps")
    assert "and 2 smaller ones, together " in short.out
    assert short.out.count("SRDHM") < every.out.count("SRDHM")
