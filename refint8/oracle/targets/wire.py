"""What goes through the pipe to a device and back; `pipe.py` has the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import IO, Any, Final

import numpy as np

from refint8.oracle.targets.answers import MalformedError
from refint8.oracle.targets.outcome import Array

GREETING: Final = "refint8-pipe"
VERSION: Final = "1"

LONGEST_LINE: Final = 4096
MOST_TENSORS: Final = 1 << 16
MOST_BYTES: Final = 1 << 30
"""Of one tensor; more is a broken header sooner than an answer."""

BLOCK: Final = 1 << 20

DTYPES: Final = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
                 "bool", "float16", "float32", "float64", "complex64", "complex128")  # fmt: skip


class EndedError(Exception):
    """The pipe ended in the middle of something, or before it."""


def write_model(to: IO[bytes], content: bytes) -> None:
    """Send a model."""
    to.write(b"model %d\n" % len(content))
    to.write(content)
    to.flush()


def write_run(
    to: IO[bytes], number: int, inputs: Sequence[Array], *, stream: bool, inner: bool
) -> None:
    """Ask for a run."""
    state, wanted = "stream" if stream else "fresh", "inner" if inner else "outputs"
    to.write(f"run {number} {state} {wanted} {len(inputs)}\n".encode())
    for position, array in enumerate(inputs):
        write_tensor(to, str(position), array)
    to.flush()


def write_tensor(to: IO[bytes], name: str, array: Array) -> None:
    """Send an array with its header."""
    shape = "x".join(map(str, array.shape)) or "-"
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    to.write(f"tensor {name} {array.dtype.name} {shape} {len(data)}\n".encode())
    to.write(data)


def read_greeting(source: IO[bytes]) -> str:
    """What the device calls itself. Raises MalformedError, EndedError."""
    line = _line(source)
    greeting, _, rest = line.partition(" ")
    version, _, title = rest.partition(" ")
    if greeting != GREETING:
        raise MalformedError(f"its greeting is {_shown(line)}, not '{GREETING} {VERSION} NAME'")
    if version != VERSION:
        raise MalformedError(f"it speaks version {_shown(version)} of the pipe, not {VERSION}")
    return title.strip() or "a device without a name"


def read_answer(source: IO[bytes], number: int) -> dict[str, Array] | str:
    """The tensors that answer a run, by the names they were given; or why it is refused.

    Raises MalformedError for what is not as agreed, EndedError where the pipe ends.
    """
    line = _line(source)
    kind, _, rest = line.partition(" ")
    if kind == "refused":
        run, _, reason = rest.partition(" ")
        if run != str(number):
            raise MalformedError(f"{_shown(line)} is no answer to run {number}")
        return reason.strip() or "it gave no reason"
    words = line.split(" ")
    if words[:2] != ["ok", str(number)] or len(words) != 3:
        raise MalformedError(f"{_shown(line)} is no answer to run {number}")
    found: dict[str, Array] = {}
    for _ in range(_count(words[2], MOST_TENSORS, line)):
        name, array = _tensor(source)
        if name in found:
            raise MalformedError(f"tensor {_shown(name)} was given twice")
        found[name] = array
    if (last := _line(source)) != f"end {number}":
        raise MalformedError(f"{_shown(last)} where 'end {number}' belongs")
    return found


def _tensor(source: IO[bytes]) -> tuple[str, Array]:
    line = _line(source)
    words = line.split(" ")
    if len(words) != 5 or words[0] != "tensor" or not words[1]:
        raise MalformedError(f"{_shown(line)} where 'tensor NAME DTYPE SHAPE BYTES' belongs")
    _, name, dtype_name, dims, size = words
    if dtype_name not in DTYPES:
        raise MalformedError(f"{_shown(line)}: there is no dtype {_shown(dtype_name)}")
    dtype = np.dtype(dtype_name)
    sizes = [] if dims == "-" else dims.split("x")
    shape = tuple(_count(dim, MOST_BYTES, line) for dim in sizes)
    expected, announced = prod(shape) * dtype.itemsize, _count(size, MOST_BYTES, line)
    if expected != announced:
        raise MalformedError(f"{_shown(line)}: {dtype_name} of that shape has {expected} bytes")
    data = _bytes(source, announced)
    if dtype_name == "bool" and data.strip(b"\0\1"):
        raise MalformedError(f"{_shown(line)}: a bool is a byte 0 or 1")
    try:
        array: Array = np.frombuffer(data, dtype.newbyteorder("<")).reshape(shape)
    except ValueError as error:  # dozens of dimensions
        raise MalformedError(f"{_shown(line)}: {error}") from None
    return name, array.astype(dtype)


def _line(source: IO[bytes]) -> str:
    """A line of words without its end."""
    line = source.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) < LONGEST_LINE:
            raise EndedError
        raise MalformedError(f"{_shown(line)} is no line")
    text = line[:-1].removesuffix(b"\r")
    if not text.isascii():
        raise MalformedError(f"{_shown(line)} is no line of ASCII words")
    return text.decode("ascii")


def _bytes(source: IO[bytes], size: int) -> bytes:
    blocks, left = [], size
    while left:
        block = source.read(min(left, BLOCK))
        if not block:
            raise EndedError
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def _count(word: str, most: int, line: str) -> int:
    if not word.isdecimal() or len(word) > 12 or int(word) > most:
        raise MalformedError(f"{_shown(line)}: {_shown(word)} is no number up to {most}")
    return int(word)


def _shown(said: Any) -> str:
    """The beginning of what a device said, in quotes."""
    text = repr(said[:80])
    return text.removeprefix("b")
