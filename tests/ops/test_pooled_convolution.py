"""CONV_2D and MAX_POOL_2D in one kernel: equal to one spec after the other, and when it is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refint8.engine.batch import Batch
from refint8.engine.fusion import fused
from refint8.engine.plan import make_plan
from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import profile
from refint8.ops._op import prepare
from refint8.ops._pooled_convolution import PooledConvolution
from tests.ops.kernels import assert_record_equals_spec
from tests.ops.nodes import node, operand


def pair(dtype="INT8", image=(1, 9, 8, 3), weights=(5, 3, 3, 3), pool=(2, 2), stride=None, **given):
    """Records of CONV_2D and MAX_POOL_2D behind it, and the arrays of the first."""
    rng = np.random.default_rng(given.get("seed", 7))
    info = np.iinfo(dtype.lower())
    zero_point = given.get("zero_point", 3 if dtype != "INT16" else 0)
    x = rng.integers(info.min, info.max + 1, image).astype(dtype.lower())
    unsigned = dtype == "UINT8"
    low, high = (0, 256) if unsigned else (-127, 128)
    w = rng.integers(low, high, weights).astype(np.uint8 if unsigned else np.int8)
    bias = rng.integers(-3000, 3000, weights[0])
    scales = 0.01 if unsigned else rng.uniform(0.001, 0.02, weights[0])
    operands = [
        operand(dtype, image, 0.05, zero_point),
        operand("UINT8" if unsigned else "INT8", weights, scales, 117 if unsigned else 0, data=w),
        operand("INT64" if dtype == "INT16" else "INT32", bias.shape, data=bias),
    ]
    options = {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    options |= {"stride_h": 1, "stride_w": 1} | given.get("options", {})
    options["fused_activation_function"] = given.get("activation", "RELU")
    out = operand(dtype, (1, 1, 1, 1), given.get("scale", 0.2), zero_point)
    rules = given.get("rules", "tflite")
    first = prepare(node("CONV_2D", operands, out, version=3, rules=rules, **options))
    between = operand(dtype, first.shapes[0], 0.2, zero_point)
    kernel, step = pool, stride or pool
    window = {"filter_height": kernel[0], "filter_width": kernel[1], "stride_h": step[0]}
    window |= {"stride_w": step[1], "padding": given.get("padding", "VALID")}
    window["fused_activation_function"] = given.get("pool_activation", "NONE")
    second = prepare(node("MAX_POOL_2D", [between], between, version=2, rules=rules, **window))
    return first, second, [x, w, operands[2].data]


def check(first, second, arrays, dtype="INT8"):
    record = PooledConvolution.of(first, second)
    assert record is not None
    assert np.array_equal(record.spec(*arrays), second.spec(first.spec(*arrays)))
    assert_record_equals_spec(record, arrays, [dtype], constants=(1, 2))


@pytest.mark.parametrize("dtype", ["INT8", "UINT8"])
@pytest.mark.parametrize("pool", [(2, 2), (1, 2), (4, 1), (3, 1)])
@pytest.mark.parametrize("outputs", [1, 5, 16, 33, 80])
def test_windows_and_channels(dtype, pool, outputs):
    shape = (2, 9, 11, 3)
    check(*pair(dtype, shape, (outputs, 3, 3, 3), pool), dtype)


@pytest.mark.parametrize("rules", ["tflite", "litert-ref"])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6"])
@pytest.mark.parametrize("scale", [0.0003, 0.2, 40.0])
def test_forms_of_requantization(rules, activation, scale):
    check(*pair(rules=rules, activation=activation, scale=scale))


@pytest.mark.parametrize(
    "image, weights, options",
    [
        ((1, 6, 6, 8), (12, 1, 1, 8), {}),  # no window to speak of
        ((1, 4, 2, 3), (4, 2, 2, 3), {}),  # fewer rows than a tile has
        ((1, 2, 2, 1), (1, 1, 1, 1), {}),
        ((3, 11, 13, 4), (6, 3, 3, 2), {"stride_h": 2}),  # groups
        ((1, 12, 12, 2), (3, 3, 3, 2), {"dilation_h_factor": 2, "dilation_w_factor": 3}),
        ((2, 28, 28, 1), (12, 3, 3, 1), {"padding": "VALID"}),
    ],
)
def test_shapes(image, weights, options):
    check(*pair(image=image, weights=weights, options=options))


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["INT8", "UINT8"]),
    st.tuples(st.integers(1, 2), st.integers(4, 12), st.integers(4, 12), st.integers(1, 9)),
    st.integers(1, 40),
    st.sampled_from([(2, 2), (2, 1), (1, 3)]),
    st.integers(0, 1 << 20),
)
def test_any_shape(dtype, image, outputs, pool, seed):
    check(*pair(dtype, image, (outputs, 3, 2, image[3]), pool, seed=seed), dtype)


@pytest.mark.parametrize(
    "changes",
    [
        {"pool": (3, 3)},
        {"pool": (1, 1)},
        {"stride": (1, 2)},
        {"stride": (3, 3)},
        {"padding": "SAME", "image": (1, 9, 9, 3)},
        {"activation": "NONE", "pool_activation": "RELU"},
        {"dtype": "INT16"},
    ],
)
def test_what_stays_two(changes):
    first, second, _ = pair(**changes)
    assert PooledConvolution.of(first, second) is None
    assert PooledConvolution.of(second, first) is None
    assert PooledConvolution.of(None, second) is None


def test_a_negative_factor_stays_two():
    first, second, _ = pair()
    multiplier = first.requantize.multiplier.copy()
    multiplier[1] = -multiplier[1]
    turned = replace(first, requantize=replace(first.requantize, multiplier=multiplier))
    assert PooledConvolution.of(first, second) is not None
    assert PooledConvolution.of(turned, second) is None


def test_a_clamp_that_changes_nothing_is_no_obstacle():
    check(*pair(activation="RELU6", pool_activation="RELU"))


def network(also: str = ""):
    """CONV_2D and MAX_POOL_2D, with a second use of what lies between."""
    b = ModelBuilder()
    rng = np.random.default_rng(4)
    x = b.tensor("x", "INT8", (1, 8, 8, 2), scale=0.5, zero_point=3)
    w = b.tensor("w", "INT8", (6, 3, 3, 2), scale=0.1, data=rng.integers(-127, 128, (6, 3, 3, 2)))
    y = b.tensor("y", "INT8", (1, 6, 6, 6), scale=6.0, zero_point=-2)
    z = b.tensor("z", "INT8", (1, 3, 3, 6), scale=6.0, zero_point=-2)
    last = b.tensor("last", "INT8", (1, 3, 3, 6), scale=6.0, zero_point=-2)
    window = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    b.operator("CONV_2D", [x, w], [y], version=3, padding="VALID", **window)
    pool = {"stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    b.operator("MAX_POOL_2D", [y], [z], version=2, padding="VALID", **pool)
    b.operator("RELU", [z], [last], version=2)
    outputs = [last]
    if also == "reader":
        other = b.tensor("other", "INT8", (1, 6, 6, 6), scale=6.0, zero_point=-2)
        b.operator("RELU", [y], [other], version=2)
        outputs.append(other)
    if also == "output":
        outputs.append(y)
    return b.model([x], outputs)


@pytest.mark.parametrize("also, steps", [("", 2), ("reader", 4), ("output", 3)])
@pytest.mark.parametrize("threads", [1, 2])
def test_in_programs_of_batches(also, steps, threads):
    model = network(also)
    plan = make_plan(model, profile().rules)
    found = fused(plan).steps
    assert len(found) == steps
    x = np.random.default_rng(1).integers(-128, 128, (50, 8, 8, 2)).astype(np.int8)
    (source,) = model.subgraphs[0].inputs
    batch = Batch(model, threads=threads).run({source: x})
    session = Session(model, fast=False)
    for k in range(len(x)):
        one = session.run({source: x[k : k + 1]})
        for index, values in batch.items():
            assert np.array_equal(values[k], one[index])
