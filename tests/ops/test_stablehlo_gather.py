"""STABLEHLO_GATHER: the index arithmetic element by element, clamping, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import constant, node, operand, refused, run

ROWS = {"offset": (1,), "collapsed": (0,), "starts": (0,), "vector": 1, "sizes": (1, 3)}
"""Whole rows of a matrix [n, 3] by starts [k, 1]."""


def gather(shape, starts, options, dtype="INT8", index="INT32", **changes):
    given = operand(index, starts) if isinstance(starts, tuple) else constant(index, starts)
    return node(
        "STABLEHLO_GATHER",
        [operand(dtype, shape), given],
        operand(dtype, (1,)),
        offset_dims=options["offset"],
        collapsed_slice_dims=options["collapsed"],
        start_index_map=options["starts"],
        index_vector_dim=options["vector"],
        slice_sizes=options["sizes"],
        **changes,
    )


def test_literal():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int8)
    starts = np.array([[1], [0], [9], [-4]], np.int32)
    assert run(gather((2, 3), (4, 1), ROWS), x, starts).tolist() == [
        [4, 5, 6],
        [1, 2, 3],
        [4, 5, 6],  # clamped
        [1, 2, 3],
    ]
    boxes = {"offset": (0, 1), "collapsed": (), "starts": (1, 0), "vector": 0, "sizes": (1, 2)}
    out = run(gather((2, 3), (2,), boxes), x, np.array([1, 1], np.int32))
    assert out.tolist() == [[5, 6]]


CASES = [
    # operand, starts, options
    ((3, 4), (5, 2), {"offset": (), "collapsed": (0, 1), "starts": (0, 1), "vector": 1,
                      "sizes": (1, 1)}),
    ((3, 4, 5), (2, 2, 2), {"offset": (0, 2), "collapsed": (1,), "starts": (2, 0), "vector": 1,
                            "sizes": (2, 1, 3)}),
    ((3, 4, 5), (3, 2), {"offset": (0, 1, 3), "collapsed": (), "starts": (2, 0, 1), "vector": 0,
                         "sizes": (1, 2, 4)}),
    ((6,), (0, 4), {"offset": (1,), "collapsed": (), "starts": (), "vector": 0, "sizes": (6,)}),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "starts_shape", "options"), CASES)
@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT64"])
def test_element_by_element_and_kernel(shape, starts_shape, options, dtype):
    rng = np.random.default_rng(1)
    x = operand(dtype, shape, data=np.arange(np.prod(shape))).value
    starts = rng.integers(-2, 7, starts_shape).astype(np.int64)
    out = run(gather(shape, starts_shape, options, dtype, "INT64"), x, starts)
    vector, sizes = options["vector"], options["sizes"]
    kept = [axis for axis in range(len(shape)) if axis not in options["collapsed"]]
    for index in np.ndindex(*out.shape):
        batch = [i for axis, i in enumerate(index) if axis not in options["offset"]]
        window = [i for axis, i in enumerate(index) if axis in options["offset"]]
        place = [0] * len(shape)
        for k, axis in enumerate(options["starts"]):
            where = (*batch[:vector], k, *batch[vector:])
            place[axis] = max(0, min(int(starts[where]), shape[axis] - sizes[axis]))
        for axis, i in zip(kept, window, strict=True):
            place[axis] += i
        assert out[index] == x[tuple(place)]
    known = gather(shape, starts, options, dtype, "INT64")
    assert_kernel_equals_spec(known, x, None)
    assert_kernel_equals_spec(gather(shape, starts_shape, options, dtype, "INT64"), x, starts)


def test_computed_starts_far_outside():
    x = np.arange(6, dtype=np.int8).reshape(2, 3)
    limits = np.iinfo(np.int64)
    starts = np.array([[limits.max], [limits.min], [1], [-1]], np.int64)
    assert_kernel_equals_spec(gather((2, 3), (4, 1), ROWS, index="INT64"), x, starts)


@pytest.mark.parametrize(
    "change",
    [
        {"offset": (2,)},
        {"offset": ()},
        {"offset": (0, 1)},
        {"starts": (2,)},
        {"starts": (0, 0)},
        {"vector": 2},
        {"vector": -1},
        {"vector": 0},
        {"collapsed": (0, 0)},
        {"collapsed": (5,)},
    ],
)
def test_refuses_options_that_do_not_go_together_C1(change):
    assert refused(gather((2, 3), (4, 1), {**ROWS, **change})) == "C1"


def test_refuses_windows_that_do_not_fit_C2():
    for sizes in ((1,), (1, 4), (2, 3), (1, -1)):
        assert refused(gather((2, 3), (4, 1), {**ROWS, "sizes": sizes})) == "C2"


def test_refuses_versions_and_dtypes():
    assert refused(gather((2, 3), (4, 1), ROWS, version=2)) == "version"
    assert refused(gather((2, 3), (4, 1), ROWS, "INT4")) == "dtype"
    assert refused(gather((2, 3), (4, 1), ROWS, index="INT16")) == "dtype"
