"""SignalFilterBank: overlapping sums modulo 2^64; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops import signal_integers
from tests.ops.nodes import constant, refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled

BANDS = [(0, 0, 2), (2, 2, 1), (3, 3, 2)]


def bank(bands=BANDS, channels=2, x=(5,), weights=(5,), out=(2,), content=None, dtype="UINT32"):
    columns = [[band[column] for band in bands] for column in range(3)]
    rows = [(dtype, x), ("INT16", weights), ("INT16", (5,) if weights == (5,) else (6,))]
    rows += [("INT16", (len(bands),))] * 3
    options = flexbuffer(num_channels=channels) if content is None else content
    made = signal("SignalFilterBank", rows, [("UINT64", out)], options)
    return replace(made, inputs=(*made.inputs[:3], *(constant("INT16", c) for c in columns)))


def places(bands):
    return [np.array([band[column] for band in bands], np.int16) for column in range(3)]


def test_example():
    x = np.array([1, 10, 100, 1000, 10000], np.uint32)
    weights, unweights = np.array([[9, 9, 2, 3, 4], [5, 6, 7, 9, 9]], np.int16)
    # Band 0 gives its unweights to channel 0, band 1 to channel 1; its own weights lead nowhere.
    expected = [5 * 1 + 6 * 10 + 2 * 100, 7 * 100 + 3 * 1000 + 4 * 10000]
    assert run(bank(), x, weights, unweights, *places(BANDS)).tolist() == expected


def test_negative_weights_wrap():
    x = np.array([1, 1, 1, 1, 1], np.uint32)
    weights, unweights = np.array([[0, 0, -1, 0, 0], [0, 0, 0, 0, 0]], np.int16)
    assert run(bank(), x, weights, unweights, *places(BANDS)).tolist() == [2**64 - 1, 0]


@pytest.mark.parametrize("seed", range(30))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    channels = int(rng.integers(1, 9))
    bands = []
    for _ in range(channels + 1 + int(rng.integers(0, 2))):
        width = int(rng.integers(-1, 5))  # none at all, and fewer
        low = -3 if width <= 0 else 0
        bands.append((int(rng.integers(low, 6 - width)), int(rng.integers(low, 6 - width)), width))
    x = rng.integers(0, 1 << 32, 5, dtype=np.uint32)
    x[rng.random(5) < 0.3] = (1 << 32) - 1
    weights, unweights = rng.integers(-32768, 32768, (2, 5)).astype(np.int16)
    out = run(bank(bands, channels, out=(channels,)), x, weights, unweights, *places(bands))
    given = x.tolist(), weights.tolist(), unweights.tolist()
    assert out.tolist() == signal_integers.bank(*given, bands[: channels + 1])


def test_refuses_other_options_C1():
    for content in spoiled({"num_channels": 2}, "num_channels"):
        assert refused(bank(content=content)) == "C1"
    assert {refused(bank(channels=n)) for n in (0, -1, -(1 << 31))} == {"C1"}


def test_refuses_other_shapes_C2():
    assert refused(bank(x=(1, 5))) == "C2"
    assert refused(bank(weights=(5, 1))) == "C2"
    assert refused(bank(channels=3, out=(3,))) == "C2"
    assert refused(bank(channels=2**31 - 1)) == "C2"


def test_refuses_other_declarations_C3():
    assert refused(bank(out=(3,))) == "C3"
    assert refused(bank(out=(1, 2))) == "C3"


@pytest.mark.parametrize(
    "band", [(-1, 0, 2), (0, -1, 2), (4, 0, 2), (0, 4, 2), (32767, 0, 1), (0, 0, 32767)]
)
def test_refuses_bands_outside_C4(band):
    for place in range(3):
        assert refused(bank([*BANDS[:place], band, *BANDS[place + 1 :]])) == "C4"
    # Those behind the last channel are not looked at.
    run(bank([*BANDS, band]), np.zeros(5, np.uint32), *np.zeros((2, 5), np.int16), *places(BANDS))


def test_refuses_other_dtypes_and_versions():
    assert refused(bank(dtype="INT32")) == "dtype"
    assert refused(replace(bank(), version=2)) == "version"
