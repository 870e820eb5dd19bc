"""SignalFilterBankSpectralSubtraction: what it subtracts, keeps and forgets; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.engine.batch import run_batch
from refint8.engine.interpreter import Interpreter
from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from refint8.ops._op import prepare
from tests.ops import signal_integers
from tests.ops.nodes import refused
from tests.ops.signal_nodes import flexbuffer, signal, spoiled
from tests.ops.surroundings import Around

CODE = "SignalFilterBankSpectralSubtraction"
HALF = {
    "alternate_one_minus_smoothing": 3 << 12,
    "alternate_smoothing": 1 << 12,
    "clamping": False,
    "min_signal_remaining": 1 << 11,
    "num_channels": 2,
    "one_minus_smoothing": 1 << 13,
    "smoothing": 1 << 13,
    "smoothing_bits": 4,
    "spectral_subtraction_bits": 14,
}
"""Even channels move half of the way, odd ones a quarter; an eighth remains at least."""


def subtraction(x=(2,), out=None, content=None, dtype="UINT32", **changes):
    outputs = [("UINT32", x), ("UINT32", x if out is None else out)]
    options = flexbuffer(**{**HALF, **changes}) if content is None else content
    return signal(CODE, [(dtype, x)], outputs, options)


def stream(made, inputs):
    around, record = Around(), prepare(made)
    found = [record.spec(around, np.array(x, np.uint32)) for x in inputs]
    assert all(part.dtype == np.uint32 for pair in found for part in pair)
    return [(out.tolist(), noise.tolist()) for out, noise in found]


def test_example():
    assert stream(subtraction(), [[100, 100], [100, 100], [8, 8]]) == [
        ([50, 75], [800, 400]),
        ([25, 56], [1200, 700]),
        ([1, 1], [664, 557]),  # all is noise; an eighth remains
    ]


def test_clamping_lowers_the_estimate():
    _, (out, noise) = stream(subtraction(clamping=True), [[100, 100], [8, 8]])
    assert (out, noise) == ([1, 1], [128, 128])


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 8))
    extreme = [-(1 << 31), -1, 0, 1, (1 << 31) - 1]
    factors = rng.integers(0, 1 << 14, 5) if seed % 3 else rng.choice(extreme, 5)
    least, *smoothing = (int(f) for f in factors)
    up, bits = int(rng.choice([0, 4, 10, 31])), int(rng.choice([0, 10, 14, 31, 32, 63]))
    even, even_rest, odd, odd_rest = smoothing
    made = subtraction(
        (count,),
        num_channels=count,
        clamping=bool(seed % 2),
        min_signal_remaining=least,
        smoothing=even,
        one_minus_smoothing=even_rest,
        alternate_smoothing=odd,
        alternate_one_minus_smoothing=odd_rest,
        smoothing_bits=up,
        spectral_subtraction_bits=bits,
    )
    wide = rng.integers(0, 1 << 32, (6, count), dtype=np.uint32)
    inputs = (wide >> rng.integers(0, 32, (6, count), np.uint32)).tolist()
    noise = [0] * count
    word = (1 << 32) - 1
    for x, found in zip(inputs, stream(made, inputs), strict=True):
        pairs = [
            signal_integers.subtract(
                value,
                noise[c],
                ((odd & word, odd_rest & word) if c % 2 else (even & word, even_rest & word)),
                least & word,
                up,
                bits,
                clamping=bool(seed % 2),
            )
            for c, value in enumerate(x)
        ]
        noise = [kept for _, kept in pairs]
        assert found == ([out for out, _ in pairs], noise)


def model(operators=1):
    builder = ModelBuilder()
    x = builder.tensor("x", "UINT32", (2,))
    outputs = []
    for number in range(operators):
        pair = [builder.tensor(f"{name}{number}", "UINT32", (2,)) for name in ("y", "noise")]
        builder.operator("CUSTOM", [x], pair, custom_code=CODE, custom_options=flexbuffer(**HALF))
        outputs += pair
    return builder.model([x], outputs)


X = np.array([100, 100], np.uint32)
FIRST, SECOND = [800, 400], [1200, 700]


@pytest.mark.parametrize("fast", [False, True])
def test_each_operator_keeps_its_own_estimate(fast):
    session = Session(model(2), "tflm", fast=fast)
    assert [session.run({0: X})[2].tolist() for _ in range(2)] == [FIRST, SECOND]
    assert session.view(4).tolist() == SECOND


@pytest.mark.parametrize("profile", ["tflm", "litert-ref", "tflite"])
def test_resetting_and_starting_again(profile):
    interpreter = Interpreter(model_content=model().content, profile=profile)
    interpreter.allocate_tensors()

    def invoke():
        interpreter.set_tensor(0, X)
        interpreter.invoke()
        return interpreter.get_tensor(2).tolist()

    assert [invoke() for _ in range(2)] == [FIRST, SECOND]
    interpreter.reset_all_variables()
    assert [invoke() for _ in range(4)][:2] == [FIRST, SECOND]  # specs, then the program
    interpreter.reset_all_variables()
    assert invoke() == FIRST
    interpreter.resize_tensor_input(0, (2,))
    interpreter.allocate_tensors()
    assert invoke() == FIRST


def test_a_batch_of_streams():
    samples = np.tile(X, 6)
    found = run_batch(model(), samples, "tflm", streams=3)["noise0"].reshape(6, 2)
    assert found.tolist() == [FIRST, SECOND] * 3


@pytest.mark.parametrize("key", HALF)
def test_refuses_other_options_C1(key):
    for content in spoiled(HALF, key):
        assert refused(subtraction(content=content)) == "C1"
    for wrong in (-1, 32):
        assert refused(subtraction(smoothing_bits=wrong)) == "C1"
        assert refused(subtraction(spectral_subtraction_bits=2 * wrong)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(subtraction((1, 2))) == "C2"
    assert refused(subtraction((3,))) == "C2"
    assert refused(subtraction(num_channels=1)) == "C2"
    assert refused(subtraction(out=(3,))) == "C2"


def test_refuses_other_dtypes_and_versions():
    assert refused(subtraction(dtype="INT32")) == "dtype"
    assert refused(replace(subtraction(), version=2)) == "version"
