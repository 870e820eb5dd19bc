"""DEVICE_NAME behind a pipe: python adapter.py [--bug].

It is started once, greets, and answers requests until stdin ends. stdout belongs to the protocol:
print to stderr.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from simulated_device import run

SOURCE, TO = sys.stdin.buffer, sys.stdout.buffer


def main() -> None:
    """Greet, then answer."""
    _say("refint8-pipe 1 DEVICE_NAME")
    TO.flush()
    model = b""
    while line := SOURCE.readline():
        kind, *words = line.decode().split()
        if kind == "model":
            model = SOURCE.read(int(words[0]))
        elif kind == "run":
            # words[1] is "stream" where the state of the run before is to be kept: there is none.
            number, count = words[0], int(words[3])
            _answer(number, model, [_tensor() for _ in range(count)])
        else:
            sys.exit(f"what is {line!r}?")
        TO.flush()


def _tensor() -> Any:
    """Read an array and its header."""
    _, _, dtype, dims, size = SOURCE.readline().decode().split()
    shape = [] if dims == "-" else [int(dim) for dim in dims.split("x")]
    data = SOURCE.read(int(size))
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).reshape(shape)


def _answer(number: str, model: bytes, inputs: list[Any]) -> None:
    try:
        tensors = run(model, inputs, bug="--bug" in sys.argv)
    except NotImplementedError as error:
        _say(f"refused {number} {error}")
        return
    _say(f"ok {number} {len(tensors)}")
    for name, array in tensors.items():
        shape = "x".join(map(str, array.shape)) or "-"
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        _say(f"tensor {name} {array.dtype} {shape} {len(data)}")
        TO.write(data)
    _say(f"end {number}")


def _say(line: str) -> None:
    TO.write(line.encode() + b"\n")


main()
