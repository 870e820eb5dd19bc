"""SignalIrfft: kissfft's bits for every kind of stage, wraps and overflows; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.errors import DomainError
from refint8.ops._op import prepare
from tests.ops import signal_integers
from tests.ops.nodes import refused, run
from tests.ops.signal_nodes import flexbuffer, signal, spoiled

KIND = {"INT16": 7, "INT32": 2}


def irfft(length=8, x=(10,), dtype="INT16", out=None, content=None, kind=None, given=None):
    options = flexbuffer(T=KIND[dtype] if kind is None else kind, fft_length=length)
    made = [(given or dtype, x)], [(dtype, (*x[:-1], length) if out is None else out)]
    return signal("SignalIrfft", *made, options if content is None else content)


def test_examples():
    # The first frequency alone is a constant, the last one changes its sign with every sample.
    assert run(irfft(4, (6,)), np.array([8000, 0, 0, 0, 0, 0], np.int16)).tolist() == [2000] * 4
    out = run(irfft(4, (6,)), np.array([0, 9, 0, 0, 8000, 9], np.int16))
    assert out.tolist() == [2000, -2000, 2000, -2000]


@pytest.mark.parametrize("dtype", ["INT16", "INT32"])
@pytest.mark.parametrize(
    "length", [4, 6, 8, 10, 12, 16, 18, 20, 24, 30, 32, 36, 50, 54, 60, 64, 90, 100, 128, 250, 256]
)
def test_equals_the_definition(length, dtype):
    bits = 16 if dtype == "INT16" else 32
    top = 1 << (15 if bits == 16 else 28)
    rng = np.random.default_rng(length)
    frames = [
        np.full(length + 2, top - 1),
        np.full(length + 2, -top),
        rng.choice([-top, top - 1], length + 2),
        rng.integers(-3, 4, length + 2),
        *rng.integers(-top, top, (3, length + 2)),
    ]
    x = np.array(frames).astype(dtype.lower())
    out = run(irfft(length, x.shape, dtype), x)
    transform = signal_integers.Transform(bits, sign=1)
    for frame, found in zip(x.tolist(), out.tolist(), strict=True):
        assert found == transform.inverse(frame)


def test_refuses_other_options_C1():
    for key in ("T", "fft_length"):
        for content in spoiled({"T": 7, "fft_length": 8}, key):
            assert refused(irfft(content=content)) == "C1"
    assert refused(irfft(kind=2)) == "C1"


@pytest.mark.parametrize("length", [-8, 0, 2, 5, 14, 22, 1 << 17])
def test_refuses_lengths_of_other_factors_C2(length):
    assert refused(irfft(length, (10,), out=(1,))) == "C2"


def test_refuses_other_shapes_C3():
    assert refused(irfft(8, (8,))) == "C3"
    assert refused(irfft(8, (), out=(8,))) == "C3"
    assert refused(irfft(8, (10,), out=(10,))) == "C3"
    assert refused(irfft(8, (2, 10), out=(16,))) == "C3"


def test_refuses_sums_beyond_32_bits_C4():
    record = prepare(irfft(8, (10,), "INT32"))
    x = np.zeros(10, np.int32)
    x[0] = x[8] = 1 << 30
    with pytest.raises(DomainError) as error:
        record.spec(x)
    assert error.value.label == "C4"


def test_refuses_other_dtypes_and_versions():
    assert refused(irfft(given="FLOAT32")) == "dtype"
    assert refused(replace(irfft(), version=2)) == "version"
