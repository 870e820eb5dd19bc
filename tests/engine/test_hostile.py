"""Damaged models, run: each gives a clean error or a result, soon, and in little memory.

What the reader lets through may still ask for absurd shapes; REFINT8_MEMORY_LIMIT is what a user
who takes models from strangers would set.
"""

from __future__ import annotations

import resource
import time

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.errors import Refint8Error
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.random_inputs import random_inputs
from tests.engine.operator_seeds import operator_models
from tests.model.mutants import mutants
from tests.model.test_hostile import seeds

LIMIT = 1 << 22
MOST_MEMORY = 1 << 30
MOST_SECONDS = 1.0


def survey(count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """(ran, refused) of `count` mutants; anything but a Refint8Error propagates."""
    monkeypatch.setenv("REFINT8_MEMORY_LIMIT", str(LIMIT))
    ran = refused = 0
    before = resident()
    for mutant in mutants([*seeds(), *operator_models()], count, seed):
        began = time.process_time()
        try:
            model = read_model(mutant)
            Session(model).run(random_inputs(model, 1, 0)[0])
            ran += 1
        except Refint8Error:
            refused += 1
        assert time.process_time() - began < MOST_SECONDS
        assert resident() - before < MOST_MEMORY
    return ran, refused


def resident() -> int:
    """The most memory this process has ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_mutants_run_or_are_refused(monkeypatch):
    ran, refused = survey(2_000, 1, monkeypatch)
    assert ran > 100
    assert refused > 1_000


@pytest.mark.long
def test_many_mutants_run_or_are_refused(monkeypatch):
    ran, refused = survey(20_000, 2, monkeypatch)
    assert ran > 1_000
    assert refused > 10_000


def test_mutants_give_the_same_from_specs_and_kernels(monkeypatch):
    monkeypatch.setenv("REFINT8_MEMORY_LIMIT", str(LIMIT))
    ran = 0
    for mutant in mutants(operator_models(), 500, 7):
        found = []
        for fast in (False, True):
            try:
                model = read_model(mutant)
                run = Session(model, fast=fast).run(random_inputs(model, 1, 0)[0])
                found.append({index: value.tobytes() for index, value in run.items()})
                ran += fast
            except Refint8Error as error:
                found.append(str(error))
        assert found[0] == found[1]
    assert ran > 20


@pytest.mark.parametrize("zero_point", [1 << 24, -(1 << 24), 3 - (1 << 32), (1 << 40) + 1])
def test_zero_points_that_no_dtype_has(zero_point):
    x = np.arange(-128, 128).astype(np.int8).reshape(2, 128)
    for name in ("ADD", "MUL", "RELU", "QUANTIZE", "MEAN"):
        b = ModelBuilder()
        shape = (2, 128)
        a = b.tensor("a", "INT8", shape, scale=0.5, zero_point=3)
        y = b.tensor("y", "INT8", shape, scale=0.4, zero_point=zero_point)
        inputs = [a, a] if name in ("ADD", "MUL") else [a]
        if name == "MEAN":
            y = b.tensor("z", "INT8", (2, 1), scale=0.4, zero_point=zero_point)
            inputs = [a, b.tensor("axes", "INT32", (1,), data=[1])]
        options = {"keep_dims": True} if name == "MEAN" else {}
        b.operator(name, inputs, [y], version=2, **options)
        model = b.model([a], [y])
        found = []
        for fast in (False, True):
            try:
                found.append(Session(model, "litert-ref", fast=fast).run({a: x})[y].tolist())
            except Refint8Error as error:
                found.append(str(error))
        assert found[0] == found[1], name
