"""SignalRfft: kissfft's bits for every kind of stage, wraps and overflows; refusals."""

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


def rfft(length=8, x=(8,), dtype="INT16", out=None, content=None, kind=None, given=None):
    options = flexbuffer(T=KIND[dtype] if kind is None else kind, fft_length=length)
    shape = (*x[:-1], length + 2) if out is None else out
    made = [(given or dtype, x)], [(dtype, shape)]
    return signal("SignalRfft", *made, options if content is None else content)


def test_examples():
    # A constant: 4 * 4000 / 4 in the first frequency, less what the roundings have taken.
    assert run(rfft(4, (4,)), np.full(4, 4000, np.int16)).tolist() == [4000, 0, 0, 0, 0, 0]
    # Every other sample negated: the last frequency.
    out = run(rfft(4, (4,)), np.array([4000, -4000, 4000, -4000], np.int16))
    assert out.tolist() == [0, 0, 0, 0, 4000, 0]


@pytest.mark.parametrize("dtype", ["INT16", "INT32"])
@pytest.mark.parametrize(
    "length", [4, 6, 8, 10, 12, 16, 18, 20, 24, 30, 32, 36, 50, 54, 60, 64, 90, 100, 128, 250, 256]
)
def test_equals_the_definition(length, dtype):
    bits = 16 if dtype == "INT16" else 32
    top = 1 << (15 if bits == 16 else 29)
    rng = np.random.default_rng(length)
    place = np.arange(length)
    frames = [
        np.zeros(length, np.int64),
        np.full(length, top - 1),
        np.full(length, -top),
        np.where(place % 2, -top, top - 1),
        np.where(place % 4 < 2, -top, top - 1),
        np.eye(1, length, dtype=np.int64)[0] * -top,
        np.round((top - 1) * np.sin(2 * np.pi * place * 3 / length)).astype(np.int64),
        np.where(rng.random(length) < 0.5, -top, top - 1),
        rng.integers(-3, 4, length),
        *rng.integers(-top, top, (3, length)),
    ]
    x = np.array(frames).astype(dtype.lower())
    out = run(rfft(length, x.shape, dtype), x)
    transform = signal_integers.Transform(bits)
    for frame, found in zip(x.tolist(), out.tolist(), strict=True):
        assert found == transform.real(frame)


def test_short_frames_end_in_zeros():
    rng = np.random.default_rng(0)
    x = rng.integers(-32768, 32768, (2, 3, 11)).astype(np.int16)
    full = np.concatenate([x, np.zeros((2, 3, 5), np.int16)], axis=-1)
    assert np.array_equal(run(rfft(16, (2, 3, 11)), x), run(rfft(16, (2, 3, 16)), full))


def test_refuses_other_options_C1():
    for key in ("T", "fft_length"):
        for content in spoiled({"T": 7, "fft_length": 8}, key):
            assert refused(rfft(content=content)) == "C1"
    assert refused(rfft(kind=2)) == "C1"
    assert refused(rfft(dtype="INT32", kind=7)) == "C1"
    assert refused(rfft(kind=0)) == "C1"


@pytest.mark.parametrize("length", [-8, 0, 1, 2, 5, 9, 14, 22, 26, 98, 1 << 17])
def test_refuses_lengths_of_other_factors_C2(length):
    assert refused(rfft(length, (1,), out=(1,))) == "C2"


def test_refuses_long_frames_C3():
    assert refused(rfft(8, (9,))) == "C3"
    assert refused(rfft(8, (2, 0))) == "C3"
    assert refused(rfft(8, (), out=(10,))) == "C3"


def test_refuses_other_declarations_C4():
    assert refused(rfft(8, (8,), out=(8,))) == "C4"
    assert refused(rfft(8, (2, 8), out=(20,))) == "C4"
    assert refused(rfft(8, (2, 8), out=(1, 10))) == "C4"


def test_refuses_sums_beyond_32_bits_C5():
    # A whole turn of full scale: the first frequency is past the largest number by rounding.
    place = np.arange(12)
    sharp = np.where(np.cos(2 * np.pi * place / 12) >= 0, 2**31 - 1, -(2**31)).astype(np.int32)
    record = prepare(rfft(12, (12,), "INT32"))
    with pytest.raises(DomainError) as error:
        for turn in range(12):
            record.spec(np.roll(sharp, turn))
            record.spec(-np.roll(sharp, turn))
    assert error.value.label == "C5"


def test_refuses_other_dtypes_and_versions():
    assert refused(rfft(given="INT8")) == "dtype"
    assert refused(rfft(given="FLOAT32")) == "dtype"
    assert refused(replace(rfft(), version=2)) == "version"
