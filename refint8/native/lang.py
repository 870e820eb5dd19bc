"""The language of kernels: plain Python functions over addresses, and what they may call.

A kernel is `void(params, arena)`: `params` is the address of its int64 parameter words, `arena`
the base that tensor offsets in these words are relative to (constants are absolute). Kernels
neither raise nor allocate. They are ordinary functions in an operator's file; the names below
stand in for numba intrinsics until the compiler replaces them, so importing an operator imports
neither numba nor llvmlite.

Pitfalls that leave an error path of numba's runtime in the object code (the compiler refuses such
a kernel): calling a function that is not `inlined`, the builtins min and max, range with a
variable step. numba widens int32 + int32 to int64: cast back where a loop should stay narrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn


@dataclass(frozen=True, eq=False)
class Primitive:
    """A call that becomes LLVM IR: `emit(builder, *operands)` on int64 operands.

    `result` is "void", "int64", or "int8*" and the like.
    """

    name: str
    arity: int
    emit: Callable[..., Any]
    result: str = "void"

    def __call__(self, *_: Any) -> Any:
        """Only the compiled form can be called."""
        _compiled_only(self.name)


@dataclass(frozen=True, eq=False)
class Inlined:
    """A helper that is pasted into the kernels that call it."""

    function: Callable[..., Any]

    def __call__(self, *_: Any) -> Any:
        """Only the compiled form can be called."""
        _compiled_only(self.function.__name__)


def inlined(function: Callable[..., Any]) -> Any:
    """Mark a helper function of kernels."""
    return Inlined(function)


def _compiled_only(name: str) -> NoReturn:
    raise TypeError(f"{name} exists in compiled kernels only")


@dataclass(frozen=True, eq=False)
class Kernel:
    """One instruction of programs. `name` identifies the variant and its stored object code.

    `make` returns the Python function; it is called only when the code has to be compiled.
    """

    name: str
    make: Callable[[], Callable[[int, int], None]]


def symbol_of(name: str) -> str:
    """What the object code of the kernel of that name exports, and all that it exports.

    numba's own symbols count functions within a process, so two objects that different processes
    stored could answer to the same one.
    """
    return f"refint8_{name}"


def kernel(function: Callable[[int, int], None]) -> Kernel:
    """A kernel without variants, named like its function."""
    return Kernel(function.__name__, lambda: function)


def _pointer(bits: int, kind: str = "int") -> Callable[..., Any]:
    def emit(builder: Any, address: Any) -> Any:
        from llvmlite import ir

        element = ir.IntType(bits) if kind == "int" else ir.FloatType()
        return builder.inttoptr(address, element.as_pointer())

    return emit


def _call_kernel(builder: Any, address: Any, params: Any, arena: Any) -> None:
    from llvmlite import ir

    word = ir.IntType(64)
    signature = ir.FunctionType(ir.VoidType(), [word, word])
    builder.call(builder.inttoptr(address, signature.as_pointer()), [params, arena])


i8: Any = Primitive("i8", 1, _pointer(8), "int8*")
"""An address as a pointer to int8; the others likewise."""
u8: Any = Primitive("u8", 1, _pointer(8), "uint8*")
i16: Any = Primitive("i16", 1, _pointer(16), "int16*")
i32: Any = Primitive("i32", 1, _pointer(32), "int32*")
i64: Any = Primitive("i64", 1, _pointer(64), "int64*")
f32: Any = Primitive("f32", 1, _pointer(32, "float"), "float32*")
call_kernel: Any = Primitive("call_kernel", 3, _call_kernel)
"""call_kernel(address, params, arena): what a program is made of."""


@inlined
def least(a: int, b: int) -> int:
    """min without numba's error path."""
    return a if a < b else b


@inlined
def most(a: int, b: int) -> int:
    """max without numba's error path."""
    return a if a > b else b


@inlined
def clamp(x: int, low: int, high: int) -> int:
    """x limited to [low, high]."""
    return low if x < low else (high if x > high else x)
