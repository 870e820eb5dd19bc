"""Custom operators of one's own, in Python: a record class with `prepare` and `spec`.

    @custom_operator("MyScale", dtypes=("INT8->INT8",))
    @dataclass(frozen=True, eq=False, kw_only=True)
    class MyScale(Record): ...

    register_operator(MyScale)               # for every model from now on
    Interpreter(path, ops=[MyScale])         # or for one interpreter

docs/CUSTOM_OPERATORS.md has the whole way, with a kernel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from refint8.errors import UsageError
from refint8.native.lang import Kernel
from refint8.ops._op import REGISTRY, R, Record, Registration, Row

_REGISTERED: dict[str, Registration] = {}


def custom_operator(
    code: str,
    *,
    dtypes: Iterable[str],
    versions: Iterable[int] = (1,),
    values: tuple[int, ...] = (),
) -> Callable[[type[R]], type[R]]:
    """Declare a record class to be the custom operator of that code.

    `dtypes` are rows such as "INT8,INT32?->INT8" (`?` optional, `*` any number, `A|B` either);
    `values` the positions of inputs whose value `prepare` reads. Nothing is registered yet.
    Conditions are read from the class's docstring: lines that begin with C1, C2, ...
    """

    def declare(record: type[R]) -> type[R]:
        numbers = sorted(versions)
        record.registration = Registration(
            name=code,
            versions=range(numbers[0], numbers[-1] + 1),
            rows=tuple(Row.parse(text) for text in dtypes),
            values=values,
            dtype_of=None,
            record=record,
            documentation=record.__doc__ or "",
            custom=True,
        )
        return record

    return declare


def register_operator(record: type[Record]) -> None:
    """Use a `custom_operator` in every model read from now on; it replaces an earlier one.

    Raises UsageError for a class that was not declared so.
    """
    registration = _declared(record)
    _REGISTERED[registration.name] = registration


def registrations(records: Iterable[type[Record]]) -> Mapping[str, Registration]:
    """Custom code to registration, of classes declared by `custom_operator`. Raises UsageError."""
    return {found.name: found for found in map(_declared, records)}


def custom_kernel(function: Callable[[int, int], None]) -> Kernel:
    """A kernel of one's own, in the language of `refint8.native.lang`.

    Object code is kept on disk by name, so the name carries a hash of the file that defines the
    function (of its code alone where there is no file): helpers belong into the same file.
    """
    code = function.__code__
    try:
        content = Path(code.co_filename).read_bytes()
    except OSError:
        content = repr((code.co_code, code.co_consts, code.co_names, code.co_varnames)).encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Kernel(f"own_{function.__name__}_{digest}", lambda: function)


def find_custom(code: str, own: Mapping[str, Registration]) -> Registration | None:
    """The operator of a custom code: one's own, a registered one, or one of refint8's."""
    builtin = REGISTRY.get(code)
    return (
        own.get(code) or _REGISTERED.get(code) or (builtin if builtin and builtin.custom else None)
    )


def _declared(record: Any) -> Registration:
    registration = getattr(record, "registration", None)
    if not isinstance(registration, Registration) or not registration.custom:
        raise UsageError(
            f"{record!r} is not a custom operator",
            hint="declare the class with @refint8.custom_operator(code, dtypes=...)",
        )
    return registration
