"""REVERSE_SEQUENCE: the beginning of every sequence runs backwards, each as far as it is long.

out[..., b, ..., i, ...] = in[..., b, ..., j, ...] with j = l_b - 1 - i for i < l_b, else j = i

where b is the index on the axis `batch_dim`, i that on `seq_dim`, and l the second input.

C1  `batch_dim` and `seq_dim` are different axes of the input, not negative
C2  there is one length per index of the batch axis

Values are moved as they are, and quantization is not looked at. A length of 0 or less reverses
nothing; one beyond the axis is known only when the operator runs: DomainError. (LiteRT looks at
the first length only, and writes outside the output with the others.)

Semantics: LiteRT `kernels/reverse_sequence.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final, Self

import numpy as np

from refint8.errors import DomainError
from refint8.native.lowering import NotFastError, Site
from refint8.native.shape_arithmetic import reverse_beginnings
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._slicing import Range

DTYPES: Final = ("UINT8", "INT16", "INT32", "INT64", "FLOAT32")


@operator("REVERSE_SEQUENCE", versions=range(1, 2), dtypes=rows("{T},INT32|INT64->{T}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class ReverseSequence(Record):
    """The integer record."""

    batch_axis: int
    sequence_axis: int

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2."""
        shape, lengths = node.input(0).shape, node.input(1)
        batch, sequence = int(node.options["batch_dim"]), int(node.options["seq_dim"])
        check(
            batch != sequence and min(batch, sequence) >= 0 and max(batch, sequence) < len(shape),
            "C1",
            f"batch_dim {batch} and seq_dim {sequence} of a tensor of shape {shape}",
        )
        check(
            lengths.shape == (shape[batch],),
            "C2",
            f"lengths of shape {lengths.shape} for {shape[batch]} sequences",
        )
        return cls(shapes=(shape,), batch_axis=batch, sequence_axis=sequence)

    def spec(self, x: Array, lengths: Array) -> Array:
        """x of any shape, lengths [x's size on the batch axis]."""
        size = x.shape[self.sequence_axis]
        too_long = lengths > size
        if too_long.any():
            raise DomainError(
                f"length {int(lengths[too_long][0])} is beyond a sequence of {size}"
                f" ({int(too_long.sum())} such lengths)",
                hint="an engine writes outside the tensor here",
            )
        by_sequence = np.moveaxis(x, (self.batch_axis, self.sequence_axis), (0, 1))
        places = np.arange(size)
        ends = lengths.astype(np.int64)[:, np.newaxis]
        sources = np.where(places < ends, ends - 1 - places, places)
        reversed_ = by_sequence[np.arange(len(lengths))[:, np.newaxis], sources]
        axes = (self.batch_axis, self.sequence_axis)
        return np.moveaxis(reversed_, (0, 1), axes).copy()

    def lower(self, site: Site) -> None:
        """Two copies per sequence; for computed lengths a loop that checks them."""
        if site.input(1).data is None:
            self._lower_computed(site)
            return
        x, out = View.of(site.read(0)), View.of(site.output)
        size = x.shape[self.sequence_axis]
        lengths = site.constant_input(1)
        if (lengths > size).any():
            raise NotFastError("a length is beyond its sequence")
        for batch, length in enumerate(np.maximum(lengths, 0).tolist()):
            for source in (Range(length - 1, length, -1), Range(length, size - length)):
                pair = [[Range(0, n) for n in x.shape] for _ in range(2)]
                pair[0][self.sequence_axis] = source
                pair[1][self.sequence_axis] = Range(0 if source.step < 0 else length, source.count)
                for ranges in pair:
                    ranges[self.batch_axis] = Range(batch, 1)
                copy(site, x.take(pair[0]), out.take(pair[1]))

    def _lower_computed(self, site: Site) -> None:
        x, lengths, out = site.read(0), site.read(1), site.output
        first, last = sorted((self.batch_axis, self.sequence_axis))
        item = x.dtype.itemsize
        size = [*x.shape, 1]
        steps = [item * prod(x.shape[axis + 1 :]) for axis in range(len(x.shape))]
        site.call(
            reverse_beginnings(lengths.dtype.name.upper()),
            x.offset,
            out.offset,
            lengths.offset,
            prod(size[:first]),
            size[self.sequence_axis],
            prod(size[first + 1 : last]),
            size[self.batch_axis],
            steps[first] * size[first],
            steps[self.sequence_axis],
            steps[last] * size[last],
            steps[self.batch_axis],
            steps[last],
            site.alarm,
        )
