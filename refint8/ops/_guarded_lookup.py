"""The kernel corner of functions that have no value below the input's zero point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from refint8.native.guards import at_least
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array


def lower_from_zero_point(site: Site, function: Callable[[Array], Array], lowest: int) -> None:
    """Append output = function(input); an input below `lowest` raises the alarm.

    Raises NotFastError where no input is above it, as in damaged models.
    """
    x = site.read(0)
    dtype = x.dtype.name.upper()
    low, high = DTYPE_RANGE[dtype]
    if lowest > high:
        raise NotFastError(f"no {dtype} reaches {lowest}")
    if lowest > low:
        site.call(at_least(dtype), x.offset, x.size, lowest, site.alarm)

    def guarded(values: Array) -> Array:
        return function(np.maximum(values, x.dtype.type(max(lowest, low))))

    lower_lookup(site, 0, guarded)
