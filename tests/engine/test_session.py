"""When specs answer and when the program, and that nobody can tell from the bits."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine import session as policy
from refint8.engine.session import SPEC_RUNS, Session, left_to_specs
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.types import Model
from tests.engine.models import a_variable, add_and_relu

X = np.arange(-64, 64, 16, dtype=np.int8).reshape(1, 8)


@pytest.fixture(autouse=True)
def undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFINT8_FAST", raising=False)


def open_shape() -> Model:
    """A RESHAPE whose target is an input: its output's shape is known only when run."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 6), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,))
    y = b.tensor("y", "INT8", (1, 6), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y])
    return b.model([x, shape], [y])


def test_small_models_answer_from_the_specs_at_first() -> None:
    session = Session(add_and_relu())
    for _ in range(SPEC_RUNS):
        session.run({0: X})
        assert not session.compiled
    session.run({0: X})
    assert session.compiled


def test_large_models_are_compiled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("SPEC_MACS", "SPEC_ELEMENTS"):
        with monkeypatch.context() as patch:
            patch.setattr(policy, limit, -1)
            session = Session(add_and_relu())
            session.run({0: X})
            assert session.compiled


@pytest.mark.parametrize(
    ("variable", "argument", "compiled"),
    [
        ("0", None, False),
        ("1", None, True),
        ("0", True, True),
        ("1", False, False),
        ("x", None, False),
    ],
)
def test_both_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, variable: str, argument: bool | None, compiled: bool
) -> None:
    monkeypatch.setenv("REFINT8_FAST", variable)
    session = Session(add_and_relu(), fast=argument)
    session.run({0: X})
    assert session.compiled == compiled


def test_specs_alone_stay_specs() -> None:
    session = Session(add_and_relu(), fast=False)
    for _ in range(SPEC_RUNS + 2):
        session.run({0: X})
    assert not session.compiled


def test_the_bits_are_the_same_before_and_after() -> None:
    session = Session(add_and_relu())
    results = []
    for _ in range(SPEC_RUNS + 3):
        results.append(session.run({0: X}))
    assert session.compiled
    for result in results[1:]:
        assert result.keys() == results[0].keys()
        for index, value in result.items():
            assert value.dtype == results[0][index].dtype
            assert np.array_equal(value, results[0][index])


def test_inputs_and_state_survive() -> None:
    session = Session(a_variable())
    session.view(0)[...] = [[5, -6]]
    session.view(1)[...] = [[70, 80]]
    outputs = []
    for _ in range(SPEC_RUNS + 2):
        session.invoke()
        outputs.append(session.view(2).tolist())
    assert session.compiled
    assert all(output == outputs[0] for output in outputs)
    assert session.view(0).tolist() == [[5, -6]]
    assert session.view(1).tolist() == [[70, 80]]
    session.reset()
    assert session.view(1).tolist() == [[-5, -5]]
    session.view(0)[...] = 0
    session.invoke()
    assert session.view(2).tolist() != outputs[0]


def test_shapes_that_only_a_run_knows_stay_with_the_specs() -> None:
    session = Session(open_shape(), fast=True)
    x = np.arange(6, dtype=np.int8).reshape(1, 6)
    for shape in ((2, 3), (3, 2), (6, 1), (1, 6)):
        found = session.run({0: x, 1: np.array(shape, np.int32)})
        assert np.array_equal(found[2], x.reshape(shape))
    assert not session.compiled


def test_progress_is_called_while_kernels_are_compiled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    from refint8.engine import runner
    from refint8.native.store import Store

    store = Store(tmp_path)  # type: ignore[arg-type]
    monkeypatch.setattr(runner, "shared", lambda: store)
    said: list[tuple[str, int, int]] = []
    Session(add_and_relu(), fast=True, progress=lambda *call: said.append(call)).run({0: X})
    assert said[0][1] == 0
    assert said[-1][1] == said[-1][2] == len(said) - 1
    said.clear()
    Session(add_and_relu(), fast=True, progress=lambda *call: said.append(call)).run({0: X})
    assert not said


def test_how_many_runs_are_left_to_the_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Session(add_and_relu()).plan
    assert left_to_specs(plan, SPEC_RUNS)
    assert not left_to_specs(plan, SPEC_RUNS + 1)
    monkeypatch.setattr(policy, "SPEC_MACS", -1)
    assert not left_to_specs(plan, 1)
    monkeypatch.setenv("REFINT8_FAST", "0")
    assert left_to_specs(plan, 1_000)
    monkeypatch.setenv("REFINT8_FAST", "1")
    assert not left_to_specs(plan, 1)


@pytest.mark.parametrize("fast", [False, True])
def test_wrong_inputs(fast: bool) -> None:
    session = Session(add_and_relu(), fast=fast)
    for inputs, reason in [
        ({}, "was not given"),
        ({0: X.astype(np.int16)}, "is int8, not int16"),
        ({0: X[:, :7]}, r"has shape \(1, 8\), not \(1, 7\)"),
    ]:
        with pytest.raises(UsageError, match=reason):
            session.run(inputs)
