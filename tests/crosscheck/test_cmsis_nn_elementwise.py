"""CMSIS-NN's golden vectors of elementwise operators, through records made by hand.

The collection has MUL, MAXIMUM and MINIMUM, but no case of its addition suites.
"""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.profiles import profile
from refint8.numerics.requantize import ready_requantizer
from refint8.ops._elementwise import Finish
from refint8.ops.maximum import Maximum
from refint8.ops.minimum import Minimum
from refint8.ops.mul import Mul, ScaledProduct
from tests.crosscheck.cmsis_nn import cases

DTYPE = {"i1": "INT8", "i2": "INT16"}


def shape(case, place):
    """`place`: "_1", "_2"."""
    return tuple(case.config[f"{axis}{place}"] for axis in ("BATCH", "HEIGHT", "WIDTH", "CHANNEL"))


@pytest.mark.parametrize("suite, count", [("elementwise_mul_s16", 2)])
def test_mul(corpora, suite, count):
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        expected = case.array("output_ref")
        dtype = DTYPE[expected.dtype.str[1:]]
        product = ScaledProduct(
            zero_points=(-case.number("INPUT1_OFFSET"), -case.number("INPUT2_OFFSET")),
            requantize=ready_requantizer(
                np.int64(case.number("OUTPUT_MULT")),
                np.int64(case.number("OUTPUT_SHIFT")),
                profile("cmsis-nn").rules,
            ),
            finish=Finish(
                case.number("OUTPUT_OFFSET"),
                case.pair("OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX"),
                dtype,
            ),
        )
        record = Mul(shapes=(expected.shape,), arithmetic=product)
        out = record.spec(case.array("input1"), case.array("input2"))
        assert out.dtype == expected.dtype
        assert np.array_equal(out, expected), case.name


@pytest.mark.parametrize(
    "suite, operator, count", [("maximum_s8", Maximum, 6), ("minimum_s8", Minimum, 4)]
)
def test_extrema_broadcast(corpora, suite, operator, count):
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        x1 = case.image("input_tensor_1", shape(case, "_1"))
        x2 = case.image("input_tensor_2", shape(case, "_2"))
        out = operator(shapes=(np.broadcast_shapes(x1.shape, x2.shape),)).spec(x1, x2)
        expected = case.array("output_ref")
        assert out.dtype == expected.dtype
        assert np.array_equal(out.reshape(-1), expected), case.name
