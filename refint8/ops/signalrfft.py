"""SignalRfft: the frequencies of real frames, in fixed point.

out[..., 2k] + i * out[..., 2k + 1] = sum over j of x[j] * exp(-2 pi i j k / n) / n,
n = fft_length, k = 0..n/2, frames filled up with zeros to n

Which bits that gives is the order of kissfft's stages and their rounding (`numerics/fourier.py`).
The turning factors are rounded from double cosines of the C library.

C1  the options are a map whose first entries are T, the tensors' type, and fft_length
C2  fft_length is 4 to 65536 and has the prime factors 2, 3 and 5 only, 2 among them
C3  the frames are not longer than fft_length and not empty
C4  the output is declared like the input, with fft_length + 2 numbers in the last dimension
C5  no sum of 32-bit frequencies leaves 32 bits; 16 bits wrap

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/rfft.cc`, `signal/src/rfft_int16.cc`, `rfft_int32.cc`,
tflite-micro 0.dev20261023, and kissfft 130. Other prime factors crash that engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.fourier import real_transform
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, read_length


@operator("SignalRfft", versions=range(1, 2), dtypes=("INT16->INT16", "INT32->INT32"), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalRfft(Record):
    """The integer record; `bits` are those of a number."""

    fft_length: int
    bits: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4."""
        x = node.input(0)
        length = read_length(node, "C1", "C2")
        check(
            x.shape and 0 < x.shape[-1] <= length,
            "C3",
            f"x {x.shape} in frames of fft_length {length}",
        )
        shapes = check_declared(node, ((*x.shape[:-1], length + 2),), "C4")
        return cls(shapes=shapes, fft_length=length, bits=16 if x.dtype == "INT16" else 32)

    def spec(self, x: Array) -> Array:
        """[..., m] to [..., fft_length + 2]. Raises DomainError (C5)."""
        frames = np.zeros((*x.shape[:-1], self.fft_length), np.int64)
        frames[..., : x.shape[-1]] = as_int64(x)
        try:
            return real_transform(frames, self.bits).astype(x.dtype)
        except DomainError as error:
            raise DomainError(error.reason, label="C5", hint=error.hint) from None
