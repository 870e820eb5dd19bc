"""Who can be compared with refint8: engines, programs, functions, each as a small `Target`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from refint8.errors import UsageError
from refint8.numerics.profiles import DEFAULT_PROFILE
from refint8.oracle.targets.isolated import NO_PYTHON, IsolatedTarget
from refint8.oracle.targets.outcome import Array, Case, Outcome, Status, Target, run_case, run_cases

__all__ = [
    "ALIASES",
    "FORMS",
    "NAMES",
    "TFLITE_RUNTIME",
    "Array",
    "Case",
    "Outcome",
    "Status",
    "Target",
    "run_case",
    "run_cases",
    "target",
]

TFLITE_RUNTIME: Final = "REFINT8_TFLITE_RUNTIME"
"""The environment variable with the path of a Python that has tflite-runtime."""


def _module(name: str) -> str:
    return str(Path(__file__).with_name(f"{name}.py"))


def _litert(name: str, resolver: str, profile: str, python: str = "") -> Target:
    option, install = f"ai_edge_litert {resolver}", "install it with: pip install 'refint8[litert]'"
    return IsolatedTarget(name, profile, _module("_litert"), option, install, python)


def _tflm(name: str) -> Target:
    arena, install = str(1 << 30), "install it with: pip install 'refint8[tflm]'"
    return IsolatedTarget(name, "tflm", _module("_tflm"), arena, install)


_MAKERS: Final[dict[str, Callable[[], Target]]] = {
    "litert:ref": lambda: _litert("litert:ref", "BUILTIN_REF", "litert-ref"),
    "litert:opt": lambda: _litert("litert:opt", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "litert-opt"),
    "litert:xnnpack": lambda: _litert("litert:xnnpack", "BUILTIN", "xnnpack"),
    "tflm": lambda: _tflm("tflm"),
}


_RESOLVERS: Final = {
    "ref": "BUILTIN_REF",
    "opt": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "xnnpack": "BUILTIN",
}


def _litert_elsewhere(option: str) -> Target:
    kind, _, python = option.partition(":")
    if kind not in _RESOLVERS or not python:
        raise UsageError(
            f"there is no target 'litert:{option}'",
            hint=f"litert:{'|'.join(_RESOLVERS)}, and after another colon a Python's path",
        )
    profile = _made(f"litert:{kind}").profile
    return _litert(f"litert:{option}", _RESOLVERS[kind], profile, python)


def _tflite_runtime(python: str) -> Target:
    return IsolatedTarget(
        f"tflite-runtime:{python}" if python else "tflite-runtime",
        DEFAULT_PROFILE,
        _module("_litert"),
        "tflite_runtime BUILTIN_REF",
        "tools/make_old_runtime.py makes a Python that has it; name it as"
        f" tflite-runtime:PYTHON or in {TFLITE_RUNTIME}",
        python or os.environ.get(TFLITE_RUNTIME) or NO_PYTHON,
    )


def _command(command: str) -> Target:
    from refint8.oracle.targets.command import CommandTarget

    return CommandTarget(command, DEFAULT_PROFILE)


def _function(option: str) -> Target:
    where, _, function = option.rpartition(":")
    if not where or not function.isidentifier():
        raise UsageError(
            f"'py:{option}' names no function", hint="py:MODULE:FUNCTION or py:FILE.py:FUNCTION"
        )
    name, install = f"py:{option}", "it has to be importable from the current folder"
    return IsolatedTarget(name, DEFAULT_PROFILE, _module("_function"), option, install)


def _profile(name: str) -> Target:
    from refint8.oracle.targets.function import ProfileTarget

    return ProfileTarget(name)


_FAMILIES: Final[dict[str, Callable[[str], Target]]] = {
    "litert": _litert_elsewhere,
    "tflite-runtime": _tflite_runtime,
    "cmd": _command,
    "py": _function,
    "refint8": _profile,
}

ALIASES: Final = {"litert": "litert:ref", "litert:auto": "litert:xnnpack", "auto": "litert:xnnpack"}
"""Other spellings of a target's name."""

NAMES: Final = tuple(_MAKERS)
"""The targets that are packages, by name."""

FORMS: Final = (
    "litert:RESOLVER:PYTHON",
    "tflite-runtime[:PYTHON]",
    "'cmd:COMMAND {model} {inputs} {outputs}'",
    "py:MODULE:FUNCTION",
    "refint8:PROFILE",
)
"""How the targets are spelled that take more than a name."""


def target(name: str) -> Target:
    """The target of that name; the same one, with its child process, each time it is asked for.

    Raises UsageError naming the targets there are.
    """
    name = ALIASES.get(name, name)
    family, colon, rest = name.partition(":")
    if name not in _MAKERS and not (family in _FAMILIES and (colon or name == "tflite-runtime")):
        raise UsageError(
            f"there is no target {name!r}",
            hint=f"choose one of {', '.join(NAMES)}, or {', '.join(FORMS)}",
        )
    return _made(name) if name in _MAKERS else _of_family(family, rest)


@cache
def _made(name: str) -> Target:
    return _MAKERS[name]()


@cache
def _of_family(family: str, rest: str) -> Target:
    return _FAMILIES[family](rest)
