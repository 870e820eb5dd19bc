"""Who can be compared with refint8: engines, each behind the same small `Target`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from refint8.errors import UsageError
from refint8.oracle.targets.isolated import IsolatedTarget
from refint8.oracle.targets.outcome import Array, Outcome, Status, Target

__all__ = ["ALIASES", "NAMES", "Array", "Outcome", "Status", "Target", "target"]


def _litert(name: str, resolver: str, profile: str) -> Target:
    module = "refint8.oracle.targets._litert"
    return IsolatedTarget(name, profile, module, resolver, "pip install 'refint8[litert]'")


def _tflm(name: str) -> Target:
    module, arena = "refint8.oracle.targets._tflm", str(1 << 30)
    return IsolatedTarget(name, "tflm", module, arena, "pip install 'refint8[tflm]'")


_MAKERS: Final[dict[str, Callable[[], Target]]] = {
    "litert:ref": lambda: _litert("litert:ref", "BUILTIN_REF", "litert-ref"),
    "litert:opt": lambda: _litert("litert:opt", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "litert-opt"),
    "litert:xnnpack": lambda: _litert("litert:xnnpack", "BUILTIN", "xnnpack"),
    "tflm": lambda: _tflm("tflm"),
}

ALIASES: Final = {"litert": "litert:ref", "litert:auto": "litert:xnnpack", "auto": "litert:xnnpack"}
"""Other spellings of a target's name."""

NAMES: Final = tuple(_MAKERS)
"""The names of all targets."""


def target(name: str) -> Target:
    """The target of that name; the same one, with its child process, each time it is asked for.

    Raises UsageError naming the targets there are.
    """
    name = ALIASES.get(name, name)
    if name not in _MAKERS:
        raise UsageError(f"there is no target {name!r}", hint=f"choose one of {', '.join(NAMES)}")
    return _made(name)


@cache
def _made(name: str) -> Target:
    return _MAKERS[name]()
