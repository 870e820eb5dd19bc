"""Targets: an engine may abort, hang, refuse or be missing; that is an Outcome, never our end."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import PROFILES
from refint8.oracle.targets import ALIASES, NAMES, target
from refint8.oracle.targets.isolated import IsolatedTarget
from tests.conftest import installed

INPUTS = [{4: np.array([1, -2], np.int8)}, {4: np.array([60, 5], np.int8)}]


@pytest.fixture
def fake():
    made = []

    def make(option, module="tests.oracle.engines"):
        made.append(IsolatedTarget("fake", "tflite", module, option, "pip install fake"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def assert_doubled(outcome):
    assert outcome.status == "ran", outcome.detail
    assert [set(tensors) for tensors in outcome.tensors] == [{4}, {4}]
    np.testing.assert_array_equal(outcome.tensors[0][4], np.array([2, -4], np.int8), strict=True)
    np.testing.assert_array_equal(outcome.tensors[1][4], np.array([120, 10], np.int8), strict=True)


def test_runs_each_input_set(fake):
    one = fake("")
    assert one.describe() == "fake 1.0"
    outcome = one.run(b"model", INPUTS)
    assert_doubled(outcome)
    assert outcome.complete
    assert outcome.detail == ""
    assert outcome.seconds > 0


def test_hands_over_bytes_and_shapes(fake):
    outcome = fake("tells").run(b"model", INPUTS, input_shapes={3: (7, 8)})
    assert outcome.tensors[0][0].tolist() == [5, 7, 8]


def test_reads_inner_tensors(fake):
    outcome = fake("").run(b"", INPUTS, tensors=[100, 101])
    assert outcome.complete
    assert set(outcome.tensors[1]) == {4, 100, 101}
    assert outcome.tensors[1][101] == 101


def test_says_when_inner_tensors_are_missing(fake):
    outcome = fake("forgets").run(b"", INPUTS, tensors=[100])
    assert_doubled(outcome)
    assert not outcome.complete


def test_an_engine_that_aborts_is_told_from_one_that_crashes(fake):
    one = fake("abort")
    outcome = one.run(b"", INPUTS)
    assert outcome.status == "aborted"
    assert outcome.tensors == ()
    assert outcome.detail == "SIGABRT\nCheck failed: heap (1 vs. 2)"
    assert one.run(b"", INPUTS).status == "aborted", "and the next run is served"


def test_an_engine_that_segfaults_has_crashed(fake):
    outcome = fake("segfault").run(b"", INPUTS, tensors=[100])
    assert outcome.status == "crashed"
    assert outcome.detail.startswith("SIGSEGV")


def test_outputs_alone_when_inner_tensors_crash_it(fake):
    outcome = fake("inner segfault").run(b"", INPUTS, tensors=[100])
    assert_doubled(outcome)
    assert not outcome.complete
    assert "SIGSEGV" in outcome.detail


def test_an_engine_that_hangs_times_out(fake):
    start = time.monotonic()
    outcome = fake("hang").run(b"", INPUTS, time_limit=0.3)
    assert outcome.status == "timed out"
    assert time.monotonic() - start < 5


def test_an_engine_that_raises_has_refused_in_its_own_words(fake):
    outcome = fake("refuse").run(b"", INPUTS)
    assert outcome.status == "refused"
    assert outcome.detail == (
        "RuntimeError: failed to allocate tensors\nDidn't find op for builtin opcode 'TILE'"
    )


def test_memory_is_limited(fake):
    outcome = fake("hoard").run(b"", INPUTS)
    assert outcome.status in ("refused", "crashed")


def test_what_an_engine_prints_does_not_disturb(fake, capfd):
    assert_doubled(fake("chatter").run(b"", INPUTS))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("module", ["tests.oracle.no_such_engine", "tests.oracle.dying_engine"])
def test_a_missing_engine_names_the_command_that_installs_it(fake, module):
    one = fake("", module)
    outcome = one.run(b"", INPUTS)
    assert outcome.status == "missing"
    assert outcome.detail.endswith("pip install fake")
    assert one.describe() == f"missing: {outcome.detail}"


def test_a_child_that_was_killed_is_replaced(fake):
    one = fake("")
    assert_doubled(one.run(b"", INPUTS))
    one._child.process.kill()
    one._child.process.wait()
    assert_doubled(one.run(b"", INPUTS))


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
def test_a_hanging_engine_ends_with_its_child_process(fake):
    one = fake("hang")
    one.describe()
    server = one._child.process.pid
    children = Path(f"/proc/{server}/task/{server}/children")
    with ThreadPoolExecutor() as pool:
        running = pool.submit(one.run, b"", INPUTS)
        while not (found := children.read_text().split()):
            time.sleep(0.01)
        os.kill(server, signal.SIGKILL)
        assert running.result().status == "crashed"
    give_up = time.monotonic() + 5
    while runs(found[0]):
        assert time.monotonic() < give_up, "it is still there"
        time.sleep(0.01)


def runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("option, status", [("", "ran"), ("abort", "aborted")])
def test_works_where_processes_do_not_fork(fake, monkeypatch, option, status):
    monkeypatch.setenv("FAKE_ENGINE_WITHOUT_FORK", "1")
    one = fake(option)
    assert [one.run(b"", INPUTS).status for _ in range(3)] == [status] * 3


def test_the_time_limit_holds_where_processes_do_not_fork(fake, monkeypatch):
    monkeypatch.setenv("FAKE_ENGINE_WITHOUT_FORK", "1")
    monkeypatch.setattr("refint8.oracle.targets.isolated.GRACE", 0.2)
    assert fake("hang").run(b"", INPUTS, time_limit=0.3).status == "timed out"


def test_names():
    assert target("litert:auto") is target("litert:xnnpack")
    assert target("litert") is target("litert:ref")
    assert set(ALIASES.values()) <= set(NAMES)
    assert all(target(name).profile in PROFILES for name in NAMES)
    with pytest.raises(UsageError, match="no target 'tf'") as error:
        target("tf")
    assert "litert:ref, litert:opt, litert:xnnpack, tflm" in error.value.hint


# The engines themselves


@pytest.fixture(params=NAMES)
def engine(request):
    return installed(request.param)


def pooled():
    """MAX_POOL_2D of 2x2 and a RESHAPE: arithmetic on which all engines agree."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2, 4, 1), scale=0.5)
    y = b.tensor("y", "INT8", (1, 1, 2, 1), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,), data=[1, 2])
    z = b.tensor("z", "INT8", (1, 2), scale=0.5)
    window = dict.fromkeys(("stride_w", "stride_h", "filter_width", "filter_height"), 2)
    b.operator("MAX_POOL_2D", [x], [y], version=2, padding="VALID", **window)
    b.operator("RESHAPE", [y, shape], [z], new_shape=[1, 2])
    return b.to_bytes([x], [z]), x, y, z


def test_engine_gives_outputs_and_inner_tensors(engine):
    content, x, y, z = pooled()
    value = np.array([[1, 2, -8, -7], [4, 3, -6, -5]], np.int8).reshape(1, 2, 4, 1)
    outcome = engine.run(content, [{x: value}, {x: np.full_like(value, 9)}], tensors=[y, z])
    assert outcome.status == "ran", outcome.detail
    assert outcome.complete
    for tensors, expected in zip(outcome.tensors, ([4, -5], [9, 9]), strict=True):
        assert tensors[y].tolist() == np.array(expected).reshape(1, 1, 2, 1).tolist()
        assert tensors[z].tolist() == [expected]
        assert tensors[z].dtype == np.int8
    assert set(engine.run(content, [{x: value}]).tensors[0]) == {z}


def test_engine_refuses_what_is_no_model(engine):
    outcome = engine.run(b"\x1c\x00\x00\x00TFL3" + bytes(64), [{}])
    assert outcome.status in ("refused", "crashed")
    assert outcome.detail


@pytest.mark.parametrize("name", ["litert:ref", "tflm"])
def test_litert_resizes_inputs_and_tflm_says_it_cannot(name):
    one = installed(name)
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 2, 1), scale=0.5)
    y = b.tensor("y", "INT8", (1, 1, 1, 1), scale=0.5)
    window = {"stride_w": 2, "stride_h": 1, "filter_width": 2, "filter_height": 1}
    b.operator("MAX_POOL_2D", [x], [y], version=2, padding="VALID", **window)
    value = np.arange(6, dtype=np.int8).reshape(3, 1, 2, 1)
    shapes = {x: value.shape}
    outcome = one.run(b.to_bytes([x], [y]), [{x: value}], tensors=[y], input_shapes=shapes)
    if name == "tflm":
        assert outcome.status == "refused"
        assert "cannot resize input 0 from (1, 1, 2, 1) to (3, 1, 2, 1)" in outcome.detail
    else:
        assert outcome.tensors[0][y].tolist() == [[[[1]]], [[[3]]], [[[5]]]]


def test_the_environment_is_left_alone():
    before = dict(os.environ)
    target("litert:ref").describe()
    assert dict(os.environ) == before
