"""The registers of a multiply-accumulate unit where hardware departs from the engines.

Engines sum products in 32 bits and clamp output steps to their dtype. Devices with fewer adder
bits, or without saturation, keep low bits instead; the rules `product_register` and `saturation`
say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.fixedpoint import Ints
from refint8.numerics.fixedpoint import clamp as clamped
from refint8.numerics.recording import recorded
from refint8.numerics.rules import Rules

REGISTER_BITS: Final = {"bits32": 32, "bits24": 24, "bits20": 20, "bits16": 16}
"""Alternatives of the rule `product_register`."""


@dataclass(frozen=True)
class Datapath:
    """`register_bits` hold a sum of products; steps stop at the dtype's ends if it `saturates`."""

    register_bits: int = 32
    saturates: bool = True

    @classmethod
    def of(cls, rules: Rules) -> Datapath:
        """What the rules say."""
        return cls(REGISTER_BITS[rules.product_register], rules.saturation == "clamp")

    @property
    def usual(self) -> bool:
        """Whether it is the one that every engine has."""
        return self == USUAL

    def held(self, sums: Ints) -> Ints:
        """What a register narrower than 32 bits keeps of exact sums: its low bits, signed."""
        return sums if self.register_bits == 32 else low_bits(sums, self.register_bits)

    def narrowed(self, steps: Ints, clamp: tuple[int, int], dtype: Any) -> NDArray[Any]:
        """Output steps as values of `dtype`, within `clamp`, the fused activation's bounds.

        Without saturation the low bits are kept first, and the activation sees only them.
        """
        kept = steps if self.saturates else low_bits(steps, 8 * np.dtype(dtype).itemsize)
        return clamped(kept, *clamp).astype(dtype)


USUAL: Final = Datapath()
"""That of the engines."""


@recorded("low bits", "x modulo 2^bits, signed")
def low_bits(values: Ints, bits: int) -> Ints:
    """The low `bits` bits, as a signed number."""
    half = 1 << (bits - 1)
    return ((values + half) & ((1 << bits) - 1)) - half
