"""Seeded inputs: reproducible, over the whole range, and meaningful where a value has a meaning."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.oracle.random_inputs import random_inputs


def one_input(dtype, shape=(1, 4096), **quantization):
    """A model that only reshapes its input."""
    b = ModelBuilder()
    x = b.tensor("x", dtype, shape, **quantization)
    b.operator("RESHAPE", [x], [b.tensor("y", dtype, shape, **quantization)])
    return b.model([x], [1])


def draw(model, **options):
    (values,) = random_inputs(model, 1, **options)[0].values()
    return values


def test_sample_k_depends_on_the_seed_and_k_alone():
    model = one_input("INT8")
    three, two = random_inputs(model, 3, seed=5), random_inputs(model, 2, seed=5)
    for a, b in zip(three[:2], two, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
    assert (three[0][0] != three[1][0]).any()
    assert (three[0][0] != random_inputs(model, 1, seed=6)[0][0]).any()


@pytest.mark.parametrize(
    "dtype, low, high",
    [
        ("INT8", -128, 127),
        ("UINT8", 0, 255),
        ("INT4", -8, 7),
        ("BOOL", 0, 1),
    ],
)
def test_small_integers_cover_their_range(dtype, low, high):
    values = draw(one_input(dtype))
    assert set(values.reshape(-1).tolist()) == set(range(low, high + 1))


def test_int16_reaches_both_ends():
    values = draw(one_input("INT16", (1, 200_000)))
    assert values.dtype == np.int16
    assert (values.min(), values.max()) == (-32768, 32767)


@pytest.mark.parametrize("dtype", ["INT32", "INT64"])
def test_wide_integers_have_every_magnitude(dtype):
    values = draw(one_input(dtype))
    assert values.dtype == np.dtype(dtype.lower())
    lengths = {int(v).bit_length() for v in values.reshape(-1)}
    assert lengths >= set(range(2, 8 * values.itemsize - 1))


def test_a_float_before_quantize_covers_the_range_and_sits_on_ties():
    b = ModelBuilder()
    x = b.tensor("x", "FLOAT32", (1, 6000))
    y = b.tensor("y", "INT8", (1, 6000), scale=0.5, zero_point=-3)
    b.operator("QUANTIZE", [x], [y])
    values = draw(b.model([x], [y]))
    assert values.dtype == np.float32
    steps = values / np.float32(0.5) - 3
    assert steps.min() < -129
    assert steps.max() > 128
    ties = (steps % 1 == 0.5).mean()
    assert 0.25 < ties < 0.4, "a third on a tie, a third one float beside it"


def test_other_floats_are_standard_normal():
    values = draw(one_input("FLOAT32"))
    assert values.dtype == np.float32
    assert abs(float(values.mean())) < 0.1
    assert abs(float(values.std()) - 1) < 0.1


def test_indices_stay_in_range():
    b = ModelBuilder()
    table = b.tensor("table", "INT8", (2, 5), scale=1.0)
    index = b.tensor("index", "INT32", (1000,))
    y = b.tensor("y", "INT8", (2, 1000), scale=1.0)
    b.operator("GATHER", [table, index], [y], axis=1)
    drawn = random_inputs(b.model([table, index], [y]), 1)[0]
    assert set(drawn[index].tolist()) == set(range(5))
    assert drawn[index].dtype == np.int32


def test_a_shape_that_is_an_input_is_the_declared_one():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 12), scale=1.0)
    shape = b.tensor("shape", "INT32", (2,))
    y = b.tensor("y", "INT8", (3, 4), scale=1.0)
    size = b.tensor("size", "INT32", (2,))
    image = b.tensor("image", "INT8", (1, 2, 2, 1), scale=1.0)
    large = b.tensor("large", "INT8", (1, 6, 8, 1), scale=1.0)
    b.operator("RESHAPE", [x, shape], [y])
    b.operator("RESIZE_BILINEAR", [image, size], [large])
    drawn = random_inputs(b.model([x, shape, image, size], [y, large]), 1)[0]
    assert drawn[shape].tolist() == [3, 4]
    assert drawn[size].tolist() == [6, 8]


def test_given_shapes_replace_the_declared_ones():
    assert draw(one_input("INT8", (1, 8)), input_shapes={0: (3, 8)}).shape == (3, 8)


def test_a_type_without_values_is_refused():
    with pytest.raises(UsageError, match="no random values for input 'x' of type STRING"):
        draw(one_input("STRING", (1,)))
