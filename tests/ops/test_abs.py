"""ABS: rescaled, plain, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused, run
from tests.ops.python_integers import clamp, float32, requantize_double
from tests.ops.tables import LIMITS, every, unary


def absolute(*arguments, **changes):
    return unary("ABS", *arguments, **changes)


def test_literal():
    x = np.array([-128, -3, 3, 127], np.int8)
    assert run(absolute(scales=(0.5, 0.5)), x).tolist() == [127, 3, 3, 127]
    assert run(absolute(scales=(0.5, 1.0), zero_points=(1, -2)), x).tolist() == [63, 0, -1, 61]


@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("scales", [(0.05, 0.03), (0.0123, 0.987), (0.3, 0.1)])
def test_equals_python_integers(dtype, scales):
    low, high = LIMITS[dtype]
    z = (0, 0) if dtype == "INT16" else (17, -100)
    x = every(dtype, 1 if dtype == "INT8" else 7)
    for rules in ("tflite", "tflm"):
        ratio = float32(scales[0]) / float32(scales[1])
        ratio = float32(ratio) if rules == "tflite" else ratio
        out = prepare(absolute(dtype, scales, z, rules=rules)).spec(x)
        assert out.tolist() == [
            clamp(requantize_double(abs(v - z[0]), ratio) + z[1], low, high) for v in x.tolist()
        ]


def test_the_precision_of_the_ratio_shows_on_int16():
    scales = (1.5252830962708686e-05, 9.499698535364587e-06)
    x = every("INT16")
    single, double = (
        prepare(absolute("INT16", scales, rules=rules)).spec(x) for rules in ("tflite", "tflm")
    )
    assert (single != double).sum() == 22


def test_plain_integers_keep_the_lowest_value():
    plain = absolute("INT32", (None, None))
    x = np.array([-(2**31), -5, 0, 7], np.int32)
    assert run(plain, x).tolist() == [-(2**31), 5, 0, 7]
    x = np.array([-32768, -5, 0, 7], np.int16)
    assert run(absolute("INT16", (None, None)), x).tolist() == [-32768, 5, 0, 7]


def test_refuses_asymmetric_int16_C1():
    assert refused(absolute("INT16", zero_points=(1, 0))) == "C1"
    assert refused(absolute("INT16", zero_points=(0, 1))) == "C1"


def test_refuses_versions_dtypes_and_missing_scales():
    prepare(absolute(version=5))
    assert refused(absolute(version=6)) == "version"
    assert refused(absolute("UINT8")) == "dtype"
    assert refused(absolute(scales=(None, 0.1))) == "scale"
