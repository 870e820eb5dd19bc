"""Numbers and names of the schema's enums, read from the `tflite` package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, util
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Final

from refint8.errors import UsageError

NEWER_MEMBERS: Final[Mapping[str, Mapping[str, int]]] = {
    "BuiltinOperator": {"STABLEHLO_CASE": 209},
    "BuiltinOptions2": {"StablehloCaseOptions": 23},
    "QuantizationDetails": {"BlockwiseQuantization": 2, "MultiAxisQuantization": 3},
    "TensorType": {"INT2": 19, "UINT4": 20, "FLOAT8_E4M3FN": 21, "FLOAT8_E5M2": 22},
}
"""Members that LiteRT 2.3.0 has and the `tflite` package 2.18 has not."""

_NUMBERED: Final = re.compile(r"(?:BUILTIN_|\w+\()(-?\d+)\)?")


@dataclass(frozen=True)
class Enum:
    """One enum, both ways. A number without a name is written "<enum>(<number>)"."""

    name: str
    names: Mapping[int, str]
    values: Mapping[str, int]

    def name_of(self, value: int) -> str:
        """The member's name; "BUILTIN_300" or "Padding(7)" for a number the schema lacks."""
        known = self.names.get(value)
        if known is not None:
            return known
        return f"BUILTIN_{value}" if self.name == "BuiltinOperator" else f"{self.name}({value})"

    def value_of(self, member: str) -> int:
        """The number of `member`, also in the forms name_of() invents; UsageError otherwise."""
        known = self.values.get(member)
        if known is not None:
            return known
        numbered = _NUMBERED.fullmatch(member)
        if numbered and self.name_of(int(numbered[1])) == member:
            return int(numbered[1])
        raise UsageError(f"{member!r} is not a member of {self.name}", hint=", ".join(self.values))


@cache
def enum(name: str) -> Enum:
    """The enum `name`, such as "Padding" or "BuiltinOperator"."""
    members = vars(getattr(_module(name), name))
    values = {key: value for key, value in members.items() if isinstance(value, int)}
    values |= NEWER_MEMBERS.get(name, {})
    return Enum(name, {value: key for key, value in values.items()}, values)


def _module(name: str) -> ModuleType:
    """Module tflite.<name>, without running tflite/__init__.py, which loads 190 more."""
    package = util.find_spec("tflite")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(name, list(places or ()))
    if spec is None or spec.loader is None:
        return import_module(f"tflite.{name}")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
