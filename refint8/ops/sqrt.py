"""SQRT: the square root, in **float32**.

FLOAT32: out = sqrt(x), rounded once; NaN for negative values, as IEEE 754 has it. Quantized:

out = clamp(trunc(sqrt(s_in * (x - zp_in)) / s_out) + zp_out)

Every operation rounds to float32; the quotient is truncated toward zero, not rounded. The cast to
int32 follows the rule `float_to_int`. A negative value is a DomainError, the engine refuses to
run.

C1  int16 has zero points 0

Semantics: LiteRT `kernels/elementwise.cc` (SqrtEvalQuantized), ai-edge-litert 2.3.0 (CORRECTIONS
item 35).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.float_edges import square_roots_float
from refint8.native.lowering import Site
from refint8.numerics.fixedpoint import as_int64, wrap32
from refint8.numerics.requantize import float_to_int32
from refint8.ops._dtypes import rows
from refint8.ops._elementwise import Finish, check_symmetric
from refint8.ops._guarded_lookup import lower_from_zero_point
from refint8.ops._op import Array, Node, Record, operator


@dataclass(frozen=True, eq=False)
class ScaledRoot:
    """Quantized values; both scales are float32."""

    input_scale: np.float32
    input_zero_point: int
    output_scale: np.float32
    float_to_int: str
    finish: Finish

    @classmethod
    def of(cls, node: Node) -> ScaledRoot:
        """Condition C1, scales and zero points."""
        x, out = node.input(0), node.output
        check_symmetric((x, out), "C1")
        return cls(
            input_scale=np.float32(x.scale),
            input_zero_point=x.zero_point,
            output_scale=np.float32(out.scale),
            float_to_int=node.rules.float_to_int,
            finish=Finish.of(node, "NONE"),
        )

    def __call__(self, x: Array) -> Array:
        """Any shape, elementwise."""
        steps = as_int64(x) - self.input_zero_point
        if steps.size and steps.min() < 0:
            raise DomainError(
                f"the square root of {int((steps < 0).sum())} negative values, the lowest"
                f" {int(steps.min())} steps"
            )
        with np.errstate(all="ignore"):
            root = np.sqrt(self.input_scale * steps.astype(np.float32)) / self.output_scale
        whole = float_to_int32(np.trunc(root).astype(np.float64), self.float_to_int)
        zero_point = self.finish.zero_point
        # int32 adds the zero point: what the cast made of too large a root may wrap.
        return self.finish(wrap32(whole + zero_point) - zero_point)


@operator("SQRT", versions=range(1, 3), dtypes=rows("{T}->{T}", ("INT8", "INT16", "FLOAT32")))
@dataclass(frozen=True, eq=False, kw_only=True)
class Sqrt(Record):
    """The record; `root` is None for FLOAT32."""

    root: ScaledRoot | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        x = node.input(0)
        root = None if x.dtype == "FLOAT32" else ScaledRoot.of(node)
        return cls(shapes=(x.shape,), root=root)

    def spec(self, x: Array) -> Array:
        """Any shape, elementwise."""
        if self.root is not None:
            return self.root(x)
        with np.errstate(invalid="ignore"):
            real: Array = np.sqrt(x)
        return real

    def lower(self, site: Site) -> None:
        """A table of all inputs that are not negative; FLOAT32 in a plain loop."""
        if self.root is None:
            x = site.read(0)
            site.call(square_roots_float, x.offset, site.output.offset, x.size)
            return
        lower_from_zero_point(site, self.spec, self.root.input_zero_point)
