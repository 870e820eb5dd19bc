"""SignalDelay: every row of a signal, delay_length samples late.

out[t] = x[t - delay_length] over all runs, 0 before the first sample

C1  the options are a map whose first entry is delay_length, not negative
C2  x has at least one dimension and is not empty, the output is declared like x
C3  at most 2^24 samples are kept

Quantization is not looked at. Resetting a model's variables forgets the past.

Semantics: TFLM `signal/micro/kernels/delay.cc`, `signal/src/circular_buffer.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, read_options
from refint8.ops._surroundings import Environment, Place

MOST_KEPT: Final = 1 << 24


@operator("SignalDelay", versions=range(1, 2), dtypes=("INT16->INT16",), custom=True)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalDelay(Record):
    """The integer record."""

    needs_environment = True

    place: Place
    delay: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3."""
        (delay,) = read_options(node.custom_options, ("delay_length",), "C1")
        check(delay >= 0, "C1", f"delay_length is {delay}")
        shape = node.input(0).shape
        check(shape and math.prod(shape) > 0, "C2", f"x has shape {shape}")
        kept = math.prod(shape[:-1]) * delay
        check(kept <= MOST_KEPT, "C3", f"{kept} samples would be kept")
        return cls(shapes=check_declared(node, (shape,), "C2"), place=node.place, delay=delay)

    def spec(self, environment: Environment, x: Array) -> Array:
        """[..., n] to the same."""
        rows = x.reshape(-1, x.shape[-1])
        past = environment.memories.get(self.place)
        if past is None:
            past = np.zeros((len(rows), self.delay), np.int16)
        known = np.concatenate((past, rows), axis=1)
        environment.memories[self.place] = known[:, x.shape[-1] :].copy()
        return known[:, : x.shape[-1]].reshape(x.shape)
