"""`refint8 crosscheck`: files in, exit code and report out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest

from refint8.cli import crosscheck as command
from refint8.cli import main
from refint8.model.build import ModelBuilder
from refint8.oracle.targets import NAMES, Outcome, target
from tests.conftest import installed
from tests.oracle.test_crosscheck import Stub, flawed, pools


class Result(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def targets(monkeypatch):
    """Targets by name that stand in for the engines."""
    made = {
        "good": Stub(name="good"),
        "bad": Stub(flawed(3, 0), name="bad"),
        "mute": Stub(outcome=Outcome("refused", detail="no"), name="mute"),
        "litert:ref": Stub(name="litert:ref"),
    }
    monkeypatch.setattr(command, "target", lambda name: made.get(name) or target(name))
    return made


@pytest.fixture
def run(targets, capsys):
    def call(*arguments):
        code = main(["crosscheck", *map(str, arguments)])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "pools.tflite"
    path.write_bytes(pools().content)
    return path


def test_equal_is_0_and_litert_ref_the_default(run, model, targets):
    result = run(model)
    assert result.exit_code == 0
    assert "against litert:ref" in result.stdout
    assert "3 of 3 tensors equal, 0 of 54 elements differ" in result.stdout
    assert result.stderr == ""


def test_a_difference_is_1(run, model):
    result = run(model, "--against", "bad")
    assert result.exit_code == 1
    assert "first divergence: operator #1 RESHAPE z" in result.stdout


def test_several_targets_repeated_or_with_commas(run, model):
    result = run(model, "-a", "good,bad", "--against", "mute", "-a", "good")
    assert result.exit_code == 1
    assert "1 different, 1 refused, 1 equal" in result.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-a", "nobody"], "there is no target 'nobody'"),
        (["-p", "nobody"], "there is no profile 'nobody'"),
        (["-i", "nowhere.npy"], "cannot read nowhere.npy"),
        (["--samples", "0"], "Invalid value for '--samples'"),
        (["-p", "tflm,nobody"], "there is no profile 'nobody'"),
        (["-a", "cmd:true"], "the command 'true' has no place for its outputs"),
        (["-a", "py:nothing"], "'py:nothing' names no function"),
        (["-a", "refint8:nobody"], "there is no profile 'nobody'"),
        (["-a", "litert:fast:python"], "there is no target 'litert:fast:python'"),
        (["--mode", "isolate"], "there is no mode 'isolate'"),
        (["-t", "99"], "there is no tensor 99"),
        (["-t", "x"], "tensor 'x' is written by no operator"),
        (["--junit", "no/such/folder/x.xml"], "cannot write no/such/folder/x.xml"),
    ],
)
def test_a_mistake_is_2(run, model, arguments, message):
    result = run(model, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {message}")
    assert result.stdout == ""


def test_no_model_is_2(run, tmp_path):
    result = run(tmp_path / "*.tflite")
    assert result.exit_code == 2
    assert "no model at" in result.stderr


def test_an_unreadable_file_is_2_but_the_others_are_compared(run, model, tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "3 of 3 tensors equal" in result.stdout
    assert "unreadable:" in result.stderr
    assert "broken.tflite" in result.stderr
    assert run(tmp_path, "-a", "bad").exit_code == 1


def test_nothing_compared_is_2(run, model):
    assert run(model, "-a", "mute").exit_code == 2


def test_unsupported_is_3(run, tmp_path):
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    b.operator("CUSTOM", [x], [b.tensor("y", "INT8", (1, 4), scale=0.5)], custom_code="mine")
    (tmp_path / "m.tflite").write_bytes(b.to_bytes([x], [1]))
    result = run(tmp_path / "m.tflite")
    assert result.exit_code == 3
    assert "unsupported: refint8 does not support the model" in result.stdout
    assert "mine" in result.stdout


def test_undefined_is_4(run, tmp_path):
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 1, 8), scale=0.5)
    weights = b.tensor("w", "INT8", (1, 1, 1, 8), scale=0.5, data=np.full((1, 1, 1, 8), 127))
    bias = b.tensor("b", "INT32", (1,), scale=0.25, data=[2**31 - 1])
    y = b.tensor("y", "INT8", (1, 1, 1, 1), scale=0.5)
    b.operator("CONV_2D", [x, weights, bias], [y], version=3, stride_w=1, stride_h=1)
    (tmp_path / "m.tflite").write_bytes(b.to_bytes([x], [y]))
    np.save(tmp_path / "x.npy", np.full((1, 1, 1, 8), 127, np.int8))
    result = run(tmp_path / "m.tflite", "-i", tmp_path / "x.npy")
    assert result.exit_code == 4
    assert "undefined: the arithmetic is not defined here" in result.stdout


def test_folders_and_patterns(run, tmp_path):
    for name in ("a/one.tflite", "a/b/two.tflite", "three.tflite", "a/note.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pools().content)
    find = command.model_paths
    assert [p.name for p in find([str(tmp_path / "a")])] == ["two.tflite", "one.tflite"]
    assert [p.name for p in find([str(tmp_path / "*.tflite")])] == ["three.tflite"]
    both = find([str(tmp_path / "a/**/*.tflite"), str(tmp_path / "a")])
    assert len(both) == 2, "each once"
    result = run(tmp_path)
    assert result.exit_code == 0
    assert f"in {tmp_path}" in result.stdout


def test_inputs_samples_and_seed(run, model, targets, tmp_path):
    run(model, "--samples", "5", "--seed", "9", "--time-limit", "4")
    assert len(targets["litert:ref"].asked["inputs"]) == 5
    assert targets["litert:ref"].asked["time_limit"] == 4.0
    np.save(tmp_path / "x.npy", np.ones((2, 4, 4, 2), np.int8))
    result = run(model, "-i", tmp_path / "x.npy")
    assert "2 input sets" in result.stdout
    assert "(seed" not in result.stdout
    assert (targets["litert:ref"].asked["inputs"][1][0] == 1).all()


def test_profile_replaces_the_targets_own(run, model):
    assert "profile tflm" in run(model, "--profile", "tflm").stdout


def test_json(run, model):
    result = run(model, "-a", "good,bad", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == found["exit_code"] == 1
    assert found["schema"] == "refint8-crosscheck-2"
    assert [c["verdict"] for c in found["models"][0]["comparisons"]] == ["equal", "different"]


def test_errors(run, model):
    assert "verdict" not in run(model, "-a", "bad", "--errors", "0").stdout


def test_a_name_that_does_not_exist_names_the_nearest(run, model):
    result = run(model, "-t", "shap")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: there is no tensor 'shap'\n  hint: the nearest: 'shape'\n"


def test_only_the_tensors_named(run, model):
    found = json.loads(run(model, "-a", "bad", "-t", "y", "-t", "4", "--json").stdout)
    assert [t["name"] for t in found["models"][0]["comparisons"][0]["tensors"]] == ["y", "w"]
    assert found["exit_code"] == 0


@pytest.mark.parametrize("mode, ran", [("cumulative", 0), ("auto", 0), ("both", 3)])
def test_modes(run, model, mode, ran):
    found = json.loads(run(model, "-a", "good", "--mode", mode, "--json").stdout)
    assert found["models"][0]["mode"] == mode
    assert found["models"][0]["comparisons"][0]["alone"]["tensors"] == ran


def test_isolated_runs_no_whole_model(run, model):
    (found,) = json.loads(run(model, "--mode", "isolated", "--json").stdout)["models"]
    assert (found["comparisons"][0]["cumulative"], found["comparisons"][0]["compared"]) == (None, 0)
    assert "alone 3 of 3 operators equal" in run(model, "-m", "isolated").stdout


def test_a_command_with_commas_is_the_last_of_a_list():
    names = [one.name for one in command.parse_targets(["tflm,litert,cmd:./a,b {outputs}", "tflm"])]
    assert names == ["tflm", "litert:ref", "cmd:./a,b {outputs}"]


def test_profiles_repeated_or_with_commas(run, model):
    found = json.loads(run(model, "-p", "tflm,tflite", "-p", "tflm", "--json").stdout)
    assert [c["profile"] for c in found["models"][0]["comparisons"]] == ["tflm", "tflite"]


def test_junit(run, model, tmp_path):
    path = tmp_path / "report.xml"
    assert run(model, "-a", "bad", "--junit", path).exit_code == 1
    root = ElementTree.parse(path).getroot()
    assert [suite.get("failures") for suite in root] == ["1"]


def test_the_help_names_every_kind_of_target(run):
    shown = " ".join(run("--help").stdout.split())
    for name in (*NAMES, "tflite-runtime[:PYTHON]", "cmd:COMMAND", "py:MODULE:FUNCTION"):
        assert name in shown


def test_an_engine_for_real(model):
    installed("litert:ref")
    code = "import sys; from refint8.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "crosscheck", str(model)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ai-edge-litert" in done.stdout
