"""`refint8 setup-device`: folders that run as made. Their READMEs are followed, word for word."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from refint8.model.reader import read_model
from refint8.oracle.inputs import InputSet
from refint8.oracle.random_inputs import random_inputs
from refint8.oracle.targets import run_case, target
from refint8.oracle.targets.outcome import Case
from refint8.scaffold import KINDS
from refint8.scaffold.files import simulated_device
from refint8.scaffold.small_model import small_model
from tests.conftest import missing

COMMANDS = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
ENDS_WITH = re.compile(r"\s+# ends with (\d)$")


def commands(folder):
    """The lines of a README's shell blocks, each with the exit code that it promises."""
    for block in COMMANDS.findall((folder / "README.md").read_text("utf-8")):
        for line in block.splitlines():
            code = ENDS_WITH.search(line)
            yield shlex.split(ENDS_WITH.sub("", line)), int(code[1]) if code else 0


def follow(folder, words):
    """Run a README's command in the folder, with this Python for all that is Python."""
    python = Path(sys.executable)
    named = folder.parent / "bin"
    named.mkdir(exist_ok=True)
    if not (named / "python").exists():
        wrapper = named / "python"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} "$@"\n')
        wrapper.chmod(0o755)
    if words[0] == "refint8":
        words = ["python", "-m", *words]
    path = [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={
            **os.environ,
            "PATH": f"{named}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "NO_COLOR": "1",
        },
    )


@pytest.fixture
def made(cli, tmp_path):
    def make(kind):
        folder = tmp_path / "my-npu"
        called = cli("setup-device", "my-npu", "-k", kind, "-o", folder)
        assert called.code == 0, called.err
        return folder

    return make


@pytest.mark.skipif(os.name != "posix", reason="the wrapper is a shell script")
@pytest.mark.parametrize("kind", ["command", "python", "pipe"])
def test_the_readme_can_be_followed(made, kind):
    folder = made(kind)
    followed = []
    for words, code in commands(folder):
        if words[0] == "cc" and shutil.which("cc") is None:
            missing("there is no C compiler")
        done = follow(folder, words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        if words[:2] == ["refint8", "crosscheck"]:
            said = "first divergence: operator #0 CONV_2D" if code else "3 of 3 tensors equal"
            assert said in done.stdout
            assert ("1 cause, 2 inherited" in done.stdout) == bool(code)
        followed.append(code)
    expected = [0, 1] if kind == "python" else [0, 1, 0, 0, 1]
    assert len(followed) >= len(expected)
    assert sum(followed) >= sum(expected)


@pytest.mark.skipif(os.name != "posix", reason="the wrapper is a shell script")
def test_the_readme_of_a_dump_can_be_followed(made):
    folder = made("dump")
    codes = []
    for words, code in commands(folder):
        done = follow(folder, words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        codes.append(code)
    assert codes == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("bug", [False, True])
def test_a_dump_holds_what_the_device_computed(made, bug):
    folder = made("dump")
    model = read_model(small_model())
    sets = random_inputs(model, 2, 5)
    golden = folder / "golden"
    (golden / "npz").mkdir(parents=True)
    (golden / "model.tflite").write_bytes(model.content)
    meta = {
        "scores": {"index": 8, "role": "output"},
        "image": {"index": 0, "role": "input"},
    }
    for number, given in enumerate(sets):
        np.savez(
            golden / "npz" / f"{number}.npz",
            image=given[0],
            scores=np.zeros((1, 10), np.int8),
            __meta__=np.array(json.dumps({"tensors": meta})),
        )
    done = follow(folder, ["python", "dump.py", "golden", "dump", *(["--bug"] if bug else [])])
    assert done.returncode == 0, done.stderr
    for number, given in enumerate(sets):
        with np.load(folder / "dump" / f"{number}.npz") as dumped:
            assert sorted(dumped.files) == ["0", "3", "5", "8"]
            same = [np.array_equal(dumped[str(i)], ours(given)[i]) for i in (3, 5, 8)]
            assert all(same) != bug


def ours(given: InputSet) -> InputSet:
    """refint8's tensors of the small model."""
    case = Case(small_model(), [given], [3, 5, 8])
    return run_case(target("refint8:tflite"), case).tensors[0]


def test_the_simulated_device_is_refint8s_equal_at_extremes():
    for value in (-128, -127, -1, 0, 1, 126, 127):
        image = np.full((1, 8, 8, 3), value, np.int8)
        image[0, ::3] = -value - 1
        answer = simulated_device.run(small_model(), [image])
        expected = ours({0: image})
        for index, array in expected.items():
            assert answer[f"t{index}"].dtype == array.dtype
            assert np.array_equal(answer[f"t{index}"], array), (value, index)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made(cli, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    called = cli("setup-device", "npu_1", "--kind", kind, "--json")
    assert (called.code, called.err) == (0, "")
    document = called.json
    assert document["schema"] == "refint8-setup-device-1"
    assert (document["name"], document["kind"], document["folder"]) == ("npu_1", kind, "npu_1")
    folder = tmp_path / "npu_1"
    assert sorted(document["files"]) == sorted(path.name for path in folder.iterdir())
    assert read_model(folder / "model.tflite").content == small_model()
    for file in set(document["files"]) - {"model.tflite"}:
        assert "DEVICE_NAME" not in (folder / file).read_text("utf-8")
    assert (folder / "README.md").read_text("utf-8").startswith("# npu_1, attached")


def test_every_file_of_the_package_is_in_some_folder():
    files = Path(simulated_device.__file__).parent.iterdir()
    found = {path.name for path in files} - {"__init__.py", "__pycache__"}
    assert found == {file for kind in KINDS.values() for file in kind.files}


@pytest.mark.parametrize(
    "name",
    ["../up", "a/b", "/abs", "a b", ".", "..", "", "1st", "é", "nul", "a" * 65, "x\n", "a;b"],
)
def test_names_that_are_none(cli, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    called = cli("setup-device", "--", name)
    assert called.code == 2
    assert "is no name for a device" in called.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    called = cli("setup-device", "npu", "--kind", "jtag")
    assert called.code == 2
    assert "choose one of command, python, pipe, dump" in called.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone_without_force(cli, tmp_path):
    folder = tmp_path / "npu"
    folder.mkdir()
    (folder / "adapter.py").write_text("mine")
    (folder / "notes.txt").write_text("also mine")
    called = cli("setup-device", "npu", "-o", folder)
    assert called.code == 2
    assert "--force" in called.err
    assert sorted(path.name for path in folder.iterdir()) == ["adapter.py", "notes.txt"]
    assert (folder / "adapter.py").read_text() == "mine"

    assert cli("setup-device", "npu", "-o", folder, "--force").code == 0
    assert "mine" not in (folder / "adapter.py").read_text()
    assert (folder / "notes.txt").read_text() == "also mine"


def test_an_empty_folder_will_do_and_a_file_will_not(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    assert cli("setup-device", "npu", "-o", tmp_path / "empty").code == 0
    (tmp_path / "file").write_text("mine")
    called = cli("setup-device", "npu", "-o", tmp_path / "file", "--force")
    assert called.code == 2
    assert "it is a file" in called.err
