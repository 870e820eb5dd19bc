"""Sparse constants for tests: a dense matrix in blocks of 1 x n, rows dense, blocks compressed."""

from __future__ import annotations

import numpy as np

from refint8.model.types import SparseLevel, Sparsity


def in_blocks(matrix, block=1):
    """Stored values and tables; only blocks with a value other than 0 are stored."""
    values, indices, segments = [], [], [0]
    for row in matrix:
        for number, start in enumerate(range(0, len(row), block)):
            if np.any(row[start : start + block]):
                values.extend(row[start : start + block])
                indices.append(number)
        segments.append(len(indices))
    compressed = SparseLevel("SPARSE_CSR", 0, np.array(segments), np.array(indices, np.int64))
    levels = (SparseLevel("DENSE", len(matrix)), compressed)
    stored = np.array(values, np.asarray(matrix).dtype)
    if block == 1:
        return stored, Sparsity((0, 1), (), levels)
    return stored, Sparsity((0, 1, 2), (1,), (*levels, SparseLevel("DENSE", block)))


def random_matrix(rows, columns, block=1, seed=0):
    """Integers of int8, half of the blocks 0."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-127, 128, (rows, columns))
    kept = rng.random((rows, columns // block)) < 0.5
    return matrix * np.repeat(kept, block, 1)
