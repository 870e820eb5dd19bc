"""SVDF: a literal example, a definition in Python integers, both state dtypes, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.nodes import node, operand, refused
from tests.ops.python_integers import clamp, float32, quantize_multiplier, requantize_double

SCALES = {"x": 0.03, "features": 0.02, "state": 0.001, "times": 0.0005, "out": 0.1}
LIMITS = {"INT16": (-32768, 32767), "INT8": (-128, 127)}


def svdf(
    rules="tflite",
    dtype="INT16",
    x_shape=(2, 3),
    filters=4,
    memory=3,
    rank=2,
    zero_points=(5, 0, -7),
    scales=SCALES,
    bias=True,
    variable=True,
    **options,
):
    state = operand(dtype, (x_shape[0], filters * memory), scales["state"], zero_points[1])
    inputs = [
        operand("INT8", x_shape, scales["x"], zero_points[0]),
        operand("INT8", (filters, x_shape[1]), scales["features"]),
        operand(dtype, (filters, memory), scales["times"]),
        operand("INT32", (filters // max(rank, 1),)) if bias else None,
        replace(state, is_variable=variable),
    ]
    out = operand("INT8", (x_shape[0], 1), scales["out"], zero_points[2])
    known = {"rank": rank, "fused_activation_function": "RELU", **options}
    return node("SVDF", inputs, out, rules=rules, **known)


def ratio(a, b, out, scales):
    product = float32(float32(scales[a]) * float32(scales[b]))
    return float32(product / float32(scales[out]))


def expected(x, features, times, bias, state, rank, zero_points, dtype, scales=SCALES):
    """(output, state) value by value."""
    low, high = LIMITS[dtype]
    filters, memory = times.shape
    out, new = [], []
    for row in range(len(x)):
        cells = state[row].reshape(filters, memory).tolist()
        sums = []
        for f in range(filters):
            acc = sum(
                (int(a) - zero_points[0]) * int(b) for a, b in zip(x[row], features[f], strict=True)
            )
            step = clamp(requantize_double(acc, ratio("x", "features", "state", scales)), low, high)
            stored = (step + zero_points[1] - low) % (high - low + 1) + low
            cells[f] = [*cells[f][1:], stored]
            sums.append(
                sum(int(t) * (c - zero_points[1]) for t, c in zip(times[f], cells[f], strict=True))
            )
        units = []
        for u in range(filters // rank):
            acc = sum(sums[u * rank : (u + 1) * rank]) + (int(bias[u]) if bias is not None else 0)
            step = requantize_double(acc, ratio("state", "times", "out", scales))
            units.append(clamp(step + zero_points[2], -128, 127))
        out.append(units)
        new.append([c for cell in cells for c in cell])
    return out, new


def test_example():
    # One filter that adds its two features, two moments with weights 1 and 10.
    one = {"x": 0.5, "features": 1.0, "state": 0.5, "times": 1.0, "out": 0.5}
    made = svdf(
        x_shape=(1, 2), filters=1, memory=2, rank=1, zero_points=(1, 0, 3), scales=one, bias=False
    )
    features, times = np.array([[1, 1]], np.int8), np.array([[1, 10]], np.int16)
    state = np.array([[99, 4]], np.int16)
    out, new = prepare(made).spec(np.array([[3, 4]], np.int8), features, times, None, state)
    assert new.tolist() == [[4, 5]]
    assert out.tolist() == [[4 * 1 + 5 * 10 + 3]]


@pytest.mark.parametrize("dtype, state_zero_point", [("INT16", 0), ("INT8", 0), ("INT8", 9)])
@pytest.mark.parametrize("rank, bias", [(1, True), (2, False), (4, True)])
def test_equals_python_integers(dtype, state_zero_point, rank, bias):
    rng = np.random.default_rng(rank)
    low, high = LIMITS[dtype]
    zero_points = (5, state_zero_point, -7)
    scales = SCALES if dtype == "INT16" else {**SCALES, "state": 0.05, "times": 0.02}
    record = prepare(
        svdf("tflm", dtype, rank=rank, zero_points=zero_points, scales=scales, bias=bias)
    )
    for _ in range(5):
        x = rng.integers(-128, 128, (2, 3)).astype(np.int8)
        features = rng.integers(-127, 128, (4, 3)).astype(np.int8)
        times = rng.integers(low // 4, high // 4, (4, 3)).astype(dtype.lower())
        b = rng.integers(-9000, 9000, 4 // rank).astype(np.int32) if bias else None
        state = rng.integers(low, high + 1, (2, 12)).astype(dtype.lower())
        out, new = record.spec(x, features, times, b, state)
        assert (out.dtype, new.dtype) == (np.int8, state.dtype)
        wanted = expected(x, features, times, b, state, rank, zero_points, dtype, scales)
        assert (out.tolist(), new.tolist()) == wanted


@pytest.mark.parametrize("dtype", ["INT16", "INT8"])
def test_the_newest_entry_saturates(dtype):
    record = prepare(svdf(dtype=dtype, scales={**SCALES, "state": 1e-5}, zero_points=(0, 0, 0)))
    x = np.array([[127] * 3, [-128] * 3], np.int8)
    times = np.zeros((4, 3), dtype.lower())
    state = np.zeros((2, 12), dtype.lower())
    _, new = record.spec(x, np.full((4, 3), 127, np.int8), times, None, state)
    low, high = LIMITS[dtype]
    assert new[:, 2::3].tolist() == [[high] * 4, [low] * 4]


def test_an_int8_state_wraps_when_its_zero_point_carries_it_out():
    record = prepare(svdf(dtype="INT8", scales={**SCALES, "state": 1e-5}, zero_points=(0, 2, 0)))
    x = np.full((2, 3), 127, np.int8)
    times = np.zeros((4, 3), np.int8)
    state = np.zeros((2, 12), np.int8)
    _, new = record.spec(x, np.full((4, 3), 127, np.int8), times, None, state)
    assert set(new[:, 2::3].ravel().tolist()) == {129 - 256}


def test_overflow_is_reported_or_wraps_by_rule():
    arrays = [
        np.zeros((2, 3), np.int8),
        np.zeros((4, 3), np.int8),
        np.full((4, 3), 1, np.int16),
        np.full(2, (1 << 31) - 1, np.int32),
        np.full((2, 12), 1, np.int16),
    ]
    with pytest.raises(DomainError, match="accumulator"):
        prepare(svdf()).spec(*arrays)
    out, _ = prepare(svdf("litert-ref")).spec(*arrays)
    assert out.tolist() == [[-128, -128]] * 2


def test_scales_are_combined_in_float32():
    told = 0
    rng = np.random.default_rng(0)
    for _ in range(30):
        scales = {name: float(np.float32(v * rng.uniform(0.5, 1))) for name, v in SCALES.items()}
        record = prepare(svdf(scales=scales))
        single = ratio("x", "features", "state", scales)
        assert int(record.feature.multiplier) == quantize_multiplier(single)[0]
        told += quantize_multiplier(single) != quantize_multiplier(
            scales["x"] * scales["features"] / scales["state"]
        )
        single = ratio("state", "times", "out", scales)
        assert int(record.time.multiplier) == quantize_multiplier(single)[0]
    assert told > 10


def test_the_activation_is_not_applied():
    # Its outputs go below the zero point of what is called RELU.
    record = prepare(svdf(zero_points=(0, 0, 0)))
    zeros = [np.zeros(s, t) for s, t in (((2, 3), np.int8), ((4, 3), np.int8), ((4, 3), np.int16))]
    bias = np.array([-1_000_000, 1_000_000], np.int32)
    out, _ = record.spec(*zeros, bias, np.zeros((2, 12), np.int16))
    assert out.tolist() == [[-5, 5]] * 2


def test_refuses_shapes_and_ranks_C1():
    assert refused(svdf(rank=3)) == "C1"
    assert refused(svdf(rank=0)) == "C1"
    good = svdf()
    for position, shape, dtype in (
        *((0, (2, 4), "INT8"), (1, (4, 3, 1), "INT8"), (2, (5, 3), "INT16")),
        *((3, (4,), "INT32"), (4, (2, 11), "INT16"), (2, (4, 0), "INT16")),
    ):
        inputs = list(good.inputs)
        inputs[position] = replace(operand(dtype, shape, 0.1), is_variable=True)
        assert refused(replace(good, inputs=tuple(inputs))) == "C1", position


def test_refuses_a_state_that_is_no_variable_C2():
    assert refused(svdf(variable=False)) == "C2"


def test_refuses_other_activations_C3():
    assert refused(svdf(fused_activation_function="NONE")) == "C3"
    prepare(svdf("tflm", fused_activation_function="NONE"))


def test_refuses_asymmetric_weights_and_states_C4():
    assert refused(svdf(zero_points=(5, 1, -7))) == "C4"
    good = svdf()
    inputs = list(good.inputs)
    inputs[1] = operand("INT8", (4, 3), 0.1, 2)
    assert refused(replace(good, inputs=tuple(inputs))) == "C4"


def test_refuses_an_int8_state_that_the_engine_takes_for_int16_C5():
    assert refused(svdf("litert-ref", "INT8")) == "C5"
    prepare(svdf("tflite", "INT8"))


def test_refuses_versions_and_dtypes():
    good = svdf()
    assert refused(replace(good, version=9)) == "version"
    inputs = (*good.inputs[:2], operand("INT8", (4, 3), 0.1), *good.inputs[3:])
    assert refused(replace(good, inputs=inputs)) == "dtype"
    inputs = (operand("FLOAT32", (2, 3)), *good.inputs[1:])
    assert refused(replace(good, inputs=inputs)) == "dtype"


def arrays(dtype, rng, x_shape=(2, 3), filters=4, memory=3, rank=2, bias=True):
    """x, features, times, bias, state of any values, extremes among them."""
    low, high = LIMITS[dtype]

    def some(low, high, *shape):
        ends = rng.choice([low, high], shape)
        return np.where(rng.random(shape) < 0.3, ends, rng.integers(low, high + 1, shape))

    return [
        some(-128, 127, *x_shape).astype(np.int8),
        some(-127, 127, filters, x_shape[1]).astype(np.int8),
        some(low // 8, high // 8, filters, memory).astype(dtype.lower()),
        some(-9000, 9000, filters // rank).astype(np.int32) if bias else None,
        some(low, high, x_shape[0], filters * memory).astype(dtype.lower()),
    ]


def with_constants(made, values):
    """The operator with weights and bias known."""
    inputs = [
        replace(operand, data=value) if operand is not None and k in (1, 2, 3) else operand
        for k, (operand, value) in enumerate(zip(made.inputs, values, strict=True))
    ]
    return replace(made, inputs=tuple(inputs))


@pytest.mark.parametrize("rules", ["tflite", "tflm"])
@pytest.mark.parametrize("dtype, state_zero_point", [("INT16", 0), ("INT8", 0), ("INT8", 9)])
@pytest.mark.parametrize(
    "shape",
    [
        {"rank": 1, "memory": 1, "x_shape": (1, 1), "bias": False},
        {"rank": 2, "memory": 10, "x_shape": (1, 33), "filters": 6},
        {"rank": 4, "memory": 8, "x_shape": (3, 300), "filters": 8},
    ],
    ids=str,
)
def test_kernel_equals_spec(rules, dtype, state_zero_point, shape):
    rng = np.random.default_rng(len(str(shape)))
    zero_points = (-128 if shape["rank"] == 4 else 5, state_zero_point, -7)
    for factor in (1.0, 1e-3, 40.0):
        # Small steps of the state saturate it, large ones lie close to ties.
        scales = {**SCALES, "state": SCALES["state"] * factor, "out": SCALES["out"] * factor}
        made = svdf(rules, dtype, zero_points=zero_points, scales=scales, **shape)
        values = arrays(dtype, rng, **shape)
        assert_kernel_equals_spec(with_constants(made, values), *values)


def test_kernel_equals_spec_at_every_tie():
    # The newest entry is x / 2, and so is the output.
    scales = {"x": 0.5, "features": 1.0, "state": 1.0, "times": 0.5, "out": 1.0}
    made = svdf(x_shape=(256, 1), filters=1, memory=2, rank=1, scales=scales, bias=False)
    x = np.arange(-128, 128).astype(np.int8).reshape(256, 1)
    state = np.repeat(np.arange(-64, 64), 4).astype(np.int16).reshape(256, 2)
    values = [x, np.ones((1, 1), np.int8), np.ones((1, 2), np.int16), None, state]
    assert_kernel_equals_spec(with_constants(made, values), *values)


def test_kernel_leaves_overflows_to_the_spec_or_wraps_by_rule():
    values = arrays("INT16", np.random.default_rng(0))
    values[2][:], values[3][:], values[4][:] = 1, (1 << 31) - 1, 1
    assert_alarm(with_constants(svdf(), values), *values)
    assert_kernel_equals_spec(with_constants(svdf("litert-ref"), values), *values)
    # The sum fits, but not once it is shifted left.
    scales = {**SCALES, "out": 1e-10}
    values[3][:] = 1 << 28
    assert_alarm(with_constants(svdf(scales=scales), values), *values)
    made = svdf("litert-ref", scales=scales)
    assert_kernel_equals_spec(with_constants(made, values), *values)


def test_kernel_leaves_left_shifts_of_features_to_the_spec_or_wraps_by_rule():
    values = arrays("INT16", np.random.default_rng(0))
    values[0][:], values[1][:], values[2][:] = 127, 127, 0
    scales = {**SCALES, "state": 1e-9}
    assert_alarm(with_constants(svdf(scales=scales), values), *values)
    made = svdf("litert-ref", scales=scales)
    assert_kernel_equals_spec(with_constants(made, values), *values)


def test_computed_weights_are_left_to_the_spec():
    values = arrays("INT16", np.random.default_rng(0))
    assert "not a constant" in why_not_fast(svdf(), *values)
