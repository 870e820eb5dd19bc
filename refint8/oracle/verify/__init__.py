"""Holds a device's dump against a golden, and says where and how they part.

    report = verify(golden, dump)
    assert report, report.first

Names are imported when first used, as those of `refint8.oracle.golden` are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refint8.oracle.verify.run import verify
    from refint8.oracle.verify.verdicts import VerifyReport
    from refint8.oracle.verify.waivers import Waiver, read_waivers

_HOME = {
    "VerifyReport": "verdicts",
    "Waiver": "waivers",
    "read_waivers": "waivers",
    "verify": "run",
}

__all__ = ["VerifyReport", "Waiver", "read_waivers", "verify"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
