"""Sparse constants: their tables in the file, and the dense values they stand for.

A sparse tensor stores the leaves of a tree of coordinates, depth first. Each level walks one
dimension: dense levels have a node for every coordinate, compressed ones (SPARSE_CSR) name theirs.
A dimension in the block map is divided: its own level counts blocks, and a further level, behind
those of all dimensions, walks the inside of one. What no leaf names is 0.

Source: `SparsityParameters` in schema.fbs; LiteRT `internal/utils/sparsity_format_converter.cc`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.errors import ModelError
from refint8.model.flatbuffer import View
from refint8.model.types import SparseLevel, Sparsity

Indices = NDArray[np.int64]

MAX_ELEMENTS: Final = 1 << 26
"""Elements of a sparse tensor beyond which it is not expanded: no real one comes near."""


def read_sparsity(tensor: View) -> Sparsity | None:
    """The sparsity of a Tensor table as it is stored, None when the tensor is dense."""
    view = tensor.child("sparsity")
    if view is None:
        return None
    levels = tuple(_level(child) for child in view.children("dim_metadata"))
    return Sparsity(view.vector("traversal_order"), view.vector("block_map"), levels)


def _level(view: View) -> SparseLevel:
    return SparseLevel(
        view.member("format"),
        view.scalar("dense_size"),
        _numbers(view, "array_segments"),
        _numbers(view, "array_indices"),
    )


def _numbers(view: View, name: str) -> Indices:
    table = view.union(name)[1]
    values = np.zeros(0) if table is None else table.array("values")
    return values.astype(np.int64)


def sparsity_values(sparsity: Sparsity) -> Mapping[str, Any]:
    """The SparsityParameters table, for the writer."""
    return {
        "traversal_order": sparsity.traversal_order,
        "block_map": sparsity.block_map,
        "dim_metadata": [
            {
                "format": level.format,
                "dense_size": level.size,
                "array_segments": ("Int32Vector", {"values": level.segments}),
                "array_indices": ("Int32Vector", {"values": level.indices}),
            }
            for level in sparsity.levels
        ],
    }


def expand(values: NDArray[Any], sparsity: Sparsity, shape: tuple[int, ...]) -> NDArray[Any]:
    """The dense tensor of that shape, read-only; `values` are the stored ones, in one dimension.

    Raises ModelError when the tables do not describe a tensor of that shape, or not that many
    values.
    """
    positions = _positions(sparsity, shape)
    _check(
        positions.size == values.size,
        f"its sparsity names {positions.size} values, {values.size} are stored",
    )
    dense = np.zeros(prod(shape), values.dtype)
    dense[positions] = values
    dense.flags.writeable = False
    return dense.reshape(shape)


def _positions(sparsity: Sparsity, shape: tuple[int, ...]) -> Indices:
    """The flat position of each stored value."""
    rank, blocks = len(shape), sparsity.block_map
    order, levels = sparsity.traversal_order, sparsity.levels
    _check(prod(shape) <= MAX_ELEMENTS, f"a sparse tensor of shape {list(shape)} is too large")
    _check(
        len(levels) == len(order) == rank + len(blocks)
        and sorted(order[:rank]) == list(range(rank))
        and sorted(order[rank:]) == list(range(rank, len(order))),
        f"the traversal order {list(order)} does not walk {rank} dimensions and their blocks",
    )
    _check(
        list(blocks) == sorted(set(blocks)) and all(0 <= d < rank for d in blocks),
        f"the block map {list(blocks)} does not name dimensions of {list(shape)}",
    )
    inside = _block_sizes(sparsity, shape)
    strides = [prod(shape[d + 1 :]) for d in range(rank)]
    nodes, places = np.zeros(1, np.int64), np.zeros(1, np.int64)
    for dimension, level in zip(order, levels, strict=True):
        if dimension < rank:
            block = inside.get(dimension, 1)
            size, stride = shape[dimension] // block, strides[dimension] * block
        else:
            mapped = blocks[dimension - rank]
            size, stride = inside[mapped], strides[mapped]
        parents, nodes, coordinates = _children(level, nodes, size)
        places = places[parents] + coordinates * stride
    return places


def _block_sizes(sparsity: Sparsity, shape: tuple[int, ...]) -> Mapping[int, int]:
    """The size of a block along each divided dimension."""
    rank = len(shape)
    sizes = {}
    for dimension, level in zip(sparsity.traversal_order, sparsity.levels, strict=True):
        if dimension >= rank:
            mapped = sparsity.block_map[dimension - rank]
            _check(
                level.size > 0 and shape[mapped] % level.size == 0,
                f"blocks of {level.size} do not divide dimension {mapped} of {list(shape)}",
            )
            sizes[mapped] = level.size
    return sizes


def _children(level: SparseLevel, nodes: Indices, size: int) -> tuple[Indices, Indices, Indices]:
    """One level down: parent (an index into `nodes`), node number and coordinate of each child."""
    if level.format == "DENSE":
        _check(level.size == size, f"a dense level has {level.size} coordinates, not {size}")
        _check(nodes.size * size <= MAX_ELEMENTS, "its sparsity names more values than it has")
        parents = np.repeat(np.arange(nodes.size), size)
        coordinates = np.tile(np.arange(size), nodes.size)
        return parents, nodes[parents] * size + coordinates, coordinates
    _check(level.format == "SPARSE_CSR", f"a level has the unknown format {level.format}")
    segments, indices = level.segments, level.indices
    _check(
        segments.size > nodes.max(initial=-1) + 1
        and segments.min(initial=0) >= 0
        and segments.max(initial=0) <= indices.size
        and (np.diff(segments) >= 0).all(),
        f"{segments.size} segments do not divide {indices.size} indices among the level above",
    )
    _check(
        indices.min(initial=0) >= 0 and indices.max(initial=-1) < size,
        f"an index is outside a dimension of {size}",
    )
    first, count = segments[nodes], segments[nodes + 1] - segments[nodes]
    parents = np.repeat(np.arange(nodes.size), count)
    within = np.arange(parents.size) - np.repeat(np.cumsum(count) - count, count)
    found = first[parents] + within
    return parents, found, indices[found]


def _check(condition: Any, reason: str) -> None:
    if not condition:
        raise ModelError(reason, hint="the file is damaged, or sparse in a way that is not known")
