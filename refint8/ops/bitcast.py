"""BITCAST: the same bytes, read as another dtype.

out = in, byte by byte. To a dtype of 1/k of the bytes the output has a further last axis of size
k, to one of k times the bytes the input's last axis, of size k, disappears. Bytes go in
little-endian order.

C1  towards a larger dtype the last axis has as many elements as make one

Quantization is not looked at.

Semantics: LiteRT `kernels/bitcast.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.native.lowering import Site
from refint8.ops._copy_kernel import View, copy
from refint8.ops._dtypes import WHOLE_BYTES, rows
from refint8.ops._op import Array, Node, Record, check, operator

DTYPES: Final = (*WHOLE_BYTES, "COMPLEX128")


@operator("BITCAST", versions=range(1, 2), dtypes=rows(f"{{T}}->{'|'.join(DTYPES)}", DTYPES))
@dataclass(frozen=True, eq=False, kw_only=True)
class Bitcast(Record):
    """The integer record."""

    dtype: str

    same_bytes = True

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1, the shape."""
        shape, dtype = node.input(0).shape, node.output.dtype
        before, after = (NUMPY_DTYPE[d].itemsize for d in (node.input(0).dtype, dtype))
        if before < after:
            check(
                shape[-1:] == (after // before,),
                "C1",
                f"the last axis of {shape} does not make one element of {dtype}",
            )
            shape = shape[:-1]
        elif before > after:
            shape = (*shape, before // after)
        return cls(shapes=(shape,), dtype=dtype)

    def spec(self, x: Array) -> Array:
        """x of any shape."""
        raw = np.frombuffer(x.tobytes(), NUMPY_DTYPE[self.dtype])
        return raw.reshape(self.shapes[0]).copy()

    def lower(self, site: Site) -> None:
        """One copy, where the output has memory of its own."""
        x, out = site.read(0), site.output
        source, target = View.of(x, (x.size,)), View.of(out, (out.size,))
        whole = (out.nbytes,)
        copy(site, View(source.offset, whole, (1,), 1), View(target.offset, whole, (1,), 1))
