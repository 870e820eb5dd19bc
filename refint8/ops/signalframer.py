"""SignalFramer: a signal cut into overlapping frames; what they have not used up is kept.

out[0][..., f, :] = s[f * frame_step : f * frame_step + frame_size], s = what was kept, then x
out[1] = whether there was enough for every frame

Frames come with every frame_step samples, as soon as there are frame_size of them; the first ones
for which there are not enough are 0, where the engine leaves what memory held. With `prefill` the
signal begins with frame_size - frame_step zeros, and there always are.

C1  the options are a map whose first entries are frame_size and frame_step, at least 1, and prefill
C2  the last dimension of x is a number of frame_steps, and not empty
C3  out[0] is declared [..., frames, frame_size], out[1] as a scalar
C4  with prefill, frame_step is at most frame_size

Quantization is not looked at. Resetting a model's variables forgets the past.

Semantics: TFLM `signal/micro/kernels/framer.cc`, `signal/src/circular_buffer.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, read_options
from refint8.ops._surroundings import Environment, Place


@operator("SignalFramer", versions=range(1, 2), dtypes=("INT16->INT16,BOOL",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFramer(Record):
    """The integer record; `zeros` come before the signal."""

    needs_environment = True

    place: Place
    size: int
    step: int
    zeros: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4."""
        keys = ("frame_size", "frame_step", "prefill")
        size, step, prefill = read_options(node.custom_options, keys, "C1")
        check(size >= 1 and step >= 1, "C1", f"frame_size is {size}, frame_step {step}")
        shape = node.input(0).shape
        whole = shape and math.prod(shape) > 0 and shape[-1] % step == 0
        check(whole, "C2", f"x {shape} in steps of {step}")
        shapes = check_declared(node, ((*shape[:-1], shape[-1] // step, size), ()), "C3")
        check(step <= size or not prefill, "C4", f"frame_size {size} is below frame_step {step}")
        zeros = size - step if prefill else 0
        return cls(shapes=shapes, place=node.place, size=size, step=step, zeros=zeros)

    def spec(self, environment: Environment, x: Array) -> tuple[Array, Array]:
        """[..., n] to [..., n / step, size] and bool []."""
        rows = x.reshape(-1, x.shape[-1])
        past = environment.memories.get(self.place)
        if past is None:
            past = np.zeros((len(rows), self.zeros), np.int16)
        known = np.concatenate((past, rows), axis=1)
        count = x.shape[-1] // self.step
        # Those are missing for which less than a frame has come by the end of their step.
        missing = min(max(-(-(self.size - past.shape[1]) // self.step) - 1, 0), count)
        out = np.zeros((len(rows), count, self.size), np.int16)
        for frame in range(count - missing):
            start = frame * self.step
            out[:, missing + frame] = known[:, start : start + self.size]
        environment.memories[self.place] = known[:, (count - missing) * self.step :].copy()
        return out.reshape(self.shapes[0]), np.array(missing == 0)
