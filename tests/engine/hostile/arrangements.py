"""Random operators that rearrange, spread, fill and scatter values."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tests.engine.hostile.arithmetic import image
from tests.engine.hostile.operands import (
    Case,
    dtype_of,
    like,
    make,
    moved,
    pick,
    quantized,
    small_shape,
    some,
    sometimes_computed,
)
from tests.ops.nodes import constant, operand


def tiling(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 4, 400))
    many = constant("INT32", rng.integers(0, 4, len(x.shape)))
    return make(name, [x, many], like(x), rng)


def broadcasting(name: str, rng: Generator) -> Case:
    shape = small_shape(rng, 1, 5)
    cut = some(rng, 0, len(shape))
    start = tuple(1 if rng.random() < 0.4 else n for n in shape[cut:])
    x = quantized(rng, dtype_of(rng, name), start)
    return make(name, [x, constant("INT32", shape)], like(x), rng)


def reversing(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 5)
    axes = [a for a in range(len(x.shape)) if rng.random() < 0.5] or [0]
    return make(name, [x, constant("INT32", axes)], like(x), rng)


def sequences(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 2, 4)
    seq, batch = (int(a) for a in rng.permutation(len(x.shape))[:2])
    lengths = constant("INT32", rng.integers(-1, x.shape[seq] + 1, x.shape[batch]))
    case = make(name, [x, lengths], like(x), rng, seq_dim=seq, batch_dim=batch)
    return sometimes_computed(rng, case, 1)


def broadcast_shapes(name: str, rng: Generator) -> Case:
    """Two ends of one shape, with ones in it; now and then one that does not fit."""
    dtype = dtype_of(rng, name)
    shape = rng.integers(0, 9, some(rng, 0, 6))
    ends = [shape[some(rng, 0, len(shape)) :] for _ in range(2)]
    ends = [np.where(rng.random(end.shape) < 0.3, 1, end) for end in ends]
    if ends[0].size and rng.random() < 0.1:
        ends[0][-1] = 9
    made, _ = make(name, [operand(dtype, end.shape) for end in ends], operand(dtype, ()), rng)
    return made, [end.astype(dtype.lower()) for end in ends]


def blocks(name: str, rng: Generator) -> Case:
    """Space to depth and back."""
    n, h, w, c = image(rng)
    size = some(rng, 1, 3)
    shape = (n, h * size, w * size, c) if name == "SPACE_TO_DEPTH" else (n, h, w, c * size * size)
    x = quantized(rng, dtype_of(rng, name), shape)
    return make(name, [x], like(x), rng, block_size=size)


def batches(name: str, rng: Generator) -> Case:
    """Space to batch and back; the second vector pads or crops."""
    n, h, w, c = image(rng)
    block = [some(rng, 1, 3), some(rng, 1, 3)]
    around = [[some(rng, 0, 2), some(rng, 0, 2)] for _ in range(2)]
    if name == "SPACE_TO_BATCH_ND":
        for i, size in enumerate((h, w)):
            around[i][1] += -(size + sum(around[i])) % block[i]
    else:
        n *= block[0] * block[1]
    x = quantized(rng, dtype_of(rng, name), (n, h, w, c))
    return make(name, [x, constant("INT32", block), constant("INT32", around)], like(x), rng)


def filling(name: str, rng: Generator) -> Case:
    dims, value = constant("INT32", small_shape(rng, 1, 4)), dtype_of(rng, name, 1)
    x = quantized(rng, value, ())
    return make(name, [dims, x], like(x), rng)


def one_hot(name: str, rng: Generator) -> Case:
    indices = operand("INT32", shape := small_shape(rng, 0, 3, 300))
    depth, on = some(rng, 1, 9), quantized(rng, dtype_of(rng, name, 2), ())
    inputs = [indices, constant("INT32", depth), on, like(on)]
    made, arrays = make(name, inputs, like(on), rng, axis=some(rng, -1, len(shape)))
    arrays[0] = rng.integers(-1, depth + 1, shape).astype(np.int32)
    return made, arrays


def selecting(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name, 1), small_shape(rng, 0, 4))
    return make(name, [operand("BOOL", x.shape), x, like(x, x.shape)], like(x), rng)


def dilating(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 4)
    gaps = constant("INT32", rng.integers(1, 4, len(x.shape)))
    return make(name, [x, gaps, like(x, (1,))], like(x), rng)


def bordered(name: str, rng: Generator) -> Case:
    """Borders that may be negative, and gaps."""
    x = moved(name, rng, 1, 4)
    low, high = (tuple(some(rng, -2, 3) for _ in x.shape) for _ in range(2))
    options = {"edge_padding_low": low, "edge_padding_high": high}
    gaps = tuple(some(rng, 0, 2) for _ in x.shape)
    return make(name, [x, like(x)], like(x), rng, interior_padding=gaps, **options)


def updating(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 4)
    update = like(x, tuple(some(rng, 0, n) for n in x.shape))
    starts = operand("INT32", (len(x.shape),))
    made, arrays = make(name, [x, update, starts], like(x), rng)
    arrays[2] = rng.integers(-3, 20, len(x.shape)).astype(np.int32)
    return made, arrays


def embedding(name: str, rng: Generator) -> Case:
    table = operand(pick(rng, ("INT8", "INT16", "INT32", "FLOAT32")), (some(rng, 1, 9), 3, 17))
    count = some(rng, 0, 20)
    rows = constant("INT32", rng.integers(0, table.shape[0], count))
    return make(name, [rows, table], like(table), rng)


def vectors(rng: Generator, shape: tuple[int, ...], depth: int, *, apart: bool) -> np.ndarray:
    """Constant vectors of indices of the first `depth` axes; all different if `apart`."""
    slots = int(np.prod(shape[:depth], dtype=int))
    count = some(rng, 0, min(slots, 12)) if slots else 0
    chosen = rng.permutation(slots)[:count] if apart else rng.integers(0, max(slots, 1), count)
    found = np.stack(np.unravel_index(chosen, shape[:depth]), axis=-1) if depth and slots else []
    return np.asarray(found, np.int32).reshape(count, depth)


def gathering_slices(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 1, 4)
    depth = some(rng, 1, len(x.shape))
    positions = constant("INT32", vectors(rng, x.shape, depth, apart=False))
    return make(name, [x, positions], like(x), rng)


def scattering_slices(name: str, rng: Generator) -> Case:
    shape = small_shape(rng, 1, 4)
    depth = some(rng, 1, len(shape))
    positions = vectors(rng, shape, depth, apart=True)
    updates = quantized(rng, dtype_of(rng, name, 1), (len(positions), *shape[depth:]))
    inputs = [constant("INT32", positions), updates, constant("INT32", shape)]
    return make(name, inputs, like(updates), rng)


def diagonals(name: str, rng: Generator) -> Case:
    x = moved(name, rng, 2, 4)
    return make(name, [x, like(x, (*x.shape[:-2], min(x.shape[-2:])))], like(x), rng)


def reducing_windows(name: str, rng: Generator) -> Case:
    x = quantized(rng, dtype_of(rng, name), small_shape(rng, 1, 4, 2000))
    sizes, strides, gaps = (
        constant("INT64", rng.integers(1, top, len(x.shape))) for top in (4, 3, 3)
    )
    function = pick(rng, ("ADD", "MUL", "MINIMUM", "MAXIMUM", "ALL", "ANY"))
    inputs = [x, like(x, (1,)), sizes, strides, gaps]
    return make(name, inputs, like(x), rng, reduce_function=function)


def cutting_windows(name: str, rng: Generator) -> Case:
    """Windows at computed starts along some axes, one of them collapsed or none."""
    x = moved(name, rng, 1, 4)
    rank = len(x.shape)
    collapsed = (some(rng, 0, rank - 1),) if rng.random() < 0.5 else ()
    sizes = tuple(1 if a in collapsed else some(rng, 0, n) for a, n in enumerate(x.shape))
    axes = tuple(int(a) for a in rng.permutation(rank)[: some(rng, 1, rank)])
    windows = rank - len(collapsed)
    starts = operand("INT32", (some(rng, 0, 5), len(axes)))
    options = {
        "offset_dims": tuple(range(1, 1 + windows)),
        "collapsed_slice_dims": collapsed,
        "start_index_map": axes,
        "index_vector_dim": 1,
        "slice_sizes": sizes,
    }
    made, arrays = make(name, [x, starts], like(x), rng, **options)
    arrays[1] = rng.integers(-3, 20, starts.shape).astype(np.int32)
    return made, arrays
