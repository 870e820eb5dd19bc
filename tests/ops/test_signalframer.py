"""SignalFramer: frames over runs, the first ones missing; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused
from tests.ops.signal_nodes import flexbuffer, signal, spoiled
from tests.ops.surroundings import Around

WANTED = {"frame_size": 3, "frame_step": 2, "prefill": False}


def framer(size=3, step=2, x=(4,), out=None, valid=(), content=None, dtype="INT16", prefill=False):
    options = flexbuffer(frame_size=size, frame_step=step, prefill=prefill)
    shape = (*x[:-1], x[-1] // max(step, 1), size) if out is None else out
    outputs = [("INT16", shape), ("BOOL", valid)]
    return signal("SignalFramer", [(dtype, x)], outputs, options if content is None else content)


def stream(made, inputs):
    around, record = Around(), prepare(made)
    found = [record.spec(around, np.array(x, np.int16)) for x in inputs]
    return [(frames.tolist(), bool(valid)) for frames, valid in found]


def test_examples():
    inputs = [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert stream(framer(), inputs) == [
        ([[0, 0, 0], [1, 2, 3]], False),
        ([[3, 4, 5], [5, 6, 7]], True),
    ]
    assert stream(framer(prefill=True), inputs) == [
        ([[0, 1, 2], [2, 3, 4]], True),
        ([[4, 5, 6], [6, 7, 8]], True),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    rows, count, size, step = (int(n) for n in rng.integers(1, 8, 4))
    prefill = bool(seed % 2) and step <= size
    inputs = rng.integers(-32768, 32768, (6, rows, count * step))
    made = framer(size, step, (rows, count * step), prefill=prefill)
    queues = [[0] * (size - step) if prefill else [] for _ in range(rows)]
    for x, (out, valid) in zip(inputs.tolist(), stream(made, inputs), strict=True):
        complete = True
        for row, queue in enumerate(queues):
            for frame in range(count):
                queue.extend(x[row][frame * step : (frame + 1) * step])
                enough = len(queue) >= size
                assert out[row][frame] == (queue[:size] if enough else [0] * size)
                complete &= enough
                if enough:
                    del queue[:step]
        assert valid == complete


def test_refuses_other_options_C1():
    for key in WANTED:
        for content in spoiled(WANTED, key):
            assert refused(framer(content=content)) == "C1"
    assert refused(framer(size=0)) == "C1"
    assert {refused(framer(step=step)) for step in (0, -1)} == {"C1"}


def test_refuses_parts_of_steps_C2():
    assert refused(framer(x=(5,))) == "C2"
    assert refused(framer(x=(0,))) == "C2"
    assert refused(framer(x=(1,))) == "C2"


def test_refuses_other_declarations_C3():
    assert refused(framer(out=(2, 4))) == "C3"
    assert refused(framer(out=(6,))) == "C3"
    assert refused(framer(valid=(1,))) == "C3"


def test_refuses_zeros_for_short_frames_C4():
    assert refused(framer(size=1, prefill=True)) == "C4"
    prepare(framer(size=2, prefill=True))


def test_refuses_other_dtypes_and_versions():
    assert refused(framer(dtype="INT32")) == "dtype"
    assert refused(replace(framer(), version=2)) == "version"
