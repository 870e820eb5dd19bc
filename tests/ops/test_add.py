"""ADD: literal examples, ties, power-of-two scales, raw integers, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.rules import Rules
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.sum_integers import scaled_sum, shifted_sum, wrapped

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def add_node(
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
    return node("ADD", operands[:2], operands[2], version=version, rules=rules, **options)


def values(dtype, shape, seed=0):
    low, high = LIMITS[dtype]
    x = np.random.default_rng(seed).integers(low, high + 1, shape)
    x.reshape(-1)[:2] = low, high
    return x.astype(dtype.lower())


def test_equal_scales_add_and_saturate():
    x1, x2 = np.array([100, 100, -100, 3], np.int8), np.array([27, 28, -29, -4], np.int8)
    assert run(add_node(), x1, x2).tolist() == [127, 127, -128, -1]


def test_a_larger_scale_dominates():
    # 0.5 * (4 - 1) + 0.25 * (9 - 2) = 3.25 and 1.5 - 0.75 = 0.75, at 0.25 a step from -3 on.
    adding = add_node(shapes=((2,), (2,)), scales=(0.5, 0.25, 0.25), zero_points=(1, 2, -3))
    assert run(adding, np.array([4, 4], np.int8), np.array([9, -1], np.int8)).tolist() == [10, 0]


def test_ties_go_away_from_zero():
    x = np.array([1, -1, 3, -3], np.int8)
    halving = add_node(scales=(1.0, 1.0, 2.0))
    assert run(halving, x, np.zeros(4, np.int8)).tolist() == [1, -1, 2, -2]


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize(
    "shapes", [((3, 1, 40), (2, 1)), ((2, 40), (2, 40)), ((1,), (2, 3, 7)), ((0, 3), (1, 3))]
)
def test_equals_python_integers(dtype, shapes, activation):
    low, high = LIMITS[dtype]
    scales = (0.013, 0.0371, 0.029)
    zero_points = (0, 0, 0) if dtype == "INT16" else (low + 7, high - 20, low + 100)
    adding = add_node(
        dtype,
        shapes,
        scales,
        zero_points,
        fused_activation_function=activation,
        pot_scale_int16=False,
    )
    x1, x2 = (
        values(dtype, shape, seed) if np.prod(shape) > 1 else np.full(shape, high, dtype.lower())
        for seed, shape in enumerate(shapes)
    )
    out = run(adding, x1, x2)
    one = {"RELU6": 6, "RELU_N1_TO_1": 1}.get(activation)
    if activation != "NONE":
        bottom = -1 if activation == "RELU_N1_TO_1" else 0
        low = max(low, zero_points[2] + round(bottom / 0.029))
    if one:
        high = min(high, zero_points[2] + round(one / 0.029))
    headroom = 15 if dtype == "INT16" else 20
    pairs = zip(*(a.reshape(-1).tolist() for a in np.broadcast_arrays(x1, x2)), strict=True)
    assert out.reshape(-1).tolist() == [
        scaled_sum(a, b, 1, scales, zero_points, headroom, low, high) for a, b in pairs
    ]


def test_power_of_two_scales_shift_and_saturate():
    scales = (2.0**-10, 2.0**-12, 2.0**-10)
    x1 = np.array([5, 5, -5, 32767, -32768, 0], np.int16)
    x2 = np.array([2, 3, -2, 32767, -32768, -6], np.int16)
    shapes = ((6,), (6,))
    expected = [6, 6, -6, 32767, -32768, -2]
    assert run(add_node("INT16", shapes, scales), x1, x2).tolist() == expected
    assert expected == [
        shifted_sum(a, b, 1, (0, 2)) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)
    ]
    clamped = add_node("INT16", shapes, scales, fused_activation_function="RELU")
    assert run(clamped, x1, x2).tolist() == [6, 6, 0, 32767, 0, 0]
    swapped = add_node("INT16", shapes, (scales[1], scales[0], scales[2]))
    assert run(swapped, x2, x1).tolist() == expected


def test_power_of_two_scales_broadcast():
    scales = (2.0**-10, 2.0**-12, 2.0**-10)
    adding = add_node("INT16", ((2, 1), (3,)), scales)
    x1, x2 = np.array([[1], [10]], np.int16), np.array([0, 4, 8], np.int16)
    assert run(adding, x1, x2).tolist() == [[1, 2, 3], [10, 11, 12]]


def test_what_is_almost_a_power_of_two_counts_as_one():
    almost = 2.0**-10 * 1.0004
    x = np.array([20000], np.int16)
    zero = np.zeros(1, np.int16)
    shapes = ((1,), (1,))
    assert run(add_node("INT16", shapes, (almost, 2.0**-10, 2.0**-10)), x, zero) == 20000
    general = add_node("INT16", shapes, (almost, 2.0**-10, 2.0**-10), pot_scale_int16=False)
    assert run(general, x, zero) == 20008
    farther = add_node("INT16", shapes, (2.0**-10 * 1.001, 2.0**-10, 2.0**-10))
    assert run(farther, x, zero) == 20020


def test_the_rule_can_ignore_powers_of_two():
    # 2 / 4 is rounded to 1 before it is added; else 0.5 + 6000 * 1.0004 is rounded once.
    almost = (2.0**-12, 2.0**-10 * 1.0004, 2.0**-10)
    x1, x2 = np.array([2, -2], np.int16), np.array([6000, -6000], np.int16)
    shapes = ((2,), (2,))
    assert run(add_node("INT16", shapes, almost), x1, x2).tolist() == [6001, -6001]
    assert run(add_node("INT16", shapes, almost, rules="tflm"), x1, x2).tolist() == [6003, -6003]


@pytest.mark.parametrize("exponent", [16, 20, 31])
def test_a_shift_past_16_bits_gives_one_not_zero(exponent):
    scales = (2.0**-40, 2.0 ** (exponent - 40), 2.0 ** (exponent - 40))
    x = np.array([-32768, -1, 0, 1, 32767], np.int16)
    out = run(add_node("INT16", ((5,), (5,)), scales), x, np.zeros(5, np.int16))
    assert out.tolist() == [-1, -1, 1, 1, 1]


@pytest.mark.parametrize("dtype, bits", [("INT16", 16), ("INT32", 32), ("INT64", 64)])
def test_raw_integers_wrap(dtype, bits):
    high = 2 ** (bits - 1) - 1
    x1 = np.array([high, -high - 1, 5, high], dtype.lower())
    x2 = np.array([1, -1, -7, high], dtype.lower())
    raw = add_node(dtype, scales=(None, None, None))
    expected = [wrapped(a + b, bits) for a, b in zip(x1.tolist(), x2.tolist(), strict=True)]
    assert run(raw, x1, x2).tolist() == expected
    for activation, low, top in [("RELU", 0, high), ("RELU6", 0, 6), ("RELU_N1_TO_1", -1, 1)]:
        clamped = add_node(dtype, scales=(None, None, None), fused_activation_function=activation)
        assert run(clamped, x1, x2).tolist() == [min(max(v, low), top) for v in expected]
    scalar = add_node(dtype, ((), ()), (None, None, None))
    assert run(scalar, x1[0], x2[0]).tolist() == -high - 1


def test_int32_is_raw_whatever_its_scale():
    assert run(add_node("INT32", ((1,), (1,))), np.int32([5]), np.int32([6])).tolist() == [11]


def test_refuses_shapes_C1():
    assert refused(add_node(shapes=((3,), (4,)))) == "C1"
    assert refused(add_node("INT32", ((2, 3), (3, 2)), (None, None, None))) == "C1"


def test_refuses_asymmetric_int16_C2():
    for place in range(3):
        zero_points = [int(k == place) for k in range(3)]
        assert refused(add_node("INT16", zero_points=zero_points)) == "C2"


def test_refuses_zero_points_outside_the_dtype_C3():
    assert refused(add_node(zero_points=(128, 0, 0))) == "C3"
    assert refused(add_node("UINT8", zero_points=(0, -1, 0))) == "C3"
    assert refused(add_node(zero_points=(0, 0, -129))) == "C3"


@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
@pytest.mark.parametrize("real", [1.0, 1 - 2.0**-40, 1.5, 1e6])
def test_refuses_an_output_multiplier_from_one_on_C4(rules, real):
    out = np.float32(2 / 2**20 / real)
    with pytest.raises(DomainError) as caught:
        prepare(add_node(scales=(1.0, 1.0, out), rules=rules))
    assert caught.value.label == "C4"
    assert caught.value.exit_code == 4
    prepare(add_node(scales=(1.0, 1.0, 2 / 2**20 * 1.001), rules=rules))


def test_refuses_power_of_two_steps_that_do_not_fit_C5():
    for exponents in [(-10, -10, -11), (-11, -12, -10), (-10, -50, -10)]:
        assert refused(add_node("INT16", scales=[2.0**e for e in exponents])) == "C5"
        prepare(add_node("INT16", scales=[2.0**e for e in exponents], pot_scale_int16=False))


def test_refuses_ratios_without_a_common_shift_C6():
    rules = Rules(addition="common_shift")
    for larger in (2.0**-11, 2.0**8):
        assert refused(add_node(scales=(larger, larger / 2, 1.0), rules=rules)) == "C6"
    for larger in (2.0**-10, 2.0**8 * (1 - 2.0**-20)):
        prepare(add_node(scales=(larger, larger / 2, 1.0), rules=rules))


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(add_node(version=6))
    assert refused(add_node(version=7)) == "version"
    for dtype in ("FLOAT32", "UINT32", "UINT16", "BOOL", "INT4"):
        assert refused(add_node(dtype)) == "dtype"
    mixed = [operand("INT8", (1,), 1.0), operand("UINT8", (1,), 1.0)]
    assert refused(node("ADD", mixed, operand("INT8", (1,), 1.0))) == "dtype"
    assert refused(add_node("INT8", scales=(None, None, None))) == "scale"
