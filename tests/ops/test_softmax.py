"""SOFTMAX: literal examples, definitions in Python integers, the tables, and every refusal."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.softmax import softmax_int16_tables, softmax_multiplier
from refint8.ops._op import prepare
from tests.numerics.test_tables import entries16
from tests.ops.gemmlowp_integers import exp_negative, reciprocal
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import (
    clamp,
    divide_by_pot,
    float32,
    high_mul,
    quantize_multiplier,
    requantize_double,
)

OUTPUT = {
    ("INT8", "INT8"): (1 / 256, -128),
    ("UINT8", "UINT8"): (1 / 256, 0),
    ("INT8", "INT16"): (1 / 65536, -32768),
    ("UINT8", "INT16"): (1 / 65536, -32768),
    ("INT16", "INT16"): (1 / 32768, 0),
}


def softmax_node(dtype="INT8", out=None, shape=(2, 5), scale=0.1, rules="tflite", **changes):
    out_scale, zero_point = OUTPUT.get((dtype, out or dtype), (1.0, 0))
    return node(
        "SOFTMAX",
        [operand(dtype, shape, scale, changes.get("zero_point", 0))],
        operand(
            out or dtype,
            shape,
            changes.get("out_scale", out_scale),
            changes.get("out_zero_point", zero_point),
        ),
        rules=rules,
        version=changes.get("version", 1),
        beta=changes.get("beta", 1.0),
    )


def test_examples():
    # Equal logits share 256 steps; a far one gets none; a single class gets all that int8 holds.
    x = np.array([[7, 7, 7, 7, -128]], np.int8)
    assert run(softmax_node(shape=x.shape), x).tolist() == [[-64, -64, -64, -64, -128]]
    assert run(softmax_node(shape=(1, 1)), np.array([[3]], np.int8)).tolist() == [[127]]
    assert run(softmax_node("UINT8", shape=(1, 2)), np.array([[9, 9]], np.uint8)).tolist() == [
        [128, 128]
    ]
    both = run(softmax_node("INT16", shape=(1, 2), scale=1e-3), np.array([[5, 5]], np.int16))
    assert both.tolist() == [[16384, 16384]]


def softmax_row(row, beta, scale, bits):
    """Unsigned output steps of one row, by the first formula of the docstring."""
    factor = min(beta * scale * 2.0**26, 2.0**31 - 1)
    multiplier, shift = quantize_multiplier(factor)
    smallest = -math.floor(Fraction(31 * 2**26, 2**shift))
    differences = [value - max(row) for value in row]
    e = [
        exp_negative(high_mul(d * 2**shift, multiplier), 5) if d >= smallest else None
        for d in differences
    ]
    total = sum(divide_by_pot(v, 12) for v in e if v is not None)
    inverse, over_unit = reciprocal(total, 12)
    return [
        0 if v is None else divide_by_pot(high_mul(inverse, v), over_unit + 31 - bits) for v in e
    ]


@pytest.mark.parametrize("dtype, out", [pair for pair in OUTPUT if pair[0] != "INT16"])
@pytest.mark.parametrize("scale, beta", [(0.1, 1.0), (0.0037, 0.5), (1.3, 2.0), (40.0, 1.0)])
def test_8_bits_equal_python_integers(dtype, out, scale, beta):
    info, out_info = np.iinfo(dtype.lower()), np.iinfo(out.lower())
    rng = np.random.default_rng(7)
    x = rng.integers(info.min, info.max + 1, (40, 7)).astype(dtype.lower())
    x[:20] = np.clip(rng.normal(info.max - 40, 6, (20, 7)), info.min, info.max)
    result = run(softmax_node(dtype, out, x.shape, scale, beta=beta), x)
    for row, got in zip(x.tolist(), result.tolist(), strict=True):
        steps = softmax_row(row, beta, float(np.float32(scale)), out_info.bits)
        assert got == [clamp(s + out_info.min, out_info.min, out_info.max) for s in steps]


def test_the_reciprocal_is_newtons():
    """Outputs of 16 bits one step from those with the reciprocal divided exactly."""
    x = np.array([[87, -127], [-123, 90]], np.int8)
    result = run(softmax_node(out="INT16", shape=x.shape, scale=0.05), x)
    assert result.tolist() == [[32766, -32767], [-32766, 32766]]
    for row, got in zip(x.tolist(), result.tolist(), strict=True):
        assert [step + 32768 for step in got] == softmax_row(row, 1.0, float(np.float32(0.05)), 16)


def test_every_difference_of_8_bits():
    x = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    result = run(softmax_node(shape=x.shape, scale=0.03), x)
    for row, got in zip(x.tolist(), result.tolist(), strict=True):
        steps = softmax_row(row, 1.0, float(np.float32(0.03)), 8)
        assert got == [clamp(s - 128, -128, 127) for s in steps]


def test_the_multiplier_is_capped_and_small_differences_are_dropped():
    assert softmax_multiplier(1.0, 2.0**-20) == (2**30, 7, -(31 << 19))
    assert softmax_multiplier(1.0, 1.0) == (2**30, 27, -15)
    assert softmax_multiplier(1000.0, 1.0) == (2**31 - 1, 31, 0)


def interpolate(table, x):
    index, fraction = 256 + (x >> 7), x & 127
    step = (int(table[index + 1]) - int(table[index]) + 2**15) % 2**16 - 2**15
    return int(table[index]) + ((step * fraction + 64) >> 7)


@pytest.mark.parametrize("rules", ["tflite", "tflm"])
@pytest.mark.parametrize("scale, beta", [(1e-3, 1.0), (2e-5, 0.7), (0.05, 1.0)])
def test_int16_equals_python_integers(rules, scale, beta):
    exponentials, reciprocals = softmax_int16_tables("float32" if rules == "tflm" else "float64")
    rng = np.random.default_rng(8)
    x = rng.integers(-32768, 32768, (30, 6)).astype(np.int16)
    x[:15] = rng.normal(0, 900, (15, 6))
    result = run(softmax_node("INT16", shape=x.shape, scale=scale, beta=beta, rules=rules), x)
    real = np.float64 if rules == "tflm" else np.float32
    factor = float(real(np.float32(scale)) * real(np.float32(beta))) / (10.0 / 65535.0)
    for row, got in zip(x.tolist(), result.tolist(), strict=True):
        e = []
        for value in row:
            scaled = requantize_double(value - max(row), factor)
            e.append(interpolate(exponentials, clamp(scaled + 32767, -32768, 32767)))
        total = sum(e)
        bits = total.bit_length()
        mantissa = ((total << (31 - bits)) + 2**13) >> 14
        inverse = interpolate(reciprocals, clamp(mantissa - 98304, -32768, 32767))
        shift = bits - 1
        wanted = [clamp((v * inverse + 2 ** (shift - 1)) >> shift, 0, 32767) for v in e]
        assert got == wanted


def test_the_rule_decides_the_precision_of_beta_times_scale():
    scale, beta = np.float32(1e-3), np.float32(0.7)
    single = float(scale * beta) / (10.0 / 65535.0)
    double = float(scale) * float(beta) / (10.0 / 65535.0)
    multipliers = [quantize_multiplier(factor)[0] for factor in (single, double)]
    assert multipliers[0] != multipliers[1]
    for rules, multiplier in zip(("tflite", "tflm"), multipliers, strict=True):
        record = prepare(softmax_node("INT16", scale=scale, beta=beta, rules=rules))
        assert record.rows.requantize.multiplier == multiplier


def test_the_tables_run_from_exp_of_minus_10_to_1_and_from_1_to_a_half():
    for precision in ("float64", "float32"):
        exponentials, reciprocals = softmax_int16_tables(precision)
        assert exponentials.shape == reciprocals.shape == (513,)
        # exp(-10) is 1.49 steps; the correction for interpolation makes it 2.
        assert exponentials[[0, -1]].tolist() == [2, 32767]
        assert reciprocals[[0, -1]].tolist() == [32767, 16384]


def test_the_tables_precision_is_visible():
    double, single = (softmax_int16_tables(p) for p in ("float64", "float32"))
    assert any(not np.array_equal(a, b) for a, b in zip(double, single, strict=True))
    for tables, narrow in ((double, float), (single, float32)):
        exponential = entries16(
            lambda x, narrow=narrow: narrow(math.exp(x)),
            narrow(10.0) / narrow(65535.0), 32767, 2 / 65535, 0, narrow,
        )  # fmt: skip
        reciprocal_of_sum = entries16(
            lambda x, narrow=narrow: narrow(1 / narrow(1 + x)),
            1 / 65535,
            -32768,
            2 / 65535,
            0,
            narrow,
        )
        assert [table.tolist() for table in tables] == [exponential, reciprocal_of_sum]


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
def test_a_sum_of_512_has_no_8_bit_result(dtype):
    x = np.zeros((1, 512), dtype.lower())
    with pytest.raises(DomainError, match=r"512\.0, 512 or more"):
        run(softmax_node(dtype, shape=x.shape), x)
    run(softmax_node(dtype, shape=(1, 511)), x[:, :511])
    run(softmax_node(dtype, "INT16", x.shape), x)


def test_a_sum_that_leaves_32_bits_is_refused():
    x = np.zeros((1, 4096), np.int8)
    with pytest.raises(DomainError, match="accumulator is 2147483648"):
        run(softmax_node(out="INT16", shape=x.shape, rules="litert-ref"), x)
    run(softmax_node(out="INT16", shape=(1, 4095)), x[:, :4095])


def test_an_overflowing_difference_is_reported_or_wraps_by_rule():
    x = np.array([[32767, -32768]], np.int16)
    with pytest.raises(DomainError, match="shifted left"):
        run(softmax_node("INT16", shape=x.shape, scale=30.0), x)
    run(softmax_node("INT16", shape=x.shape, scale=30.0, rules="litert-ref"), x)


def test_the_last_axis_of_any_rank_is_summed():
    x = np.random.default_rng(9).integers(-128, 128, (2, 3, 4, 5)).astype(np.int8)
    flat = run(softmax_node(shape=(24, 5)), x.reshape(24, 5))
    assert np.array_equal(run(softmax_node(shape=x.shape), x), flat.reshape(x.shape))
    assert np.array_equal(run(softmax_node(shape=(5,)), x[0, 0, 0]), flat[0])


def test_refuses_scalars_and_empty_rows_C1():
    assert refused(softmax_node(shape=())) == "C1"
    assert refused(softmax_node(shape=(3, 0))) == "C1"


def test_refuses_other_output_parameters_C2():
    assert refused(softmax_node(out_scale=1 / 250)) == "C2"
    assert refused(softmax_node(out_zero_point=0)) == "C2"
    assert refused(softmax_node("INT16", out_scale=1 / 32000)) == "C2"
    prepare(softmax_node(out_scale=1 / 256 * 1.0005))


def test_refuses_int16_zero_points_C2():
    assert refused(softmax_node("INT16", out_zero_point=1)) == "C2"
    assert refused(softmax_node("INT16", zero_point=1)) == "C2"


def test_refuses_a_vanishing_beta_C3():
    assert refused(softmax_node(beta=0.0)) == "C3"
    assert refused(softmax_node(beta=-1.0)) == "C3"
    assert refused(softmax_node(beta=1e-8)) == "C3"


def test_refuses_versions_and_dtypes():
    assert refused(softmax_node(version=5)) == "version"
    assert refused(softmax_node("FLOAT32")) == "dtype"
    assert refused(softmax_node("INT8", "UINT8")) == "dtype"
    assert refused(softmax_node("INT16", "INT8")) == "dtype"
