"""Writes tables described by a schema with flatbuffers.Builder: mappings to bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import flatbuffers
import numpy as np

from refint8.model.notation import SCALAR_WIDTH, Field, Schema, Table
from refint8.model.schema import TFLITE

BUFFER_ALIGNMENT: Final = 16
"""What a schema's `aligned` demands, so that kernels may load vectors from the bytes."""


@dataclass(frozen=True)
class Appended:
    """A vector that the caller puts behind the encoded tables: its length word (4 bytes) is `at`
    bytes after their end, which is at a multiple of 16.
    """

    at: int


def encode(
    root: str, values: Mapping[str, Any], schema: Schema = TFLITE, *, appends: bool = False
) -> bytes:
    """The file of table `root`; fields by name, tables as mappings, unions as (member, mapping).

    Fields at their default are left out, except the offsets of empty vectors and tables that are
    given. The same values give the same bytes. `appends`: some vectors are Appended.
    """
    builder = flatbuffers.Builder(1024)
    if appends:
        builder.Prep(BUFFER_ALIGNMENT, 0)
    end = _table(builder, schema.table(root), values)
    builder.Finish(end, file_identifier=schema.identifier)
    return bytes(builder.Output())


def _table(builder: Any, table: Table, values: Mapping[str, Any]) -> int:
    unknown = values.keys() - table.fields.keys()
    if unknown:
        raise KeyError(f"{table.name} has no field {sorted(unknown)}")
    offsets = {
        name: _offset(builder, table, table.fields[name], value)
        for name, value in values.items()
        if table.fields[name].kind not in ("scalar", "enum") and value is not None
    }
    builder.StartObject(table.slots)
    # Wide fields first, as flatc's own order is: a table then needs little padding.
    for field in sorted(table.fields.values(), key=lambda field: -field.width):
        if field.name not in values:
            continue
        value = values[field.name]
        if field.name in offsets:
            if field.kind == "union":
                member = table.schema.enum(field.type).value_of(value[0])
                builder.PrependUint8Slot(field.slot - 1, member, 0)
            builder.PrependUOffsetTRelativeSlot(field.slot, offsets[field.name], 0)
        elif value is not None:
            _scalar_slot(builder, table, field, value)
    return int(builder.EndObject())


def _scalar_slot(builder: Any, table: Table, field: Field, value: Any) -> None:
    number = table.schema.enum(field.type).value_of(value) if field.kind == "enum" else value
    prepend = getattr(builder, f"Prepend{field.storage.capitalize()}Slot")
    prepend(field.slot, number, field.default)


def _offset(builder: Any, table: Table, field: Field, value: Any) -> int:
    if isinstance(value, Appended):
        # Builder counts offsets from the end of what it builds, back to front.
        return -value.at
    match field.kind:
        case "string":
            return int(builder.CreateString(value))
        case "table":
            return _table(builder, table.schema.table(field.type), value)
        case "union":
            member, inner = value
            return _table(builder, table.schema.table(member), inner)
        case "tables":
            inner_table = table.schema.table(field.type)
            return _offsets(builder, [_table(builder, inner_table, each) for each in value])
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(builder, value, BUFFER_ALIGNMENT if table.name in table.schema.aligned else 4)
    if field.type != field.storage:
        value = [table.schema.enum(field.type).value_of(member) for member in value]
    width = SCALAR_WIDTH[field.storage]
    raw = np.asarray(value, np.dtype(field.storage).newbyteorder("<")).tobytes()
    return _bytes(builder, raw, max(width, 4), len(raw) // width, width)


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _bytes(
    builder: Any,
    raw: bytes | bytearray | memoryview,
    alignment: int,
    count: int = -1,
    width: int = 1,
) -> int:
    """A vector copied in one piece: Builder's own way takes a Python call per element."""
    builder.StartVector(width, len(raw) if count < 0 else count, alignment)
    builder.head = builder.Head() - len(raw)
    builder.Bytes[builder.Head() : builder.Head() + len(raw)] = bytes(raw)
    return int(builder.EndVector())
