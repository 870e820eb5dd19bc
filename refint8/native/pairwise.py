"""Two quantized tensors element by element: sums, products and PRELU, in vectors of words.

Bytes are widened to int16, in which everything begins. A sum of bytes is one linear function:

linear   out = floor((a * A + b * B + C) / 2^f), clamped, with 30-bit A and B. For bytes, lowering
         verifies on all 65,536 pairs that this is the definition, three roundings and all. With
         A = 2^15 * Ah + Al, and B and C likewise, two dot products of pairs compute it exactly:
         ((a * Ah + b * Bh + Ch) + ((a * Al + b * Bl + Cl) >> 15)) >> (f - 15).

The others requantize as the definition does, by the forms of `epilogue`:

staged   each operand << left shift, rescaled ("half": by exactly 1/2), added or subtracted,
         rescaled to the output.
shifts   int16, each operand divided by a power of two: "round" (ties away from zero), "keep" (by
         1) or "sign" (by 2^16 or more, where the definition gives 1 or -1).
product  (a - za) * (b - zb), rescaled.
prelu    d = a - za, rescaled by one factor where d >= 0, d * (b - zb) by another elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.cpu import Tier
from refint8.native.epilogue_constants import Parameters
from refint8.native.lang import Kernel, Primitive
from refint8.native.runs import over_runs

OWN_WORDS = {
    "linear": ("low", "high", "flip", "high_pair", "low_pair", "high_constant", "low_constant",
               "shift"),
    "staged": ("low", "high", "flip", "constants"),
    "shifts": ("low", "high", "flip", "a_shift", "b_shift"),
    "product": ("low", "high", "flip", "constants", "a_zero", "b_zero"),
    "prelu": ("low", "high", "flip", "constants", "a_zero", "b_zero"),
}  # fmt: skip
"""A kernel's own words by kind. `constants` is the address of `blocks`; limits and flip are those
of `narrow.Clamp`."""


@dataclass(frozen=True)
class Pairwise:
    """One variant of the row loop.

    `dtypes` are those of a, b and output; `forms` the epilogues in the order of their constants;
    `scalar` says which operands keep one value within a run; `minus` that b is subtracted
    (staged, shifts); `plain` that saturation alone clamps.
    """

    kind: str
    tier: Tier
    dtypes: tuple[str, str, str]
    scalar: tuple[bool, bool]
    forms: tuple[str, ...] = ()
    left_shift: int = 0
    minus: bool = False
    plain: bool = False

    @property
    def name(self) -> str:
        """Distinct for distinct code."""
        parts = [self.kind, *self.dtypes, *self.forms]
        parts += [str(self.left_shift)] if self.left_shift else []
        parts += ["minus"] if self.minus else []
        parts += ["plain"] if self.plain else []
        parts += [f"scalar{k}" for k in (0, 1) if self.scalar[k]]
        return "_".join([*(part.lower() for part in parts), self.tier.name])

    @property
    def block(self) -> int:
        """Elements of one round of the loop."""
        return self.tier.lanes * (2 if self.dtypes[2] == "INT16" else 4)


@cache
def pairwise(spec: Pairwise) -> Kernel:
    """The kernel over runs, with `OWN_WORDS` behind their words."""

    def emit(builder: Any, *operands: Any) -> None:
        from refint8.native._pairwise_ir import RowEmitter

        RowEmitter(spec, builder, *operands).emit()

    return over_runs(spec.name, Primitive("row", 5, emit))


def blocks(tier: Tier, stages: list[Parameters]) -> NDArray[np.uint8]:
    """One vector of epilogue constants after the other, the same in all lanes."""
    lanes = np.zeros((1, tier.lanes), np.int64)
    return np.concatenate([stage.block(lanes).reshape(-1) for stage in stages])
