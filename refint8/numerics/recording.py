"""What the arithmetic did to one element, written down while it happens.

The functions that round say what they are (`@recorded`), and the definitions of operators name
what they compute in between (`note`). Normally that costs one look at a context variable. Under
`recording(recorder)` every step of the chosen element is kept: the numbers are the ones that were
computed, none is computed a second time. The recorder belongs to the context of the caller: other
threads, and what they run at the same time, see nothing of it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
T = TypeVar("T")
Array = NDArray[Any]
Shape = tuple[int, ...]
Number = int | float
Operands = Mapping[str, Number]

Exact = Callable[[dict[str, Any]], Fraction]
"""Operands by name to the unrounded result, in units of the rounded one's last place."""

NOTHING: Final = nullcontext()

Locate = Callable[[Shape], tuple[int, ...] | None]
"""The shape of an intermediate array to the chosen element's index in it; None: it has no part."""


@dataclass(frozen=True)
class Step:
    """One step of one element's derivation.

    `result` is one number, or several of a function that returns several. `dropped` is the
    unrounded result minus `result`, in units of its last place: 1/2 in size is a tie, more than
    that a saturation or a wrap. `terms` are the numbers of a row that enter a sum. `steps` are the
    steps inside this one.
    """

    name: str
    formula: str
    operands: Operands
    result: Number | tuple[Number, ...]
    dropped: Fraction | None = None
    terms: tuple[Number, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def tie(self) -> bool:
        """Whether the unrounded result lay halfway between two steps."""
        return self.dropped is not None and abs(self.dropped) == Fraction(1, 2)


class Recorder:
    """Keeps the steps of the element that `locate` finds in every intermediate array."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._stack: list[list[Step]] = [[]]
        self._silent = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """The outermost steps, in order; after an error also those inside unfinished ones."""
        return tuple(step for level in self._stack for step in level)

    def call(
        self,
        name: str,
        formula: str,
        exact: Exact | None,
        function: Callable[[], T],
        operands: Mapping[str, Any],
    ) -> T:
        """Run the function and keep it as a step around the steps inside it."""
        self._stack.append([])
        result = function()
        inside = tuple(self._stack.pop())
        value = self._values(result)
        if value is None:
            self._stack[-1] += inside
        else:
            self._keep(name, formula, exact, operands, result, value, inside)
        return result

    def note(
        self,
        name: str,
        formula: str,
        value: Any,
        operands: Mapping[str, Any],
        row: Any,
        *,
        if_changed: str,
    ) -> None:
        """Keep a value as a step; with `row` the last axis of that array as its terms."""
        found = self._values(value)
        if found is None:
            return
        if if_changed and _pick(operands[if_changed], np.shape(value), self._at(value)) == found:
            return
        self._keep(name, formula, None, operands, value, found, ())
        at = self._at(value)
        if row is not None and at is not None and not self._silent:
            array = np.asarray(row)
            terms = tuple(_number(v) for v in array[at[: array.ndim - 1]])
            self._stack[-1][-1] = replace(self._stack[-1][-1], terms=terms)

    @contextmanager
    def taken(self, mask: Any) -> Iterator[None]:
        """Keep what happens inside only if the mask is true for the element."""
        at = self._at(mask)
        skip = at is not None and not np.asarray(mask)[at]
        self._silent += skip
        try:
            yield
        finally:
            self._silent -= skip

    def _at(self, value: Any) -> tuple[int, ...] | None:
        return self._locate(np.shape(value))

    def _values(self, result: Any) -> Number | tuple[Number, ...] | None:
        """The element's number in a result, or its numbers in several; None: it has no part."""
        if isinstance(result, tuple):
            several = [self._values(part) for part in result]
            numbers = [value for value in several if isinstance(value, (int, float))]
            return tuple(numbers) if several and len(numbers) == len(several) else None
        array = np.asarray(result)
        at = self._locate(array.shape) if array.dtype.kind in "iufb" else None
        return None if at is None else _number(array[at])

    def _keep(
        self,
        name: str,
        formula: str,
        exact: Exact | None,
        operands: Mapping[str, Any],
        result: Any,
        value: Number | tuple[Number, ...],
        inside: tuple[Step, ...],
    ) -> None:
        if self._silent:
            return
        first = result[0] if isinstance(result, tuple) else result
        at, shape = self._at(first), np.shape(first)
        picked = {key: _pick(operand, shape, at) for key, operand in operands.items()}
        numbers = {key: number for key, number in picked.items() if number is not None}
        dropped = None
        single = value[0] if isinstance(value, tuple) else value
        if exact is not None and all(math.isfinite(v) for v in (*numbers.values(), single)):
            dropped = exact({**numbers, "result": value}) - Fraction(single)
        self._stack[-1].append(Step(name, formula, numbers, value, dropped, (), inside))


_RECORDER: ContextVar[Recorder | None] = ContextVar("refint8_recorder", default=None)


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Keep the steps of what this context computes meanwhile."""
    token = _RECORDER.set(recorder)
    try:
        yield recorder
    finally:
        _RECORDER.reset(token)


def recorded(
    name: str, formula: str, exact: Exact | None = None, *, bare: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function or method a step of derivations.

    Its arguments, and the numbers among a frozen record's own fields, are the operands. A name may
    contain a text argument: "{name} gate". `exact` gives the unrounded result where there is one;
    `bare` leaves the operands out, of a step that is only a name for those inside it.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        parameters = tuple(inspect.signature(function).parameters)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            recorder = _RECORDER.get()
            if recorder is None:
                return function(*args, **kwargs)
            given = {**dict(zip(parameters, args, strict=False)), **kwargs}
            texts = {key: value for key, value in given.items() if isinstance(value, str)}
            return recorder.call(
                name.format(**texts) if "{" in name else name,
                formula,
                exact,
                lambda: function(*args, **kwargs),
                {} if bare else _operands(given),
            )

        return call

    return wrap


def shifted_by(amount: int | str, x: str = "x") -> Exact:
    """The unrounded result of a right shift by a number or by the operand of that name."""

    def exact(operands: dict[str, Any]) -> Fraction:
        count = operands[amount] if isinstance(amount, str) else amount
        return Fraction(operands[x]) / Fraction(2) ** count

    return exact


def note(
    name: str, formula: str, value: T, *, row: Any = None, if_changed: str = "", **operands: Any
) -> T:
    """Name a value that a definition computes between its roundings, and return it.

    `row` is the array whose last axis was summed up; with `if_changed` the step is kept only where
    the value is no longer the operand of that name.
    """
    recorder = _RECORDER.get()
    if recorder is not None:
        recorder.note(name, formula, value, operands, row, if_changed=if_changed)
    return value


def taken(mask: Any) -> AbstractContextManager[None]:
    """Around one of several branches: which elements take it."""
    recorder = _RECORDER.get()
    return NOTHING if recorder is None else recorder.taken(mask)


def _operands(given: Mapping[str, Any]) -> dict[str, Any]:
    operands: dict[str, Any] = {}
    for key, value in given.items():
        if key == "self" and is_dataclass(value) and not isinstance(value, type):
            operands |= {field.name: getattr(value, field.name) for field in fields(value)}
        elif key != "self":
            operands[key] = value
    return operands


def _pick(operand: Any, shape: Shape, at: tuple[int, ...] | None) -> Number | None:
    """The number of an operand that stands beside the element at `at` of an array of `shape`."""
    if isinstance(operand, (list, tuple)) and not all(
        isinstance(value, (int, float, np.number)) for value in operand
    ):
        return None
    if isinstance(operand, (str, bytes)) or operand is None or callable(operand):
        return None
    array = np.asarray(operand)
    if array.dtype.kind not in "iufb" or at is None:
        return None
    try:
        return _number(np.broadcast_to(array, shape)[at])
    except ValueError:
        return None


def _number(value: Any) -> Number:
    number = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return int(number) if isinstance(number, bool) else number
