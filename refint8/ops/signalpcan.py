"""SignalPCAN: per-channel automatic gain by the noise in each channel.

out = shrink((x * gain(noise)) >> snr_shift), the shifted product modulo 2^32

gain is a table's piecewise quadratic in noise, an int16 (`gain_of`); a negative one counts as
that much less than 2^32. shrink(s) = s^2 / 4 below 2 and s - 1 from there on.

C1  the options are a map whose first entry is snr_shift, 0 to 63
C2  x, noise and table are vectors; x, noise and the declared output have one length
C3  the table has 125 entries or more, as many as some noise may ask for

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/pcan.cc`, `signal/src/pcan_argc_fixed.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.signal import GAIN_ENTRIES, gain_of, shrink, unsigned_32
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options


@operator("SignalPCAN", versions=range(1, 2), dtypes=("UINT32,UINT32,INT16->UINT32",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalPcan(Record):
    """The integer record."""

    shift: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        (shift,) = read_options(node.custom_options, ("snr_shift",), "C1")
        check(0 <= shift <= 63, "C1", f"snr_shift is {shift}")
        length, noise, table = (check_vector(node, position, "C2") for position in range(3))
        check(length == noise, "C2", f"x has {length} channels, noise {noise}")
        shapes = check_declared(node, ((length,),), "C2")
        check(table >= GAIN_ENTRIES, "C3", f"the table has {table} entries")
        return cls(shapes=shapes, shift=shift)

    def spec(self, x: Array, noise: Array, table: Array) -> Array:
        """x and noise [n] uint32, table [125...] int16, to [n] uint32."""
        gain = unsigned_32(gain_of(as_int64(noise), as_int64(table)))
        ratio = (x.astype(np.uint64) * gain) >> np.uint64(self.shift)
        return shrink(as_int64(unsigned_32(ratio))).astype(np.uint32)
