"""Engines that misbehave, for the child process; `option` says how.

A model is bytes that nobody looks at. The well-behaved ones double their inputs: tensor i is read
as input i, "inner" tensors are 100 + i.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

import numpy as np

if os.environ.get("FAKE_ENGINE_WITHOUT_FORK"):
    sys.modules["__main__"].FORK = False


def version(option: str) -> str:
    return "fake 1.0"


def run(option, content, inputs, tensors, input_shapes):
    if option == "abort":
        os.write(2, b"Check failed: heap (1 vs. 2)\n")
        os.abort()
    if option == "segfault" or (option == "inner segfault" and tensors):
        ctypes.string_at(0)
    if option == "hang":
        time.sleep(1000)
    if option == "refuse":
        os.write(2, b"INFO: Created a delegate\nDidn't find op for builtin opcode 'TILE'\n")
        raise RuntimeError("failed to allocate tensors")
    if option == "hoard":
        np.ones(1 << 50, np.int8)
    if option == "chatter":
        os.write(1, b'{"exit": 7}\n' * 1000)
        print("hello")
    results = [{index: array * 2 for index, array in given.items()} for given in inputs]
    for result in results:
        if option != "forgets":
            result.update({index: np.array(index, np.int32) for index in tensors})
        if option == "tells":
            result[0] = np.array([len(content), *input_shapes.get(3, ())])
    return results
