"""Functions for `py:` targets, well- and misbehaved. The model is `test_command_target.reshape`."""

from __future__ import annotations

import ctypes
import os
import time


def right(model, inputs):
    assert model[4:8] == b"TFL3"
    return inputs[0].reshape(3)


def by_name(model, inputs):
    return {"y": inputs[0].reshape(3), 0: inputs[0]}


def several(model, inputs):
    return [inputs[0].reshape(3)] * 2


def nothing(model, inputs):
    return None


def text(model, inputs):
    return ["three"]


def ragged(model, inputs):
    return [[[1, 2], [3]]]


def misnamed(model, inputs):
    return {"yy": inputs[0]}


def wrong_shape(model, inputs):
    return [inputs[0]]


def raises(model, inputs):
    raise RuntimeError("kernel not found")


def leaves(model, inputs):
    raise SystemExit(5)


def hangs(model, inputs):
    time.sleep(1000)


def aborts(model, inputs):
    os.abort()


def crashes(model, inputs):
    ctypes.string_at(0)


def ends(model, inputs):
    os._exit(0)


def prints(model, inputs):
    os.write(1, b'{"exit": 0}\n' * 1000)
    print("garbage" * 1000)
    return right(model, inputs)


NUMBER = 3
