"""What ADD_N and CUMSUM share on int8: terms and output on common scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.fixedpoint import INT32_MAX, Ints, as_int64
from refint8.numerics.multiplier import quantize_multiplier
from refint8.numerics.recording import note
from refint8.numerics.requantize import DoubleRounding, Requantizer, requantizer
from refint8.numerics.scales import ratio_float64
from refint8.ops._elementwise import Finish
from refint8.ops._op import Array, Node

TERM_SHIFT = 19
"""Terms are shifted left by 20 bits and multiplied by 1/2, which is exact."""


@dataclass(frozen=True, eq=False)
class RunningSum:
    """Terms (x - zp) << 19 in an int32 accumulator that starts at `start`."""

    zero_point: int
    start: int
    accumulator: Accumulator
    requantize: Requantizer
    finish: Finish

    @classmethod
    def of(cls, node: Node, label: str) -> Self:
        """By the scales of first input and output and the rule `running_sum`."""
        x, out = node.input(0), node.output
        real = ratio_float64(2 * x.scale, (1 << 20) * out.scale)
        _, shift = quantize_multiplier(real)
        if not real > 0 or shift > 0:
            raise DomainError(
                f"the output multiplier is {real}, the kernel is made for multipliers below 1",
                label=label,
            )
        start = -x.zero_point if node.rules.running_sum == "zero_point" else 0
        return cls(
            zero_point=x.zero_point,
            start=start << TERM_SHIFT,
            accumulator=Accumulator(node.rules.accumulator),
            requantize=requantizer(real, node.rules),
            finish=Finish.of(node, "NONE"),
        )

    def terms(self, x: Array) -> Ints:
        """What an input adds to the sum."""
        terms: Ints = (as_int64(x) - self.zero_point) << TERM_SHIFT
        return terms

    def __call__(self, sums: Ints) -> Array:
        """Exact sums of terms, without the start, to output steps."""
        note("sum", "of (x - zp) << 19", sums)
        return self.finish(self.requantize(self.accumulator(sums + self.start)))

    def check_terms(self, count: int) -> None:
        """Raise NotFastError where a sum of `count` terms may leave int32 and is to be reported."""
        reach = (count * 255 << TERM_SHIFT) + abs(self.start)
        if self.accumulator.overflow == "report" and reach > INT32_MAX:
            raise NotFastError(f"the sum of {count} terms may leave int32")

    def factor(self) -> tuple[int, int]:
        """Multiplier and right shift. Raises NotFastError for other than double rounding."""
        if not isinstance(self.requantize, DoubleRounding):
            raise NotFastError(f"{type(self.requantize).__name__} has no kernel for sums")
        return int(self.requantize.multiplier), -int(self.requantize.shift)

    def sum_words(self, count: int) -> tuple[int, ...]:
        """The words of `requantize_sums` behind the count, for sums of `count` raw values."""
        multiplier, right = self.factor()
        offset = count * self.zero_point - (self.start >> TERM_SHIFT)
        tail = (self.finish.zero_point, *self.finish.clamp)
        return (offset, multiplier, TERM_SHIFT, right, *tail)
