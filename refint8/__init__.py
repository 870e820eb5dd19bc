"""refint8: bit-exact integer execution of fully quantized .tflite models.

    from refint8 import Interpreter            # the interface of tf.lite.Interpreter

    model = refint8.load("model.tflite")       # and small verbs beside it
    outputs = refint8.run(model, x)            # dict by output name
    trace = refint8.trace(model, x)            # every tensor, every integer record
    refint8.explain(model, x, "conv1", (0, 3, 5, 7), against="tflm")

Names are imported when first used, so that `import refint8` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refint8.engine.edges import dequantize, quantize
    from refint8.engine.interpreter import Interpreter, OpResolverType
    from refint8.engine.verbs import Trace, load, run, trace
    from refint8.errors import (
        DomainError,
        ModelError,
        Refint8Error,
        StateError,
        TargetError,
        UnsupportedError,
        UsageError,
    )
    from refint8.ops._custom import custom_kernel, custom_operator, register_operator
    from refint8.ops._op import Node, Operand, Record, check
    from refint8.oracle.compare import compare
    from refint8.oracle.explanation.explain import Explanation, explain

_HOME = {
    "DomainError": "refint8.errors",
    "Explanation": "refint8.oracle.explanation.explain",
    "Interpreter": "refint8.engine.interpreter",
    "ModelError": "refint8.errors",
    "Node": "refint8.ops._op",
    "OpResolverType": "refint8.engine.interpreter",
    "Operand": "refint8.ops._op",
    "Record": "refint8.ops._op",
    "Refint8Error": "refint8.errors",
    "StateError": "refint8.errors",
    "TargetError": "refint8.errors",
    "Trace": "refint8.engine.verbs",
    "UnsupportedError": "refint8.errors",
    "UsageError": "refint8.errors",
    "check": "refint8.ops._op",
    "compare": "refint8.oracle.compare",
    "custom_kernel": "refint8.ops._custom",
    "custom_operator": "refint8.ops._custom",
    "dequantize": "refint8.engine.edges",
    "explain": "refint8.oracle.explanation.explain",
    "load": "refint8.engine.verbs",
    "quantize": "refint8.engine.edges",
    "register_operator": "refint8.ops._custom",
    "run": "refint8.engine.verbs",
    "trace": "refint8.engine.verbs",
}

__all__ = [
    "DomainError",
    "Explanation",
    "Interpreter",
    "ModelError",
    "Node",
    "OpResolverType",
    "Operand",
    "Record",
    "Refint8Error",
    "StateError",
    "TargetError",
    "Trace",
    "UnsupportedError",
    "UsageError",
    "check",
    "compare",
    "custom_kernel",
    "custom_operator",
    "dequantize",
    "explain",
    "load",
    "quantize",
    "register_operator",
    "run",
    "trace",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("refint8")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'refint8' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
