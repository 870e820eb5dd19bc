"""Broadcasting in kernels of two operands: every pattern, computed and constant operands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.kernels import RUNNABLE, assert_kernel_equals_spec, kernels_of
from tests.ops.nodes import node, operand
from tests.ops.test_pool_kernel import noise

QUANTIZED = ("INT8", "UINT8", "INT16")
PLAIN = ("INT32", "INT64", "UINT32")
ROWS = {
    "ADD": (*QUANTIZED, "INT32", "INT64"),
    "SUB": (*QUANTIZED, "INT32", "INT64"),
    "MUL": (*QUANTIZED, *PLAIN),
    "MAXIMUM": (*QUANTIZED, "INT32", "INT64"),
    "MINIMUM": (*QUANTIZED, "INT32", "INT64"),
}
SHAPES = [
    ((), ()),
    ((1,), (1,)),
    ((77,), (77,)),
    ((300,), (1,)),
    ((1,), (300,)),
    ((7, 300), (300,)),
    ((1, 5, 5, 67), (67,)),  # a vector that is the same for all pixels
    ((67,), (1, 5, 5, 67)),
    ((2, 13, 13, 24), (2, 1, 1, 24)),  # a vector for each image
    ((2, 13, 13, 24), (1, 13, 13, 24)),
    ((3, 50, 3), (3, 50, 1)),  # a value for each pixel, few channels
    ((3, 5, 40), (3, 5, 1)),  # many channels
    ((3, 1, 40), (1, 5, 1)),
    ((5, 1), (1, 5)),
    ((40, 1), (1, 300)),
    ((2, 1, 3, 1, 2, 1), (1, 4, 1, 5, 1, 3)),
    ((2, 3, 4), (2, 3, 4)),
    ((3, 0), (3, 1)),
    ((0,), (1,)),
]

EVERY_TIER = (((77,), (77,)), ((300,), (1,)), ((1,), (300,)))
"""How operands are walked does not depend on the tier, runs of each kind do."""


def binary(name, dtype, shapes, known=()):
    """The operator, with the operands at the positions `known` constant."""
    quantized = dtype in QUANTIZED
    zeros = {"INT8": (3, -7, 5), "UINT8": (131, 121, 133)}.get(dtype, (0, 0, 0))
    scales = (0.0231871, 0.0318733, 0.0491237) if quantized else (None, None, None)
    arrays = [noise(dtype, shape) for shape in shapes]
    operands = [
        operand(dtype, shape, scale, zero, data=x if k in known else None)
        for k, (shape, scale, zero, x) in enumerate(
            zip(shapes, scales, zeros, arrays, strict=False)
        )
    ]
    out = operand(dtype, np.broadcast_shapes(*shapes), scales[2], zeros[2])
    return node(name, operands, out), [None if k in known else x for k, x in enumerate(arrays)]


@pytest.mark.parametrize("name, dtype", [(n, d) for n, dtypes in ROWS.items() for d in dtypes])
@pytest.mark.parametrize("shapes", SHAPES)
def test_patterns(name, dtype, shapes):
    operator, arrays = binary(name, dtype, shapes)
    tiers = RUNNABLE if shapes in EVERY_TIER else RUNNABLE[:1]
    assert_kernel_equals_spec(operator, *arrays, tiers=tiers)


@pytest.mark.parametrize("name, dtype", [("SUB", "INT8"), ("MUL", "INT16"), ("ADD", "INT64")])
@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("k", [0, 1])
def test_constants(name, dtype, shapes, k):
    operator, arrays = binary(name, dtype, shapes, known=(k,))
    assert_kernel_equals_spec(operator, *arrays, tiers=RUNNABLE[:1])


@st.composite
def shape_pairs(draw):
    rank = draw(st.integers(0, 6))
    common = [draw(st.sampled_from([1, 2, 3, 5, 17])) for _ in range(rank)]
    sides = [[draw(st.sampled_from([1, size])) for size in common] for _ in range(2)]
    skip = draw(st.integers(0, rank))
    return tuple(sides[0]), tuple(sides[1][skip:])


@given(shape_pairs(), st.sampled_from([(), (0,), (1,)]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_shapes(shapes, known, swap):
    if np.prod(np.broadcast_shapes(*shapes)) > 20000:
        return
    shapes = shapes[::-1] if swap else shapes
    operator, arrays = binary("SUB", "INT32", shapes, known)
    assert_kernel_equals_spec(operator, *arrays, tiers=RUNNABLE[:1])
    operator, arrays = binary("MUL", "INT8", shapes, known)
    assert_kernel_equals_spec(operator, *arrays, tiers=RUNNABLE[:1])


def test_a_tensor_and_itself():
    operator, (x, _) = binary("MUL", "INT8", ((5, 40), (5, 40)))
    assert_kernel_equals_spec(operator, x, x)


def test_few_channels_are_written_out_and_many_are_not():
    operator, arrays = binary("MAXIMUM", "INT8", ((1, 56, 56, 8), (8,)))
    names = [*kernels_of(operator, *arrays)]
    assert names[0].startswith("copy_runs") and set(names[1:]) == {"max_int8"}
    operator, arrays = binary("MAXIMUM", "INT8", ((1, 56, 56, 8), (8,)), known=(1,))
    assert {*kernels_of(operator, *arrays)} == {"max_int8"}
    operator, arrays = binary("MAXIMUM", "INT8", ((1, 7, 7, 512), (512,)))
    assert [*kernels_of(operator, *arrays)] == ["max_int8"]
    operator, arrays = binary("MAXIMUM", "INT8", ((1, 7, 7, 512), (1, 7, 7, 1)))
    assert [*kernels_of(operator, *arrays)] == ["max_int8_scalar1"]


@pytest.mark.parametrize("name", ["MAXIMUM", "MINIMUM"])
@pytest.mark.parametrize("dtype", ROWS["MAXIMUM"])
def test_extremes_compare_in_their_own_dtype(name, dtype):
    info = np.iinfo(dtype.lower())
    values = np.array([info.min, info.min + 1, 0, 1, info.max - 1, info.max], dtype.lower())
    operator, _ = binary(name, dtype, ((6, 1), (1, 6)))
    assert_kernel_equals_spec(operator, values.reshape(6, 1), values.reshape(1, 6))


def test_scales_of_maximum_are_not_read():
    operator, arrays = binary("MAXIMUM", "INT8", ((9,), (9,)))
    bare = [replace(x, quantization=None) for x in operator.inputs]
    assert_kernel_equals_spec(replace(operator, inputs=tuple(bare)), *arrays)
