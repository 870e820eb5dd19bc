"""SignalPCAN: gain by noise, both ways of shrinking; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops import signal_integers
from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled


def pcan(shift=6, x=(4,), noise=None, table=(125,), out=None, content=None, dtype="UINT32"):
    options = flexbuffer(snr_shift=shift) if content is None else content
    inputs = [(dtype, x), ("UINT32", x if noise is None else noise), ("INT16", table)]
    return signal("SignalPCAN", inputs, [("UINT32", x if out is None else out)], options)


def test_example():
    table = np.zeros(125, np.int16)
    table[:3] = 1, 2, 3
    table[2:5] = 8, 32, 64  # for 2 and 3; the value at 2 is the first of the three
    x = np.array([8191 << 6, 4096 << 6, 8192, 100], np.uint32)
    noise = np.array([0, 1, 2, 3], np.uint32)
    # Noise 3 lies half way: 8 + 32 / 2 + 64 / 4 = 40.
    assert run(pcan(), x, noise, table).tolist() == [
        8191 * 8191 >> 20,
        (8192 >> 6) - 64,
        1024 * 1024 >> 20,
        (100 * 40 >> 6) ** 2 >> 20,
    ]


@pytest.mark.parametrize("shift", [0, 6, 31, 32, 63])
def test_equals_the_definition(shift):
    rng = np.random.default_rng(shift)
    edges = [0, 1, 2, 3, *(2**k + d for k in range(2, 32) for d in (-1, 0, 1)), 2**32 - 1]
    noise = np.array(edges * 3, np.uint32)
    for table in (
        rng.integers(-32768, 32768, 130),
        np.full(125, 32767),
        np.full(125, -32768),
        rng.choice([-32768, 32767], 125),
    ):
        x = rng.integers(0, 1 << 32, noise.size, dtype=np.uint32) >> rng.integers(
            0, 32, noise.size, np.uint32
        )
        made = pcan(shift, x.shape, table=table.shape)
        out = run(made, x, noise, table.astype(np.int16)).tolist()
        pairs = zip(x.tolist(), noise.tolist(), strict=True)
        assert out == [signal_integers.pcan(a, b, table.tolist(), shift) for a, b in pairs]


def test_shrinking_meets_at_2():
    table = np.ones(125, np.int16)
    x = np.array([8190, 8191, 8192, 8255, 8256], np.uint32)
    out = run(pcan(0, (5,)), x, np.zeros(5, np.uint32), table).tolist()
    assert out == [63, 63, 64, 64, 65]


def test_refuses_other_options_C1():
    assert {refused(pcan(shift)) for shift in (-1, 64)} == {"C1"}
    for content in spoiled({"snr_shift": 6}, "snr_shift"):
        assert refused(pcan(content=content)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(pcan(x=(1, 4))) == "C2"
    assert refused(pcan(noise=(3,))) == "C2"
    assert refused(pcan(out=(3,))) == "C2"
    assert refused(pcan(table=(125, 1))) == "C2"


def test_refuses_short_tables_C3():
    assert refused(pcan(table=(124,))) == "C3"
    assert refused(pcan(table=(0,))) == "C3"


def test_refuses_other_dtypes_and_versions():
    assert refused(pcan(dtype="INT32")) == "dtype"
    assert refused(replace(pcan(), version=2)) == "version"
