"""The schema's description against the accessors that flatc generated: slots, defaults, types."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache

import pytest
import tflite
from flatbuffers import Builder, number_types

from refint8.errors import UsageError
from refint8.model import schema
from refint8.model.enums import NEWER_MEMBERS, enum
from refint8.model.notation import SCALAR_WIDTH
from refint8.model.options import IN_SECOND_UNION, OPTION_TABLES, OPTIONS_OF

ACCESSOR_KIND = {"scalar": "scalar", "enum": "scalar", "vector": "vector"}
NEWER_TABLES = {"StablehloCaseOptions"}


@cache
def accessors(cls: type) -> dict[str, tuple[int, str, str, object]]:
    """Accessor name to (slot, "scalar" | "vector" | "offset", number type, default)."""
    found = {}
    empty = empty_table(cls)
    for name, method in vars(cls).items():
        if not inspect.isfunction(method) or name == "Init":
            continue
        if name.endswith(("AsNumpy", "IsNone")) or (
            name.endswith("Length") and has_vector(cls, name)
        ):
            continue
        source = inspect.getsource(method)
        at = re.search(r"self\._tab\.Offset\((\d+)\)", source)
        if at is None:
            continue
        number = re.search(r"number_types\.(\w+)Flags, (o \+|a \+)", source)
        kind = "offset" if number is None else "scalar" if number[2] == "o +" else "vector"
        default = getattr(empty, name)() if kind == "scalar" else None
        found[name] = ((int(at[1]) - 4) // 2, kind, number[1].lower() if number else "", default)
    return found


def has_vector(cls: type, name: str) -> bool:
    return hasattr(cls, name.removesuffix("Length") + "IsNone")


def empty_table(cls: type) -> object:
    builder = Builder(64)
    builder.StartObject(0)
    builder.Finish(builder.EndObject())
    return cls.GetRootAs(bytes(builder.Output()))  # type: ignore[attr-defined]


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@pytest.mark.parametrize("name", sorted({*schema.table_names()} - NEWER_TABLES))
def test_every_field_is_where_flatc_puts_it(name: str) -> None:
    theirs = dict(accessors(getattr(tflite, name)))
    for field in schema.table(name).fields.values():
        if (name, field.name) in schema.NEWER_THAN_TFLITE_PACKAGE:
            continue
        slot, kind, number, default = theirs.pop(camel(field.name))
        assert field.slot == slot
        assert ACCESSOR_KIND.get(field.kind, "offset") == kind
        assert field.storage == number or field.kind == "union"
        if kind == "scalar" and (name, field.name) != ("OperatorCode", "builtin_code"):
            assert field.default == default
        if field.kind == "union":
            type_slot, _, type_number, type_default = theirs.pop(camel(field.name) + "Type")
            assert (type_slot, type_number, type_default) == (field.slot - 1, "uint8", 0)
    assert not theirs, "fields that the description leaves out"


def test_the_one_default_that_the_package_overrides() -> None:
    assert schema.table("OperatorCode").fields["builtin_code"].default == 0


@pytest.mark.parametrize("name", schema.table_names())
def test_slots_are_distinct(name: str) -> None:
    fields = schema.table(name).fields.values()
    slots = [f.slot for f in fields] + [f.slot - 1 for f in fields if f.kind == "union"]
    assert len(set(slots)) == len(slots)
    assert all(0 <= slot < schema.table(name).slots for slot in slots)


@pytest.mark.usefixtures("litert")
def test_newer_facts_are_those_of_litert() -> None:
    litert = importlib.import_module("ai_edge_litert.schema_py_generated")
    for table, name in schema.NEWER_THAN_TFLITE_PACKAGE:
        field = schema.table(table).fields[name]
        slot, kind, number, _ = accessors(getattr(litert, table))[camel(name)]
        assert (field.slot, field.storage) == (slot, number)
        assert ACCESSOR_KIND[field.kind] == kind
    for name, members in NEWER_MEMBERS.items():
        for member, value in members.items():
            assert getattr(getattr(litert, name), member) == value


@pytest.mark.usefixtures("litert")
@pytest.mark.parametrize("name", ["BuiltinOperator", "TensorType", "BuiltinOptions2"])
def test_no_member_of_litert_is_missing(name: str) -> None:
    litert = importlib.import_module("ai_edge_litert.schema_py_generated")
    theirs = {k: v for k, v in vars(getattr(litert, name)).items() if isinstance(v, int)}
    assert theirs == enum(name).values


@pytest.mark.parametrize("name", sorted(schema.ENUM_STORAGE))
def test_every_enum_is_that_of_the_package(name: str) -> None:
    theirs = {k: v for k, v in vars(getattr(tflite, name)).items() if isinstance(v, int)}
    newer = NEWER_MEMBERS.get(name, {})
    assert dict(enum(name).values) == {**theirs, **newer}
    assert all(enum(name).value_of(enum(name).name_of(v)) == v for v in range(-1, 256))


def test_a_number_without_name_keeps_its_number() -> None:
    assert enum("BuiltinOperator").name_of(300) == "BUILTIN_300"
    assert enum("Padding").name_of(7) == "Padding(7)"
    assert enum("Padding").value_of("Padding(7)") == 7
    for wrong in ("same", "Padding(1)", "BUILTIN_3", "MirrorPadMode(7)"):
        with pytest.raises(UsageError, match="is not a member of Padding"):
            enum("Padding").value_of(wrong)


def test_every_options_table_is_in_its_union_and_used() -> None:
    first, second = enum("BuiltinOptions").values, enum("BuiltinOptions2").values
    assert {*first, *second} - {"NONE"} == set(OPTION_TABLES)
    assert set(second) - {"NONE"} == IN_SECOND_UNION
    assert set(OPTIONS_OF.values()) == set(OPTION_TABLES)
    assert set(OPTIONS_OF) <= set(enum("BuiltinOperator").values)


def test_scalar_widths_are_those_of_flatbuffers() -> None:
    for name, width in SCALAR_WIDTH.items():
        assert getattr(number_types, f"{name.capitalize()}Flags").bytewidth == width
