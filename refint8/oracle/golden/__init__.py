"""Golden bundles: what a model has to compute, in a form that benches read.

    golden = make_golden(read_model("model.tflite"), "tflm", samples=8, seed=1)
    write_bundle(golden, "golden", ["npz"])
    golden = read_bundle("golden")          # lazy: tensors stay in the file
    assert check_bundle("golden")           # computed again, every bit equal

Names are imported when first used, since those who only need `contents` import this too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refint8.oracle.golden.check import Check, Drift, check_bundle
    from refint8.oracle.golden.contents import Golden
    from refint8.oracle.golden.make import make_golden
    from refint8.oracle.golden.read import read_bundle
    from refint8.oracle.golden.write import write_bundle

_HOME = {
    "Check": "check",
    "Drift": "check",
    "Golden": "contents",
    "check_bundle": "check",
    "make_golden": "make",
    "read_bundle": "read",
    "write_bundle": "write",
}

__all__ = [
    "Check",
    "Drift",
    "Golden",
    "check_bundle",
    "make_golden",
    "read_bundle",
    "write_bundle",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
