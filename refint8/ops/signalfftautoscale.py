"""SignalFftAutoScale: a signal moved up into the 16 bits, and by how many bits.

out[0] = x * 2^bits, out[1] = bits = max(15 - bit length of max |x|, 0); silence stays, bits = 0

The maximum is kept in an int16, in which -32768 has no magnitude: what comes behind the last
-32768 decides alone (`largest_magnitude`), and what is moved up too far by it wraps.

C1  x is a vector, out[0] is declared like it and out[1] as a scalar

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/fft_auto_scale_kernel.cc`, `signal/src/fft_auto_scale.cc`,
`max_abs.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64, wrap16
from refint8.numerics.signal import largest_magnitude
from refint8.ops._op import Array, Node, Record, operator
from refint8.ops._signal import check_declared, check_vector


@operator("SignalFftAutoScale", versions=range(1, 2), dtypes=("INT16->INT16,INT32",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFftAutoScale(Record):
    """The integer record: nothing but the shapes."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        length = check_vector(node, 0, "C1")
        return cls(shapes=check_declared(node, ((length,), ()), "C1"))

    def spec(self, x: Array) -> tuple[Array, Array]:
        """[n] int16 to the same and int32 []."""
        samples = as_int64(x)
        largest = largest_magnitude(samples)
        bits = 15 - largest.bit_length() if largest > 0 else 0
        return wrap16(samples << bits).astype(np.int16), np.array(bits, np.int32)
