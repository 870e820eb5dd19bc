"""The kernel corner of all operators that take one element to another: a table of the spec.

A function of 8 or 16 bits is a table of 256 or 65,536 entries, computed by the operator's own
spec when it is lowered. So every rule and every dtype has the same kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from refint8.errors import DomainError
from refint8.native.lookup import byte_lookup, flip_bytes, look_up
from refint8.native.lowering import NotFastError, Site
from refint8.ops._op import Array

BYTES: Final[dict[str, Array]] = {
    "INT8": np.arange(256, dtype=np.uint8).view(np.int8),
    "UINT8": np.arange(256, dtype=np.uint8),
}
"""Every byte, in the order of its bits as uint8."""


def lower_lookup(site: Site, position: int, function: Callable[[Array], Array]) -> None:
    """Append output = function(input), element by element, for 8- or 16-bit inputs.

    Raises NotFastError where the function refuses a value: it would be reported at run time.
    """
    _look_up(site, position, function, slice(0, site.read(position).size))


def lower_lookup_in_vectors(
    site: Site,
    inside: Callable[[Array], Array],
    rest: Callable[[Array], Array],
    lanes: int,
) -> None:
    """The same with one function for whole vectors of elements and another for the rest."""
    size = site.read(0).size
    whole = size // lanes * lanes
    _look_up(site, 0, inside, slice(0, whole))
    _look_up(site, 0, rest, slice(whole, size))


def _look_up(site: Site, position: int, function: Callable[[Array], Array], part: slice) -> None:
    x, out = site.read(position), site.output
    count = part.stop - part.start
    if count == 0:
        return
    places = (
        x.offset + part.start * x.dtype.itemsize,
        out.offset + part.start * out.dtype.itemsize,
        count,
    )
    both_bytes = x.dtype.itemsize == out.dtype.itemsize == 1
    dtype = "INT16" if x.dtype == np.float16 else x.dtype.name.upper()
    limits = np.iinfo(dtype.lower())
    values = np.arange(limits.min, limits.max + 1).astype(dtype.lower()).view(x.dtype)
    try:
        table = function(BYTES[dtype] if both_bytes else values)
    except DomainError as error:
        raise NotFastError(error.reason) from None
    assert table.dtype == out.dtype
    if not both_bytes:
        address = site.constant(table)
        site.call(look_up(dtype, out.dtype.itemsize), *places, address)
        return
    flips = table.view(np.uint8) ^ np.arange(256, dtype=np.uint8)
    if (flips == flips[0]).all():
        site.call(flip_bytes(), *places, int(flips[0]))
    else:
        site.call(byte_lookup(site.tier), *places, site.constant(table))
