"""The operators that move values: kernels against specs, and which kernel a copy becomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from refint8.ops._copy_kernel import View, copy, fill, merged
from refint8.ops._op import Record, prepare
from refint8.ops._slicing import Range
from tests.ops.kernels import (
    RUNNABLE,
    assert_kernel_equals_spec,
    assert_record_equals_spec,
    kernels_of,
)
from tests.ops.moving import ONE, box, dtypes_of, names, noise, some_dtype, some_shape, values
from tests.ops.nodes import constant, node


@pytest.mark.parametrize("seed", range(150))
def test_transpose(seed):
    rng = np.random.default_rng(seed)
    shape, dtype = some_shape(rng, 1, 7), some_dtype(rng, "TRANSPOSE")
    perm = rng.permutation(len(shape)) - len(shape) * rng.integers(0, 2, len(shape))
    operator = node("TRANSPOSE", [values(dtype, shape), constant("INT32", perm)], values(dtype, ()))
    assert_kernel_equals_spec(operator, noise(dtype, shape, seed), tiers=ONE)


@pytest.mark.parametrize("dtype", ["INT8", "INT16", "INT32", "INT64"])
@pytest.mark.parametrize("rows", [2, 3, 5, 7, 8, 9, 17, 33])
def test_planes_of_every_size(dtype, rows):
    for columns in (2, 3, 4, 7, 8, 15, 16, 17, 65):
        batch, between = [(1, 1), (3, 1), (2, 5)][(rows + columns) % 3]
        shape = (batch, rows, between, columns)
        operator = node(
            "TRANSPOSE",
            [values(dtype, shape), constant("INT32", [0, 3, 2, 1])],
            values(dtype, ()),
        )
        assert_kernel_equals_spec(operator, noise(dtype, shape), tiers=ONE)


@pytest.mark.parametrize("shape", [(64, 128), (128, 64), (512, 48), (40, 4096)])
def test_planes_whose_steps_share_cache_sets(shape):
    operator = node(
        "TRANSPOSE", [values("INT8", shape), constant("INT32", [1, 0])], values("INT8", ())
    )
    assert_kernel_equals_spec(operator, noise("INT8", shape), tiers=ONE)


@pytest.mark.parametrize(
    "shape, perm, dtype, kernel",
    [
        ((2, 5, 17), (0, 1, 2), "INT8", "copy_runs_64_or_more"),
        ((2, 1, 8, 1, 4), (1, 0, 2, 4, 3), "INT8", "copy_runs_64"),
        ((1, 9, 9, 3), (0, 3, 1, 2), "INT8", "unzip_8_3"),
        ((1, 3, 9, 9), (0, 2, 3, 1), "INT16", "zip_16_3"),
        ((1, 9, 9, 40), (0, 3, 1, 2), "INT8", "transpose_8_16x16"),
        ((1, 9, 9, 40), (0, 3, 1, 2), "INT32", "transpose_32_4x4"),
        ((4, 9, 12, 5), (0, 2, 1, 3), "INT8", "copy_runs_4_to_twice"),
        ((4, 9, 12, 16), (0, 2, 1, 3), "INT8", "copy_runs_16"),
    ],
)
def test_what_a_permutation_becomes(shape, perm, dtype, kernel):
    operator = node("TRANSPOSE", [values(dtype, shape), constant("INT32", perm)], values(dtype, ()))
    assert names(operator) == [kernel]
    assert_kernel_equals_spec(operator, noise(dtype, shape), tiers=ONE)


@pytest.mark.parametrize("name", ["RESHAPE", "SQUEEZE", "EXPAND_DIMS"])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (1, 1, 7), (3, 1, 29, 1, 5), (1, 4, 1024)])
def test_same_bytes(name, shape):
    for dtype in dtypes_of(name):
        inputs = [values(dtype, shape)]
        if name == "RESHAPE":
            inputs.append(constant("INT32", [1, *reversed(shape)]))
        if name == "EXPAND_DIMS":
            inputs.append(constant("INT32", -1))
        operator = node(name, inputs, values(dtype, ()))
        assert_kernel_equals_spec(operator, noise(dtype, shape), tiers=ONE)


@pytest.mark.parametrize("count", [*range(1, 70), 127, 128, 129, 255, 4096, 10_001])
def test_runs_of_every_length(count):
    """Behind one another and with gaps on either side."""
    x = values("INT8", (3, count))
    assert_kernel_equals_spec(
        node("SLICE", [values("INT8", (3, count + 1)), *box([0, 1], [3, count])], x),
        noise("INT8", (3, count + 1)),
        tiers=ONE,
    )
    pads = constant("INT32", [[0, 0], [0, 1]])
    assert_kernel_equals_spec(node("PAD", [x, pads], x), noise("INT8", (3, count)), tiers=ONE)


@pytest.mark.parametrize("tier", RUNNABLE, ids=lambda tier: tier.name)
def test_copies_are_the_same_under_every_tier(tier):
    for shape, perm in (((2, 9, 3), (0, 2, 1)), ((40, 33), (1, 0)), ((4, 5, 24), (1, 0, 2))):
        operator = node(
            "TRANSPOSE", [values("INT8", shape), constant("INT32", perm)], values("INT8", ())
        )
        x = noise("INT8", shape)
        assert list(kernels_of(operator, x, tier=tier)) == names(operator)
        assert_kernel_equals_spec(operator, x, tiers=[tier])


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4), (2, 0, 4)])
def test_a_view_of_a_tensor_has_its_strides(shape):
    x = np.zeros(shape, np.int16)

    class Place:
        offset, dtype = 64, x.dtype

    Place.shape = shape
    view = View.of(Place)
    if x.size:
        assert view == View(64, shape, x.strides, 2)
    assert view.shape == shape and len(view.steps) == len(shape)


def test_a_part_of_a_view_lies_where_numpy_says():
    x = np.arange(5 * 6 * 7, dtype=np.int32).reshape(5, 6, 7)
    view = View(0, x.shape, x.strides, 4).take((Range(4, 3, -2), Range(1, 2), Range(0, 4, 2)))
    want = x[4::-2, 1:3, :7:2]
    assert view.shape == want.shape and view.steps == want.strides
    assert view.offset == 4 * want[0, 0, 0]
    assert view.permuted((2, 0, 1)).steps == want.transpose(2, 0, 1).strides


@pytest.mark.parametrize(
    "shape, source, target, loops, run",
    [
        ((2, 3, 4), (12, 4, 1), (12, 4, 1), [], 24),
        ((2, 3, 4), (24, 4, 1), (12, 4, 1), [(2, 24, 12)], 12),
        ((2, 3, 4), (24, 8, 2), (12, 4, 1), [(24, 2, 1)], 1),
        ((2, 1, 4), (4, 99, 1), (4, 7, 1), [], 8),
        ((4, 3), (1, 4), (3, 1), [(4, 1, 3), (3, 4, 1)], 1),
        ((), (), (), [], 1),
    ],
)
def test_axes_that_lie_alike_are_merged(shape, source, target, loops, run):
    assert merged(View(0, shape, source, 1), View(0, shape, target, 1)) == (loops, run)


def test_a_record_made_by_hand_is_lowered_too():
    record = prepare(
        node("SLICE", [values("INT8", (4, 4)), *box([1, 1], [2, 2])], values("INT8", ()))
    )
    x = noise("INT8", (4, 4))
    assert_record_equals_spec(record, [x, None, None], ["INT8"], tiers=ONE)


@dataclass(frozen=True, eq=False, kw_only=True)
class Part(Record):
    """Ranges and permutation of the input laid into ranges of an output of sevens."""

    source: tuple[Range, ...]
    permutation: tuple[int, ...]
    target: tuple[Range, ...]

    def spec(self, x):
        out = np.full(self.shapes[0], 7, x.dtype)
        taken = x[tuple(r.slice for r in self.source)].transpose(self.permutation)
        out[tuple(r.slice for r in self.target)] = taken
        return out

    def lower(self, site):
        fill(site, View.of(site.output), np.array(7, site.output.dtype))
        source = View.of(site.read(0)).take(self.source).permuted(self.permutation)
        copy(site, source, View.of(site.output).take(self.target))


def stretched(rng, count):
    """A range of that many indices with some step, and the size of an axis that it needs."""
    step, margin = int(rng.choice([1, 1, 2, 3, -1, -2])), int(rng.integers(0, 3))
    span = abs(step) * max(count - 1, 0)
    return Range(margin + (span if step < 0 else 0), count, step), 2 * margin + span + 1


@pytest.mark.parametrize("seed", range(250))
def test_any_part_to_any_part(seed):
    rng = np.random.default_rng(seed)
    dtype = str(rng.choice(["INT8", "INT16", "INT32", "INT64", "COMPLEX128"]))
    shape = some_shape(rng, 0, 5, most=2000)
    perm = tuple(int(a) for a in rng.permutation(len(shape)))
    inner = [stretched(rng, n) for n in shape]
    outer = [stretched(rng, shape[a]) for a in perm]
    record = Part(
        shapes=(tuple(size for _, size in outer),),
        source=tuple(r for r, _ in inner),
        permutation=perm,
        target=tuple(r for r, _ in outer),
    )
    x = noise(dtype, tuple(size for _, size in inner), seed)
    assert_record_equals_spec(record, [x], [dtype], tiers=ONE)
