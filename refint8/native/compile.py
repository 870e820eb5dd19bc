"""Kernels to object code, by numba. The only module that imports it."""

from __future__ import annotations

import re
import struct
import types as python_types
from collections.abc import Callable
from typing import Any

from refint8.native.lang import Inlined, Kernel, Primitive, symbol_of

ALLOWED_SYMBOLS = frozenset({"memset", "memcpy", "memmove"})
"""What object code may leave undefined: the C library's block operations."""


FLOAT = "float"
"""What the name of a kernel says that computes in floating point, as a few rules demand."""

_FLOAT_ARITHMETIC = re.compile(
    r" = (?:tail |fast )*(?:f(?:add|sub|mul|div|rem|neg|cmp|ptrunc|pext|pto[us]i)|[us]itofp)\b"
    r"|\bcall\b.*\b(?:half|bfloat|float|double)\b"
)
"""Floating-point arithmetic in LLVM IR; to load, store and shuffle such values computes nothing."""


def compile_kernel(kernel: Kernel) -> bytes:
    """Relocatable object of a kernel for the host CPU, with `symbol_of(kernel.name)` to call.

    Raises RuntimeError when the code needs anything of numba's runtime, which would mean that it
    can raise or allocate, and when it computes in floating point but its name does not say FLOAT.
    """
    module, machine = _module(kernel)
    if FLOAT not in kernel.name and (found := _FLOAT_ARITHMETIC.search(str(module))):
        raise RuntimeError(f"kernel {kernel.name} is to be integer-only but has{found[0]}")
    code = bytes(machine.emit_object(module))
    if foreign := set(undefined_symbols(code)) - ALLOWED_SYMBOLS:
        raise RuntimeError(f"kernel {kernel.name} needs {sorted(foreign)}")
    return code


def assembly(kernel: Kernel) -> str:
    """The machine code of a kernel as text, for those who want to know what is in it."""
    module, machine = _module(kernel)
    return str(machine.emit_assembly(module))


def _module(kernel: Kernel) -> tuple[Any, Any]:
    """The optimized LLVM module, in which the kernel's entry alone is visible, and its machine."""
    from numba import cfunc, types

    function = _resolve(kernel.make(), {})
    signature = types.void(types.int64, types.int64)
    compiled = cfunc(signature, error_model="numpy", nopython=True)(function)
    library = compiled._library
    module = library._final_module.clone()
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration:
            value.linkage = "internal"
    entry = module.get_function(compiled._wrapper_name)
    entry.name = symbol_of(kernel.name)
    entry.linkage = "external"
    return module, library.codegen._tm


def _resolve(function: Callable[..., Any], seen: dict[int, Any]) -> Any:
    """The function with every Primitive and Inlined it reaches replaced by its compiled form."""

    def replacement(value: Any) -> Any:
        if isinstance(value, Primitive):
            if id(value) not in seen:
                seen[id(value)] = _intrinsic(value)
            return seen[id(value)]
        if isinstance(value, Inlined):
            if id(value) not in seen:
                from numba import njit

                inner = _resolve(value.function, seen)
                seen[id(value)] = njit(inline="always", error_model="numpy")(inner)
            return seen[id(value)]
        return value

    names = _names(function.__code__)
    scope = {k: replacement(v) for k, v in function.__globals__.items() if k in names}
    cells = function.__closure__ or ()
    closure = tuple(python_types.CellType(replacement(c.cell_contents)) for c in cells)
    return python_types.FunctionType(
        function.__code__,
        {"__builtins__": __builtins__, **scope},
        function.__name__,
        function.__defaults__,
        closure,
    )


def _names(code: python_types.CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            found |= _names(constant)
    return found


def _intrinsic(primitive: Primitive) -> Any:
    from numba import types
    from numba.extending import intrinsic

    result = getattr(types, primitive.result.rstrip("*"))
    if primitive.result.endswith("*"):
        result = types.CPointer(result)

    def typing(_context: Any, *_arguments: Any) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, operands: Any) -> Any:
            value = primitive.emit(builder, *operands)
            return context.get_dummy_value() if primitive.result == "void" else value

        return result(*[types.int64] * primitive.arity), codegen

    # numba reads the arity from the signature, so it has to be spelled out.
    parameters = ", ".join(f"a{i}" for i in range(primitive.arity))
    scope = {"typing": typing}
    exec(
        f"def {primitive.name}(context, {parameters}): return typing(context, {parameters})", scope
    )
    return intrinsic(scope[primitive.name])


def undefined_symbols(code: bytes) -> list[str]:
    """Names that an ELF64 relocatable expects from elsewhere; [] for other object formats."""
    if code[:4] != b"\x7fELF":
        return []
    (table,) = struct.unpack_from("<Q", code, 40)
    size, count, _ = struct.unpack_from("<HHH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, table + i * size) for i in range(count)]
    names = []
    for section in sections:
        kind, offset, length, link = section[1], section[4], section[5], section[6]
        if kind != 2:  # SHT_SYMTAB
            continue
        strings = sections[link][4]
        for entry in range(offset + 24, offset + length, 24):
            name, _, _, index, _, _ = struct.unpack_from("<IBBHQQ", code, entry)
            if index == 0:
                start = strings + name
                names.append(code[start : code.index(0, start)].decode())
    return [name for name in names if name]
