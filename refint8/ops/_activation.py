"""The rectifiers that stand alone: rescale, then clamp to an interval of real values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from refint8.native.lowering import Site
from refint8.numerics.activation import activation_range
from refint8.numerics.fixedpoint import as_int64
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import RATIO
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._lookup_kernel import lower_lookup
from refint8.ops._op import Array, Node, Record


@dataclass(frozen=True, eq=False, kw_only=True)
class Rectifier(Record):
    """The integer record. Without `requantize` the raw input is clamped."""

    input_zero_point: int
    requantize: Requantizer | None
    finish: Finish

    @classmethod
    def rescaling(cls, node: Node, activation: str) -> Self:
        """From input to output scale, then the activation's interval on the output's scale.

        The precision of the ratio is the rule `relu_scale`; int16 has zero points 0 (condition
        C1).
        """
        x, out, ratio = node.input(0), node.output, RATIO[node.rules.relu_scale]
        check_symmetric((x, out), "C1")
        return cls(
            shapes=(x.shape,),
            input_zero_point=x.zero_point,
            requantize=requantizer(ratio(x.scale, out.scale), node.rules),
            finish=Finish.of(node, activation),
        )

    @classmethod
    def clamping(cls, node: Node, activation: str) -> Self:
        """Raw values, clamped to the activation's interval on the input's scale."""
        x = node.input(0)
        check_symmetric((x, node.output), "C1")
        interval = activation_range(activation, x.dtype, x.scale, x.zero_point)
        return cls(
            shapes=(x.shape,),
            input_zero_point=0,
            requantize=None,
            finish=Finish(0, interval, x.dtype),
        )

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        steps = as_int64(x) - self.input_zero_point
        note("x - zero point", "x - zp", steps, x=x, zp=self.input_zero_point)
        return self.finish(steps if self.requantize is None else self.requantize(steps))

    def lower(self, site: Site) -> None:
        """A table of all inputs."""
        lower_lookup(site, 0, self.spec)
