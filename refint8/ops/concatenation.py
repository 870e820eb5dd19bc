"""CONCATENATION: tensors one behind the other along one axis.

out[..., s_k + i, ...] = convert_k(in_k[..., i, ...]) with s_k the sizes of the inputs before k on
`axis`, negative ones counted from the end. Constant scalars make a vector.

convert_k copies, but for UINT8 whose (scale, zero point) differ from the output's:

convert_k(q) = clamp(round_half_away(f32(f32(q * s) + b)) + zp_out, 0, 255)
               s = f32(scale_k * f32(1 / scale_out)), b = f32(-zp_k * s)

which is **float32** arithmetic, as in the engine.

C1  there is no fused activation
C2  the axis is inside the inputs; scalars are constants and their axis 0
C3  all inputs have the same shape but for the axis
C4  INT8: all inputs have the output's scale and zero point; INT16: all zero points are 0

Everything else is copied as it is, whatever its quantization (INT16 scales may differ).

Semantics: LiteRT `kernels/concatenation.cc` and `reference/concatenation.h`, ai-edge-litert 2.3.0
(CORRECTIONS item 22).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from refint8.native.lookup import byte_lookup
from refint8.native.lowering import Site
from refint8.numerics.rescale import Float32Rescale
from refint8.ops._axes import normalize_axis, replace_axis
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Operand, Record, check, operator
from refint8.ops._parameters import check_same_parameters, same_parameters

DTYPES: Final = (
    *("INT8", "UINT8", "INT16", "INT32", "INT64", "UINT32", "INT4", "BOOL", "FLOAT16", "FLOAT32"),
)


@operator("CONCATENATION", versions=range(1, 8), dtypes=rows("{T},{T}*->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class Concatenation(Record):
    """The integer record. `rescales` has one entry per input, None where it is copied."""

    axis: int
    rescales: tuple[Float32Rescale | None, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, axis, rescaling, shape."""
        activation = node.options.get("fused_activation_function", "NONE")
        check(activation == "NONE", "C1", f"a fused {activation} is not computed by any engine")
        inputs = [node.input(position) for position in range(len(node.inputs))]
        shape, out, option = inputs[0].shape, node.output, int(node.options["axis"])
        if not shape:
            check_scalars(inputs, option)
            return cls(shapes=((len(inputs),),), axis=0, rescales=(None,) * len(inputs))
        axis = normalize_axis(option, len(shape), "C2")
        for x in inputs:
            check(
                len(x.shape) == len(shape)
                and replace_axis(x.shape, axis) == replace_axis(shape, axis),
                "C3",
                f"{x.shape} does not continue {shape} along axis {axis}",
            )
        if out.dtype == "INT8":
            check_same_parameters(inputs, out, "C4")
        check(
            out.dtype != "INT16" or not any(t.zero_point for t in (*inputs, out)),
            "C4",
            f"int16 zero points {[t.zero_point for t in (*inputs, out)]} must be 0",
        )
        rescaled = out.dtype == "UINT8"
        return cls(
            shapes=(replace_axis(shape, axis, sum(x.shape[axis] for x in inputs)),),
            axis=axis,
            rescales=tuple(rescale(x, node) if rescaled else None for x in inputs),
        )

    def spec(self, *values: Array) -> Array:
        """Arrays that differ in one axis to one array."""
        parts = [
            part if rescale is None else rescale(part).astype(part.dtype)
            for part, rescale in zip(values, self.rescales, strict=True)
        ]
        return np.concatenate([np.atleast_1d(part) for part in parts], self.axis)

    def lower(self, site: Site) -> None:
        """One copy per input, a rescaled one through a table of all 256 values."""
        start = 0
        for position, rescale in enumerate(self.rescales):
            x = site.read(position)
            shape = x.shape or (1,)
            source = View.of(x, shape)
            if rescale is not None and x.size:
                table = site.constant(rescale(np.arange(256)).astype(np.uint8))
                source = replace(source, offset=site.scratch(x.nbytes))
                site.call(byte_lookup(site.tier), x.offset, source.offset, x.size, table)
            copy(site, source, View.of(site.output).along(self.axis, start, shape[self.axis]))
            start += shape[self.axis]


def rescale(x: Operand, node: Node) -> Float32Rescale | None:
    """How a UINT8 input becomes the output's steps; None when both have the same."""
    if same_parameters(x, node.output):
        return None
    return Float32Rescale.between(
        (x.scale, x.zero_point), (node.output.scale, node.output.zero_point), node.rules
    )


def check_scalars(inputs: list[Operand], axis: int) -> None:
    """Condition C2 for scalars, which LiteRT takes only when it can place them beforehand."""
    check(
        axis == 0
        and all(x.shape == () and x.data is not None and x.dtype != "INT4" for x in inputs),
        "C2",
        "scalars are concatenated only along axis 0, as constants of whole bytes",
    )
