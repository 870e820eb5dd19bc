"""Lifetimes, the two planners, MACs: small cases by hand, and models that TFLM planned."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from refint8.engine.arena import ALIGNMENT, Arena, Block, blocks, keep_all, reuse, tensor_bytes
from refint8.engine.macs import macs
from refint8.errors import Refint8Error
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.model.types import Operator


def test_sizes_are_those_of_files_and_devices() -> None:
    assert tensor_bytes("INT8", (2, 3)) == 6
    assert tensor_bytes("INT64", (3,)) == 24
    assert tensor_bytes("INT4", (3, 3)) == 5  # two to a byte, the last byte half used
    assert tensor_bytes("INT2", (5,)) == 2
    assert tensor_bytes("FLOAT32", ()) == 4
    assert tensor_bytes("INT8", (0, 7)) == 0
    assert tensor_bytes("STRING", (2,)) == 0


def chain() -> ModelBuilder:
    """x [16] -> a [32] -> y [16], and an unused second output of the first step."""
    b = ModelBuilder()
    b.tensor("x", "INT8", (16,), scale=1.0)
    b.tensor("a", "INT8", (32,), scale=1.0)
    b.tensor("unused", "INT8", (1,), scale=1.0)
    b.tensor("constant", "INT8", (16,), scale=1.0, data=[0] * 16)
    b.tensor("state", "INT8", (16,), scale=1.0, is_variable=True)
    b.tensor("y", "INT8", (16,), scale=1.0)
    b.operator("SPLIT", [0], [1, 2])
    b.operator("ADD", [1, 3], [5])
    return b


def test_lifetimes() -> None:
    graph = chain().spec([0, 4], [5]).subgraphs[0]
    found = blocks(graph, {t.index: t.shape for t in graph.tensors})
    assert found == (
        Block(0, 16, 0, 1),
        Block(1, 32, 1, 2),
        Block(2, 1, 1, 1),  # nobody reads it, but the operator writes it
        Block(5, 16, 2, 2),
    )


def test_a_shape_that_only_a_run_knows_is_left_out() -> None:
    graph = chain().spec([0], [5]).subgraphs[0]
    shapes = {t.index: t.shape for t in graph.tensors} | {1: None}
    assert [block.tensor for block in blocks(graph, shapes)] == [0, 2, 5]


def test_an_input_nobody_reads_and_one_that_is_an_output() -> None:
    graph = chain().spec([0], [0, 5]).subgraphs[0]
    assert blocks(graph, {t.index: t.shape for t in graph.tensors})[0] == Block(0, 16, 0, 2)


def test_keep_all_gives_everyone_a_place() -> None:
    arena = keep_all([Block(0, 16, 0, 1), Block(1, 17, 1, 2), Block(2, 1, 2, 3)])
    assert arena == Arena({0: 0, 1: 16, 2: 48}, 64)


def test_reuse_takes_a_place_whose_owner_is_dead() -> None:
    arena = reuse([Block(0, 16, 0, 1), Block(1, 32, 1, 2), Block(2, 16, 2, 3)])
    assert arena == Arena({1: 0, 0: 32, 2: 32}, 48)


def test_reuse_fills_the_first_gap_that_is_large_enough() -> None:
    # 2 takes 48 of the 64 bytes that 0 leaves below 1; of the 16 above it, 3 is too large.
    wanted = [
        Block(0, 64, 0, 1),
        Block(1, 48, 0, 9),
        Block(2, 40, 2, 9),
        Block(3, 32, 2, 9),
        Block(4, 16, 2, 9),
    ]
    assert reuse(wanted) == Arena({0: 0, 1: 64, 2: 0, 3: 112, 4: 48}, 144)


def test_of_equal_sizes_the_later_is_placed_first() -> None:
    assert reuse([Block(0, 16, 0, 1), Block(1, 16, 0, 1)]).offsets == {1: 0, 0: 16}


def test_no_tensor_no_memory() -> None:
    assert reuse([]) == keep_all([]) == Arena({}, 0)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_that_lives_together_overlaps(seed: int) -> None:
    import random

    rng = random.Random(seed)
    wanted = []
    for index in range(rng.randint(1, 30)):
        first = rng.randint(0, 20)
        wanted.append(Block(index, rng.randint(1, 200), first, first + rng.randint(0, 6)))
    for plan in (keep_all, reuse):
        arena = plan(wanted)
        assert sorted(arena.offsets) == [block.tensor for block in wanted]
        assert all(offset % ALIGNMENT == 0 for offset in arena.offsets.values())
        assert arena.size >= max(arena.offsets[b.tensor] + b.size for b in wanted)
        for a, b in itertools.combinations(wanted, 2):
            if a.first <= b.last and b.first <= a.last:
                low, high = sorted((a, b), key=lambda block: arena.offsets[block.tensor])
                assert arena.offsets[low.tensor] + low.size <= arena.offsets[high.tensor]
    live = [sum(b.size for b in wanted if b.first <= t <= b.last) for t in range(27)]
    assert max(live) <= reuse(wanted).size <= keep_all(wanted).size


@pytest.mark.parametrize(
    ("name", "head"),
    [("mnist_int8", 10144), ("mnist_uint8", 10144), ("mnist_int16x8", 20288)],
)
def test_reuse_is_what_tflm_allocates(name: str, head: int) -> None:
    """Recorded with tflite-micro 0.dev20261023, "Arena allocation head"."""
    from refint8.demo import DATA

    graph = read_model(DATA / f"{name}.tflite").subgraphs[0]
    assert reuse(blocks(graph, {t.index: t.shape for t in graph.tensors})).size == head


def operator(name: str, count: int, **options: object) -> Operator:
    return Operator(0, name, 1, tuple(range(count)), (count,), options)


@pytest.mark.parametrize(
    ("name", "shapes", "expected"),
    [
        ("CONV_2D", [(1, 5, 5, 4), (8, 3, 3, 4), (1, 3, 3, 8)], 3 * 3 * 8 * 36),
        ("CONV_2D", [(1, 5, 5, 4), (8, 3, 3, 2), (1, 3, 3, 8)], 3 * 3 * 8 * 18),  # two groups
        ("DEPTHWISE_CONV_2D", [(1, 5, 5, 4), (1, 3, 3, 8), (1, 3, 3, 8)], 3 * 3 * 8 * 9),
        ("TRANSPOSE_CONV", [(4,), (8, 3, 3, 4), (1, 2, 2, 4), (1, 4, 4, 8)], 2 * 2 * 4 * 9 * 8),
        ("FULLY_CONNECTED", [(2, 12), (5, 12), (2, 5)], 2 * 5 * 12),
        ("BATCH_MATMUL", [(2, 3, 4), (2, 4, 5), (2, 3, 5)], 2 * 3 * 5 * 4),
        ("SVDF", [(2, 10), (8, 10), (8, 6), (4,), (2, 48), (2, 4)], 2 * (80 + 48)),
        ("ADD", [(2, 3), (2, 3), (2, 3)], 0),
    ],
)
def test_macs(name: str, shapes: list[tuple[int, ...]], expected: int) -> None:
    assert macs(operator(name, len(shapes) - 1), dict(enumerate(shapes))) == expected


def test_macs_of_a_transposed_matrix() -> None:
    shapes = {0: (2, 4, 3), 1: (2, 4, 5), 2: (2, 3, 5)}
    assert macs(operator("BATCH_MATMUL", 2, adj_x=True), shapes) == 2 * 3 * 5 * 4


def test_macs_while_a_shape_is_unknown_or_nonsense() -> None:
    assert macs(operator("CONV_2D", 2), {0: (1, 2, 2, 1), 1: (1, 1, 1, 1), 2: None}) is None
    assert macs(operator("FULLY_CONNECTED", 2), {0: (1, 2), 1: (2,), 2: (1, 2)}) == 0
    assert macs(Operator(0, "CONV_2D", 1, (0, 1), ()), {0: (1, 2, 2, 1), 1: (1, 1, 1, 1)}) == 0
    optional = Operator(0, "CONV_2D", 1, (0, 1, -1), (2,))
    assert macs(optional, {0: (1, 2, 2, 1), 1: (1, 1, 1, 1), 2: (1, 2, 2, 1)}) == 4


def test_macs_of_models_as_their_catalogue_counts_them(corpora: Path) -> None:
    """The catalogue leaves out LSTM and the projection of UNIDIRECTIONAL_SEQUENCE_LSTM."""
    folder = corpora / "models" / "dev"
    compared = 0
    with (folder / "catalogue.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["path"]
            if not path.exists() or "lite/testdata/" in row["path"] or not row["macs"]:
                continue
            try:
                graph = read_model(path).subgraphs[0]
            except Refint8Error:
                continue
            shapes = {t.index: t.shape for t in graph.tensors}
            counted = sum(macs(o, shapes) or 0 for o in graph.operators)
            assert counted == int(row["macs"]), row["path"]
            compared += 1
    assert compared > 100
