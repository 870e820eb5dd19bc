"""How the tables of a FlatBuffers schema are written down here, and what becomes of it.

A table is written as its fields in slot order, `name:type=default`, in the notation of a `.fbs`
file: a scalar (`int32`), an enum by its name (`Padding`, value given as a number), a `string`, a
vector (`[int32]`), a table (`Buffer`), a vector of tables (`[Buffer]`), or
`union(BuiltinOptions)`, which takes two slots: the member's number, then the table. `_` is a slot
that the schema no longer names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from refint8.model.enums import Enum

SCALAR_WIDTH: Final[Mapping[str, int]] = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
}
"""Bytes of each scalar type that our schemas use."""


@dataclass(frozen=True)
class Field:
    """One field of a table.

    `kind` is "scalar", "enum", "string", "vector" (of scalars or enums), "table", "tables" or
    "union"; `type` the scalar's, enum's, table's or union's name; `storage` the scalar that is in
    the file, "" where an offset is. A union's `slot` holds the table, `slot - 1` the member.
    """

    name: str
    slot: int
    kind: str
    type: str
    storage: str
    default: int | float

    @property
    def width(self) -> int:
        """Bytes in the table itself: the scalar's, or those of a 32-bit offset."""
        return SCALAR_WIDTH[self.storage] if self.kind in ("scalar", "enum") else 4


@dataclass(frozen=True)
class Table:
    """A table's fields by name, in slot order, and the schema it belongs to."""

    name: str
    fields: Mapping[str, Field]
    slots: int
    schema: Schema


@dataclass(frozen=True, eq=False)
class Schema:
    """A file format: its tables by name in the notation above, and which of them is the root.

    `identifier` are bytes 4 to 8 of a file. `enum_storage` says which scalar holds an enum, or
    names a union's member; `enum` gives an enum's members. The byte vectors of the tables in
    `aligned` begin at multiples of 16.
    """

    identifier: bytes
    root: str
    tables: Mapping[str, str]
    enum_storage: Mapping[str, str]
    enum: Callable[[str], Enum]
    aligned: frozenset[str]
    _known: dict[str, Table] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Table:
        """The description of table `name`; KeyError when there is none of that name."""
        known = self._known.get(name)
        if known is None:
            fields = {each.name: each for each in self._fields(self.tables[name].split())}
            slots = max((each.slot + 1 for each in fields.values()), default=0)
            known = self._known[name] = Table(name, fields, slots, self)
        return known

    def _fields(self, words: list[str]) -> Iterator[Field]:
        slot = 0
        for word in words:
            if word == "_":
                slot += 1
                continue
            name, _, rest = word.partition(":")
            type_, _, default = rest.partition("=")
            kind, inner = self._kind(type_)
            if kind == "union":
                slot += 1
            storage = inner if inner in SCALAR_WIDTH else self.enum_storage.get(inner, "")
            python_type = {"float32": float, "bool": bool}.get(inner, int)
            yield Field(name, slot, kind, inner, storage, python_type(int(default or 0)))
            slot += 1

    def _kind(self, type_: str) -> tuple[str, str]:
        """A type's notation, split in the kind and the name inside."""
        if type_.startswith("["):
            inner = type_[1:-1]
            plain = inner in SCALAR_WIDTH or inner in self.enum_storage
            return ("vector" if plain else "tables"), inner
        if type_.startswith("union("):
            return "union", type_[6:-1]
        if type_ == "string":
            return "string", ""
        if type_ in SCALAR_WIDTH:
            return "scalar", type_
        return ("enum" if type_ in self.enum_storage else "table"), type_
