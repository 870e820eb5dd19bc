"""SignalWindow: products shifted down, saturated; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops import signal_integers
from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled


def window(shift=12, x=(1, 4), weights=(4,), content=None, dtype="INT16"):
    options = flexbuffer(shift=shift) if content is None else content
    return signal("SignalWindow", [(dtype, x), ("INT16", weights)], [(dtype, x)], options)


def test_example():
    x = np.array([[4096, -1, 32767, -32768]], np.int16)
    weights = np.array([4096, 1, 4097, 4097], np.int16)
    # -1 >> 12 is -1: towards minus infinity. The last two leave 16 bits.
    assert run(window(), x, weights).tolist() == [[4096, -1, 32767, -32768]]


@pytest.mark.parametrize("shift", [0, 1, 14, 15, 30, 31])
def test_equals_the_definition(shift):
    rng = np.random.default_rng(shift)
    for _ in range(10):
        x = rng.choice([-32768, 32767, -1, 0, 1, 77], (3, 2, 10)).astype(np.int16)
        weights = rng.integers(-32768, 32768, 5).astype(np.int16)
        out = run(window(shift, (3, 2, 10), (5,)), x, weights)
        expected = signal_integers.window(x.reshape(-1).tolist(), weights.tolist(), shift)
        assert out.reshape(-1).tolist() == expected


def test_refuses_other_options_C1():
    assert {refused(window(shift)) for shift in (-1, 32)} == {"C1"}
    for content in spoiled({"shift": 12}, "shift"):
        assert refused(window(content=content)) == "C1"


def test_refuses_parts_of_frames_C2():
    assert refused(window(weights=(3,))) == "C2"
    assert refused(window(weights=(8,))) == "C2"
    assert refused(window(weights=(0,))) == "C2"
    assert refused(window(weights=(2, 2))) == "C2"
    assert refused(window(x=())) == "C2"


def test_refuses_other_dtypes_and_versions():
    assert refused(window(dtype="INT32")) == "dtype"
    assert refused(replace(window(), version=2)) == "version"
