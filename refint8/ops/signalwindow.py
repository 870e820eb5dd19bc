"""SignalWindow: frames times a window.

out = clamp((x * window) >> shift, -32768, 32767), for every frame of the window's length

C1  the options are a map whose first entry is shift, 0 to 31
C2  x has at least one dimension, the window is a vector that divides x into whole frames

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/window.cc`, `signal/src/window.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64, saturate
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_vector, read_options


@operator("SignalWindow", versions=range(1, 2), dtypes=("INT16,INT16->INT16",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalWindow(Record):
    """The integer record."""

    shift: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 and C2."""
        (shift,) = read_options(node.custom_options, ("shift",), "C1")
        check(0 <= shift <= 31, "C1", f"shift is {shift}")
        shape, length = node.input(0).shape, check_vector(node, 1, "C2")
        check(
            shape and length and math.prod(shape) % length == 0,
            "C2",
            f"x {shape} is no number of frames of {length}",
        )
        return cls(shapes=(shape,), shift=shift)

    def spec(self, x: Array, window: Array) -> Array:
        """x [..., n] and window [m], int16, to x's shape."""
        frames = as_int64(x).reshape(-1, window.size)
        product = saturate((frames * as_int64(window)) >> self.shift, 16)
        return product.astype(np.int16).reshape(self.shapes[0])
