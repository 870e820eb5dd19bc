"""Plain values of options and arguments, taken without pydantic.

Recent versions of typer convert every value by pydantic, whose import takes a quarter of a short
run. What is plainly right is converted here; anything else goes typer's way, messages included. A
version of typer without this step is left alone.
"""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import typer


def take_plainly(command: Any, above: typer.Context | None = None) -> None:
    """Let the parameters of a command, and of those below it, take plain values by themselves."""
    context = typer.Context(command, parent=above, **command.context_settings)
    for below in getattr(command, "commands", {}).values():
        take_plainly(below, context)
    for parameter in command.get_params(context):  # --help among them
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is not None and getattr(parameter, "_runtime_param", 0) is None:
            parameter._runtime_param = _Plain(descriptor.annotation, descriptor.parameter_info)


class _Plain:
    """Stands where typer keeps what converts a parameter's values."""

    def __init__(self, annotation: Any, info: Any) -> None:
        self._kind = _without_none(annotation)
        self._low, self._high = getattr(info, "min", None), getattr(info, "max", None)

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as typer would give it to the function."""
        several = bool(param.multiple or param.nargs == -1)
        if value is None:
            return () if several else None
        made: Any
        if several and get_origin(self._kind) is list and isinstance(value, (list, tuple)):
            (kind,) = get_args(self._kind)
            made = [self._one(kind, each) for each in value]
            plain = None not in made
        else:
            made = self._one(self._kind, value)
            plain = made is not None
        if plain:
            return made
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)

    def _one(self, kind: Any, value: Any) -> Any:
        """One plain value; None for all that typer should see."""
        if kind in (str, Path) and isinstance(value, (str, kind)):
            return kind(value)
        if kind is int and str(value).isdecimal() and not isinstance(value, float):
            number = int(value)
            low = number if self._low is None else self._low
            high = number if self._high is None else self._high
            return number if low <= number <= high else None
        return None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        (kind,) = {*get_args(annotation)} - {NoneType} if len(get_args(annotation)) == 2 else (0,)
        return kind
    return annotation
