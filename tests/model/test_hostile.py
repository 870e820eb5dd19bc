"""Thousands of damaged models: each is read or refused cleanly, soon, and in little memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

import refint8.model
from refint8.errors import ModelError
from refint8.model.reader import read_model
from tests.model.mutants import anatomy, mutants
from tests.model.seeds import seed_models

DEMO_MODELS = Path(refint8.model.__file__).parents[1] / "demo" / "data"
MEMORY_PER_BYTE = 8
MEMORY_FLOOR = 1 << 17


def seeds() -> list[bytes]:
    """What the tests build, and the small models that ship with the package."""
    shipped = [path.read_bytes() for path in sorted(DEMO_MODELS.glob("*.tflite"))]
    return [*seed_models().values(), *shipped]


def survey(count: int, seed: int) -> dict[str, float]:
    """Read `count` mutants; anything but a model or a ModelError propagates."""
    totals = {"read": 0.0, "refused": 0.0, "slowest": 0.0, "memory": 0.0}
    tracemalloc.start()
    try:
        for mutant in mutants(seeds(), count, seed):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            began = time.process_time()
            try:
                read_model(mutant)
                totals["read"] += 1
            except ModelError as error:
                totals["refused"] += 1
                assert "(byte " in error.reason or error.reason.startswith("this is ")
            totals["slowest"] = max(totals["slowest"], time.process_time() - began)
            peak = tracemalloc.get_traced_memory()[1] - before
            limit = MEMORY_PER_BYTE * len(mutant) + MEMORY_FLOOR
            totals["memory"] = max(totals["memory"], peak / limit)
    finally:
        tracemalloc.stop()
    return totals


def check(totals: dict[str, float], count: int) -> None:
    assert totals["read"] + totals["refused"] == count
    assert totals["read"] > count / 10, "the damage never leaves a model readable"
    assert totals["refused"] > count / 4, "the damage is never noticed"
    assert totals["slowest"] < 1.0
    assert totals["memory"] < 1.0


def test_2000_mutants() -> None:
    check(survey(2_000, seed=1), 2_000)


@pytest.mark.long
def test_20000_mutants() -> None:
    check(survey(20_000, seed=2), 20_000)


def test_mutants_are_deterministic_and_differ() -> None:
    first = list(mutants(seeds(), 50, seed=7))
    assert first == list(mutants(seeds(), 50, seed=7))
    assert first != list(mutants(seeds(), 50, seed=8))
    assert len(set(first)) > 40


def test_the_anatomy_finds_every_table() -> None:
    found = anatomy(seed_models()["loop"])
    model = read_model(seed_models()["loop"])
    tensors = sum(len(graph.tensors) for graph in model.subgraphs)
    assert len(found.table_starts) > tensors + len(model.subgraphs)
    assert 0 in found.offsets and len(found.lengths) > 2 * tensors
    assert all(at % 4 == 0 for at in found.offsets + found.lengths + found.table_starts)
    assert all(at % 2 == 0 for at in found.vtable_words)


@pytest.mark.parametrize("name", seed_models())
def test_single_bytes_at_their_extremes(name: str) -> None:
    sound = seed_models()[name]
    step = max(1, len(sound) // 400)
    for at in range(0, len(sound), step):
        for value in (0x00, 0x01, 0x7F, 0x80, 0xFF):
            damaged = sound[:at] + bytes([value]) + sound[at + 1 :]
            try:
                read_model(damaged)
            except ModelError:
                continue
