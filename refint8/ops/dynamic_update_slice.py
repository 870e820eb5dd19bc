"""DYNAMIC_UPDATE_SLICE: a tensor with a box of it replaced.

out[i_0, ..., i_n] = update[i_0 - s_0, ..., i_n - s_n] inside the box, else in[i_0, ..., i_n], with
s_k the k-th start, clamped so that the box lies inside: to [0, size_k - size of update].

C1  the starts are a vector of one value per axis of the input
C2  the update has the input's rank, and no axis of it is longer
C3  the rank is at most 8

Values are moved as they are: any dtype of 8, 16, 32 or 64 bits, and INT4. Quantization is not
looked at.

Semantics: LiteRT `kernels/dynamic_update_slice.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.native.lowering import Site
from refint8.ops._copy_kernel import copy_tensor
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._update_kernel import lower_update


@operator(
    "DYNAMIC_UPDATE_SLICE",
    versions=range(1, 7),
    dtypes=rows("{T},{T},INT32|INT64->{T}", (*WHOLE_BYTES, "INT4")),
    dtype_of=0,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class DynamicUpdateSlice(Record):
    """The integer record. `room` is the highest start of each axis."""

    room: tuple[int, ...]

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C3, the room."""
        x, update, starts = (node.input(position).shape for position in range(3))
        check(starts == (len(x),), "C1", f"starts of shape {starts} for {x}")
        check(
            len(update) == len(x) and all(n <= size for n, size in zip(update, x, strict=True)),
            "C2",
            f"{update} is no box in {x}",
        )
        check(len(x) <= 8, "C3", f"a rank of {len(x)} is above 8")
        room = tuple(size - n for size, n in zip(x, update, strict=True))
        return cls(shapes=(x,), room=room)

    def spec(self, x: Array, update: Array, starts: Array) -> Array:
        """x of any shape, update of at most its size, starts [rank]."""
        clamped = np.clip(starts.astype(np.int64), 0, np.array(self.room, np.int64)).tolist()
        box = zip(clamped, update.shape, strict=True)
        out = x.copy()
        out[tuple(slice(start, start + size) for start, size in box)] = update
        return out

    def lower(self, site: Site) -> None:
        """A copy of the input, then the update over it, where the starts say."""
        copy_tensor(site, 0)
        lower_update(site, site.read(1), site.read(2), self.room)
