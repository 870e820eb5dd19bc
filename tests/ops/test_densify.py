"""DENSIFY: sparse weights made dense before they are used, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.sparse import in_blocks, random_matrix


def densify(shape=(2, 4), dtype="INT8", sparse=True, **changes):
    matrix = np.zeros(shape)
    x = constant(dtype, matrix)
    x = replace(x, sparsity=in_blocks(matrix)[1]) if sparse else x
    return node("DENSIFY", [x], operand(dtype, shape), **changes)


@pytest.mark.parametrize("dtype", ["INT8", "FLOAT16", "FLOAT32"])
def test_the_expanded_constant(dtype):
    x = operand(dtype, (2, 4), data=np.arange(8)).value
    assert np.array_equal(run(densify(dtype=dtype), x), x)
    assert_kernel_equals_spec(densify(dtype=dtype), x)


def matrix_product(matrix, block):
    """x -> FULLY_CONNECTED with the matrix as weights, sparse in blocks or (block 0) dense."""
    shape = matrix.shape
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, shape[1]), scale=0.5)
    y = b.tensor("y", "INT8", (1, shape[0]), scale=64.0)
    if block:
        stored, sparsity = in_blocks(matrix, block)
        w = b.tensor("w", "INT8", shape, scale=0.5)
        sparse = b.tensor("sparse", "INT8", shape, scale=0.5, data=stored, sparsity=sparsity)
        b.operator("DENSIFY", [sparse], [w])
    else:
        w = b.tensor("w", "INT8", shape, scale=0.5, data=matrix)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], version=4)
    return b.model([x], [y])


@pytest.mark.parametrize(("rows", "columns", "block"), [(3, 8, 1), (5, 32, 16), (600, 256, 4)])
@pytest.mark.parametrize("fast", [False, True])
def test_feeds_a_matrix_product(rows, columns, block, fast):
    matrix = random_matrix(rows, columns, block)
    given = np.random.default_rng(1).integers(-128, 128, (1, columns)).astype(np.int8)
    sparse, dense = (Session(matrix_product(matrix, b), fast=fast) for b in (block, 0))
    # Known before a run, however large: kernels pack their weights by then.
    assert np.array_equal(sparse.view(2), matrix)
    assert np.array_equal(sparse.run({0: given})[1], dense.run({0: given})[1])


def test_refuses_what_is_no_sparse_constant_C1():
    assert refused(densify(sparse=False)) == "C1"
    computed = densify()
    bare = replace(computed.input(0), data=None)
    assert refused(replace(computed, inputs=(bare,))) == "C1"


def test_refuses_versions_and_dtypes():
    assert refused(densify(version=2)) == "version"
    assert refused(densify(dtype="UINT8")) == "dtype"
