"""SignalFilterBank: the energies of overlapping bands.

out[c] = sum of weights * x over band c + 1 + sum of unweights * x over band c, modulo 2^64
band c = channel_widths[c] neighbours of x from channel_frequency_starts[c] on, their weights and
unweights from channel_weight_starts[c] on

C1  the options are a map whose first entry is num_channels, at least 1
C2  all inputs are vectors; starts and widths have num_channels + 1 entries or more
C3  the output is declared with num_channels numbers
C4  every band lies inside x, weights and unweights

Quantization is not looked at.

Semantics: TFLM `signal/micro/kernels/filter_bank.cc`, `signal/src/filter_bank.cc`, tflite-micro
0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector, read_options


@operator(
    "SignalFilterBank",
    versions=range(1, 2),
    dtypes=("UINT32,INT16,INT16,INT16,INT16,INT16->UINT64",),
    values=(3, 4, 5),
    custom=True,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFilterBank(Record):
    """The integer record: for every product its place in x and in the weights.

    `ends` are the number of products up to and with each band.
    """

    frequencies: Ints
    taps: Ints
    ends: Ints

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the places."""
        (channels,) = read_options(node.custom_options, ("num_channels",), "C1")
        check(channels >= 1, "C1", f"num_channels is {channels}")
        lengths = [check_vector(node, position, "C2") for position in range(6)]
        enough = min(lengths[3:]) > channels
        check(enough, "C2", f"{channels} channels, starts and widths of {lengths[3:]}")
        shapes = check_declared(node, ((channels,),), "C3")
        frequency, weight, width = (
            as_int64(node.input(position).value[: channels + 1]) for position in (3, 4, 5)
        )
        width = np.maximum(width, 0)
        for start, length, what in (
            (frequency, lengths[0], "x"),
            (weight, min(lengths[1:3]), "the weights"),
        ):
            outside = (width > 0) & ((start < 0) | (start + width > length))
            band = int(outside.argmax())
            check(
                not outside.any(),
                "C4",
                f"band {band} is {width[band]} from {start[band]} on; {what} has {length}",
            )
        ends = np.cumsum(width)
        inside = np.arange(ends[-1]) - np.repeat(ends - width, width)
        return cls(
            shapes=shapes,
            frequencies=np.repeat(frequency, width) + inside,
            taps=np.repeat(weight, width) + inside,
            ends=ends,
        )

    def spec(self, x: Array, weights: Array, unweights: Array, *bands: Array) -> Array:
        """x [n] uint32, weights and unweights [m] int16, to [channels] uint64."""
        energies = as_int64(x)[self.frequencies]
        rising = self._sums(energies * as_int64(weights)[self.taps])
        falling = self._sums(energies * as_int64(unweights)[self.taps])
        return (rising[1:] + falling[:-1]).view(np.uint64)

    def _sums(self, products: Ints) -> Ints:
        """Per band; int64 wraps as uint64 does."""
        running = np.concatenate(([0], np.cumsum(products)))[self.ends]
        return np.diff(running, prepend=0)
