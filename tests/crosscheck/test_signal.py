"""The signal library's operators against TFLM, on numbers that a microphone never gives."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from refint8.engine.interpreter import Interpreter
from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from tests.conftest import installed
from tests.crosscheck.corpus import MODELS
from tests.ops.signal_nodes import flexbuffer

PREPROCESSOR = (
    "tensorflow+tflite-micro/tensorflow/lite/micro/examples/micro_speech/models/"
    "audio_preprocessor_int8.tflite"
)
LENGTH = 480
LOWEST = -(1 << 15)


@pytest.fixture(scope="module")
def engine():
    return installed("tflm")


def compare(model, engine, inputs, *, stream=False):
    names = model.subgraphs[0].inputs
    sets = [dict(zip(names, arrays, strict=True)) for arrays in inputs]
    (found,) = crosscheck(model, engine, inputs=sets, stream=stream).comparisons
    assert found.verdict == "equal", found.first or found.detail
    assert len(found.tensors) == found.expected > 0
    assert found.differing == 0


def one(code, inputs, outputs, **options):
    """A model of one operator; an input may be (dtype, shape, constant)."""
    builder = ModelBuilder()
    given = [
        builder.tensor(f"x{n}", dtype, shape, data=data[0] if data else None)
        for n, (dtype, shape, *data) in enumerate(inputs)
    ]
    made = [builder.tensor(f"y{n}", dtype, shape) for n, (dtype, shape) in enumerate(outputs)]
    content = flexbuffer(**options) if options else b""
    builder.operator("CUSTOM", given, made, custom_code=code, custom_options=content)
    free = [index for index, entry in zip(given, inputs, strict=True) if len(entry) == 2]
    return builder.model(free, made)


def frames():
    """Silence, steps, impulses, the lowest number, tones, sweeps, speech-like noise."""
    rng = np.random.default_rng(7)
    place = np.arange(LENGTH)
    time = place / 16000
    made = [np.full(LENGTH, v) for v in (0, 1, -1, 2, 3, 255, 1 << 14, -(1 << 14), 32767, LOWEST)]
    made += [
        np.where(place == where, value, 0)
        for where in (0, 1, 239, 478, 479)
        for value in (1, 32767, LOWEST)
    ]
    made += [np.where(place % period < period // 2, 32767, LOWEST) for period in (2, 4, 480)]
    made += [np.where(rng.random(LENGTH) < 0.5, 32767, LOWEST)]
    made += [np.where(place < start, LOWEST, place - LENGTH) for start in (1, 10, 478, 479)]
    made += [np.where(place < start, LOWEST, -5) for start in (10, 478, 479)]
    for frequency in np.geomspace(20, 8000, 50):
        phase = 2 * np.pi * frequency * time + rng.random()
        made.append(rng.choice([100, 3000, 32767]) * np.sin(phase))
    for frequency in np.geomspace(50, 8000, 30):
        made.append(40000 * np.sin(2 * np.pi * frequency * (time + 20 * time**2)))
    for _ in range(60):
        walk = np.cumsum(rng.normal(size=LENGTH))
        syllables = 0.3 + 0.7 * np.sin(2 * np.pi * rng.uniform(2, 30) * time) ** 2
        made.append(walk / np.abs(walk).max() * syllables * 2.0 ** rng.uniform(0, 15))
    for _ in range(60):
        top = 1 << rng.integers(1, 16)
        made.append(rng.integers(-top, top, LENGTH))
    return [[np.clip(np.round(x), LOWEST, 32767).astype(np.int16).reshape(1, -1)] for x in made]


@pytest.mark.parametrize("stream", [False, True], ids=["fresh", "stream"])
def test_the_audio_preprocessor(engine, corpora, stream):
    inputs = frames()
    assert len(inputs) >= 200
    compare(read_model(MODELS / PREPROCESSOR), engine, inputs, stream=stream)


LENGTHS = (4, 6, 10, 12, 18, 30, 50, 128, 240, 250, 512)
MORE_LENGTHS = (8, 16, 20, 24, 36, 54, 60, 64, 90, 150, 256, 640, 720, 1000, 1024, 1440, 4096)


@pytest.mark.parametrize("dtype", ["INT16", "INT32"])
@pytest.mark.parametrize(
    "length", [*LENGTHS, *(pytest.param(n, marks=pytest.mark.long) for n in MORE_LENGTHS)]
)
def test_rfft(engine, dtype, length):
    kind, top = (7, 1 << 15) if dtype == "INT16" else (2, 1 << 29)
    rng, place = np.random.default_rng(length), np.arange(length)
    made = [
        np.full(length, -top),
        np.full(length, top - 1),
        np.where(place % 2, -top, top - 1),
        np.where(rng.random(length) < 0.5, -top, top - 1),
        np.round((top - 1) * np.cos(2 * np.pi * place * 2 / length)),
        *rng.integers(-top, top, (4, length)),
    ]
    inputs = [[np.stack([x, x[::-1]]).astype(dtype.lower())] for x in made]
    shapes = [(dtype, (2, length))], [(dtype, (2, length + 2))]
    compare(one("SignalRfft", *shapes, T=kind, fft_length=length), engine, inputs)


def test_window_and_energy(engine):
    rng = np.random.default_rng(0)
    extremes = np.array([LOWEST, 32767, -1, 0, 1, 12345], np.int16)
    for shift in (0, 12, 31):
        shapes = [("INT16", (3, 50)), ("INT16", (25,))], [("INT16", (3, 50))]
        inputs = [[rng.choice(extremes, (3, 50)), rng.choice(extremes, 25)] for _ in range(6)]
        compare(one("SignalWindow", *shapes, shift=shift), engine, inputs)
    for start, end in ((0, 10), (2, 7), (4, 4), (9, 3)):
        inputs = [[rng.choice(extremes, 20)] for _ in range(6)] + [[np.full(20, LOWEST, np.int16)]]
        shapes = [("INT16", (20,))], [("UINT32", (10,))]
        compare(one("SignalEnergy", *shapes, start_index=start, end_index=end), engine, inputs)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 9])
def test_auto_scale(engine, length):
    rng = np.random.default_rng(length)
    inputs = []
    for turn in range(120):
        top = 1 << rng.integers(1, 16)
        x = rng.integers(-top, top, length)
        x = np.sort(x) if turn % 3 == 0 else x
        inputs.append([np.where(rng.random(length) < 0.3, LOWEST, x).astype(np.int16)])
    shapes = [("INT16", (length,))], [("INT16", (length,)), ("INT32", ())]
    compare(one("SignalFftAutoScale", *shapes), engine, inputs)


def test_filter_bank(engine):
    rng = np.random.default_rng(0)
    for channels in (1, 3, 40):
        width = rng.integers(-1, 20, channels + 2)
        first, weight = ((rng.random(width.size) * (30 - width)).astype(int) for _ in range(2))
        bands = [("INT16", width.shape, v.astype(np.int16)) for v in (first, weight, width)]
        shapes = [("UINT32", (30,)), ("INT16", (30,)), ("INT16", (30,)), *bands]
        inputs = [
            [
                rng.integers(0, 1 << 32, 30, dtype=np.uint32) | np.uint32(most),
                *rng.integers(LOWEST, 1 << 15, (2, 30)).astype(np.int16),
            ]
            for most in (0, 0, (1 << 32) - 1)
        ]
        model = one("SignalFilterBank", shapes, [("UINT64", (channels,))], num_channels=channels)
        compare(model, engine, inputs)


def test_square_roots(engine):
    rng = np.random.default_rng(0)
    near = [1, 2, 3, 100, 65534, 65535, 65536, 65537, 1 << 31, (1 << 32) - 2, (1 << 32) - 1]
    values = {k * k + k * turn + d for k in near for turn in (0, 1) for d in range(-2, 3)}
    wide = rng.integers(0, 1 << 63, 2000, dtype=np.uint64) >> rng.integers(0, 63, 2000, np.uint64)
    values |= {0, (1 << 64) - 1, (1 << 32) - 1, 1 << 32, *wide.tolist()}
    x = np.array([v for v in values if 0 <= v < 1 << 64], np.uint64)
    shapes = [("UINT64", x.shape), ("INT32", ())], [("UINT32", x.shape)]
    inputs = [[x, np.array(bits, np.int32)] for bits in (0, 1, 7, 31)]
    compare(one("SignalFilterBankSquareRoot", *shapes), engine, inputs)


def test_logarithms(engine):
    rng = np.random.default_rng(0)
    powers = 1 << np.arange(32)
    wide = rng.integers(0, 1 << 32, 10000) >> rng.integers(0, 32, 10000)
    x = np.concatenate([np.arange(3000), powers, powers - 1, powers + 1, wide]).astype(np.uint32)
    shapes = [("UINT32", x.shape)], [("INT16", x.shape)]
    for up, scale in ((3, 64), (0, 600), (0, 1 << 16), (1, (1 << 31) - 1), (31, -1), (0, -64)):
        options = {"input_correction_bits": up, "output_scale": scale}
        compare(one("SignalFilterBankLog", *shapes, **options), engine, [[x]])


def test_gains(engine):
    rng = np.random.default_rng(0)
    count = 4000
    noise = rng.integers(0, 1 << 32, count) >> rng.integers(0, 32, count)
    noise[:2000] = np.arange(2000)
    x = rng.integers(0, 1 << 32, count) >> rng.integers(0, 32, count)
    tables = [
        rng.integers(LOWEST, 1 << 15, 125),
        np.full(125, LOWEST),
        np.full(125, 32767),
        rng.choice([LOWEST, 32767], 125),
    ]
    inputs = [[x.astype(np.uint32), noise.astype(np.uint32), t.astype(np.int16)] for t in tables]
    vector = ("UINT32", (count,))
    for shift in (0, 6, 40, 63):
        shapes = [vector, vector, ("INT16", (125,))], [vector]
        compare(one("SignalPCAN", *shapes, snr_shift=shift), engine, inputs)


@pytest.mark.parametrize("seed", range(12))
def test_spectral_subtraction(engine, seed):
    rng = np.random.default_rng(seed)
    extreme = [-(1 << 31), -1, 0, (1 << 31) - 1]
    factors = rng.integers(0, 1 << 14, 5) if seed % 3 else rng.choice(extreme, 5)
    names = ("smoothing", "alternate_smoothing", "one_minus_smoothing", "min_signal_remaining")
    options = dict(
        zip((*names, "alternate_one_minus_smoothing"), map(int, factors), strict=True),
        clamping=bool(seed % 2),
        num_channels=9,
        smoothing_bits=int(rng.choice([0, 4, 10, 31])),
        spectral_subtraction_bits=int(rng.choice([0, 10, 14, 31, 63])),
    )
    shapes = [("UINT32", (9,))], [("UINT32", (9,))] * 2
    model = one("SignalFilterBankSpectralSubtraction", *shapes, **options)
    wide = rng.integers(0, 1 << 32, (10, 9)) >> rng.integers(0, 32, (10, 9))
    inputs = [[x] for x in wide.astype(np.uint32)]
    for stream in (False, True):
        compare(model, engine, inputs, stream=stream)


@pytest.mark.parametrize("dtype", ["INT16", "INT32"])
@pytest.mark.parametrize(
    "length", [*LENGTHS, *(pytest.param(n, marks=pytest.mark.long) for n in MORE_LENGTHS)]
)
def test_irfft(engine, dtype, length):
    kind, top = (7, 1 << 15) if dtype == "INT16" else (2, 1 << 28)
    rng = np.random.default_rng(length)
    shape = (2, length + 2)
    made = [np.full(shape, -top), np.full(shape, top - 1), rng.choice([-top, top - 1], shape)]
    inputs = [[x.astype(dtype.lower())] for x in (*made, *rng.integers(-top, top, (4, *shape)))]
    shapes = [(dtype, shape)], [(dtype, (2, length))]
    compare(one("SignalIrfft", *shapes, T=kind, fft_length=length), engine, inputs)


def compare_both(model, engine, shape, sets):
    rng = np.random.default_rng(0)
    inputs = [[rng.integers(LOWEST, 1 << 15, shape).astype(np.int16)] for _ in range(sets)]
    for stream in (False, True):
        compare(model, engine, inputs, stream=stream)


@pytest.mark.parametrize(("size", "step", "frames"), [(8, 4, 3), (8, 8, 1), (10, 3, 5), (5, 1, 4)])
def test_overlap_add(engine, size, step, frames):
    shapes = [("INT16", (2, frames, size))], [("INT16", (2, frames * step))]
    model = one("SignalOverlapAdd", *shapes, T=7, frame_step=step)
    compare_both(model, engine, (2, frames, size), 6)


@pytest.mark.parametrize(("size", "length"), [(8, 3), (8, 0), (4, 13), (5, 5)])
def test_delay(engine, size, length):
    shapes = [("INT16", (2, size))], [("INT16", (2, size))]
    compare_both(one("SignalDelay", *shapes, delay_length=length), engine, (2, size), 9)


@pytest.mark.parametrize(
    ("size", "step", "frames", "prefill"),
    # Where frames are missing at first, the engine's are what memory held: only with prefill, or
    # with frames that are not longer than a step, everything is defined.
    [(8, 4, 3, True), (10, 3, 2, True), (5, 5, 2, True), (3, 5, 2, False), (5, 5, 1, False)],
)
def test_framer(engine, size, step, frames, prefill):
    shapes = [("INT16", (2, frames * step))], [("INT16", (2, frames, size)), ("BOOL", ())]
    options = {"frame_size": size, "frame_step": step, "prefill": prefill}
    compare_both(one("SignalFramer", *shapes, **options), engine, (2, frames * step), 9)


def test_framer_without_prefill(engine):
    shapes = [("INT16", (2, 6))], [("INT16", (2, 2, 10)), ("BOOL", ())]
    model = one("SignalFramer", *shapes, frame_size=10, frame_step=3, prefill=False)
    rng = np.random.default_rng(0)
    inputs = [{0: rng.integers(LOWEST, 1 << 15, (2, 6)).astype(np.int16)} for _ in range(9)]
    theirs = engine.run(model.content, inputs, tensors=[1, 2], stream=True).tensors
    session = Session(model, "tflm")
    for turn, (given, found) in enumerate(zip(inputs, theirs, strict=True)):
        ours = session.run(given)
        assert bool(found[2]) == bool(ours[2]) == (turn >= 2)
        first = max(3 - 2 * turn, 0)  # the fourth triple completes the first frame
        assert np.array_equal(found[1][:, first:], ours[1][:, first:])


@pytest.mark.parametrize(
    ("channels", "left", "right", "step"),
    [(3, 1, 1, 2), (1, 0, 0, 1), (4, 2, 0, 3), (2, 0, 3, 1), (5, 3, 2, 4), (2, 3, 1, 5)],
)
def test_stacker(engine, channels, left, right, step):
    shapes = [("INT16", (channels,))], [("INT16", (channels * (left + right + 1),)), ("BOOL", ())]
    options = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": right,
        "stacker_step": step,
    }
    compare_both(one("SignalStacker", *shapes, **options), engine, (channels,), 15)


RESET = """
import json, sys
import numpy as np
from tflite_micro.python.tflite_micro.runtime import Interpreter
interpreter = Interpreter.from_file(sys.argv[1])
found = []
for turn in range(4):
    if turn == 2:
        interpreter.reset()
    interpreter.set_input(np.array([json.loads(sys.argv[2])], np.int16), 0)
    interpreter.invoke()
    found.append(interpreter.get_output(0).tolist())
print(json.dumps(found))
"""


def test_reset_forgets_the_noise(engine, corpora):
    path, frame = MODELS / PREPROCESSOR, [1000 * (k % 7) for k in range(LENGTH)]
    ran = subprocess.run(
        [sys.executable, "-c", RESET, str(path), json.dumps(frame)],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = json.loads(ran.stdout.splitlines()[-1])
    assert expected[0] == expected[2] != expected[1] == expected[3]
    ours = Interpreter(str(path), profile="tflm")
    ours.allocate_tensors()
    for turn, output in enumerate(expected):
        if turn == 2:
            ours.reset_all_variables()
        ours.set_tensor(ours.get_input_details()[0]["index"], np.array([frame], np.int16))
        ours.invoke()
        assert ours.get_tensor(ours.get_output_details()[0]["index"]).tolist() == output
