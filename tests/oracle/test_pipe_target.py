"""Devices behind a pipe: started once, kept in step, and all that can go wrong with them."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from refint8.cli.crosscheck import parse_targets
from refint8.errors import UsageError
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.targets import Case, run_cases, target
from refint8.oracle.targets import pipe as module
from refint8.oracle.targets.pipe import PipeTarget
from tests.oracle.test_command_target import reshape

SETS = [{0: np.array([[1, -2, 3]], np.int8)}, {0: np.array([[4, 5, -6]], np.int8)}]
PIPED = str(Path(__file__).with_name("piped.py"))


def words(*arguments):
    return shlex.join([sys.executable, PIPED, *map(str, arguments)])


@pytest.fixture
def device():
    """Makes targets that end with the test."""
    made = []

    def make(*arguments, start_limit=30.0):
        made.append(PipeTarget(words(*arguments), "tflite", start_limit))
        return made[-1]

    yield make
    for one in made:
        one.close()


def run(one, sets=SETS, **more):
    return one.run(reshape().content, sets, **more)


def test_it_runs_and_is_started_once_and_gets_the_model_once(device, tmp_path):
    log = tmp_path / "log"
    one = device("right", log)
    assert one.describe() == "the reshaper 1.0"
    for _ in range(2):
        outcome = run(one)
        assert outcome.status == "ran", outcome.detail
        assert [found[2].tolist() for found in outcome.tensors] == [[1, -2, 3], [4, 5, -6]]
        assert outcome.tensors[0][2].dtype == np.int8
        assert (outcome.detail, outcome.complete) == ("", True)
    assert log.read_text() == "start\nmodel\n"


def test_inner_tensors_are_asked_for_where_they_are_wanted(device):
    one = device("right")
    assert set(run(one).tensors[0]) == {2}
    wanted = run(one, tensors=[0])
    assert set(wanted.tensors[0]) == {0, 2}
    assert wanted.complete
    assert not run(one, tensors=[0, 1]).complete


def test_crosscheck_by_name_in_both_modes():
    name = f"pipe:{words('right')}"
    (comparison,) = crosscheck(reshape(), name, mode="both").comparisons
    assert comparison.verdict == "equal", comparison
    assert comparison.engine == "the reshaper 1.0"
    assert comparison.alone.tensors == 1
    target(name).close()


def test_a_stream_keeps_its_state_and_fresh_runs_do_not(device):
    one = device("counts")
    values = [[found[2][0] for found in run(one, stream=s).tensors] for s in (False, True, True)]
    assert values == [[1, 4], [1, 5], [1, 5]]


def test_fresh_starts_anew_for_every_case(device, tmp_path):
    log = tmp_path / "log"
    cases = [Case(reshape().content, SETS)] * 3
    outcomes = run_cases(device("right", log), cases, fresh=True)
    assert [outcome.status for outcome in outcomes] == ["ran"] * 3
    assert log.read_text() == "start\nmodel\n" * 3


@pytest.mark.parametrize(
    "mode, detail",
    [
        ("garbage", "is no line of ASCII words"),
        ("endless", "is no line"),
        ("another run", "'ok 2 1' is no answer to run 1"),
        ("words", "'ok 1' is no answer to run 1"),
        ("no count", "'-1' is no number"),
        ("too many", "'99999999' is no number up to 65536"),
        ("no tensor", "'' where 'tensor NAME DTYPE SHAPE BYTES' belongs"),
        ("no dtype", "there is no dtype 'object'"),
        ("no shape", "'3y' is no number"),
        ("bytes", "int8 of that shape has 4 bytes"),
        ("huge", "'99999999999' is no number"),
        ("dimensions", "tensor 0 int8 1x1x"),
        ("twice", "tensor '0' was given twice"),
        ("no end", "'end 2' where 'end 1' belongs"),
        ("too long", "'dend 1' where 'end 1' belongs"),
        ("bool", "a bool is a byte 0 or 1"),
        ("other refusal", "is no answer to run 1"),
        ("wrong names", "there is no output 7, the model has 1"),
        ("nothing", "no array for output 'y'"),
    ],
)
def test_what_is_not_as_agreed_is_malformed(device, mode, detail):
    outcome = run(device(mode))
    assert outcome.status == "malformed", outcome
    assert detail in outcome.detail
    assert outcome.tensors == ()


@pytest.mark.parametrize(
    "mode, status, detail",
    [
        ("crashes", "crashed", "SIGSEGV\nbus fault"),
        ("aborts", "aborted", "SIGABRT"),
        ("exits", "aborted", "it ended itself with exit code 4"),
        ("exits in the middle", "aborted", "it ended itself with exit code 4"),
        ("refuses", "refused", "no such kernel: RESHAPE"),
        ("refuses dryly", "refused", "it gave no reason"),
    ],
)
def test_what_goes_wrong_has_a_status_of_its_own(device, mode, status, detail):
    outcome = run(device(mode))
    assert (outcome.status, outcome.detail) == (status, detail)


def test_a_device_that_closes_its_pipe_is_malformed(device, monkeypatch):
    monkeypatch.setattr(module, "STOP_LIMIT", 0.2)
    outcome = run(device("closes"))
    assert outcome.status == "malformed"
    assert "went on running" in outcome.detail


def test_lines_may_end_as_windows_has_them(device):
    assert run(device("windows")).status == "ran"


def test_another_dtype_is_a_row_that_says_so(device):
    (comparison,) = crosscheck(reshape(), device("int16")).comparisons
    assert comparison.verdict == "different"
    assert comparison.first.diff.problem == "dtype int8 against int16"


@pytest.mark.parametrize("mode, status", [("crashes on 4", "crashed"), ("hangs on 4", "timed out")])
def test_a_case_that_ends_the_device_leaves_the_others_alone(device, tmp_path, mode, status):
    log = tmp_path / "log"
    content = reshape().content
    cases = [Case(content, SETS[:1]), Case(content, SETS[1:]), Case(content, SETS[:1])]
    outcomes = run_cases(device(mode, log), cases, time_limit=1.5)
    assert [outcome.status for outcome in outcomes] == ["ran", status, "ran"]
    assert log.read_text() == "start\nmodel\n" * 2


def test_a_device_that_hangs_is_killed(device):
    one = device("hangs")
    one.describe()
    start = time.monotonic()
    assert run(one, time_limit=0.3).status == "timed out"
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "mode, status, detail",
    [
        ("boots", "malformed", "its greeting is 'U-Boot 2019.01', not 'refint8-pipe 1 NAME'"),
        ("newer", "malformed", "it speaks version '2' of the pipe, not 1"),
        ("nameless", "malformed", "its greeting is ''"),
        ("dies at start", "aborted", "exit code 3\nno board on the port"),
    ],
)
def test_a_device_that_does_not_greet_is_not_there(device, mode, status, detail):
    one = device(mode)
    assert one.describe().startswith("missing: ")
    outcome = run(one)
    assert (outcome.status, detail in outcome.detail) == (status, True), outcome.detail


def test_a_device_that_never_greets_is_given_up(device):
    assert run(device("mute", start_limit=0.3)).status == "timed out"


def test_no_such_program():
    one = PipeTarget("no-such-program-anywhere", "tflite")
    assert one.describe() == "missing: there is no program no-such-program-anywhere"
    assert run(one).status == "missing"


def test_a_program_that_is_none(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    outcome = run(PipeTarget(str(path), "tflite"))
    assert outcome.status == "refused"
    assert "cannot be started" in outcome.detail


@pytest.mark.parametrize("text", ["pipe:", "pipe:'./dut"])
def test_a_pipe_without_a_command_is_a_mistake(text):
    with pytest.raises(UsageError):
        target(text)


def test_what_is_no_model_is_refused(device):
    assert device("right").run(b"", SETS).status == "refused"


def test_commas_in_a_command_are_its_own():
    names = [one.name for one in parse_targets(["refint8:tflm,pipe:./dut --ops a,b"])]
    assert names == ["refint8:tflm", "pipe:./dut --ops a,b"]
