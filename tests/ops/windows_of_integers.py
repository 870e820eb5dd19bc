"""Windows combined in unbounded Python integers, for REDUCE_WINDOW and its STABLEHLO twin."""

from __future__ import annotations

import itertools

FUNCTIONS = {
    "ADD": lambda a, b: a + b,
    "MUL": lambda a, b: a * b,
    "MINIMUM": min,
    "MAXIMUM": max,
    "ALL": lambda a, b: int(bool(a) and bool(b)),
    "ANY": lambda a, b: int(bool(a) or bool(b)),
}


def narrow(value, bits, signed):
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def reduced(at, sizes, init, function, window, strides, dilations, bits, signed):
    """Index to value; `at` gives the element at an index, `sizes` are those of its axes."""
    counts = [
        max(0, (n - (w - 1) * d - 1) // s + 1)
        for n, w, s, d in zip(sizes, window, strides, dilations, strict=True)
    ]
    out = {}
    for place in itertools.product(*map(range, counts)):
        value = init
        for inside in itertools.product(*map(range, window)):
            axes = zip(place, inside, strides, dilations, strict=True)
            element = at(tuple(p * s + i * d for p, i, s, d in axes))
            value = narrow(FUNCTIONS[function](value, element), bits, signed)
        out[place] = value
    return tuple(counts), out
