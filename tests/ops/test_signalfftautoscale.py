"""SignalFftAutoScale: as far up as 16 bits allow, -32768 as the engine has it; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops import signal_integers
from tests.ops.nodes import refused, run_all
from tests.ops.signal_nodes import signal


def scale(x=(4,), out=None, bits=(), dtype="INT16"):
    outputs = [("INT16", x if out is None else out), ("INT32", bits)]
    return signal("SignalFftAutoScale", [(dtype, x)], outputs)


def scaled(*values):
    out, bits = run_all(scale((len(values),)), np.array(values, np.int16))
    return out.tolist(), int(bits)


def test_example():
    assert scaled(1, -3, 0) == ([8192, -24576, 0], 13)
    assert scaled(1, -4, 0) == ([4096, -16384, 0], 12)
    assert scaled(16383) == ([32766], 1)
    assert scaled(16384) == ([16384], 0)
    assert scaled(0, 0) == ([0, 0], 0)


@pytest.mark.parametrize(
    ("values", "bits"),
    [
        ((-32768,), 0),  # the maximum stays -32768, no bits
        ((100, -32768, 3), 13),  # 3 is all that counts; 100 wraps
        ((-32768, -3), 0),  # above -32768, but below 0
        ((-32768, -3, -2), 0),  # rises, and stays below 0
        ((-32768, -3, -3), 13),  # not above -3, so its magnitude counts
        ((-32768, -3, -100), 8),
        ((-32768, -300, -2, -3, 1), 13),
        ((-32768, -300, -2, 0), 0),  # a maximum of 0
        ((-32768, -300, -32768, 1), 14),  # the last one counts
    ],
)
def test_lowest_number_has_no_magnitude(values, bits):
    out, found = scaled(*values)
    assert found == bits
    assert (out, found) == signal_integers.auto_scale(values)


def test_equals_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(3000):
        length, top = rng.integers(0, 7), 1 << rng.integers(1, 16)
        values = rng.integers(-top, top, length)
        if rng.random() < 0.7:
            values[rng.random(length) < 0.4] = -32768
        assert scaled(*values.tolist()) == signal_integers.auto_scale(values.tolist())


def test_refuses_other_shapes_C1():
    assert refused(scale((1, 4))) == "C1"
    assert refused(scale((4,), out=(3,))) == "C1"
    assert refused(scale((4,), out=(4, 1))) == "C1"
    assert refused(scale(bits=(1,))) == "C1"


def test_refuses_other_dtypes_and_versions():
    assert refused(scale(dtype="INT8")) == "dtype"
    assert refused(replace(scale(), version=2)) == "version"
