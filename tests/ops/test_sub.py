"""SUB: literal examples, undefined shifts, power-of-two scales, raw integers, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.rules import Rules
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.sum_integers import scaled_sum, shifted_sum, wrapped

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def sub_node(
    dtype="INT8",
    shapes=((4,), (4,)),
    scales=(1.0, 1.0, 1.0),
    zero_points=(0, 0, 0),
    version=1,
    rules="tflite",
    **options,
):
    operands = [
        operand(dtype, shape, scale, zero_point)
        for shape, scale, zero_point in zip((*shapes, (1,)), scales, zero_points, strict=True)
    ]
    return node("SUB", operands[:2], operands[2], version=version, rules=rules, **options)


def test_equal_scales_subtract_and_saturate():
    x1, x2 = np.array([100, -100, 3, 5], np.int8), np.array([-28, 29, 4, 5], np.int8)
    assert run(sub_node(), x1, x2).tolist() == [127, -128, -1, 0]


def test_ties_go_away_from_zero():
    x = np.array([1, -1, 3, -3], np.int8)
    halving = sub_node(scales=(1.0, 1.0, 2.0))
    assert run(halving, x, np.zeros(4, np.int8)).tolist() == [1, -1, 2, -2]
    assert run(halving, np.zeros(4, np.int8), x).tolist() == [-1, 1, -2, 2]


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("shapes", [((3, 1, 40), (2, 1)), ((2, 40), (2, 40)), ((5, 6), (1,))])
def test_equals_python_integers(dtype, shapes):
    low, high = LIMITS[dtype]
    scales = (0.0391, 0.0171, 0.0271)
    zero_points = (0, 0, 0) if dtype == "INT16" else (low + 17, high - 2, low + 90)
    rng = np.random.default_rng(len(shapes[0]))
    x1, x2 = (rng.integers(low, high + 1, shape).astype(dtype.lower()) for shape in shapes)
    x1.reshape(-1)[:2], x2.reshape(-1)[:1] = (low, high), high
    subtracting = sub_node(
        dtype,
        shapes,
        scales,
        zero_points,
        fused_activation_function="RELU",
        pot_scale_int16=False,
    )
    headroom = 15 if dtype == "INT16" else 20
    pairs = zip(*(a.reshape(-1).tolist() for a in np.broadcast_arrays(x1, x2)), strict=True)
    assert run(subtracting, x1, x2).reshape(-1).tolist() == [
        scaled_sum(a, b, -1, scales, zero_points, headroom, zero_points[2], high) for a, b in pairs
    ]


def test_power_of_two_scales_shift_and_saturate():
    scales = (2.0**-12, 2.0**-10, 2.0**-10)
    x1 = np.array([2, -2, 32767, -32768, -6, 6], np.int16)
    x2 = np.array([5, 5, -32768, 32767, 0, 0], np.int16)
    expected = [-4, -6, 32767, -32768, -2, 2]
    subtracting = sub_node("INT16", ((6,), (6,)), scales)
    assert run(subtracting, x1, x2).tolist() == expected
    assert expected == [
        shifted_sum(a, b, -1, (2, 0)) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)
    ]
    broadcasting = sub_node("INT16", ((6,), (1,)), scales)
    assert run(broadcasting, x1, x2[:1]).tolist() == [-4, -6, 8187, -8197, -7, -3]


def test_a_shift_past_16_bits_gives_one_not_zero():
    x = np.array([-1, 0, 1], np.int16)
    subtracting = sub_node("INT16", ((3,), (3,)), (2.0**-40, 2.0**-20, 2.0**-20))
    assert run(subtracting, x, np.zeros(3, np.int16)).tolist() == [-1, 1, 1]


def test_an_output_multiplier_above_one_is_undefined():
    """LiteRT shifts right by a negative count: in vectors of four only the sign is left."""
    scales = (1.0, 1.0, 2 / 2**20 / 5000)
    x1 = np.array([9, 9, 5, -1, 9, 9, -1], np.int8)
    x2 = np.array([9, 1, 9, 9, 9, 1, 9], np.int8)
    shapes = ((7,), (7,))
    engine = sub_node(shapes=shapes, scales=scales, zero_points=(0, 0, 10), rules="litert-ref")
    # Of the last: -10 * 2^19 * (5000 / 2^13) >> (-13 mod 32 = 19) is -7, and nothing is added.
    assert run(engine, x1, x2).tolist() == [11, 11, 9, 9, 11, 15, 3]
    broadcasting = sub_node(
        shapes=((7,), (1,)), scales=scales, zero_points=(0, 0, 10), rules="litert-ref"
    )
    assert run(broadcasting, x1, x2[:1]).tolist() == [11, 11, 7, 3, 11, 11, 3]
    leading_ones = sub_node(
        shapes=((1, 7), (7,)), scales=scales, zero_points=(0, 0, 10), rules="litert-ref"
    )
    assert run(leading_ones, x1[None], x2).tolist() == [[11, 11, 9, 9, 11, 15, 3]]


@pytest.mark.parametrize("dtype, bits", [("INT32", 32), ("INT64", 64)])
def test_raw_integers_wrap(dtype, bits):
    high = 2 ** (bits - 1) - 1
    x1 = np.array([high, -high - 1, 5, 0], dtype.lower())
    x2 = np.array([-1, 1, 7, -high - 1], dtype.lower())
    expected = [wrapped(a - b, bits) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)]
    assert run(sub_node(dtype, scales=(None,) * 3), x1, x2).tolist() == expected
    six = sub_node(dtype, scales=(None,) * 3, fused_activation_function="RELU6")
    assert run(six, x1, x2).tolist() == [min(max(v, 0), 6) for v in expected]


def test_refuses_shapes_C1():
    assert refused(sub_node(shapes=((3,), (4,)))) == "C1"


def test_refuses_asymmetric_int16_C2():
    assert refused(sub_node("INT16", zero_points=(0, 1, 0))) == "C2"


def test_refuses_zero_points_outside_the_dtype_C3():
    assert refused(sub_node(zero_points=(128, 0, 0))) == "C3"
    assert refused(sub_node("UINT8", zero_points=(0, 0, 256))) == "C3"


@pytest.mark.parametrize("real", [1.0, 1.5, 1e6])
def test_refuses_an_output_multiplier_from_one_on_C4(real):
    scales = (1.0, 1.0, np.float32(2 / 2**20 / real))
    with pytest.raises(DomainError) as caught:
        prepare(sub_node(scales=scales))
    assert caught.value.label == "C4"
    if real > 1:
        prepare(sub_node(scales=scales, rules="litert-ref"))
        return
    with pytest.raises(DomainError) as caught:
        prepare(sub_node(scales=scales, rules="litert-ref"))  # exactly 1 aborts the engine
    assert caught.value.label == "C4"


def test_refuses_power_of_two_steps_that_do_not_fit_C5():
    assert refused(sub_node("INT16", scales=(2.0**-10, 2.0**-10, 2.0**-11))) == "C5"
    assert refused(sub_node("INT16", scales=(2.0**-11, 2.0**-12, 2.0**-10))) == "C5"
    assert refused(sub_node("INT16", scales=(2.0**-50, 2.0**-10, 2.0**-10))) == "C5"


def test_refuses_ratios_without_a_common_shift_C6():
    rules = Rules(addition="common_shift")
    for larger in (2.0**-11, 2.0**8):
        assert refused(sub_node(scales=(larger, larger / 2, 1.0), rules=rules)) == "C6"
    for larger in (2.0**-10, 2.0**8 * (1 - 2.0**-20)):
        prepare(sub_node(scales=(larger, larger / 2, 1.0), rules=rules))


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(sub_node(version=5))
    assert refused(sub_node(version=6)) == "version"
    for dtype in ("FLOAT32", "UINT32", "BOOL"):
        assert refused(sub_node(dtype)) == "dtype"
    for dtype in LIMITS:
        assert refused(sub_node(dtype, scales=(None, None, None))) == "scale"
