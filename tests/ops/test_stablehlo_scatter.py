"""STABLEHLO_SCATTER: every body element by element, what falls outside, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.bodies import with_body
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run
from tests.ops.windows_of_integers import narrow

ROWS = {"window": (1,), "inserted": (0,), "starts": (0,), "vector": 1}
"""Whole rows of a matrix [n, 3] by starts [k, 1] and updates [k, 3]."""


def scatter(shape, starts, updates, options=ROWS, body="", **changes):
    dtype, index = changes.pop("dtype", "INT8"), changes.pop("index", "INT32")
    given = operand(index, starts) if isinstance(starts, tuple) else constant(index, starts)
    operator = node(
        "STABLEHLO_SCATTER",
        [operand(dtype, shape), given, operand(dtype, updates)],
        operand(dtype, (1,)),
        update_window_dims=options["window"],
        inserted_window_dims=options["inserted"],
        scatter_dims_to_operand_dims=options["starts"],
        index_vector_dim=options["vector"],
        update_computation_subgraph_index=1,
        **changes,
    )
    return with_body(operator, *((body,) if body else ()))


def test_literal():
    x = np.zeros((2, 3), np.int8)
    updates = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.int8)
    starts = np.array([[1], [0], [1]], np.int32)
    replaced = run(scatter((2, 3), (3, 1), (3, 3)), x, starts, updates)
    assert replaced.tolist() == [[4, 5, 6], [7, 8, 9]]
    added = run(scatter((2, 3), (3, 1), (3, 3), body="STABLEHLO_ADD"), x, starts, updates)
    assert added.tolist() == [[4, 5, 6], [8, 10, 12]]
    boxes = {"window": (0,), "inserted": (), "starts": (0,), "vector": 0}
    line, box = np.zeros(4, np.int8), np.array([5, 6], np.int8)
    for start, expected in ((1, [0, 5, 6, 0]), (3, [0, 0, 0, 5]), (-1, [6, 0, 0, 0])):
        out = run(scatter((4,), (1,), (2,), boxes), line, np.array([start], np.int32), box)
        assert out.tolist() == expected


BODIES = {
    "": lambda a, b: b,
    "STABLEHLO_ADD": lambda a, b: a + b,
    "STABLEHLO_MULTIPLY": lambda a, b: a * b,
    "STABLEHLO_MAXIMUM": max,
    "STABLEHLO_MINIMUM": min,
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16", "UINT32", "INT64", "UINT64"])
def test_element_by_element_and_kernel(body, dtype):
    rng = np.random.default_rng(3)
    limits = np.iinfo(dtype.lower())
    shape, updates_shape = (3, 4, 5), (2, 3, 2, 2)
    options = {"window": (0, 3), "inserted": (1,), "starts": (2, 1), "vector": 2}
    x = rng.integers(limits.min, limits.max, shape, dtype.lower(), endpoint=True)
    updates = rng.integers(limits.min, limits.max, updates_shape, dtype.lower(), endpoint=True)
    starts = rng.integers(-1, 6, (3, 2, 2)).astype(np.int32)
    expected = {place: int(x[place]) for place in np.ndindex(*shape)}
    for index in np.ndindex(*updates_shape):
        place = [index[0], 0, index[3]]
        for k, axis in enumerate(options["starts"]):
            place[axis] += int(starts[index[1], index[2], k])
        if tuple(place) in expected:
            value = BODIES[body](expected[tuple(place)], int(updates[index]))
            expected[tuple(place)] = narrow(value, limits.bits, limits.min < 0)
    operator = scatter(shape, starts.shape, updates_shape, options, body, dtype=dtype)
    out = run(operator, x, starts, updates)
    assert {place: int(out[place]) for place in expected} == expected
    known = scatter(shape, starts, updates_shape, options, body, dtype=dtype)
    assert_kernel_equals_spec(known, x, None, updates)
    assert_kernel_equals_spec(operator, x, starts, updates)


def test_computed_starts_far_outside():
    x, updates = np.zeros((2, 3), np.int8), np.arange(12, dtype=np.int8).reshape(4, 3)
    limits = np.iinfo(np.int64)
    starts = np.array([[limits.max], [limits.min], [1], [-1]], np.int64)
    operator = scatter((2, 3), (4, 1), (4, 3), ROWS, "STABLEHLO_ADD", index="INT64")
    assert_kernel_equals_spec(operator, x, starts, updates)


def test_windows_that_leave_an_axis_without_starts():
    x, updates = np.zeros((2, 3), np.int8), np.arange(1, 11, dtype=np.int8).reshape(2, 5)
    starts = np.array([[1], [0]], np.int32)
    operator = scatter((2, 3), (2, 1), (2, 5), ROWS, "")
    assert run(operator, x, starts, updates).tolist() == [[6, 7, 8], [1, 2, 3]]
    assert_kernel_equals_spec(operator, x, starts, updates)


@pytest.mark.parametrize("dtype", ["FLOAT32", "FLOAT16", "FLOAT64", "BOOL"])
def test_other_dtypes_are_replaced(dtype):
    x, row = (operand(dtype, s, data=np.ones(s) * v).value for s, v in (((2, 3), 0), ((1, 3), 1)))
    operator = scatter((2, 3), [[1]], (1, 3), dtype=dtype)
    assert run(operator, x, np.array([[1]], np.int32), row).tolist() == [[0] * 3, [1] * 3]
    if dtype in ("FLOAT32", "BOOL"):
        assert_kernel_equals_spec(operator, x, None, row)


@pytest.mark.parametrize(
    "change",
    [
        {"window": (0,)},
        {"window": (2,)},
        {"window": ()},
        {"inserted": ()},
        {"inserted": (2,)},
        {"starts": (2,)},
        {"starts": (0, 1)},
        {"vector": 0},
        {"vector": 2},
    ],
)
def test_refuses_options_that_do_not_go_together_C1(change):
    assert refused(scatter((2, 3), (4, 1), (4, 3), {**ROWS, **change})) == "C1"


def test_refuses_other_bodies_C2():
    assert refused(scatter((2, 3), (4, 1), (4, 3), body="ADD")) == "C2"
    assert refused(scatter((2, 3), (4, 1), (4, 3), body="STABLEHLO_ADD", dtype="FLOAT32")) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(scatter((2, 3), (4, 1), (4, 3), version=2)) == "version"
    assert refused(scatter((2, 3), (4, 1), (4, 3), dtype="INT4")) == "dtype"
    assert refused(scatter((2, 3), (4, 1), (4, 3), index="INT16")) == "dtype"
