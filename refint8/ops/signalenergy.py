"""SignalEnergy: the energy of a band of frequencies.

out[k] = x[2k]^2 + x[2k + 1]^2 for start_index <= k < end_index, as uint32

What lies outside the band is 0; the engine leaves there what memory held.

C1  the options are a map whose first entries are end_index and start_index
C2  x is a vector of pairs, the output is declared with one number for each
C3  the band lies inside the output

Quantization is not looked at. The largest energy, of -32768 and -32768, is 2^31.

Semantics: TFLM `signal/micro/kernels/energy.cc`, `signal/src/energy.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options


@operator("SignalEnergy", versions=range(1, 2), dtypes=("INT16->UINT32",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalEnergy(Record):
    """The integer record."""

    start: int
    end: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        end, start = read_options(node.custom_options, ("end_index", "start_index"), "C1")
        length = check_vector(node, 0, "C2")
        check(length % 2 == 0, "C2", f"x has {length} numbers, which are no pairs")
        count = length // 2
        shapes = check_declared(node, ((count,),), "C2")
        inside = start >= end or (start >= 0 and end <= count)
        check(inside, "C3", f"the band is {start} to {end} of {count}")
        return cls(shapes=shapes, start=start, end=max(start, end))

    def spec(self, x: Array) -> Array:
        """[2n] int16 to [n] uint32."""
        out = np.zeros(self.shapes[0], np.uint32)
        if self.start < self.end:
            pairs = as_int64(x).reshape(-1, 2)[self.start : self.end]
            out[self.start : self.end] = (pairs * pairs).sum(axis=1)
        return out
