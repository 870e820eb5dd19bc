"""Reads OperatorCode and Operator tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refint8.model import schema
from refint8.model.enums import enum
from refint8.model.flatbuffer import View
from refint8.model.notation import Field
from refint8.model.notes import Notes
from refint8.model.options import IN_SECOND_UNION, OPTIONS_OF
from refint8.model.types import Operator


@dataclass(frozen=True)
class Code:
    """An operator code: what an operator is, shared by all that are the same."""

    name: str
    version: int
    custom_code: str


def read_code(view: View, notes: Notes) -> Code:
    """One OperatorCode table; the builtin is the greater of the two code fields.

    A file older than schema 3a has only the 8-bit field, a newer one both, and some writers leave
    the old one 0 (LiteRT: GetBuiltinCode in schema_utils.cc). An unknown code is "BUILTIN_<n>".
    """
    old, new = view.scalar("deprecated_builtin_code"), view.scalar("builtin_code")
    name = enum("BuiltinOperator").name_of(max(old, new))
    if old == 0 and 0 < new < 127:
        notes.add(
            f"{view.path}.deprecated_builtin_code",
            f"0 although builtin_code says {name}: a reader of the old field sees ADD",
        )
    custom_code = view.string("custom_code")
    if name == "CUSTOM" and not custom_code:
        notes.add(view.path, "a custom operator without a custom code", ("LiteRT",))
    return Code(name, view.scalar("version"), custom_code)


def read_operator(
    view: View, index: int, codes: Sequence[Code], tensor_count: int, notes: Notes
) -> Operator:
    """One Operator table; every tensor index is in range, or -1 for an absent optional input."""
    code_index = view.scalar("opcode_index")
    if code_index >= len(codes):
        view.fail("opcode_index", f"{code_index}, but the model has {len(codes)} operator codes")
    code = codes[code_index]
    return Operator(
        index=index,
        name=code.name,
        version=code.version,
        inputs=tensor_indexes(view, "inputs", tensor_count, smallest=-1),
        outputs=tensor_indexes(view, "outputs", tensor_count),
        options=_options(view, code.name, notes),
        intermediates=tensor_indexes(view, "intermediates", tensor_count, smallest=-1),
        custom_code=code.custom_code,
        custom_options=_custom_options(view),
    )


def tensor_indexes(view: View, name: str, tensor_count: int, smallest: int = 0) -> tuple[int, ...]:
    """A vector of tensor indexes, all checked to be in `smallest` .. `tensor_count` - 1."""
    indexes = view.vector(name)
    if indexes and (min(indexes) < smallest or max(indexes) >= tensor_count):
        wrong = next(i for i in indexes if not smallest <= i < tensor_count)
        view.fail(
            f"{name}[{indexes.index(wrong)}]",
            f"tensor {wrong}, but the subgraph has {tensor_count} tensors",
        )
    return indexes


def _options(view: View, operator: str, notes: Notes) -> Mapping[str, Any]:
    """The options by field name, all present; see absent_options() for an operator without."""
    expected = OPTIONS_OF.get(operator, "NONE")
    name = "builtin_options_2" if expected in IN_SECOND_UNION else "builtin_options"
    member, table = view.union(name)
    if member not in (expected, "NONE"):
        takes = f"takes {expected}" if expected != "NONE" else "has none"
        notes.add(f"{view.path}.{name}", f"{member} on {operator}, which {takes}: ignored")
    if expected == "NONE":
        return {}
    if table is None or member != expected:
        return absent_options(expected)
    return {field.name: _option(table, field) for field in table.desc.fields.values()}


def _option(table: View, field: Field) -> Any:
    match field.kind:
        case "scalar":
            return table.scalar(field.name)
        case "enum":
            return table.member(field.name)
        case "string":
            return table.string(field.name)
        case _:
            return table.raw(field.name) if field.type == "uint8" else table.vector(field.name)


def absent_options(table_name: str) -> dict[str, Any]:
    """What engines take for an operator without its options table: every field zero.

    Not the schema's defaults, which apply to a field missing from a table that is there: LiteRT
    and TFLM leave their parameter struct zero-initialised (flatbuffer_conversions.cc). It differs
    for pot_scale_int16, which is true in an empty AddOptions and false without any.
    """
    return schema_values(table_name, zero=True)


def schema_values(table_name: str, zero: bool = False) -> dict[str, Any]:
    """Every field of an options table at its schema default, or at zero."""
    values: dict[str, Any] = {}
    for field in schema.table(table_name).fields.values():
        number = type(field.default)(0) if zero else field.default
        match field.kind:
            case "enum":
                values[field.name] = enum(field.type).name_of(int(number))
            case "string":
                values[field.name] = ""
            case "vector":
                values[field.name] = b"" if field.type == "uint8" else ()
            case _:
                values[field.name] = number
    return values


def _custom_options(view: View) -> bytes:
    """The raw bytes of a custom operator's options, inside the flatbuffer or behind it."""
    if view.has("custom_options"):
        return view.raw("custom_options")
    offset = view.scalar("large_custom_options_offset")
    size = view.scalar("large_custom_options_size")
    if offset <= 1 or not size:
        return b""
    if offset + size > len(view.file.data):
        view.fail("large_custom_options_offset", f"its {size} bytes at {offset} leave the file")
    view.spend("large_custom_options_offset", size)
    return view.file.data[offset : offset + size]
