"""BATCH_MATMUL: a definition in Python integers, broadcasting, options, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.numerics.multiplier import quantize_multiplier
from refint8.ops._op import prepare
from tests.ops.nodes import node, operand, refused, run
from tests.ops.python_integers import clamp, float32, requantize_double, requantize_q15

LIMITS = {"INT8": (-128, 127), "INT16": (-32768, 32767)}


def bmm(
    shapes=((2, 3), (3, 4)),
    dtypes=("INT8", "INT8", "INT8"),
    scales=(0.05, 0.03, 0.02),
    zero_points=(3, -5, 7),
    version=1,
    rules="tflite",
    **options,
):
    if "INT16" in dtypes:
        zero_points = options.pop("zero", (0, 0, 0))
    x1, x2 = (
        operand(dtype, shape, scale, zero_point)
        for dtype, shape, scale, zero_point in zip(
            dtypes, shapes, scales, zero_points, strict=False
        )
    )
    out = operand(dtypes[2], (1,), scales[2], zero_points[2])
    return node("BATCH_MATMUL", [x1, x2], out, version=version, rules=rules, **options)


def noise(dtype, shape, seed=0):
    low, high = LIMITS[dtype]
    return np.random.default_rng(seed).integers(low, high + 1, shape).astype(dtype.lower())


def product(x1, x2, zero_points):
    """Exact sums, as nested loops over unbounded integers."""
    rows, inner = x1.shape
    return [
        [
            sum(
                (int(x1[i, k]) - zero_points[0]) * (int(x2[k, j]) - zero_points[1])
                for k in range(inner)
            )
            for j in range(x2.shape[1])
        ]
        for i in range(rows)
    ]


def test_literal():
    x1, x2 = np.array([[1, 2], [3, 4]], np.int8), np.array([[5, 6], [7, 8]], np.int8)
    plain = bmm(((2, 2), (2, 2)), scales=(1, 1, 1), zero_points=(0, 0, 0))
    assert run(plain, x1, x2).tolist() == [[19, 22], [43, 50]]
    moved = bmm(((2, 2), (2, 2)), scales=(1, 1, 2), zero_points=(1, 4, -1))
    # [0 1; 2 3] times [1 2; 3 4] is [3 4; 11 16]; halves away from zero, then -1.
    assert run(moved, x1, x2).tolist() == [[1, 1], [5, 7]]


@pytest.mark.parametrize("scales", [(0.05, 0.03, 0.02), (0.011, 0.0123, 0.0007), (0.5, 0.3, 0.1)])
@pytest.mark.parametrize("inner", [1, 7, 40])
def test_int8_equals_python_integers(scales, inner):
    x1, x2 = noise("INT8", (5, inner), 1), noise("INT8", (inner, 6), 2)
    effective = float32(float32(scales[0]) * float32(scales[1])) / float32(scales[2])
    out = run(bmm((x1.shape, x2.shape), scales=scales), x1, x2)
    assert out.tolist() == [
        [clamp(requantize_double(acc, effective) + 7, -128, 127) for acc in row]
        for row in product(x1, x2, (3, -5))
    ]


@pytest.mark.parametrize("second", ["INT16", "INT8"])
def test_int16_equals_python_integers(second):
    x1, x2 = noise("INT16", (5, 9), 1), noise(second, (9, 6), 2)
    scales = (1e-4, 3e-4, 2e-3 if second == "INT16" else 1e-5)
    node = bmm((x1.shape, x2.shape), ("INT16", second, "INT16"), scales)
    effective = float32(float32(scales[0]) * float32(scales[1])) / float32(scales[2])
    assert run(node, x1, x2).tolist() == [
        [clamp(requantize_q15(acc, effective), -32768, 32767) for acc in row]
        for row in product(x1, x2, (0, 0))
    ]


def test_int32_output_is_the_sum_without_zero_points():
    x1, x2 = noise("INT8", (3, 5), 1), noise("INT8", (5, 2), 2)
    node = bmm((x1.shape, x2.shape), ("INT8", "INT8", "INT32"), (0.1, 0.1, None))
    assert run(node, x1, x2).tolist() == product(x1, x2, (0, 0))


@pytest.mark.parametrize("adj_x", [False, True])
@pytest.mark.parametrize("adj_y", [False, True])
def test_transposed_operands(adj_x, adj_y):
    x1, x2 = noise("INT8", (2, 4, 3), 1), noise("INT8", (2, 3, 5), 2)
    straight = run(bmm((x1.shape, x2.shape)), x1, x2)
    a = x1.swapaxes(1, 2) if adj_x else x1
    b = x2.swapaxes(1, 2) if adj_y else x2
    turned = bmm((a.shape, b.shape), adj_x=adj_x, adj_y=adj_y)
    assert run(turned, a, b).tolist() == straight.tolist()


@pytest.mark.parametrize(
    "batches", [((2,), ()), ((), (3,)), ((2, 1), (3,)), ((1, 4), (3, 1)), ((2, 3, 1), (1, 1, 4))]
)
def test_batches_broadcast(batches):
    x1, x2 = noise("INT8", (*batches[0], 2, 3), 1), noise("INT8", (*batches[1], 3, 2), 2)
    out = run(bmm((x1.shape, x2.shape)), x1, x2)
    common = np.broadcast_shapes(*batches)
    a = np.broadcast_to(x1, (*common, 2, 3))
    b = np.broadcast_to(x2, (*common, 3, 2))
    for index in np.ndindex(*common):
        expected = run(bmm(((2, 3), (3, 2))), a[index], b[index])
        assert out[index].tolist() == expected.tolist()


def test_the_product_of_scales_is_float32():
    scales = (np.float32(0.1), np.float32(0.3), np.float32(0.007))
    record = prepare(bmm(scales=scales))
    effective = float(scales[0] * scales[1]) / float(scales[2])
    assert float(scales[0] * scales[1]) != float(scales[0]) * float(scales[1])
    found = (record.requantize.multiplier, record.requantize.shift)
    assert found == quantize_multiplier(effective)


def test_several_scales_by_rule():
    x1, x2 = np.full((1, 2), 10, np.int8), np.array([[1, 2], [3, 4]], np.int8)
    arguments = {
        "shapes": ((1, 2), (2, 2)),
        "scales": (1, [0.5, 0.25], 1),
        "zero_points": (0, 0, 9),
    }
    assert refused(bmm(**arguments)) == "scale"
    assert run(bmm(**arguments, rules="litert-ref"), x1, x2).tolist() == [[9, 9]]
    # By the first scale, 0.5: 40 and 60, halved.
    assert run(bmm(**arguments, rules="tflm"), x1, x2).tolist() == [[29, 39]]


def test_int32_overflow_is_reported_or_wraps_by_rule():
    inner = 40_000
    x1, x2 = np.full((1, inner), -128, np.int8), np.full((inner, 1), -128, np.int8)
    node = bmm((x1.shape, x2.shape), scales=(1, 1, 2**20), zero_points=(127, 127, 0))
    with pytest.raises(DomainError, match="accumulator"):
        run(node, x1, x2)
    wrapping = bmm(
        (x1.shape, x2.shape), scales=(1, 1, 2**20), zero_points=(127, 127, 0), rules="litert-ref"
    )
    # 40000 * 65025 - 2^32 = -1693967296, over 2^20.
    assert run(wrapping, x1, x2).item() == -128


def test_refuses_vectors_C1():
    assert refused(bmm(((3,), (3, 4)))) == "C1"
    assert refused(bmm(((2, 3), (3,)))) == "C1"


def test_refuses_shapes_C2():
    assert refused(bmm(((2, 3), (2, 3)))) == "C2"
    assert refused(bmm(((2, 3), (3, 2)), adj_x=True)) == "C2"
    assert refused(bmm(((2, 2, 3), (3, 3, 2)))) == "C2"


def test_refuses_zero_points_C3():
    assert refused(bmm(zero_points=(128, 0, 0))) == "C3"
    assert refused(bmm(zero_points=(0, 0, -129))) == "C3"
    for zero in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert refused(bmm(dtypes=("INT16", "INT8", "INT16"), zero=zero)) == "C3"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(bmm(version=4))
    assert refused(bmm(version=5)) == "version"
    assert refused(bmm(dtypes=("UINT8", "UINT8", "UINT8"))) == "dtype"
    assert refused(bmm(dtypes=("INT16", "INT16", "INT32"))) == "dtype"
    assert refused(bmm(scales=(0.1, None, 0.1))) == "scale"
