"""Many cases in one child: what one does to the process never becomes another one's result."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.oracle.targets import Case, Outcome, run_cases
from refint8.oracle.targets.isolated import IsolatedTarget


@pytest.fixture
def engine():
    made = []

    def make(option=""):
        made.append(IsolatedTarget("fake", "tflite", "tests.oracle.batches", option, "no"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def cases(*names):
    return [Case(name.encode(), [{0: np.array([n])}]) for n, name in enumerate(names)]


def test_each_case_has_its_own_outcome(engine):
    names = ["ok", "abort", "ok", "crash", "refuse", "hang", "object", "ok"]
    outcomes = run_cases(engine(), cases(*names), time_limit=1.0)
    statuses = [outcome.status for outcome in outcomes]
    assert statuses == [
        "ran",
        "aborted",
        "ran",
        "crashed",
        "refused",
        "timed out",
        "malformed",
        "ran",
    ]
    assert [outcomes[n].tensors[0][0].item() for n in (0, 2, 7)] == [0, 2, 7]
    assert "no" in outcomes[4].detail


def test_a_broken_heap_does_not_spoil_the_next_case(engine):
    outcomes = run_cases(engine(), cases("corrupt", "ok", "ok", "abort", "ok"))
    assert [o.status for o in outcomes] == ["ran", "ran", "ran", "aborted", "ran"]


@pytest.mark.parametrize("fresh, processes", [(False, 1), (True, 3)])
def test_cases_share_a_process_unless_told(engine, fresh, processes):
    outcomes = run_cases(engine("pid"), cases("ok", "ok", "ok"), fresh=fresh)
    pids = {outcome.tensors[0][0].item() - n for n, outcome in enumerate(outcomes)}
    assert len(pids) == processes


def test_nothing_to_run(engine):
    assert run_cases(engine(), []) == []


def test_a_missing_engine_misses_every_case():
    one = IsolatedTarget("fake", "tflite", "tests.oracle.no_such_engine", "", "get it")
    assert [o.status for o in run_cases(one, cases("ok", "ok"))] == ["missing", "missing"]


def test_another_python_sees_nothing_of_this_one(tmp_path):
    missing = IsolatedTarget("x", "tflite", "m", "", "get it", python=str(tmp_path / "python"))
    assert missing.describe().startswith("missing: ")
    assert "No such file" in missing.describe()


def test_a_target_without_batches_runs_case_by_case():
    class Single:
        name, profile = "single", "tflite"

        def run(self, content, inputs, **more):
            if content == b"abort":
                raise RuntimeError("stop")
            return Outcome("ran", tuple(inputs))

    outcomes = run_cases(Single(), cases("ok", "abort"))
    assert [(o.status, o.detail) for o in outcomes] == [
        ("ran", ""),
        ("refused", "RuntimeError: stop"),
    ]
