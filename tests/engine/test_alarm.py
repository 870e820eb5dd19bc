"""Kernels that leave data to the spec in the middle of a program."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.engine.program import lower
from refint8.engine.runner import Runner
from refint8.engine.session import Session
from refint8.errors import DomainError
from refint8.model.build import ModelBuilder
from refint8.native.cpu import tier
from refint8.native.store import shared


def model():
    """RESHAPE-free: SOFTMAX over 600 classes, between two poolings."""
    b = ModelBuilder()
    shape = (1, 2, 2, 600)
    half = (1, 1, 1, 600)
    x = b.tensor("x", "INT8", shape, scale=0.5)
    largest = b.tensor("largest", "INT8", half, scale=0.5)
    soft = b.tensor("soft", "INT8", half, scale=1 / 256, zero_point=-128)
    out = b.tensor("out", "INT8", half, scale=1 / 256, zero_point=-128)
    pool = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    b.operator("MAX_POOL_2D", [x], [largest], filter_height=2, filter_width=2, **pool)
    b.operator("SOFTMAX", [largest], [soft], beta=1.0)
    b.operator("MAX_POOL_2D", [soft], [out], filter_height=1, filter_width=1, **pool)
    return b.model([x], [out])


def test_the_spec_of_the_operator_reports_and_the_next_run_is_whole_again():
    session = Session(model(), "tflite")
    program = lower(session.plan, tier())
    assert program is not None and len(program.parts) == 1
    runner = Runner(program, shared())
    equal = np.zeros((1, 2, 2, 600), np.int8)
    runner.view(0)[...] = equal
    for _ in range(2):
        with pytest.raises(DomainError, match=r"operator 1 \(SOFTMAX\)"):
            runner.invoke()
    fine = np.random.default_rng(0).integers(-128, 128, equal.shape).astype(np.int8)
    runner.view(0)[...] = fine
    runner.invoke()
    for index, value in session.run({0: fine}).items():
        assert np.array_equal(runner.view(index), value)


def test_a_mere_doubt_is_answered_by_the_spec(monkeypatch):
    # As if the kernel had doubts about what its spec can do.
    session = Session(model(), "tflite")
    program = lower(session.plan, tier())
    assert program is not None
    record = session.plan.steps[1].record
    answer = np.arange(600).astype(np.int8).reshape(1, 1, 1, 600)
    monkeypatch.setattr(type(record), "spec", lambda *_: answer)
    runner = Runner(program, shared())
    runner.view(0)[...] = 0
    runner.invoke()
    assert np.array_equal(runner.view(3), answer)
