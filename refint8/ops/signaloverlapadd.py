"""SignalOverlapAdd: overlapping frames added up to a signal; what is left over is kept.

kept = clamp(kept + frame, -32768, 32767); out = the first frame_step of kept, which are then
dropped and as many zeros put behind; frame after frame

C1  the options are a map whose first entries are T, the tensors' type, and frame_step
C2  x is [..., frames, frame size] and not empty, 1 <= frame_step <= frame size
C3  the output is declared [..., frames * frame_step]

Quantization is not looked at. Resetting a model's variables sets what is kept to 0.

Semantics: TFLM `signal/micro/kernels/overlap_add.cc`, `signal/src/overlap_add.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import as_int64, saturate
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import TYPES, check_declared, read_options
from refint8.ops._surroundings import Environment, Place


@operator("SignalOverlapAdd", versions=range(1, 2), dtypes=("INT16->INT16",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalOverlapAdd(Record):
    """The integer record."""

    needs_environment = True

    place: Place
    step: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        kind, step = read_options(node.custom_options, ("T", "frame_step"), "C1")
        shape = node.input(0).shape
        check(kind == TYPES["INT16"], "C1", f"T is {kind}, the tensors are INT16")
        check(len(shape) >= 2 and math.prod(shape) > 0, "C2", f"x has shape {shape}")
        check(1 <= step <= shape[-1], "C2", f"frame_step is {step}, a frame has {shape[-1]}")
        shapes = check_declared(node, ((*shape[:-2], shape[-2] * step),), "C3")
        return cls(shapes=shapes, place=node.place, step=step)

    def spec(self, environment: Environment, x: Array) -> Array:
        """[..., frames, size] to [..., frames * step]."""
        frames = as_int64(x).reshape(-1, *x.shape[-2:])
        before = environment.memories.get(self.place)
        kept = np.zeros_like(frames[:, 0]) if before is None else as_int64(before)
        made = []
        for frame in np.moveaxis(frames, 1, 0):
            total = saturate(kept + frame, 16)
            made.append(total[:, : self.step])
            kept = np.pad(total[:, self.step :], ((0, 0), (0, self.step)))
        environment.memories[self.place] = kept.astype(np.int16)
        return np.concatenate(made, axis=1).astype(np.int16).reshape(self.shapes[0])
