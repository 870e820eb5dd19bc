"""An engine for batches of cases: the model's bytes say how it behaves."""

from __future__ import annotations

import ctypes
import os
import time

HEAP = []
"""What a case can break for those after it in the same process."""


def version(option):
    return "batches 1.0"


def run(option, content, inputs, tensors, input_shapes):
    if HEAP:
        os.abort()  # whatever runs after a case that has corrupted the heap
    if content == b"abort":
        os.abort()
    if content == b"crash":
        ctypes.string_at(0)
    if content == b"hang":
        time.sleep(1000)
    if content == b"refuse":
        raise ValueError("no")
    if content == b"corrupt":
        HEAP.append(1)
    if content == b"object":
        return [{0: object()}]
    return [{0: given[0] + os.getpid() * (option == "pid")} for given in inputs]
