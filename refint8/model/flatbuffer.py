"""Bounds-checked access to a FlatBuffers file: no read leaves the bytes, no length is believed.

Encoding (FlatBuffers internals): a table begins with a signed 32-bit distance back to its vtable;
a vtable is 16-bit words: its own size, the table's size, then one offset into the table per slot,
0 for an absent field. Strings, vectors and tables are reached by unsigned 32-bit distances
forward. The schema is not recursive, so no cycle of offsets can be followed forever.

Offsets may alias, so a small file can claim to hold far more than it has bytes: everything decoded
is paid for from a budget in proportion to the file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import mmap
from typing import Any, Final, NoReturn

import numpy as np
from flatbuffers import packer
from numpy.typing import NDArray

from refint8.errors import ModelError, Where
from refint8.model.notation import SCALAR_WIDTH, Schema, Table
from refint8.model.schema import TFLITE

BUDGET_PER_BYTE: Final = 4
"""Cost allowed per byte of file; 4,615 honest files stay under 2.1 (tests/model/test_limits.py)."""

BUDGET_FLOOR: Final = 1 << 16
"""Cost allowed whatever the file's size, so that tiny files need no care."""

TABLE_COST: Final = 48
"""What one visited table costs; a vector costs its bytes."""

_SCALAR: Final = {name: getattr(packer, name) for name in SCALAR_WIDTH if name != "bool"} | {
    "bool": packer.boolean
}
_LETTER: Final = {name: packed.format[-1] for name, packed in _SCALAR.items()}
_U32: Final = packer.uint32
_I32: Final = packer.int32


@dataclass
class File:
    """The bytes, and what is left of the decoding budget."""

    data: bytes | mmap
    name: str
    budget: int
    schema: Schema = TFLITE
    vtables: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes | mmap, name: str, schema: Schema = TFLITE) -> File:
        """A file with the full budget."""
        return cls(data, name, BUDGET_PER_BYTE * len(data) + BUDGET_FLOOR, schema)

    def root(self) -> View:
        """The root table (of a .tflite file: Model), which the first word points to."""
        table = self.schema.table(self.schema.root)
        root = View(self, table, None, table.name, None)
        root.move_to(_U32.unpack_from(self.data, 0)[0])
        return root


class View:
    """One table in the file: typed access to its fields, by the names of the schema.

    Every method raises ModelError, with the path and the byte offset, where the file lies.
    """

    __slots__ = ("_offsets", "_parent", "_step", "at", "desc", "file", "size")

    def __init__(
        self, file: File, desc: Table, parent: View | None, step: str, index: int | None
    ) -> None:
        self.file = file
        self.desc = desc
        self._parent = parent
        self._step = (step, index)
        self.at = 0
        self.size = 0
        self._offsets: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        """Where the table is in the model, such as "Model.subgraphs[0].tensors[41]"."""
        step, index = self._step
        own = step if index is None else f"{step}[{index}]"
        return own if self._parent is None else f"{self._parent.path}.{own}"

    @property
    def index(self) -> int:
        """The position in the vector it is from, 0 for a table that is in none."""
        return self._step[1] or 0

    def fail(self, field_name: str, text: str, at: int | None = None) -> NoReturn:
        """Raise ModelError for a field of this table, or for the table itself with ""."""
        path = f"{self.path}.{field_name}" if field_name else self.path
        place = self.at if at is None else at
        raise ModelError(
            f"{path}: {text} (byte {place} of {len(self.file.data)})",
            where=Where(model=self.file.name),
        )

    def spend(self, field_name: str, cost: int) -> None:
        """Charge the file's budget, and refuse a file that aliases its bytes too often."""
        self.file.budget -= cost
        if self.file.budget < 0:
            self.fail(
                field_name,
                f"offsets alias: it holds far more than its {len(self.file.data)} bytes could",
            )

    def move_to(self, at: int) -> None:
        """Place the view on the table at byte `at` and read its vtable."""
        data = self.file.data
        self.at = at
        if not 0 <= at <= len(data) - 4:
            self.fail("", f"the table would begin at byte {at}, outside the file", at)
        vtable = at - _I32.unpack_from(data, at)[0]
        known = self.file.vtables.get((vtable, self.desc.slots))
        if known is None:
            known = self._read_vtable(vtable)
            self.file.vtables[vtable, self.desc.slots] = known
        self.size, self._offsets = known
        if at + self.size > len(data):
            self.fail("", f"the table's {self.size} bytes leave the file")
        self.spend("", TABLE_COST)

    def _read_vtable(self, vtable: int) -> tuple[int, tuple[int, ...]]:
        data = self.file.data
        if not 0 <= vtable <= len(data) - 4:
            self.fail("", f"its vtable would be at byte {vtable}, outside the file")
        size, table_size = struct.unpack_from("<HH", data, vtable)
        if size < 4 or size % 2 or vtable + size > len(data) or table_size < 4:
            self.fail("", f"its vtable at byte {vtable} has impossible sizes {size}, {table_size}")
        count = min((size - 4) // 2, self.desc.slots)
        offsets = struct.unpack_from(f"<{count}H", data, vtable + 4)
        for field_ in self.desc.fields.values():
            slot = field_.slot
            beyond = slot < count and offsets[slot] + field_.width > table_size
            if field_.kind == "union":
                beyond = beyond or (slot - 1 < count and offsets[slot - 1] >= table_size)
            if beyond:
                self.fail(field_.name, f"the field lies beyond its table of {table_size} bytes")
        return table_size, offsets

    def place(self, name: str) -> int:
        """The byte offset of a field, 0 when it is absent."""
        slot = self.desc.fields[name].slot
        if slot >= len(self._offsets):
            return 0
        offset = self._offsets[slot]
        return self.at + offset if offset else 0

    def has(self, name: str) -> bool:
        """True when the field is stored in the file."""
        return self.place(name) != 0

    def scalar(self, name: str) -> Any:
        """A scalar's value, or its default: int, float or bool."""
        desc = self.desc.fields[name]
        offsets = self._offsets
        # place(), spelled out: half of all calls of a read come through here.
        if desc.slot >= len(offsets) or not offsets[desc.slot]:
            return desc.default
        return _SCALAR[desc.storage].unpack_from(self.file.data, self.at + offsets[desc.slot])[0]

    def member(self, name: str) -> str:
        """An enum field as its member's name."""
        return self.desc.schema.enum(self.desc.fields[name].type).name_of(self.scalar(name))

    def string(self, name: str) -> str:
        """A string, "" when absent; bytes that are not UTF-8 appear as backslash escapes."""
        at, count = self._span(name, 1)
        return str(self.file.data[at : at + count], "utf-8", "backslashreplace") if count else ""

    def span(self, name: str) -> tuple[int, int]:
        """Byte offset and length of a vector of bytes, free of charge; (0, 0) when absent."""
        return self._span(name, 1, charge=False)

    def vector(self, name: str) -> tuple[Any, ...]:
        """A vector as a tuple of int, float, bool or (for enums) str; () when absent."""
        desc = self.desc.fields[name]
        at, count = self._span(name, SCALAR_WIDTH[desc.storage])
        if not count:
            return ()
        values = struct.unpack_from(f"<{count}{_LETTER[desc.storage]}", self.file.data, at)
        if desc.type == desc.storage:
            return values
        return tuple(self.desc.schema.enum(desc.type).name_of(value) for value in values)

    def raw(self, name: str) -> bytes:
        """A vector of bytes, copied; b"" when absent."""
        at, count = self._span(name, 1)
        return self.file.data[at : at + count]

    def array(self, name: str) -> NDArray[Any]:
        """A numeric vector as a read-only array over the file's bytes; empty when absent."""
        desc = self.desc.fields[name]
        dtype = np.dtype(desc.storage).newbyteorder("<")
        at, count = self._span(name, dtype.itemsize)
        if not count:
            return np.empty(0, dtype)
        return np.frombuffer(self.file.data, dtype, count, at)

    def child(self, name: str) -> View | None:
        """The table in a field, None when absent."""
        at = self.place(name)
        if not at:
            return None
        child = View(
            self.file, self.desc.schema.table(self.desc.fields[name].type), self, name, None
        )
        child.move_to(at + _U32.unpack_from(self.file.data, at)[0])
        return child

    def children(self, name: str) -> Sequence[View]:
        """The tables of a vector of tables; empty when absent."""
        at, count = self._span(name, 4)
        if not count:
            return ()
        desc = self.desc.schema.table(self.desc.fields[name].type)
        views = []
        for index, distance in enumerate(struct.unpack_from(f"<{count}I", self.file.data, at)):
            view = View(self.file, desc, self, name, index)
            view.move_to(at + 4 * index + distance)
            views.append(view)
        return views

    def union(self, name: str) -> tuple[str, View | None]:
        """A union's member name and table; the table is None for NONE and unknown members."""
        desc = self.desc.fields[name]
        if desc.slot - 1 >= len(self._offsets) or not self._offsets[desc.slot - 1]:
            return "NONE", None
        number = self.file.data[self.at + self._offsets[desc.slot - 1]]
        member = self.desc.schema.enum(desc.type).name_of(number)
        at = self.place(name)
        if not at or number == 0 or member not in self.desc.schema.enum(desc.type).values:
            return member, None
        child = View(self.file, self.desc.schema.table(member), self, name, None)
        child.move_to(at + _U32.unpack_from(self.file.data, at)[0])
        return member, child

    def _span(self, name: str, width: int, charge: bool = True) -> tuple[int, int]:
        """Start and element count of a vector or string, checked to lie inside the file."""
        field_at = self.place(name)
        if not field_at:
            return 0, 0
        data = self.file.data
        at = field_at + _U32.unpack_from(data, field_at)[0]
        if at > len(data) - 4:
            self.fail(name, f"its vector would begin at byte {at}, outside the file", field_at)
        count = _U32.unpack_from(data, at)[0]
        if at + 4 + count * width > len(data):
            self.fail(name, f"its {count} elements of {width} bytes leave the file", at)
        if charge:
            self.spend(name, count * width)
        return at + 4, count
