"""SignalFilterBankLog: logarithms by table, saturated, products that wrap; refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from refint8.numerics.signal import log_table
from tests.ops import signal_integers
from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled

WANTED = {"input_correction_bits": 3, "output_scale": 64}


def log(up=3, scale=64, x=(4,), out=None, content=None, dtype="UINT32"):
    options = flexbuffer(input_correction_bits=up, output_scale=scale)
    outputs = [("INT16", x if out is None else out)]
    return signal("SignalFilterBankLog", [(dtype, x)], outputs, content or options)


def test_examples():
    x = np.array([0, 1, 125, 2**29], np.uint32)
    # 2^29 moved up by three bits is nothing.
    assert run(log(), x).tolist() == [0, round(math.log(8) * 64), round(math.log(1000) * 64), 0]
    assert run(log(0), x).tolist()[:2] == [0, 0]


def test_large_scales_saturate_and_then_wrap():
    assert run(log(0, 3000, (2,)), np.array([2, 2**31], np.uint32)).tolist() == [2079, 32767]
    assert run(log(0, 65535, (2,)), np.array([2, 2**31], np.uint32)).tolist() == [32767, 31929]


def test_table():
    assert log_table().tolist() == [signal_integers.log_point(s) for s in range(129)]
    assert log_table()[[0, 1, 57, 127, 128]].tolist() == [0, 224, 5641, 142, 0]


@pytest.mark.parametrize("up", [0, 1, 3, 31])
@pytest.mark.parametrize("scale", [0, 1, 64, 600, 1 << 16, (1 << 31) - 1, -1, -64])
def test_equals_the_definition(up, scale):
    rng = np.random.default_rng(0)
    values = [*range(300), *(2**k + d for k in range(9, 32) for d in (-1, 0, 1)), 2**32 - 1]
    values += [
        (1 << 20) + (s << 13) + d for s in range(1, 128, 9) for d in (-1, 0)
    ]  # segments meet
    wide = rng.integers(0, 1 << 32, 200, dtype=np.uint32) >> rng.integers(0, 32, 200, np.uint32)
    values += wide.tolist()
    out = run(log(up, scale, (len(values),)), np.array(values, np.uint32)).tolist()
    assert out == [signal_integers.channel_log(v, up, scale) for v in values]


def test_refuses_other_options_C1():
    assert {refused(log(up)) for up in (-1, 32)} == {"C1"}
    for key in WANTED:
        for content in filter(None, spoiled(WANTED, key)):
            assert refused(log(content=content)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(log(x=(1, 4))) == "C2"
    assert refused(log(out=(5,))) == "C2"


def test_refuses_other_dtypes_and_versions():
    assert refused(log(dtype="INT32")) == "dtype"
    assert refused(replace(log(), version=2)) == "version"
