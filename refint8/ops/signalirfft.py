"""SignalIrfft: frequencies back to real frames, in fixed point.

out[..., j] = sum over k of X[k] * exp(2 pi i j k / n) / n, X[k] = x[..., 2k] + i * x[..., 2k + 1],
X[n - k] the conjugate of X[k], n = fft_length

Which bits that gives is the order of kissfft's stages and their rounding (`numerics/fourier.py`).
Frames that come from SignalRfft are divided by n twice.

C1  the options are a map whose first entries are T, the tensors' type, and fft_length
C2  fft_length is 4 to 65536 and has the prime factors 2, 3 and 5 only, 2 among them
C3  x has fft_length + 2 numbers in the last dimension, the output is declared with fft_length
C4  no sum of 32-bit numbers leaves 32 bits; 16 bits wrap

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/irfft.cc`, `signal/src/irfft_int16.cc`, `irfft_int32.cc`,
tflite-micro 0.dev20261023, and kissfft 130. Other prime factors crash that engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.errors import DomainError
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.fourier import real_inverse
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, read_length


@operator("SignalIrfft", versions=range(1, 2), dtypes=("INT16->INT16", "INT32->INT32"), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalIrfft(Record):
    """The integer record; `bits` are those of a number."""

    bits: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        x = node.input(0)
        length = read_length(node, "C1", "C2")
        fits = x.shape and x.shape[-1] == length + 2
        check(fits, "C3", f"x {x.shape} with an fft_length of {length}")
        shapes = check_declared(node, ((*x.shape[:-1], length),), "C3")
        return cls(shapes=shapes, bits=16 if x.dtype == "INT16" else 32)

    def spec(self, x: Array) -> Array:
        """[..., n + 2] to [..., n]. Raises DomainError (C4)."""
        try:
            return real_inverse(as_int64(x), self.bits).astype(x.dtype)
        except DomainError as error:
            raise DomainError(error.reason, label="C4", hint=error.hint) from None
