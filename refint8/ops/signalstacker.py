"""SignalStacker: the frames of several runs side by side.

out[0] = the last frames that have come, stacker_left_context + 1 + stacker_right_context of them,
oldest first; the very first frame counts stacker_left_context times more
out[1] = whether there are new ones: as soon as there are enough, and then in every run of
stacker_step

While there are none out[0] stays what it was, 0 at the start; the engine leaves there what memory
held, which is the same unless another tensor has used it.

C1  the options are a map whose first entries are num_channels, stacker_left_context,
    stacker_right_context and stacker_step, none negative, num_channels and stacker_step positive
C2  x is a vector of num_channels
C3  stacker_step is at most the number of stacked frames
C4  out[0] is declared with the stacked frames' numbers, out[1] as a scalar

Quantization is not looked at. Resetting a model's variables forgets the past.

Semantics: TFLM `signal/micro/kernels/stacker.cc`, `signal/src/circular_buffer.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options
from refint8.ops._surroundings import Environment, Place

KEYS: Final = ("num_channels", "stacker_left_context", "stacker_right_context", "stacker_step")


@operator("SignalStacker", versions=range(1, 2), dtypes=("INT16->INT16,BOOL",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalStacker(Record):
    """The integer record; `left` is how many times more the first frame counts."""

    needs_environment = True

    place: Place
    left: int
    step: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4."""
        found = read_options(node.custom_options, KEYS, "C1")
        channels, left, right, step = found
        given = ", ".join(f"{key} {value}" for key, value in zip(KEYS, found, strict=True))
        check(channels > 0 and step > 0 and left >= 0 and right >= 0, "C1", given)
        length = check_vector(node, 0, "C2")
        check(length == channels, "C2", f"x has {length} channels, num_channels is {channels}")
        frames = left + right + 1
        check(step <= frames, "C3", f"stacker_step is {step}, {frames} frames are stacked")
        shapes = check_declared(node, ((channels * frames,), ()), "C4")
        return cls(shapes=shapes, place=node.place, left=left, step=step)

    def spec(self, environment: Environment, x: Array) -> tuple[Array, Array]:
        """[channels] to [frames * channels] and bool []."""
        (size,) = self.shapes[0]
        kept = environment.memories.get(self.place)  # the last output, then what is not used up
        if kept is None:
            kept = np.concatenate((np.zeros(size, np.int16), np.tile(x, self.left)))
        out, known = kept[:size], np.concatenate((kept[size:], x))
        enough = known.size >= size
        if enough:
            out, known = known[:size], known[self.step * x.size :]
        environment.memories[self.place] = np.concatenate((out, known))
        return out.copy(), np.array(enough)
