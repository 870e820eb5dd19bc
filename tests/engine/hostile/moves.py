"""Random operators that move values: parts, joints, permutations, chosen elements."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tests.engine.hostile.operands import (
    Case,
    like,
    make,
    moved,
    pick,
    quantized,
    small_shape,
    some,
)
from tests.ops.nodes import constant, operand


def transposition(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 6)
    perm = constant("INT32", rng.permutation(len(x.shape)))
    return make(name, [x, perm], like(x), rng)


def padding(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 0, 5)
    pads = constant("INT32", rng.choice([0, 0, 1, 2, 5], (len(x.shape), 2)))
    value = [like(x, (1,), data=None)] if name == "PADV2" else []
    return make(name, [x, pads, *value], like(x), rng)


def mirroring(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 5)
    pads = [[some(rng, 0, max(0, n - 1)) for _ in range(2)] for n in x.shape]
    mode = pick(rng, ("REFLECT", "SYMMETRIC"))
    return make(name, [x, constant("INT32", pads)], like(x), rng, mode=mode)


def slicing(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 6)
    begin = [some(rng, 0, n) for n in x.shape]
    size = [some(rng, 0, n - b) for n, b in zip(x.shape, begin, strict=True)]
    return make(name, [x, constant("INT32", begin), constant("INT32", size)], like(x), rng)


def strided(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 5)
    count = len(x.shape)
    limits = [constant("INT32", rng.integers(-9, 10, count)) for _ in range(2)]
    strides = constant("INT32", rng.choice([1, 2, 3, -1, -2], count))
    masks = {f"{m}_mask": some(rng, 0, (1 << count) - 1) for m in ("begin", "end")}
    masks["shrink_axis_mask"] = some(rng, 0, (1 << count) - 1) & some(rng, 0, (1 << count) - 1)
    return make(name, [x, *limits, strides], like(x), rng, **masks)


def joining(name: str, rng: Generator) -> Case:
    first = moved(name, rng, 1, 5)
    axis, others = some(rng, 0, len(first.shape) - 1), some(rng, 0, 4)
    shapes = [(*first.shape[:axis], some(rng, 0, 9), *first.shape[axis + 1 :])
              for _ in range(others)]  # fmt: skip
    rescaled = first.dtype == "UINT8"
    xs = [quantized(rng, "UINT8", s) if rescaled else like(first, s) for s in shapes]
    return make(name, [first, *xs], like(first), rng, axis=axis)


def packing(name: str, rng: Generator) -> Case:
    x, count = moved(name, rng, 0, 4), some(rng, 1, 6)
    axis = some(rng, -len(x.shape) - 1, len(x.shape))
    return make(name, [x] * count, like(x), rng, axis=axis, values_count=count)


def unpacking(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 5)
    axis = some(rng, 0, len(x.shape) - 1)
    count = x.shape[axis]
    return make(name, [x], [like(x)] * count, rng, axis=axis, num=count)


def splitting(name: str, rng: Generator) -> Case:
    count = some(rng, 1, 5)
    x = moved("SPLIT_V", rng, 1, 5)
    axis = some(rng, 0, len(x.shape) - 1)
    at = constant("INT32", axis)
    if name == "SPLIT":
        x = like(x, (*x.shape[:axis], x.shape[axis] * count, *x.shape[axis + 1 :]))
        return make(name, [at, x], [like(x)] * count, rng, num_splits=count)
    bounds = sorted(some(rng, 0, x.shape[axis]) for _ in range(count - 1))
    sizes = constant("INT32", np.diff([0, *bounds, x.shape[axis]]))
    return make(name, [x, sizes, at], [like(x)] * count, rng, num_splits=count)


def gathering(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 5)
    axis = some(rng, 0, len(x.shape) - 1)
    batch = some(rng, 0, axis) if rng.random() < 0.4 else 0
    sizes = (*x.shape[:batch], *small_shape(rng, 0, 2, 40))
    chosen = rng.integers(0, max(1, x.shape[axis]), sizes).astype(np.int32)
    known = rng.random() < 0.5
    positions = operand("INT32", sizes, data=chosen if known else None)
    made, arrays = make(name, [x, positions], like(x), rng, axis=axis, batch_dims=batch)
    arrays[1] = None if known else chosen
    return made, arrays


def reshaping(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 0, 5)
    if name == "RESHAPE":
        shape = tuple(reversed(x.shape))
        return make(name, [x, constant("INT32", np.array(shape, int))], like(x), rng)
    extra = [constant("INT32", some(rng, -1, len(x.shape)))] if name == "EXPAND_DIMS" else []
    return make(name, [x, *extra], like(x), rng)


def sizes_of(name: str, rng: Generator) -> Case:
    to = pick(rng, ("INT32", "INT64")) if name == "SHAPE" else "INT32"
    options = {"out_type": to} if name == "SHAPE" else {}
    return make(name, [moved(name, rng)], operand(to, ()), rng, **options)
