"""What the rooms of the signal library share: their options and their declared shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from refint8.numerics.fourier import LONGEST, radices
from refint8.ops._op import Node, Shape, check, refuse

TYPES: Final = {"INT16": 7, "INT32": 2}
"""Numbers of the schema's TensorType, which the option T has."""

MOST_KEYS: Final = 32
"""More than any operator has; a damaged map may claim any number."""


def read_options(content: bytes, keys: Sequence[str], label: str) -> tuple[int, ...]:
    """The integers of a FlexBuffers map under `keys`, which stand in the order of the alphabet.

    The engine takes the map's values by place, whatever they are called: keys that stand before
    or between these are refused, as are values that are no integers of 32 bits.
    """
    try:
        entries = _entries(content)
    except Exception as error:  # whatever the parser trips over in bytes that are no map
        refuse(label, f"the options are no FlexBuffers map: {type(error).__name__} {error}")
    first = entries[: len(keys)]
    found = ", ".join(key for key, _ in entries) or "empty"
    there = [key for key, _ in first] == list(keys)
    check(there, label, f"the options are {found}; {', '.join(keys)} are read")
    for key, value in first:
        fits = value is not None and -(1 << 31) <= value < 1 << 31
        check(fits, label, f"{key} is {value}, no integer of 32 bits")
    return tuple(value for _, value in first if value is not None)


def _entries(content: bytes) -> list[tuple[str, int | None]]:
    """Keys in their order; the value is None where it is no integer."""
    from flatbuffers import flexbuffers

    options = flexbuffers.GetRoot(bytearray(content)).AsMap
    keys, values = options.Keys, options.Values
    if len(options) > MOST_KEYS:
        raise ValueError(f"{len(options)} entries")
    return [
        (
            str(keys[place].AsKey),
            int(values[place].AsInt) if values[place].IsInt or values[place].IsBool else None,
        )
        for place in range(len(options))
    ]


def check_vector(node: Node, position: int, label: str) -> int:
    """The length of an input that has to be a vector."""
    shape = node.input(position).shape
    check(len(shape) == 1, label, f"input {position} has shape {shape} and is to be a vector")
    return shape[0]


def check_declared(node: Node, shapes: Sequence[Shape], label: str) -> tuple[Shape, ...]:
    """The outputs' shapes, which have to be the declared ones: the engine has no others."""
    declared = tuple(output.shape for output in node.outputs)
    check(declared == tuple(shapes), label, f"outputs declared {declared} would be {tuple(shapes)}")
    return declared


def read_length(node: Node, options: str, length: str) -> int:
    """fft_length of a transform that numerics.fourier has; T is checked. Two labels."""
    dtype = node.input(0).dtype
    kind, found = read_options(node.custom_options, ("T", "fft_length"), options)
    check(kind == TYPES[dtype], options, f"T is {kind}, the tensors are {dtype}")
    known = 4 <= found <= LONGEST and found % 2 == 0 and radices(found // 2)
    check(known, length, f"fft_length is {found}")
    return found
