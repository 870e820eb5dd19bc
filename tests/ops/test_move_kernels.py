"""The operators that take tensors apart and put them together: kernels against specs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refint8.errors import UnsupportedError
from refint8.ops import REGISTRY, Registration
from refint8.ops._copy_kernel import PATTERN
from refint8.ops._op import prepare
from tests.ops.kernels import assert_alarm, assert_kernel_equals_spec, why_not_fast
from tests.ops.moving import ONE, box, names, noise, some_dtype, some_shape, values
from tests.ops.nodes import constant, node, operand


@pytest.mark.parametrize("seed", range(100))
def test_slice(seed):
    rng = np.random.default_rng(seed)
    shape, dtype = some_shape(rng), some_dtype(rng, "SLICE")
    begin = [int(rng.integers(0, n + 1)) for n in shape]
    size = [
        int(rng.choice([-1, rng.integers(0, n - b + 1), n - b]))
        for n, b in zip(shape, begin, strict=True)
    ]
    limits = box(np.array(begin), np.array(size), str(rng.choice(["INT32", "INT64"])))
    operator = node("SLICE", [values(dtype, shape), *limits], values(dtype, ()))
    assert_kernel_equals_spec(operator, noise(dtype, shape, seed), tiers=ONE)


MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def strided(dtype, shape, begin, end, strides, **masks):
    options = {**dict.fromkeys(MASKS, 0), "offset": False, **masks}
    vectors = [constant("INT32", np.array(v, np.int64)) for v in (begin, end, strides)]
    return node("STRIDED_SLICE", [values(dtype, shape), *vectors], values(dtype, ()), **options)


@pytest.mark.parametrize("seed", range(12))
def test_strided_slice_with_every_mask(seed):
    rng = np.random.default_rng(seed)
    checked = 0
    for _ in range(60):
        shape = some_shape(rng, 1, 5, most=2000)
        dtype = some_dtype(rng, "STRIDED_SLICE")
        entries = int(rng.integers(1, len(shape) + 2))
        limits = [[int(v) for v in rng.integers(-9, 10, entries)] for _ in range(2)]
        strides = [int(v) for v in rng.choice([1, 1, 2, 3, -1, -2, -5], entries)]
        masks = {name: int(rng.integers(0, 1 << entries)) for name in MASKS[:2]}
        masks["ellipsis_mask"] = int(rng.choice([0, 1 << rng.integers(entries)]))
        masks["new_axis_mask"] = int(rng.choice([0, 1 << rng.integers(entries)]))
        masks["shrink_axis_mask"] = int(
            rng.integers(0, 1 << entries) & rng.integers(0, 1 << entries)
        )
        offset = bool(rng.random() < 0.1)
        operator = strided(dtype, shape, *limits, strides, offset=offset, **masks)
        try:
            prepare(operator)
        except UnsupportedError:
            continue
        assert_kernel_equals_spec(operator, noise(dtype, shape, seed), tiers=ONE)
        checked += 1
    assert checked > 15


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "INT64"])
@pytest.mark.parametrize("shape", [(5,), (1, 4, 3), (2, 3, 33), (3, 1, 2, 5, 2, 3)])
def test_reversed_axes(dtype, shape):
    for signs in itertools.product((1, -1), repeat=len(shape)):
        far = [1 << 20 if sign > 0 else -(1 << 20) for sign in signs]
        operator = strided(dtype, shape, [-f for f in far], far, signs)
        assert_kernel_equals_spec(operator, noise(dtype, shape), tiers=ONE)


def test_more_axes_than_loops():
    """What the native loops do not reach becomes a table of starts."""
    shape = (4,) * 7
    operator = strided("INT8", shape, [0] * 7, [4] * 7, [2] * 7)
    assert_kernel_equals_spec(operator, noise("INT8", shape), tiers=ONE)


@pytest.mark.parametrize("name", ["PAD", "PADV2"])
@pytest.mark.parametrize("seed", range(80))
def test_pad(name, seed):
    rng = np.random.default_rng(seed)
    shape, dtype = some_shape(rng, 0, 5, most=3000), some_dtype(rng, name)
    pads = rng.choice([0, 0, 1, 2, 3], (len(shape), 2))
    inputs = [values(dtype, shape), constant(str(rng.choice(["INT32", "INT64"])), pads)]
    arrays = [noise(dtype, shape, seed), None]
    if name == "PADV2":
        value = noise(dtype, (1,) * int(rng.integers(0, 3)), seed)
        known = rng.random() < 0.5
        inputs.append(values(dtype, value.shape, data=value if known else None))
        arrays.append(value)
    assert_kernel_equals_spec(node(name, inputs, values(dtype, ())), *arrays, tiers=ONE)


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT64"])
@pytest.mark.parametrize("count", [PATTERN - 1, PATTERN, PATTERN + 1, 3 * PATTERN + 5])
@pytest.mark.parametrize("known", [True, False])
def test_a_border_longer_than_the_pattern(dtype, count, known):
    value = noise(dtype, (1,), 3)
    operator = node(
        "PADV2",
        [
            values(dtype, (2, 1)),
            constant("INT32", [[1, 0], [0, count]]),
            values(dtype, (1,), data=value if known else None),
        ],
        values(dtype, ()),
    )
    assert_kernel_equals_spec(operator, noise(dtype, (2, 1)), None, value, tiers=ONE)


@pytest.mark.parametrize("seed", range(100))
def test_concatenation(seed):
    rng = np.random.default_rng(seed)
    dtype, first = some_dtype(rng, "CONCATENATION"), some_shape(rng, 1, 5, most=3000)
    axis = int(rng.integers(len(first)))
    shapes = [
        (*first[:axis], int(rng.integers(0, 20)), *first[axis + 1 :])
        for _ in range(int(rng.integers(1, 6)))
    ]
    arrays = [noise(dtype, shape, seed + k) for k, shape in enumerate(shapes)]
    known = rng.random(len(shapes)) < 0.3
    inputs = [
        values(dtype, x.shape, data=x if there else None)
        for x, there in zip(arrays, known, strict=True)
    ]
    operator = node("CONCATENATION", inputs, values(dtype, ()), axis=axis - len(first) * (seed % 2))
    assert_kernel_equals_spec(operator, *arrays, tiers=ONE)


@pytest.mark.parametrize("rules", ["tflite", "litert-ref", "tflm"])
@pytest.mark.parametrize("axis", [0, 1, 3])
def test_concatenation_rescales_every_byte(rules, axis):
    parameters = [(0.5, 9), (0.25, 9), (0.7, 0), (0.5, 10), (3.1, 255), (1e-3, 128)]
    shape = (2, 8, 4, 16)
    every = np.arange(1024).astype(np.uint8).reshape(shape)
    operator = node(
        "CONCATENATION",
        [operand("UINT8", shape, *pair) for pair in parameters],
        operand("UINT8", shape, *parameters[0]),
        axis=axis,
        rules=rules,
    )
    arrays = [every[..., ::-1].copy() if k % 2 else every for k in range(len(parameters))]
    lookups = [name for name in names(operator) if name.startswith("look_up")]
    assert len(lookups) == len(parameters) - 1
    assert_kernel_equals_spec(operator, *arrays)


def test_concatenation_of_scalars():
    inputs = [values("INT8", (), data=k) for k in (3, -8, 5)]
    operator = node("CONCATENATION", inputs, values("INT8", ()), axis=0)
    assert_kernel_equals_spec(operator, tiers=ONE)


@pytest.mark.parametrize("seed", range(60))
def test_pack_and_unpack(seed):
    rng = np.random.default_rng(seed)
    shape, count = some_shape(rng, 0, 5, most=2000, empty=False), int(rng.integers(1, 8))
    axis = int(rng.integers(-len(shape) - 1, len(shape) + 1))
    dtype = some_dtype(rng, "PACK")
    operator = node(
        "PACK", [values(dtype, shape)] * count, values(dtype, ()), values_count=count, axis=axis
    )
    arrays = [noise(dtype, shape, seed + k) for k in range(count)]
    assert_kernel_equals_spec(operator, *arrays, tiers=ONE)
    dtype = some_dtype(rng, "UNPACK")
    at = axis % (len(shape) + 1)
    whole = (*shape[:at], count, *shape[at:])
    operator = node(
        "UNPACK", [values(dtype, whole)], [values(dtype, shape)] * count, num=count, axis=axis
    )
    assert_kernel_equals_spec(operator, noise(dtype, whole, seed), tiers=ONE)


@pytest.mark.parametrize("seed", range(60))
def test_split_and_split_v(seed):
    rng = np.random.default_rng(seed)
    shape = list(some_shape(rng, 1, 5, most=2000))
    axis, count = int(rng.integers(len(shape))), int(rng.integers(1, 6))
    dtype = some_dtype(rng, "SPLIT", 1)
    shape[axis] *= count
    out = [values(dtype, ())] * count
    at = constant("INT32", axis - len(shape) * (seed % 2))
    operator = node("SPLIT", [at, values(dtype, shape)], out, num_splits=count)
    assert_kernel_equals_spec(operator, None, noise(dtype, shape, seed), tiers=ONE)
    dtype = some_dtype(rng, "SPLIT_V")
    parts = [int(n) for n in rng.integers(0, 9, count)]
    shape[axis] = sum(parts)
    if rng.random() < 0.5:
        parts[int(rng.integers(count))] = -1
    inputs = [values(dtype, shape), constant("INT32", parts), at]
    operator = node("SPLIT_V", inputs, [values(dtype, ())] * count, num_splits=count)
    assert_kernel_equals_spec(operator, noise(dtype, shape, seed), tiers=ONE)


@pytest.mark.parametrize("dtype", ["INT32", "INT64"])
@pytest.mark.parametrize("shape", [(), (0, 5), (7, 1, 2, 3, 4, 5)])
def test_shape(dtype, shape):
    operator = node("SHAPE", [values("INT8", shape)], operand(dtype, ()), out_type=dtype)
    assert_kernel_equals_spec(operator, noise("INT8", shape), tiers=ONE)


def gathering(dtype, shape, positions, axis, batch_dims=0):
    return node(
        "GATHER",
        [values(dtype, shape), positions],
        values(dtype, ()),
        axis=axis,
        batch_dims=batch_dims,
    )


@pytest.mark.parametrize("seed", range(120))
def test_gather_of_constant_positions(seed):
    rng = np.random.default_rng(seed)
    shape, dtype = some_shape(rng, 1, 5, most=3000), some_dtype(rng, "GATHER")
    axis = int(rng.integers(len(shape)))
    if dtype == "INT4":
        shape = (*shape, 2)
    batch_dims = int(rng.integers(0, axis + 1)) if rng.random() < 0.4 else 0
    more = some_shape(rng, 0, 2, most=60)
    sizes = (*shape[:batch_dims], *more) if shape[axis] else (*shape[:batch_dims], 0)
    chosen = rng.integers(0, max(shape[axis], 1), sizes)
    positions = constant(str(rng.choice(["INT16", "INT32", "INT64"])), chosen)
    operator = gathering(dtype, shape, positions, axis - len(shape) * (seed % 2), batch_dims)
    assert_kernel_equals_spec(operator, noise(dtype, shape, seed), tiers=ONE)


@pytest.mark.parametrize("step", [1, 2, 0, -1, -3])
def test_gather_of_evenly_spaced_positions_is_a_slice(step):
    chosen = (0 if step >= 0 else 15) + step * np.arange(5)
    operator = gathering("INT8", (3, 16, 20), constant("INT32", chosen), 1)
    assert not any(name.startswith("gather") for name in names(operator))
    assert_kernel_equals_spec(operator, noise("INT8", (3, 16, 20)), tiers=ONE)


@pytest.mark.parametrize("position", [-1, 4, 1 << 30, -(1 << 31)])
def test_gather_leaves_a_wrong_position_to_its_spec(position):
    operator = gathering("INT8", (4, 3), constant("INT32", [0, position]), 0)
    assert "outside" in why_not_fast(operator)


@pytest.mark.parametrize("dtype", ["INT16", "INT32", "INT64"])
@pytest.mark.parametrize(
    "shape, axis, batch_dims", [((5, 7), 0, 0), ((5, 7), 1, 1), ((5, 3, 7, 2), 2, 1)]
)
def test_gather_of_computed_positions(dtype, shape, axis, batch_dims):
    sizes = (*shape[:batch_dims], 2, 3)
    operator = gathering("INT16", shape, operand(dtype, sizes), axis, batch_dims)
    positions = noise(dtype, sizes) % shape[axis]
    assert_kernel_equals_spec(operator, noise("INT16", shape), positions, tiers=ONE)


@pytest.mark.parametrize("dtype", ["INT16", "INT32", "INT64"])
def test_gather_raises_the_alarm_for_a_computed_position_outside(dtype):
    limits = np.iinfo(dtype.lower())
    x = noise("INT8", (4, 3))
    for position in (4, -1, limits.max, limits.min):
        operator = gathering("INT8", (4, 3), operand(dtype, (3,)), 0)
        assert_alarm(operator, x, np.array([0, position, 3], dtype.lower()))
    empty = gathering("INT8", (0, 3), operand(dtype, (1,)), 0)
    assert_alarm(empty, noise("INT8", (0, 3)), np.zeros(1, dtype.lower()))


def test_gather_of_no_positions():
    operator = gathering("INT8", (4, 3), operand("INT32", (0, 2)), 0)
    assert_kernel_equals_spec(
        operator, noise("INT8", (4, 3)), np.zeros((0, 2), np.int32), tiers=ONE
    )


def test_every_dtype_has_a_kernel():
    """One plain case for every row of the movers."""
    x = (2, 3, 4)
    cases = {
        "TRANSPOSE": ([constant("INT32", [2, 0, 1])], {}),
        "RESHAPE": ([constant("INT32", [4, -1])], {}),
        "SQUEEZE": ([], {}),
        "EXPAND_DIMS": ([constant("INT32", 0)], {}),
        "SLICE": ([*box([0, 1, 1], [2, 2, 2])], {}),
        "PAD": ([constant("INT32", [[1, 1]] * 3)], {}),
        "GATHER": ([constant("INT32", [2, 0])], {"axis": 1, "batch_dims": 0}),
        "SPLIT_V": ([constant("INT32", [1, 2]), constant("INT32", 1)], {"num_splits": 2}),
        "UNPACK": ([], {"num": 2, "axis": 0}),
    }
    for name, (constants, options) in cases.items():
        registration: Registration = REGISTRY[name]
        for row in registration.rows:
            for dtype in row.inputs[0]:
                out = [values(dtype, ())] * (2 if name in ("SPLIT_V", "UNPACK") else 1)
                operator = node(name, [values(dtype, x), *constants], out, **options)
                if row.accepts([o and o.dtype for o in operator.inputs], [o.dtype for o in out]):
                    assert_kernel_equals_spec(operator, noise(dtype, x), tiers=ONE)
