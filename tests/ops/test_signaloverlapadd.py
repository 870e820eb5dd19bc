"""SignalOverlapAdd: sums that saturate where they are kept; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refint8.ops._op import prepare
from tests.ops.nodes import refused
from tests.ops.signal_nodes import flexbuffer, signal, spoiled
from tests.ops.surroundings import Around


def overlap(step=2, x=(2, 3), out=None, content=None, kind=7, dtype="INT16"):
    options = flexbuffer(T=kind, frame_step=step) if content is None else content
    shape = (*x[:-2], x[-2] * step) if out is None else out
    return signal("SignalOverlapAdd", [(dtype, x)], [("INT16", shape)], options)


def stream(made, inputs):
    around, record = Around(), prepare(made)
    return [record.spec(around, np.array(x, np.int16)).tolist() for x in inputs]


def test_example():
    frames = [[1, 2, 3], [10, 20, 30]]
    assert stream(overlap(), [frames, frames]) == [[1, 2, 13, 20], [31, 2, 13, 20]]


def test_what_is_kept_saturates():
    high = [[32767, 32767, 32767], [1, 1, 1], [-1, -2, -3]]
    # With a step of 1 the third sample is 32767 + 1, saturated, and only then - 1.
    assert stream(overlap(1, (3, 3)), [high]) == [[32767, 32767, 32766]]


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    rows, frames, size = (int(n) for n in rng.integers(1, 6, 3))
    step = int(rng.integers(1, size + 1))
    inputs = rng.choice([-32768, -20000, 0, 5, 32767], (4, rows, frames, size))
    found = stream(overlap(step, (rows, frames, size)), inputs)
    kept = [[0] * size for _ in range(rows)]
    for x, out in zip(inputs.tolist(), found, strict=True):
        for row in range(rows):
            expected = []
            for frame in x[row]:
                total = [
                    max(-32768, min(32767, a + b)) for a, b in zip(kept[row], frame, strict=True)
                ]
                expected += total[:step]
                kept[row] = total[step:] + [0] * step
            assert out[row] == expected


def test_refuses_other_options_C1():
    for key in ("T", "frame_step"):
        for content in spoiled({"T": 7, "frame_step": 2}, key):
            assert refused(overlap(content=content)) == "C1"
    assert refused(overlap(kind=0)) == "C1"


def test_refuses_other_steps_C2():
    assert {refused(overlap(step, out=(4,))) for step in (-1, 0, 4)} == {"C2"}
    assert refused(overlap(x=(3,), out=(2,))) == "C2"
    assert refused(overlap(x=(0, 3), out=(0,))) == "C2"


def test_refuses_other_declarations_C3():
    assert refused(overlap(out=(5,))) == "C3"
    assert refused(overlap(out=(2, 2))) == "C3"


def test_refuses_other_dtypes_and_versions():
    assert refused(overlap(dtype="FLOAT32")) == "dtype"
    assert refused(replace(overlap(), version=2)) == "version"
