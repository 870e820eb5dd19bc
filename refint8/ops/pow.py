"""POW: x1 to the power of x2, integers.

out = x1 ^ x2, 0 ^ 0 being 1

A negative exponent is a DomainError, the engine refuses to run; so is a result outside int32, of
which the engine makes one thing or another by the operands' shapes.

C1  the shapes broadcast

Semantics: LiteRT `kernels/pow.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import Site
from refint8.native.powers import powers_int32
from refint8.numerics.accumulator import overflow_error
from refint8.numerics.fixedpoint import INT32_MAX, INT32_MIN, as_int64
from refint8.ops._copy_kernel import View
from refint8.ops._integers import IntegerPair
from refint8.ops._op import Array, operator
from refint8.ops._select_kernel import written_out
from refint8.ops._spread import spread

LONG = 34
"""From this exponent on only -1, 0 and 1 have a power within int32, by its parity."""


@operator("POW", versions=range(1, 2), dtypes=("INT32,INT32->INT32",), dtype_of=0)
@dataclass(frozen=True, eq=False, kw_only=True)
class Pow(IntegerPair):
    """The integer record: nothing but the shape."""

    def spec(self, x1: Array, x2: Array) -> Array:
        """Arrays that broadcast to their power."""
        base, exponent = np.broadcast_arrays(as_int64(x1), as_int64(x2))
        if (exponent < 0).any():
            raise DomainError(f"{int((exponent < 0).sum())} exponents are negative")
        short = np.where(exponent < LONG, exponent, LONG + exponent % 2)
        # A double tells well enough what cannot fit; what may fit is exact in int64.
        fits = np.power(np.abs(base).astype(np.float64), short) < 1 << 40
        powers = as_int64(np.power(np.where(fits, base, 2), np.where(fits, short, LONG)))
        if ((powers < INT32_MIN) | (powers > INT32_MAX)).any():
            raise overflow_error("a power", powers)
        return np.asarray(powers.astype(np.int32))

    def lower(self, site: Site) -> None:
        """Squares and products, which raise the alarm for what the spec reports."""
        views = [spread(View.of(site.read(k)), self.shapes[0]) for k in (0, 1)]
        dense = [written_out(site, view) for view in views]
        words = [word for view in dense for word in (view.offset, int(not view.absolute))]
        if site.output.size:
            site.call(powers_int32, *words, site.output.offset, site.output.size, site.alarm)
