"""What operators that work element by element share: broadcasting and the last step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.activation import DTYPE_RANGE, RAW_BOUNDS
from refint8.numerics.fixedpoint import Ints, as_int64, clamp
from refint8.numerics.recording import note
from refint8.ops._op import Array, Node, Operand, Shape, check, refuse


def broadcast_shape(a: Operand, b: Operand, label: str) -> Shape:
    """The common shape: sizes equal or 1, aligned at the last axis. Refuses others."""
    try:
        return np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        refuse(label, f"shapes {a.shape} and {b.shape} do not broadcast")


def check_symmetric(operands: Iterable[Operand], label: str) -> None:
    """int16 operands have zero point 0."""
    for operand in operands:
        check(
            operand.dtype != "INT16" or operand.zero_point == 0,
            label,
            f"tensor {operand.index} of INT16 has zero point {operand.zero_point}, not 0",
            "quantize int16 symmetrically",
        )


def check_zero_points(operands: Iterable[Operand], label: str) -> None:
    """Zero points are values of their dtypes."""
    for operand in operands:
        low, high = DTYPE_RANGE[operand.dtype]
        check(
            low <= operand.zero_point <= high,
            label,
            f"tensor {operand.index} of {operand.dtype} has zero point {operand.zero_point}",
        )


def per_channel(
    operand: Operand, shape: Shape, dtypes: Iterable[str], label: str
) -> tuple[NDArray[Any], int | Ints]:
    """Scale (float32) and zero point as they broadcast to `shape`, one or one per channel.

    Refuses several scales that do not fit the quantized dimension or belong to other dtypes.
    """
    scales, zero_points = operand.scales, operand.zero_points
    if scales.size == 1:
        return scales.reshape(()), operand.zero_point
    assert operand.quantization is not None
    axis = operand.quantization.quantized_dimension
    check(
        operand.dtype in dtypes and 0 <= axis < len(shape) and scales.size == shape[axis],
        label,
        f"{scales.size} scales along dimension {axis} of {operand.dtype} {shape}",
    )
    broadcast = [1] * len(shape)
    broadcast[axis] = shape[axis]
    per_axis = np.broadcast_to(zero_points, scales.shape)
    return scales.reshape(broadcast), per_axis.reshape(broadcast)


@dataclass(frozen=True, eq=False)
class Finish:
    """The last step of a quantized operator: clamp(value + zero_point), in the output's dtype."""

    zero_point: int
    clamp: tuple[int, int]
    dtype: str

    @classmethod
    def of(cls, node: Node, activation: str = "") -> Self:
        """For the first output, clamped by its fused activation or by `activation`."""
        out = node.output
        return cls(out.zero_point, node.clamp(activation), out.dtype)

    def __call__(self, values: Ints) -> Array:
        """Requantized values (int64) to output steps."""
        steps = as_int64(values) + self.zero_point
        note("+ zero point", "x + zp", steps, x=values, zp=self.zero_point)
        return clamp(steps, *self.clamp).astype(NUMPY_DTYPE[self.dtype])


@dataclass(frozen=True)
class RawFinish:
    """The last step without quantization: the dtype's low bits, clamped by the activation.

    Bounds are those of RELU and its kin on plain integers: 0, 6, 1 and -1.
    """

    clamp: tuple[int, int]
    dtype: str

    @classmethod
    def of(cls, node: Node) -> Self:
        """For the first output and its fused activation."""
        dtype = node.output.dtype
        name = str(node.options.get("fused_activation_function", "NONE"))
        check(name in RAW_BOUNDS, "activation", f"the fused activation {name} is not known")
        low, high = RAW_BOUNDS[name]
        limits = np.iinfo(NUMPY_DTYPE[dtype])
        return cls(
            (int(limits.min) if low is None else low, int(limits.max) if high is None else high),
            dtype,
        )

    def __call__(self, values: Ints) -> Array:
        """int64 values, of which the dtype's low bits count."""
        kept = values.astype(NUMPY_DTYPE[self.dtype])
        low, high = self.clamp
        clamped: Array = np.clip(kept, low, high)
        return note("clamp", "to low..high", clamped, x=values, low=low, high=high)
