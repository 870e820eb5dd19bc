"""SignalFilterBankSpectralSubtraction: channels less an estimate of their noise, which it keeps.

s = x * 2^smoothing_bits modulo 2^32
noise = (s * smoothing + noise * one_minus_smoothing) >> spectral_subtraction_bits modulo 2^32
out[0] = max((s - min(s, noise)) >> smoothing_bits, least),
least = (x * min_signal_remaining) >> spectral_subtraction_bits modulo 2^32
out[1] = noise, with `clamping` min(s, noise)

The noise begins at 0 and is kept for the next run. In odd channels alternate_smoothing and
alternate_one_minus_smoothing take the places of the two factors.

C1  the options are a map whose first entries are alternate_one_minus_smoothing,
    alternate_smoothing, clamping, min_signal_remaining, num_channels, one_minus_smoothing,
    smoothing, smoothing_bits (0 to 31) and spectral_subtraction_bits (0 to 63)
C2  x is a vector of num_channels numbers, both outputs are declared like it

Quantization is not looked at. Resetting a model's variables sets the noise to 0.

Semantics: TFLM `signal/micro/kernels/filter_bank_spectral_subtraction.cc`,
`signal/src/filter_bank_spectral_subtraction.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.numerics.signal import unsigned_32
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options
from refint8.ops._surroundings import Environment, Place

KEYS: Final = (
    *("alternate_one_minus_smoothing", "alternate_smoothing", "clamping", "min_signal_remaining"),
    *("num_channels", "one_minus_smoothing", "smoothing", "smoothing_bits"),
    "spectral_subtraction_bits",
)


@operator(
    "SignalFilterBankSpectralSubtraction",
    versions=range(1, 2),
    dtypes=("UINT32->UINT32,UINT32",),
    custom=True,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFilterBankSpectralSubtraction(Record):
    """The integer record; pairs are of even and odd channels, all factors unsigned."""

    needs_environment = True

    place: Place
    smoothing: tuple[int, int]
    one_minus_smoothing: tuple[int, int]
    least: int
    clamping: bool
    smoothing_bits: int
    bits: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        options = dict(zip(KEYS, read_options(node.custom_options, KEYS, "C1"), strict=True))
        smoothing_bits, bits = options["smoothing_bits"], options["spectral_subtraction_bits"]
        check(
            0 <= smoothing_bits <= 31 and 0 <= bits <= 63,
            "C1",
            f"smoothing_bits is {smoothing_bits}, spectral_subtraction_bits {bits}",
        )
        length, channels = check_vector(node, 0, "C2"), options["num_channels"]
        check(length == channels, "C2", f"x has {length} channels, num_channels is {channels}")

        def unsigned(*keys: str) -> tuple[int, ...]:
            return tuple(options[key] & 0xFFFFFFFF for key in keys)

        (least,) = unsigned("min_signal_remaining")
        even, odd = unsigned("smoothing", "alternate_smoothing")
        even_rest, odd_rest = unsigned("one_minus_smoothing", "alternate_one_minus_smoothing")
        return cls(
            shapes=check_declared(node, ((length,), (length,)), "C2"),
            place=node.place,
            smoothing=(even, odd),
            one_minus_smoothing=(even_rest, odd_rest),
            least=least,
            clamping=bool(options["clamping"]),
            smoothing_bits=smoothing_bits,
            bits=bits,
        )

    def spec(self, environment: Environment, x: Array) -> tuple[Array, Array]:
        """[n] uint32 to two of them; all arithmetic is modulo 2^64."""
        kept = environment.memories.get(self.place)
        before = np.zeros(self.shapes[1], np.uint64) if kept is None else kept.astype(np.uint64)
        channel = np.arange(x.size) % 2
        smoothing = np.array(self.smoothing, np.uint64)[channel]
        rest = np.array(self.one_minus_smoothing, np.uint64)[channel]
        bits, smoothing_bits = np.uint64(self.bits), np.uint64(self.smoothing_bits)
        given = x.astype(np.uint64)
        signal = unsigned_32(given << smoothing_bits)
        noise = unsigned_32((signal * smoothing + before * rest) >> bits)
        below = np.minimum(noise, signal)
        if self.clamping:
            noise = below
        least = unsigned_32((given * np.uint64(self.least)) >> bits)
        out = np.maximum((signal - below) >> smoothing_bits, least)
        after = noise.astype(np.uint32)
        environment.memories[self.place] = after.copy()
        return out.astype(np.uint32), after
