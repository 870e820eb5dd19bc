"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6, in 16-bit fixed point.

v = (x - zp_in) * 2^7                                      the input in 128ths of a step
p = SRDHM16(v, m_out)                                      on the output's scale, not yet shifted
r = v * m_relu * 2^e_relu, saturated to 16 bits            x / 3: 2^15 stands for x = 3
r = (r + 2^15) >> 1                                        x / 6 + 1/2, between 0 and 1
out = clamp(wrap16(RDBPOT16(trunc(r * p / 2^15), -e_out) + zp_out))

(m_out, e_out) is the 16-bit multiplier of h / s_out, (m_relu, e_relu) that of h / (3 / 2^15), both
ratios and h = s_in / 128 in float32. r is computed as r = SRDHM16(v << (e_relu - 1), m_relu) << 1
with both shifts saturating when e_relu > 0, as RDBPOT16(SRDHM16(v, m_relu), -e_relu) when not. The
product is rounded toward zero. RDBPOT16 gives 1 or -1 for exponents above 15.

C1  h / s_out is below 1
C2  e_relu is at most 31 (else undefined: outside the domain)
C3  zero points are values of their dtype

Semantics: LiteRT `kernels/activations.cc` (HardSwishPrepare), `reference/hard_swish.h`,
ai-edge-litert 2.3.0 (CORRECTIONS item 34; the narrow results were measured).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import (
    Ints,
    as_int64,
    clamp,
    rounding_divide_by_pot_16,
    saturate,
    saturating_rounding_doubling_high_mul_16,
    truncating_divide,
    wrap16,
)
from refint8.numerics.multiplier import multiplier_to_16_bits, quantize_multiplier
from refint8.numerics.recording import note, recorded
from refint8.numerics.scales import ratio_float32
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import check_zero_points
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record, check, operator

THREE = 3 / 32768
"""The scale on which 2^15 stands for 3."""


@operator("HARD_SWISH", versions=range(1, 2), dtypes=rows("{T}->{T}", ("UINT8", "INT8")))
@dataclass(frozen=True, eq=False, kw_only=True)
class HardSwish(Record):
    """The integer record: 16-bit multipliers with their shifts."""

    input_zero_point: int
    output_multiplier: int
    output_shift: int
    relu_multiplier: int
    relu_shift: int
    output_zero_point: int
    dtype: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, both multipliers."""
        x, out = node.input(0), node.output
        check_zero_points((x, out), "C3")
        fine_step = float(np.float32(1 / 128) * np.float32(x.scale))
        output_multiplier, output_shift = quantize_multiplier(ratio_float32(fine_step, out.scale))
        check(
            output_shift <= 0,
            "C1",
            f"a 128th of the input's step, {fine_step}, must be below the output's, {out.scale}",
            "the output's scale is far too fine for the input; calibrate again",
        )
        relu_multiplier, relu_shift = quantize_multiplier(ratio_float32(fine_step, THREE))
        if relu_shift > 31:
            raise DomainError(
                f"the input's step {x.scale} asks for a left shift by {relu_shift - 1}",
                label="C2",
                hint="the input's scale is far too coarse; calibrate again",
            )
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            output_multiplier=multiplier_to_16_bits(output_multiplier),
            output_shift=output_shift,
            relu_multiplier=multiplier_to_16_bits(relu_multiplier),
            relu_shift=relu_shift,
            output_zero_point=out.zero_point,
            dtype=out.dtype,
        )

    @recorded("x / 3", "x * multiplier * 2^shift in 16 bits, saturated")
    def _third(self, fine: Ints) -> Ints:
        """x / 3 in 15 fractional bits, saturated."""
        left = max(self.relu_shift, 0)
        shifted = saturate(fine << max(left - 1, 0), 16)
        product = saturating_rounding_doubling_high_mul_16(shifted, self.relu_multiplier)
        if left:
            return saturate(product << 1, 16)
        return rounding_divide_by_pot_16(product, -self.relu_shift)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        fine = (as_int64(x) - self.input_zero_point) << 7
        note("in 128ths", "(x - zp) << 7", fine, x=x, zp=self.input_zero_point)
        unshifted = saturating_rounding_doubling_high_mul_16(fine, self.output_multiplier)
        third = self._third(fine)
        gate = (third + (1 << 15)) >> 1
        note("gate", "(x + 2^15) >> 1", gate, x=third)
        product = truncating_divide(gate * unshifted, 1 << 15)
        steps = rounding_divide_by_pot_16(product, -self.output_shift) + self.output_zero_point
        note("+ zero point", "x + zp", steps, zp=self.output_zero_point)
        return clamp(wrap16(steps), *DTYPE_RANGE[self.dtype]).astype(NUMPY_DTYPE[self.dtype])

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
