"""Of which input element an output element is a copy: asked of the definition itself.

An operator that moves data does not look at it. So its definition is run on the digits of the
elements' own positions, to base 256: what arrives at the output element spells where it came from.
A second run on the digits' complements tells a copy from a constant.
"""

from __future__ import annotations

import numpy as np

from refint8.errors import Refint8Error
from refint8.ops import Record
from refint8.ops._op import Array
from refint8.oracle.explanation.focus import Index, Inputs

FILL = -1
"""Stands for the input of an element that no input's values reach."""

UNTOUCHED = (-1,)
"""Stands for the index of what arrives where an input has no influence."""


def origin(record: Record, inputs: Inputs, output: int, index: Index) -> tuple[int, Index] | None:
    """Input and index in it of what an element of an output is a copy of; None if it is none.

    An element that stays what it is whatever the inputs hold has the input FILL.
    """
    if record.needs_environment or record.state:
        return None
    values = set(record.registration.values)
    reached = 0 in values  # what decides the shapes or the values themselves is not tried
    for position, x in enumerate(inputs):
        if x is None or position in values or x.dtype.kind not in "iufb" or not x.size:
            continue
        try:
            found = _position(record, inputs, position, x, output, index)
        except (Refint8Error, ArithmeticError, IndexError, ValueError):
            reached = True  # the definition refuses or stumbles over such values: it looks at them
            continue
        if found is not None and found != UNTOUCHED:
            return position, found
        reached = reached or found is None
    return None if reached else (FILL, ())


def _position(
    record: Record, inputs: Inputs, position: int, x: Array, output: int, index: Index
) -> Index | None:
    """The index in x of what arrives; UNTOUCHED where x has no influence, else None."""
    actual = _output(record, inputs, output)[index]
    base = 2 if x.dtype.kind == "b" else 256
    positions = np.arange(x.size).reshape(x.shape)
    flat, place = 0, 1
    while place < max(x.size, 2):
        digits = positions // place % base
        arrived = [
            _output(record, _replaced(inputs, position, given, x.dtype), output)[index]
            for given in (digits, base - 1 - digits)
        ]
        if arrived[0] == arrived[1] == actual:
            nothing = _replaced(inputs, position, np.zeros_like(digits), x.dtype)
            constant = bool(_output(record, nothing, output)[index] == actual)
            # A truth value may well be the same by chance.
            return UNTOUCHED if constant and actual.dtype.kind != "b" else None
        digit, mirrored = (int(value) % 256 if actual.dtype == x.dtype else -1 for value in arrived)
        if digit + mirrored != base - 1:
            return None
        flat += digit * place
        place *= base
    found = tuple(int(i) for i in np.unravel_index(flat, x.shape)) if flat < x.size else None
    return found if found is not None and actual.tobytes() == x[found].tobytes() else None


def _replaced(inputs: Inputs, position: int, digits: Array, dtype: np.dtype[np.generic]) -> Inputs:
    """The inputs with digits in place of one; 128 and more are negative in int8."""
    narrow = digits.astype(np.uint8)
    given = narrow.view(np.int8) if dtype == np.int8 else narrow.astype(dtype)
    return (*inputs[:position], given, *inputs[position + 1 :])


def _output(record: Record, inputs: Inputs, output: int) -> Array:
    result = record.spec(*inputs)
    made: Array = result[output] if isinstance(result, tuple) else result
    return made
