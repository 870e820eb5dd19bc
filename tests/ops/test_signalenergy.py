"""SignalEnergy: squares of pairs in a band, 0 outside; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled


def energy(start=0, end=4, x=(8,), out=(4,), content=None, dtype="INT16"):
    options = flexbuffer(start_index=start, end_index=end) if content is None else content
    return signal("SignalEnergy", [(dtype, x)], [("UINT32", out)], options)


def test_example():
    x = np.array([3, -4, 1, 0, -32768, -32768, 32767, -32768], np.int16)
    largest = 32767**2 + 32768**2
    assert run(energy(), x).tolist() == [25, 1, 1 << 31, largest]
    assert run(energy(1, 3), x).tolist() == [0, 1, 1 << 31, 0]
    assert run(energy(3, 3), x).tolist() == [0, 0, 0, 0]
    # No band at all, wherever it is said to lie.
    assert run(energy(9, -9), x).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(("start", "end"), [(0, 50), (7, 40), (49, 50)])
def test_equals_the_definition(start, end):
    x = np.random.default_rng(start).integers(-32768, 32768, 100).astype(np.int16)
    out = run(energy(start, end, (100,), (50,)), x).tolist()
    pairs = list(zip(x[::2].tolist(), x[1::2].tolist(), strict=True))
    assert out == [a * a + b * b if start <= k < end else 0 for k, (a, b) in enumerate(pairs)]


def test_refuses_other_options_C1():
    for key in ("end_index", "start_index"):
        for content in spoiled({"end_index": 4, "start_index": 0}, key):
            assert refused(energy(content=content)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(energy(x=(1, 8))) == "C2"
    assert refused(energy(x=(7,), out=(3,))) == "C2"
    assert refused(energy(out=(3,))) == "C2"
    assert refused(energy(out=(1, 4))) == "C2"


def test_refuses_bands_outside_C3():
    assert refused(energy(0, 5)) == "C3"
    assert refused(energy(-1, 4)) == "C3"


def test_refuses_other_dtypes_and_versions():
    assert refused(energy(dtype="INT32")) == "dtype"
    assert refused(replace(energy(), version=2)) == "version"
