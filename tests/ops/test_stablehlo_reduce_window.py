"""STABLEHLO_REDUCE_WINDOW: borders and gaps against Python integers, bodies, every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.bodies import with_body
from tests.ops.kernels import assert_kernel_equals_spec
from tests.ops.nodes import node, operand, refused, run
from tests.ops.windows_of_integers import reduced


def reduce_window(shape, window, padding=None, body="STABLEHLO_ADD", **changes):
    ones, dtype = (1,) * len(shape), changes.pop("dtype", "INT8")
    operator = node(
        "STABLEHLO_REDUCE_WINDOW",
        [operand(dtype, shape), operand(dtype, changes.pop("init", ()))],
        operand(dtype, (1,)),
        window_dimensions=window,
        window_strides=changes.pop("strides", ones),
        window_dilations=changes.pop("dilations", ones),
        base_dilations=changes.pop("gaps", ones),
        padding=padding or (0, 0) * len(shape),
        body_subgraph_index=1,
        **changes,
    )
    return with_body(operator, *((body,) if body else ()))


def test_literal():
    x, init = np.array([1, 2, 3], np.int8), np.array(0, np.int8)
    assert run(reduce_window((3,), (2,)), x, init).tolist() == [3, 5]
    assert run(reduce_window((3,), (2,), (1, 1)), x, init).tolist() == [1, 3, 5, 3]
    assert run(reduce_window((3,), (2,), (-1, 0)), x, init).tolist() == [5]
    # 1 0 2 0 3 with a gap, summed in twos
    assert run(reduce_window((3,), (2,), gaps=(2,)), x, init).tolist() == [1, 2, 2, 3]


BODIES = {
    "ADD": "ADD",
    "STABLEHLO_ADD": "ADD",
    "MUL": "MUL",
    "STABLEHLO_MULTIPLY": "MUL",
    "MAXIMUM": "MAXIMUM",
    "STABLEHLO_MAXIMUM": "MAXIMUM",
    "MINIMUM": "MINIMUM",
    "STABLEHLO_MINIMUM": "MINIMUM",
    "LOGICAL_AND": "ALL",
    "STABLEHLO_AND": "ALL",
    "LOGICAL_OR": "ANY",
    "STABLEHLO_OR": "ANY",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", ["INT8", "UINT8", "INT16"])
def test_element_by_element_and_kernel(body, dtype):
    limits = np.iinfo(dtype.lower())
    rng = np.random.default_rng(7)
    x = rng.integers(limits.min, limits.max, (2, 4, 3), dtype.lower(), endpoint=True)
    window, strides, dilations, gaps = (2, 2, 2), (1, 2, 1), (1, 1, 2), (1, 2, 3)
    padding, start = (1, 0, -1, 2, 2, 0), 3
    sizes = [
        low + (n - 1) * gap + 1 + high
        for n, gap, low, high in zip(x.shape, gaps, padding[0::2], padding[1::2], strict=True)
    ]

    def at(place):
        inner = [i - low for i, low in zip(place, padding[0::2], strict=True)]
        parts = [divmod(i, gap) for i, gap in zip(inner, gaps, strict=True)]
        inside = all(rest == 0 and 0 <= i < n for (i, rest), n in zip(parts, x.shape, strict=True))
        return int(x[tuple(i for i, _ in parts)]) if inside else start

    operator = reduce_window(
        x.shape, window, padding, body, strides=strides, dilations=dilations, gaps=gaps, dtype=dtype
    )
    init = np.array(start, dtype.lower())
    out = run(operator, x, init)
    signed = bool(limits.min < 0)
    shape, expected = reduced(
        at, sizes, start, BODIES[body], window, strides, dilations, limits.bits, signed
    )
    assert out.shape == shape
    assert {place: int(out[place]) for place in expected} == expected
    assert_kernel_equals_spec(operator, x, init)


def test_refuses_other_ranks_and_empty_axes_C1():
    assert refused(reduce_window((), ())) == "C1"
    assert refused(reduce_window((1,) * 7, (1,) * 7)) == "C1"
    assert refused(reduce_window((2, 0), (1, 1))) == "C1"
    assert refused(reduce_window((2,), (1,), init=(0,))) == "C1"


def test_refuses_other_windows_C2():
    assert refused(reduce_window((2, 2), (1,))) == "C2"
    assert refused(reduce_window((2,), (0,))) == "C2"
    assert refused(reduce_window((2,), (1,), (0,))) == "C2"
    for name in ("strides", "dilations", "gaps"):
        assert refused(reduce_window((2,), (1,), **{name: (0,)})) == "C2"


def test_refuses_other_bodies_C3():
    assert refused(reduce_window((2,), (1,), body="SUB")) == "C3"
    assert refused(reduce_window((2,), (1,), body="")) == "C3"
    assert refused(reduce_window((2,), (1,), dtype="BOOL")) == "C3"


def test_refuses_borders_that_leave_nothing_C4():
    assert refused(reduce_window((2,), (1,), (-1, -1))) == "C4"


def test_refuses_versions_and_dtypes():
    assert refused(reduce_window((2,), (1,), version=2)) == "version"
    assert refused(reduce_window((2,), (1,), dtype="FLOAT32")) == "dtype"
