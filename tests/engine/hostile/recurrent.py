"""Random operators with state: SVDF and LSTM, of odd sizes, with every optional part or none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from tests.engine.hostile.operands import Case, bits, make, pick, some
from tests.ops import lstm_cases
from tests.ops.nodes import operand

SIZES = (1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 65)


def memory_filters(name: str, rng: Generator) -> Case:
    """SVDF."""
    rows, depth, units = some(rng, 1, 3), pick(rng, SIZES), pick(rng, SIZES)
    memory, rank = some(rng, 1, 11), some(rng, 1, 4)
    filters, dtype = units * rank, pick(rng, ("INT16", "INT8"))
    inputs = [
        operand("INT8", (rows, depth), 0.03, some(rng, -128, 127)),
        operand("INT8", (filters, depth), 0.02, data=bits(rng, "INT8", (filters, depth))),
        operand(dtype, (filters, memory), 0.01, data=bits(rng, dtype, (filters, memory)) // 16),
        operand("INT32", (units,), data=rng.integers(-9000, 9000, units)),
        replace(operand(dtype, (rows, filters * memory), 0.05), is_variable=True),
    ]
    out = operand("INT8", (rows, units), float(rng.uniform(0.01, 30)), some(rng, -128, 127))
    return make(name, inputs, out, rng, rank=rank, fused_activation_function="RELU")


def long_short_term_memory(name: str, rng: Generator) -> Case:
    """Both operators; what a rule does not know is refused."""
    cells, projection = pick(rng, SIZES), rng.random() < 0.3
    tables = name != "LSTM" and rng.random() < 0.4
    parts = [bool(rng.random() < 0.3) and not tables for _ in range(3)]
    case = (lstm_cases.TableCase if tables else lstm_cases.Case)(
        seed=some(rng, 0, 1 << 30),
        name=name,
        rows=some(rng, 1, 3),
        time=1 if name == "LSTM" else some(rng, 1, 4),
        inputs=pick(rng, SIZES),
        cells=cells,
        outputs=pick(rng, SIZES) if projection and not tables else cells,
        cifg=parts[0],
        peephole=parts[1],
        layer_norm=parts[2],
        projection=projection and not tables,
        time_major=bool(rng.random() < 0.3),
        int16=bool(tables and rng.random() < 0.5),
        exponent=some(rng, -15, -9),
        weight_scale=float(rng.choice([0.002, 0.02])),
    )
    made = case.node("tflm" if tables else "litert-ref")
    if not tables:
        made = replace(made, rules=replace(made.rules, lstm_peephole="every_cell"))
    state = (0, 18, 19)
    inputs = [
        x if x is None or k in state else replace(x, data=case.values[k])
        for k, x in enumerate(made.inputs)
    ]
    arrays = [case.values[k] if k in state else None for k in range(len(inputs))]
    for k in state:
        ends = np.iinfo(arrays[k].dtype)
        where = rng.random(arrays[k].shape)
        arrays[k] = np.where(where < 0.1, ends.min, np.where(where > 0.9, ends.max, arrays[k]))
        arrays[k] = arrays[k].astype(case.values[k].dtype)
    return replace(made, inputs=tuple(inputs)), arrays
