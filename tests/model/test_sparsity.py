"""Sparse constants: trees walked in Python, and every table that does not describe a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.errors import ModelError, UnsupportedError
from refint8.model.build import ModelBuilder
from refint8.model.sparsity import expand
from refint8.model.types import SparseLevel, Sparsity
from tests.ops.sparse import in_blocks, random_matrix


def dense(size: int) -> SparseLevel:
    return SparseLevel("DENSE", size)


def compressed(segments: list[int], indices: list[int]) -> SparseLevel:
    return SparseLevel("SPARSE_CSR", 0, np.array(segments), np.array(indices, np.int64))


def test_literal() -> None:
    rows = Sparsity((0, 1), (), (dense(2), compressed([0, 1, 3], [2, 0, 1])))
    values = np.array([7, 8, 9], np.int8)
    assert expand(values, rows, (2, 3)).tolist() == [[0, 0, 7], [8, 9, 0]]
    columns = Sparsity((1, 0), (), (dense(3), compressed([0, 1, 1, 3], [1, 0, 1])))
    assert expand(values, columns, (2, 3)).tolist() == [[0, 0, 8], [7, 0, 9]]


@pytest.mark.parametrize("block", [1, 2, 4, 16])
def test_blocks_of_a_matrix(block: int) -> None:
    matrix = random_matrix(7, 32, block).astype(np.int8)
    stored, sparsity = in_blocks(matrix, block)
    assert np.array_equal(expand(stored, sparsity, (7, 32)), matrix)


def leaves(
    sparsity: Sparsity, level: int, node: int, path: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """The coordinates of every stored value, depth first."""
    if level == len(sparsity.levels):
        yield path
        return
    now = sparsity.levels[level]
    if now.format == "DENSE":
        children = [(node * now.size + i, i) for i in range(now.size)]
    else:
        span = range(int(now.segments[node]), int(now.segments[node + 1]))
        children = [(i, int(now.indices[i])) for i in span]
    for child, coordinate in children:
        yield from leaves(sparsity, level + 1, child, (*path, coordinate))


def some_tables(seed: int, shape: tuple[int, ...], blocks: dict[int, int]) -> Sparsity:
    """Any order of dimensions, any format of each but of blocks, which are dense."""
    rng = np.random.default_rng(seed)
    rank = len(shape)
    order = [int(d) for d in rng.permutation(rank)] + list(range(rank, rank + len(blocks)))
    levels, nodes = [], 1
    for d in order:
        size = list(blocks.values())[d - rank] if d >= rank else shape[d] // blocks.get(d, 1)
        if d >= rank or rng.random() < 0.5:
            levels.append(dense(size))
            nodes *= size
        else:
            kept = [np.flatnonzero(rng.random(size) < 0.6) for _ in range(nodes)]
            segments = np.cumsum([0, *(len(k) for k in kept)]).tolist()
            levels.append(compressed(segments, np.concatenate(kept).tolist()))
            nodes = segments[-1]
    return Sparsity(tuple(order), tuple(blocks), tuple(levels))


@pytest.mark.parametrize("seed", range(30))
def test_any_tree_as_it_is_walked(seed: int) -> None:
    shape: tuple[int, ...] = (4, 6, 8)
    blocks = ({}, {1: 3}, {0: 2, 2: 4}, {0: 4, 1: 2, 2: 2})[seed % 4]
    sparsity = some_tables(seed, shape, blocks)
    paths = list(leaves(sparsity, 0, 0, ()))
    values = np.arange(1, len(paths) + 1, dtype=np.int32)
    expected = np.zeros(shape, np.int32)
    for value, path in zip(values, paths, strict=True):
        at = dict(zip(sparsity.traversal_order, path, strict=True))
        place = [at[d] for d in range(3)]
        for number, (d, size) in enumerate(blocks.items()):
            place[d] = place[d] * size + at[3 + number]
        expected[tuple(place)] = value
    assert np.array_equal(expand(values, sparsity, shape), expected)


ROWS, ONE = dense(2), compressed([0, 1, 1], [2])

BROKEN: list[tuple[Any, Any, Any, str]] = [
    ((0, 1), (), (ROWS,), "does not walk"),
    ((0, 0), (), (ROWS, ONE), "does not walk"),
    ((0, 2), (), (ROWS, ONE), "does not walk"),
    ((0, 1, 3), (1,), (ROWS, ONE, dense(3)), "does not walk"),
    ((0, 1, 2), (2,), (ROWS, ONE, dense(3)), "block map"),
    ((0, 1, 2, 3), (1, 0), (ROWS, ONE, dense(3), dense(2)), "block map"),
    ((0, 1, 2), (1,), (ROWS, ONE, dense(2)), "do not divide dimension 1"),
    ((0, 1, 2), (1,), (ROWS, ONE, dense(0)), "do not divide dimension 1"),
    ((0, 1), (), (dense(3), ONE), "has 3 coordinates, not 2"),
    ((0, 1), (), (dense(2**31 - 1), ONE), "has 2147483647 coordinates"),
    ((0, 1), (), (ROWS, SparseLevel("DimensionType(7)")), "unknown format"),
    ((0, 1), (), (ROWS, compressed([0, 1], [2])), "2 segments do not divide"),
    ((0, 1), (), (ROWS, compressed([0, 2, 1], [2, 1])), "do not divide"),
    ((0, 1), (), (ROWS, compressed([0, 1, 5], [2])), "do not divide"),
    ((0, 1), (), (ROWS, compressed([-1, 0, 1], [2])), "do not divide"),
    ((0, 1), (), (ROWS, compressed([0, 1, 1], [3])), "outside a dimension of 3"),
    ((0, 1), (), (ROWS, compressed([0, 1, 1], [-1])), "outside a dimension of 3"),
    ((0, 1), (), (ROWS, compressed([0, 1, 2], [0, 1])), "names 2 values, 1 are stored"),
]


@pytest.mark.parametrize(("order", "blocks", "levels", "reason"), BROKEN)
def test_refuses_tables_of_no_tensor(order: Any, blocks: Any, levels: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        expand(np.ones(1, np.int8), Sparsity(order, blocks, levels), (2, 3))


def test_refuses_what_no_memory_holds() -> None:
    order = Sparsity((0, 1), (), (dense(2**20), dense(2**20)))
    with pytest.raises(ModelError, match="too large"):
        expand(np.ones(1, np.int8), order, (2**20, 2**20))
    deep = Sparsity((0, 1), (), (compressed([0, 2**20], [0] * 2**20), dense(2**10)))
    with pytest.raises(ModelError, match="more values than it has"):
        expand(np.ones(1, np.int8), deep, (1, 2**10))


def product(sparsity: Sparsity, operator: str = "FULLY_CONNECTED") -> Any:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 3), scale=0.5)
    w = b.tensor("w", "INT8", (2, 3), scale=0.5, data=[7], sparsity=sparsity)
    y = b.tensor("y", "INT8", (1, 2), scale=0.25)
    if operator == "FULLY_CONNECTED":
        b.operator(operator, [x, w, -1], [y], version=8)
    else:
        b.operator(operator, [w, w], [y])
    return b.model([x], [y])


def test_a_damaged_model_is_refused_with_the_tensor() -> None:
    with pytest.raises(ModelError, match=r"tensor 1 'w'(.|\n)*damaged"):
        Session(product(Sparsity((0, 1), (), (ROWS, compressed([0], [])))))


def test_operators_that_take_no_sparse_constants_refuse_them() -> None:
    with pytest.raises(UnsupportedError, match="stored sparsely") as error:
        Session(product(Sparsity((0, 1), (), (ROWS, ONE)), "ADD"))
    assert error.value.label == "sparse"


def test_a_sparse_matrix_product() -> None:
    session = Session(product(Sparsity((0, 1), (), (ROWS, ONE))))
    assert session.view(1).tolist() == [[0, 0, 7], [0, 0, 0]]
    assert session.run({0: np.array([[1, 2, 3]], np.int8)})[2].tolist() == [[21, 0]]
