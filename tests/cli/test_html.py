"""`--html FILE` of crosscheck and verify: where the page goes, and the commands in it run."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace

import numpy as np
import pytest

from refint8.cli import crosscheck as command
from refint8.model.reader import read_model
from refint8.oracle.formats import format_of
from refint8.oracle.golden.make import make_golden
from refint8.oracle.golden.read import read_bundle
from refint8.oracle.targets import target
from tests.report.pages import Device, Parsed, chain, read_wrongly


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model in the current folder, and a device by name."""
    monkeypatch.chdir(tmp_path)
    made = {"device": Device(), "good": Device(faulty=False, name="good")}
    monkeypatch.setattr(command, "target", lambda name: made.get(name) or target(name))
    path = tmp_path / "a model.tflite"
    path.write_bytes(chain(side=8).content)
    return path


def commands(page):
    """The command lines in a page, as words after `refint8`."""
    found = re.findall(r"<code>(.*?)</code>", page.read_text(encoding="utf-8"))
    lines = [shlex.split(html.unescape(line)) for line in found]
    assert all(words[0] == "refint8" for words in lines)
    return [words[1:] for words in lines]


def test_crosscheck_writes_a_page_beside_its_answer(cli, model, tmp_path):
    page = tmp_path / "x.html"
    said = cli("crosscheck", model.name, "-a", "device,good", "--html", page)
    assert said.code == 1
    assert said.out == cli("crosscheck", model.name, "-a", "device,good").out
    assert Parsed(page.read_bytes()).open == []
    assert list(tmp_path.glob(".*")) == []


def test_the_commands_of_a_page_run_and_say_the_same(cli, model, tmp_path):
    page = tmp_path / "x.html"
    arguments = ["crosscheck", model.name, "-a", "device", "--seed", "5", "--html", str(page)]
    cli(*arguments)
    found = commands(page)
    assert found[0] == arguments
    assert [words[0] for words in found[1:]].count("explain") == 1
    assert len(found) >= 5
    for words in found[1:]:
        said = cli(*words)
        if words[0] == "crosscheck":
            assert said.code == 1
        else:
            at = words[words.index("--at") + 1]
            ours = re.search(rf"element {at} of input set 0: (-?\d+), not", page.read_text())
            assert f" at {at}: {ours.group(1)} " in said.out


def test_files_of_inputs_are_named_in_the_commands(cli, model, tmp_path):
    rng = np.random.default_rng(3)
    np.save("in put.npy", rng.integers(-128, 128, (1, 8, 8, 2), np.int8))
    page = tmp_path / "x.html"
    said = cli("crosscheck", model.name, "-a", "device", "-i", "in put.npy", "--html", page)
    assert said.code == 1
    for words in commands(page)[1:]:
        assert words[words.index("-i") + 1] == "in put.npy"
        assert "--seed" not in words
        assert cli(*words).code in (0, 1)


def test_a_page_is_replaced_and_one_that_cannot_be_is_an_error_before_anything_runs(
    cli, model, tmp_path
):
    page = tmp_path / "x.html"
    page.write_text("old")
    said = cli("crosscheck", model.name, "-a", "good", "--html", page)
    assert said.code == 0
    assert page.read_bytes().startswith(b"<!doctype html>")
    for place in ("no/such/x.html", "."):
        said = cli("crosscheck", model.name, "-a", "good", "--html", place)
        assert said.code == 2
        assert said.out == ""
        assert said.err.startswith(f"error: cannot write {place}: ")


def test_unreadable_models_are_in_the_page(cli, model, tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    said = cli("crosscheck", ".", "-a", "good", "--html", tmp_path / "x.html")
    assert said.code == 2
    text = "".join(Parsed((tmp_path / "x.html").read_bytes()).texts)
    assert "unreadable: " in text
    assert "broken.tflite" in text
    assert "not all compared" in text


def test_verify_writes_a_page(cli, model, tmp_path):
    assert cli("golden", model.name, "-o", "golden", "--samples", "2").code == 0
    golden = read_bundle(tmp_path / "golden")
    device = make_golden(read_model(read_wrongly(golden.model)), samples=2, seed=0)
    (tmp_path / "board").mkdir()
    format_of("npz").write(replace(golden, samples=device.samples), tmp_path / "board")
    said = cli("verify", "golden", "board", "--html", "x.html")
    assert said.code == 1, said
    assert said.out == cli("verify", "golden", "board").out
    content = (tmp_path / "x.html").read_bytes()
    assert Parsed(content).open == []
    first, explain = commands(tmp_path / "x.html")
    assert first == ["verify", "golden", "board", "--html", "x.html"]
    assert cli(*explain).code == 0
    assert cli("verify", "golden", "board", "--html", "no/such/x.html").code == 2
