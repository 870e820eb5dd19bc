"""SignalStacker: frames of several runs, the first one several times; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused
from tests.ops.signal_nodes import flexbuffer, signal, spoiled
from tests.ops.surroundings import Around

WANTED = {
    "num_channels": 2,
    "stacker_left_context": 1,
    "stacker_right_context": 1,
    "stacker_step": 2,
}


def stacker(
    channels=2, left=1, right=1, step=2, x=None, out=None, valid=(), content=None, dtype="INT16"
):
    options = dict(zip(WANTED, (channels, left, right, step), strict=True))
    given = (channels,) if x is None else x
    shape = (channels * (left + right + 1),) if out is None else out
    outputs = [("INT16", shape), ("BOOL", valid)]
    made = flexbuffer(**options) if content is None else content
    return signal("SignalStacker", [(dtype, given)], outputs, made)


def stream(made, inputs):
    around, record = Around(), prepare(made)
    found = [record.spec(around, np.array(x, np.int16)) for x in inputs]
    return [(frames.tolist(), bool(valid)) for frames, valid in found]


def test_example():
    assert stream(stacker(), [[1, 2], [3, 4], [5, 6], [7, 8]]) == [
        ([0, 0, 0, 0, 0, 0], False),
        ([1, 2, 1, 2, 3, 4], True),
        ([1, 2, 1, 2, 3, 4], False),  # nothing new
        ([3, 4, 5, 6, 7, 8], True),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    channels, left, right = int(rng.integers(1, 5)), *(int(n) for n in rng.integers(0, 4, 2))
    frames = left + right + 1
    step = int(rng.integers(1, frames + 1))
    inputs = rng.integers(-32768, 32768, (14, channels)).tolist()
    queue, last = inputs[:1] * left, [0] * (channels * frames)
    for x, (out, valid) in zip(
        inputs, stream(stacker(channels, left, right, step), inputs), strict=True
    ):
        queue.append(x)
        assert valid == (len(queue) >= frames)
        if valid:
            last = [value for frame in queue[:frames] for value in frame]
            del queue[:step]
        assert out == last


def test_refuses_other_options_C1():
    for key in WANTED:
        for content in spoiled(WANTED, key):
            assert refused(stacker(content=content)) == "C1"
    assert refused(stacker(channels=0)) == "C1"
    assert refused(stacker(left=-1)) == "C1"
    assert refused(stacker(right=-1)) == "C1"
    assert refused(stacker(step=0)) == "C1"


def test_refuses_other_shapes_C2():
    assert refused(stacker(x=(3,))) == "C2"
    assert refused(stacker(x=(1, 2))) == "C2"


def test_refuses_steps_past_the_frames_C3():
    assert refused(stacker(step=4)) == "C3"


def test_refuses_other_declarations_C4():
    assert refused(stacker(out=(5,))) == "C4"
    assert refused(stacker(valid=(1,))) == "C4"


def test_refuses_other_dtypes_and_versions():
    assert refused(stacker(dtype="INT32")) == "dtype"
    assert refused(replace(stacker(), version=2)) == "version"
