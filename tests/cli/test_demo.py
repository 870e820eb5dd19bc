"""`refint8 demo`: packaged models, real images, recorded outputs; a difference is exit code 1."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from refint8 import demo
from tests.cli.conftest import Cli


def test_every_model_has_what_the_demo_needs() -> None:
    pixels, labels = demo.images()
    assert (pixels.dtype, pixels.shape) == (np.uint8, (500, 28, 28))
    assert labels.shape == (500,)
    examples = demo.examples()
    assert "mnist_int8" in [example.name for example in examples]
    for example in examples:
        assert example.path.exists()
        assert example.table.shape == (256,)
        assert set(example.recorded) == {"litert-ref", "tflm"}
        for output in example.recorded.values():
            assert output.shape == (500, 10)


def test_all_bits_are_those_of_the_engines(cli: Cli) -> None:
    called = cli("demo", "--json")
    assert called.code == 0
    document = called.json
    assert document["schema"] == "refint8-demo-1"
    assert document["differing"] == 0
    assert document["elements"] == 500 * 10 * len(document["runs"])
    assert all(run["accuracy"] > 0.95 for run in document["runs"])
    matrix = np.array(document["confusion"]["rows_are_labels"])
    assert matrix.sum() == 500
    shown = document["confusion"]
    (run,) = [
        run
        for run in document["runs"]
        if (run["model"], run["profile"]) == (shown["model"], shown["profile"])
    ]
    assert np.trace(matrix) == run["right"]


@pytest.fixture
def one_wrong_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first model's recorded outputs alone, one bit of one of them flipped."""
    example = next(each for each in demo.examples() if each.name == "mnist_int8")
    wrong = example.recorded["litert-ref"].copy()
    wrong[499, 9] ^= 1
    changed = dataclasses.replace(example, recorded={"litert-ref": wrong})
    monkeypatch.setattr("refint8.cli.demo.examples", lambda: (changed,))


@pytest.mark.usefixtures("one_wrong_bit")
def test_a_single_wrong_bit_is_exit_code_1(cli: Cli) -> None:
    called = cli("demo")
    assert called.code == 1
    assert "NOT EQUAL: 5000 elements compared, 1 differ" in called.out
    assert "1 of 5000" in called.out
    assert cli("demo", "--json").json["differing"] == 1


@pytest.mark.usefixtures("one_wrong_bit")
def test_the_next_commands_work(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    text = cli("demo").out
    commands = [line.split() for line in text[text.index("next:") :].splitlines()[1:]]
    assert {command[1] for command in commands} == {"inspect", "run", "crosscheck", "rules"}
    for program, verb, *arguments in commands:
        assert program == "refint8"
        if verb != "crosscheck":  # it wants an engine
            assert cli(verb, *arguments).code == 0
        else:
            assert Path(arguments[0]).exists()
