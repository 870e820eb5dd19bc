"""SignalFilterBankLog: natural logarithms of channels.

out = min(round(ln(s) * output_scale), 32767), s = x * 2^input_correction_bits modulo 2^32;
out = 0 where s is 0 or 1

The logarithm is interpolated in 128 segments with 16 fraction bits; the product with output_scale
is taken modulo 2^32 (`log_32`), of which 16 bits are behind the point.

C1  the options are a map whose first entries are input_correction_bits, 0 to 31, and output_scale
C2  x is a vector, the output is declared like it

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/filter_bank_log.cc`, `signal/src/filter_bank_log.cc`,
`log.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.signal import log_32
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options

KEYS = ("input_correction_bits", "output_scale")


@operator("SignalFilterBankLog", versions=range(1, 2), dtypes=("UINT32->INT16",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFilterBankLog(Record):
    """The integer record; `scale` is unsigned."""

    up: int
    scale: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        up, scale = read_options(node.custom_options, KEYS, "C1")
        check(0 <= up <= 31, "C1", f"input_correction_bits is {up}")
        length = check_vector(node, 0, "C2")
        shapes = check_declared(node, ((length,),), "C2")
        return cls(shapes=shapes, up=up, scale=scale & 0xFFFFFFFF)

    def spec(self, x: Array) -> Array:
        """[n] uint32 to [n] int16."""
        scaled = (as_int64(x) << self.up) & 0xFFFFFFFF
        logarithms = np.minimum(log_32(np.maximum(scaled, 2), self.scale), 32767)
        return np.where(scaled > 1, logarithms, 0).astype(np.int16)
