"""crosscheck: what it compares, what it reports, and whose fault each verdict is."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.errors import ModelError, UsageError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck, exit_code
from refint8.oracle.targets import Outcome
from tests.conftest import installed


class Stub:
    """A target that answers with refint8's own tensors, changed by `change(sample, tensors)`."""

    def __init__(self, change=None, outcome=None, name="stub", profile="tflite"):
        self.name, self.profile = name, profile
        self.change, self.outcome = change, outcome
        self.asked = {}

    def describe(self):
        return "stub 1.0"

    def run(self, content, inputs, *, tensors=None, input_shapes=None, time_limit=60.0):
        self.asked = {"inputs": inputs, "tensors": tensors, "shapes": input_shapes}
        self.asked["time_limit"] = time_limit
        if self.outcome is not None:
            return self.outcome
        session = Session(read_model(content), self.profile, input_shapes)
        results = []
        for number, given in enumerate(inputs):
            result = session.run(given)
            wanted = dict.fromkeys((*(tensors or ()), *session.plan.subgraph.outputs))
            result = {index: result[index].copy() for index in wanted}
            if self.change is not None:
                self.change(number, result)
            results.append(result)
        return Outcome("ran", tuple(results), True, seconds=0.5)


def pools():
    """MAX_POOL_2D, RESHAPE, MAX_POOL_2D: tensors 1, 3 and 4."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4, 4, 2), scale=0.5)
    y = b.tensor("y", "INT8", (1, 2, 2, 2), scale=0.5)
    shape = b.tensor("shape", "INT32", (4,), data=[1, 2, 4, 1])
    z = b.tensor("z", "INT8", (1, 2, 4, 1), scale=0.5)
    w = b.tensor("w", "INT8", (1, 1, 2, 1), scale=0.5)
    window = dict.fromkeys(("stride_w", "stride_h", "filter_width", "filter_height"), 2)
    b.operator("MAX_POOL_2D", [x], [y], version=2, padding="VALID", **window)
    b.operator("RESHAPE", [y, shape], [z], new_shape=[1, 2, 4, 1])
    b.operator("MAX_POOL_2D", [z], [w], version=2, padding="VALID", **window)
    return b.model([x], [w], name="pools")


def flawed(tensor, *samples):
    """A change that adds 3 to the second element of a tensor in some samples."""

    def change(number, result):
        if number in samples and tensor in result:
            result[tensor].reshape(-1)[1] ^= 3

    return change


def test_equal():
    stub = Stub()
    report = crosscheck(pools(), stub, time_limit=7.0)
    (comparison,) = report.comparisons
    assert report
    assert report.exit_code == 0
    assert (report.model, report.samples, report.seed) == ("pools", 3, 0)
    assert comparison.verdict == "equal"
    assert (comparison.expected, len(comparison.tensors)) == (3, 3)
    assert (comparison.elements, comparison.differing) == (3 * (8 + 8 + 2), 0)
    assert comparison.first is None
    assert (comparison.engine, comparison.seconds) == ("stub 1.0", 0.5)
    assert stub.asked["tensors"] == [1, 3, 4]
    assert stub.asked["time_limit"] == 7.0


def test_first_divergence_is_in_execution_order():
    def change(number, result):
        flawed(4, 0, 1, 2)(number, result)
        flawed(3, 1)(number, result)

    (comparison,) = crosscheck(pools(), Stub(change)).comparisons
    assert comparison.verdict == "different"
    first = comparison.first
    assert (first.operator, first.operator_name, first.tensor, first.name) == (1, "RESHAPE", 3, "z")
    assert (first.sample, first.elements, first.differing) == (1, 24, 1)
    assert first.diff.first == (0, 0, 1, 0)
    assert first.largest in (1, 3)
    assert [result.differing for result in comparison.tensors] == [0, 1, 3]


def test_totals_by_operator_are_worst_first():
    (comparison,) = crosscheck(pools(), Stub(flawed(3, 0, 1))).comparisons
    totals = [(t.operator_name, t.tensors, t.elements, t.differing) for t in comparison.operators]
    assert totals == [("RESHAPE", 1, 24, 2), ("MAX_POOL_2D", 2, 30, 0)]


def test_a_wrong_shape_is_a_difference():
    def change(number, result):
        result[3] = result[3].reshape(1, 8)

    (comparison,) = crosscheck(pools(), Stub(change)).comparisons
    assert comparison.verdict == "different"
    assert comparison.first.diff.problem == "shape (1, 2, 4, 1) against (1, 8)"


def test_tensors_the_engine_does_not_give_are_counted():
    (comparison,) = crosscheck(pools(), Stub(lambda number, result: result.pop(3))).comparisons
    assert comparison.verdict == "equal"
    assert (comparison.expected, len(comparison.tensors)) == (3, 2)


def test_an_engine_that_gives_nothing_is_not_equal():
    (comparison,) = crosscheck(pools(), Stub(lambda number, result: result.clear())).comparisons
    assert comparison.verdict == "malformed"
    assert comparison.detail == "no tensor was given."


def test_an_output_the_engine_does_not_give_is_a_difference():
    (comparison,) = crosscheck(pools(), Stub(lambda number, result: result.pop(4))).comparisons
    assert comparison.verdict == "different"
    assert comparison.first.diff.problem == "not given"


def test_a_target_that_raises_has_refused():
    def change(number, result):
        raise ConnectionError("no board")

    (comparison,) = crosscheck(pools(), Stub(change)).comparisons
    assert (comparison.verdict, comparison.detail) == ("refused", "ConnectionError: no board")


@pytest.mark.parametrize("status", ["refused", "crashed", "aborted", "timed out", "missing"])
def test_what_the_engine_does_is_reported(status):
    report = crosscheck(pools(), Stub(outcome=Outcome(status, detail="SIGSEGV")))
    assert report.comparisons[0].verdict == status
    assert report.comparisons[0].detail == "SIGSEGV"
    assert report.exit_code == 2, "nothing is known to be equal"


def test_a_refusing_engine_beside_an_equal_one_is_no_failure():
    refusing = Stub(outcome=Outcome("refused"), name="other")
    assert crosscheck(pools(), [Stub(), refusing]).exit_code == 0
    absent = Stub(outcome=Outcome("missing"), name="other")
    assert crosscheck(pools(), [Stub(), absent]).exit_code == 2


def test_what_refint8_does_not_support_is_reported():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "INT8", (1, 4), scale=0.5)
    b.operator("CUSTOM", [x], [y], custom_code="mine")
    stub = Stub()
    report = crosscheck(b.model([x], [y]), stub)
    assert report.comparisons[0].verdict == "unsupported"
    assert "mine" in report.comparisons[0].detail
    assert report.exit_code == 3
    assert stub.asked == {}, "there is nothing to compare the engine with"


def test_what_is_not_defined_is_reported():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 1, 1, 8), scale=0.5)
    weights = b.tensor("w", "INT8", (1, 1, 1, 8), scale=0.5, data=np.full((1, 1, 1, 8), 127))
    bias = b.tensor("b", "INT32", (1,), scale=0.25, data=[2**31 - 1])
    y = b.tensor("y", "INT8", (1, 1, 1, 1), scale=0.5)
    b.operator("CONV_2D", [x, weights, bias], [y], version=3, stride_w=1, stride_h=1)
    model = b.model([x], [y])
    given = [{x: np.full((1, 1, 1, 8), 127, np.int8)}]
    report = crosscheck(model, Stub(profile="litert-ref"), inputs=given)
    assert report.comparisons[0].verdict == "equal", "the engine wraps, and so does its profile"
    report = crosscheck(model, Stub(), profile="tflite", inputs=given)
    assert report.comparisons[0].verdict == "undefined"
    assert report.exit_code == 4


def test_each_target_has_its_profile_unless_told():
    targets = [Stub(profile="litert-ref", name="a"), Stub(profile="tflm", name="b")]
    assert [c.profile for c in crosscheck(pools(), targets).comparisons] == ["litert-ref", "tflm"]
    told = crosscheck(pools(), targets, profile="tflite").comparisons
    assert [c.profile for c in told] == ["tflite", "tflite"]


def test_inputs_are_seeded_or_given():
    stub = Stub()
    crosscheck(pools(), stub, samples=2, seed=1)
    first = stub.asked["inputs"]
    crosscheck(pools(), stub, samples=2, seed=1)
    for a, b in zip(first, stub.asked["inputs"], strict=True):
        np.testing.assert_array_equal(a[0], b[0])
    given = [{0: np.zeros((1, 4, 4, 2), np.int8)}]
    report = crosscheck(pools(), stub, inputs=given)
    assert stub.asked["inputs"] == given
    assert (report.samples, report.seed) == (1, None)


def test_every_input_set_starts_on_fresh_state(monkeypatch):
    called = []
    restart, run = Session.restart, Session.run
    monkeypatch.setattr(
        Session, "restart", lambda self: (called.append("restart"), restart(self))[1]
    )
    monkeypatch.setattr(Session, "run", lambda self, x: (called.append("run"), run(self, x))[1])
    crosscheck(pools(), Stub(outcome=Outcome("ran", ({}, {}))), samples=2)
    assert called[-4:] == ["restart", "run", "restart", "run"]


def test_bytes_paths_and_mistakes(tmp_path):
    path = tmp_path / "pools.tflite"
    path.write_bytes(pools().content)
    assert crosscheck(path, Stub()).model == "pools.tflite"
    assert crosscheck(pools().content, Stub()).sha256 == crosscheck(path, Stub()).sha256
    with pytest.raises(ModelError):
        crosscheck(b"no model", Stub())
    with pytest.raises(UsageError, match="no target"):
        crosscheck(path, "tf")
    with pytest.raises(UsageError, match="no profile"):
        crosscheck(path, Stub(), profile="tf")


@pytest.mark.parametrize(
    "verdicts, code",
    [
        (["equal", "equal"], 0),
        (["equal", "different", "undefined", "unsupported"], 1),
        (["equal", "undefined", "unsupported"], 4),
        (["equal", "unsupported", "missing"], 3),
        (["equal", "missing"], 2),
        (["equal", "crashed"], 0),
        (["equal", "malformed"], 1),
        (["equal", "skipped"], 0),
        (["skipped"], 2),
        (["timed out"], 2),
        ([], 2),
    ],
)
def test_exit_codes(verdicts, code):
    assert exit_code(verdicts) == code


@pytest.mark.parametrize("name", ["litert:ref", "litert:opt", "litert:xnnpack", "tflm"])
def test_an_engine_agrees_where_nothing_rounds(name):
    installed(name)
    (comparison,) = crosscheck(pools(), name).comparisons
    assert comparison.verdict == "equal", comparison
    assert len(comparison.tensors) == comparison.expected == 3
