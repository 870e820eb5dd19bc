"""Nodes of the signal library's operators, and their options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flatbuffers import flexbuffers

from refint8.ops._op import Node
from tests.ops.nodes import node, operand

Declared = tuple[str, tuple[int, ...]]


def flexbuffer(**options: int | float | str) -> bytes:
    """A FlexBuffers map."""
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in sorted(options.items()):
            builder.Key(key)
            kinds = {
                bool: builder.Bool,
                int: builder.Int,
                float: builder.Float,
                str: builder.String,
            }
            kinds[type(value)](value)
    return bytes(builder.Finish())


def signal(
    code: str, inputs: Sequence[Declared], outputs: Sequence[Declared], content: bytes = b""
) -> Node:
    """A node over tensors of (dtype, shape), with these bytes as its options."""
    made = node(code, [operand(*i) for i in inputs], [operand(*o) for o in outputs], rules="tflm")
    return replace(made, custom_options=content)


def spoiled(wanted: dict[str, int], key: str) -> list[bytes]:
    """Options that cannot be read: no map, or the entry `key` missing, moved or no integer."""
    without = {name: value for name, value in wanted.items() if name != key}
    return [
        b"",
        b"\x00",
        bytes(range(40)),
        flexbuffer(),
        flexbuffer(**without),
        flexbuffer(**without, zzz=1),
        flexbuffer(**wanted, A=1),  # in front: what follows is no longer in its place
        flexbuffer(**{**wanted, key: 1.5}),
        flexbuffer(**{**wanted, key: "1"}),
        flexbuffer(**{**wanted, key: 1 << 40}),
        flexbuffer(**wanted)[:-3],
        flexbuffer(**wanted, **{f"z{n:02}": n for n in range(40)}),
    ]
