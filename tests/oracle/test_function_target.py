"""Python functions as targets, in a process of their own and in this one; profiles as targets."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.targets import target
from refint8.oracle.targets.function import FunctionTarget
from tests.engine import state_models
from tests.oracle import functions
from tests.oracle.test_command_target import SETS, reshape

STATUSES = [
    ("right", "ran", ""),
    ("by_name", "ran", ""),
    ("several", "malformed", "2 outputs, the model has 1"),
    ("nothing", "malformed", "the answer is NoneType, not arrays"),
    ("text", "malformed", "not numbers"),
    ("ragged", "malformed", "no array"),
    ("misnamed", "malformed", "there is no tensor 'yy' (the nearest: 'y')"),
    ("raises", "refused", "RuntimeError: kernel not found"),
]
IN_A_CHILD = [
    ("prints", "ran", 'printed on stdout: {"exit": 0}'),
    ("aborts", "aborted", "SIGABRT"),
    ("crashes", "crashed", "SIGSEGV"),
    ("ends", "aborted", "it ended itself with exit code 0"),
    ("leaves", "aborted", ""),
    ("hangs", "timed out", ""),
]


@pytest.mark.parametrize("name, status, detail", STATUSES + IN_A_CHILD)
def test_a_function_by_name_has_a_process_of_its_own(name, status, detail):
    one = target(f"py:tests.oracle.functions:{name}")
    outcome = one.run(reshape().content, SETS, time_limit=1.0 if name == "hangs" else 60.0)
    assert outcome.status == status, outcome.detail
    assert detail in outcome.detail
    one.close()


@pytest.mark.parametrize("name, status, detail", [*STATUSES, ("leaves", "refused", "SystemExit")])
def test_a_callable_runs_in_this_process(name, status, detail):
    outcome = FunctionTarget(getattr(functions, name)).run(reshape().content, SETS)
    assert outcome.status == status
    assert detail in outcome.detail


def test_a_callable_that_hangs_is_left_behind():
    one = FunctionTarget(functions.hangs)
    assert one.run(reshape().content, SETS, time_limit=0.2).status == "timed out"


def test_crosscheck_takes_callables():
    report = crosscheck(reshape(), [functions.right, functions.wrong_shape], mode="both")
    right, wrong = report.comparisons
    assert (right.verdict, right.target, right.alone.differing) == ("equal", "right", 0)
    assert wrong.verdict == "different"
    assert wrong.first.diff.problem == "shape (3,) against (1, 3)"
    assert report.exit_code == 1


def test_callables_of_one_name_are_told_apart():
    found = crosscheck(reshape(), [lambda *_: None, lambda *_: 1, functions.right]).comparisons
    assert [each.target for each in found] == ["<lambda>", "<lambda>#2", "right"]


def test_inner_tensors_by_name_or_index():
    one = FunctionTarget(functions.by_name)
    outcome = one.run(reshape().content, SETS, tensors=[0])
    assert outcome.complete
    assert outcome.tensors[0][0].tolist() == [[1, -2, 3]]
    assert not FunctionTarget(functions.right).run(reshape().content, SETS, tensors=[0]).complete


def test_a_function_in_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def run(model, inputs):\n    return inputs[0].reshape(3)\n")
    assert target(f"py:{path}:run").run(reshape().content, SETS).status == "ran"


@pytest.mark.parametrize(
    "name, reason",
    [
        ("py:tests.oracle.functions:no", "has no function 'no'"),
        ("py:tests.oracle.functions:NUMBER", "has no function 'NUMBER'"),
        ("py:tests.no_such_module:run", "ModuleNotFoundError"),
        ("py:no_such_file.py:run", "FileNotFoundError"),
    ],
)
def test_no_such_function_is_missing(name, reason):
    described = target(name).describe()
    assert described.startswith("missing: ")
    assert reason in described


@pytest.mark.parametrize("name", ["py:", "py:module", "py:module:", "py::run", "py:m:f()"])
def test_a_name_that_names_no_function_is_a_mistake(name):
    with pytest.raises(UsageError, match="names no function"):
        target(name)


def test_a_profile_against_another():
    model = state_models.svdf_with_bias()
    (comparison,) = crosscheck(model, "refint8:litert-ref", mode="both").comparisons
    assert (comparison.verdict, comparison.profile) == ("equal", "tflite")
    assert comparison.engine == "refint8 under litert-ref"
    assert crosscheck(model, "refint8:tflm", stream=True)
    with pytest.raises(UsageError, match="no profile"):
        target("refint8:nobody")


def test_a_profile_that_refuses():
    one = target("refint8:tflite")
    assert one.run(b"", SETS).status == "refused"
    wrong = [{0: np.zeros((1, 3), np.int16)}]
    assert "is int8, not int16" in one.run(reshape().content, wrong).detail
