"""Damaged models, deterministically: the hostile files that reader and engine must survive."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from refint8.model.flatbuffer import File, View


@dataclass
class Anatomy:
    """Where a file keeps what holds it together, as byte offsets."""

    offsets: list[int] = field(default_factory=list)
    """32-bit distances to strings, vectors and tables."""
    lengths: list[int] = field(default_factory=list)
    """32-bit lengths of vectors and strings."""
    vtable_words: list[int] = field(default_factory=list)
    """16-bit words of vtables."""
    table_starts: list[int] = field(default_factory=list)
    """Signed 32-bit distances from tables to their vtables."""
    scalars: list[int] = field(default_factory=list)
    """Scalars in tables, and the first element of vectors of scalars."""


def anatomy(data: bytes) -> Anatomy:
    """Walk a sound model by the schema; every table and vector is visited once."""
    found = Anatomy(offsets=[0])
    root = File.of(data, "seed").root()
    root.file.budget = 1 << 40
    _walk(root, found, set())
    return found


def _walk(view: View, found: Anatomy, seen: set[int]) -> None:
    data = view.file.data
    if view.at in seen:
        return
    seen.add(view.at)
    found.table_starts.append(view.at)
    vtable = view.at - struct.unpack_from("<i", data, view.at)[0]
    if vtable not in seen:
        seen.add(vtable)
        size = struct.unpack_from("<H", data, vtable)[0]
        found.vtable_words.extend(range(vtable, vtable + size, 2))
    for name, desc in view.desc.fields.items():
        at = view.place(name)
        if not at:
            continue
        if desc.kind in ("scalar", "enum"):
            found.scalars.append(at)
            continue
        found.offsets.append(at)
        target = at + struct.unpack_from("<I", data, at)[0]
        if desc.kind in ("string", "vector", "tables"):
            found.lengths.append(target)
        if desc.kind == "vector":
            found.scalars.append(target + 4)
        children: list[View | None] = []
        if desc.kind == "table":
            children = [view.child(name)]
        elif desc.kind == "union":
            children = [view.union(name)[1]]
        elif desc.kind == "tables":
            children = list(view.children(name))
            found.offsets.extend(target + 4 + 4 * i for i in range(len(children)))
        for child in children:
            if child is not None:
                _walk(child, found, seen)


def mutants(seed_bytes: list[bytes], n: int, seed: int) -> Iterator[bytes]:
    """`n` damaged files made from the sound models `seed_bytes`; the same `seed`, the same files.

    Half of the damage goes where it matters: vtables, offsets, lengths, scalars. One to four
    mutations of any kind are applied on top of each other.
    """
    rng = random.Random(seed)
    known = [anatomy(data) for data in seed_bytes]
    for _ in range(n):
        which = rng.randrange(len(seed_bytes))
        data = bytearray(seed_bytes[which])
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            if rng.random() < 0.5:
                rng.choice(_BLIND)(data, rng, seed_bytes)
            else:
                rng.choice(_AIMED)(data, rng, known[which])
        yield bytes(data)


def _extreme(rng: random.Random, size: int) -> int:
    near = size + rng.randrange(-16, 17)
    words = (0, 1, 2, 3, 4, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF)
    return rng.choice((*words, near, size // 4, size // 8, rng.getrandbits(32))) & 0xFFFFFFFF


def _put(data: bytearray, at: int, value: int, width: int) -> None:
    if 0 <= at <= len(data) - width:
        data[at : at + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")


def _flip_bits(data: bytearray, rng: random.Random, _: list[bytes]) -> None:
    for _ in range(rng.choice((1, 1, 4, 32))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _truncate(data: bytearray, rng: random.Random, _: list[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _splice(data: bytearray, rng: random.Random, seeds: list[bytes]) -> None:
    other = rng.choice(seeds)
    begin = rng.randrange(len(other)) & ~3
    piece = other[begin : begin + rng.choice((4, 16, 64, 1024))]
    at = rng.randrange(len(data) + 1) & ~3
    data[at : at + (len(piece) if rng.random() < 0.8 else 0)] = piece


def _write_word(data: bytearray, rng: random.Random, _: list[bytes]) -> None:
    if len(data) >= 4:
        _put(data, rng.randrange(len(data) // 4) * 4, _extreme(rng, len(data)), 4)


def _break_vtable(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    value = rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 0x7FFF, 0xFFFF, rng.randrange(64)))
    _put(data, rng.choice(known.vtable_words), value, 2)


def _break_offset(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    _put(data, rng.choice(known.offsets), _extreme(rng, len(data)), 4)


def _alias_offset(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    """Point one offset (or a few) where another one points."""
    victim = rng.choice(known.offsets)
    if victim + 4 > len(data):
        return
    target = victim + struct.unpack_from("<I", data, victim)[0]
    for _ in range(rng.choice((1, 1, 8, 64))):
        at = rng.choice(known.offsets)
        _put(data, at, target - at, 4)


def _break_length(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    _put(data, rng.choice(known.lengths), _extreme(rng, len(data)), 4)


def _move_table(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    """Give a table another table's vtable, or none."""
    at = rng.choice(known.table_starts)
    value = at - rng.choice(known.vtable_words) if rng.random() < 0.5 else _extreme(rng, len(data))
    _put(data, at, value, 4)


def _break_scalar(data: bytearray, rng: random.Random, known: Anatomy) -> None:
    _put(data, rng.choice(known.scalars), _extreme(rng, len(data)), rng.choice((1, 2, 4)))


_BLIND: tuple[Callable[[bytearray, random.Random, list[bytes]], None], ...] = (
    _flip_bits,
    _flip_bits,
    _truncate,
    _splice,
    _write_word,
    _write_word,
)
_AIMED: tuple[Callable[[bytearray, random.Random, Anatomy], None], ...] = (
    _break_vtable,
    _break_offset,
    _alias_offset,
    _break_length,
    _move_table,
    _break_scalar,
    _break_scalar,
)
