"""SignalFilterBankSquareRoot: roots of energies, moved down by the bits of SignalFftAutoScale.

out = round(sqrt(x)) >> bits

A root that rounds up to 2^16 (of x below 2^32) or to 2^32 is rounded down.

C1  x is a vector, bits a scalar, the output is declared like x
C2  bits is 0 to 31

Quantization is not looked at. The options are not, either.

Semantics: TFLM `signal/micro/kernels/filter_bank_square_root.cc`, `signal/src/square_root_32.cc`,
`square_root_64.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.errors import DomainError
from refint8.numerics.signal import root_64
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._signal import check_declared, check_vector


@operator(
    "SignalFilterBankSquareRoot",
    versions=range(1, 2),
    dtypes=("UINT64,INT32->UINT32",),
    custom=True,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class SignalFilterBankSquareRoot(Record):
    """The integer record: nothing but the shape."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1."""
        length, bits = check_vector(node, 0, "C1"), node.input(1).shape
        check(bits == (), "C1", f"bits has shape {bits}")
        return cls(shapes=check_declared(node, ((length,),), "C1"))

    def spec(self, x: Array, bits: Array) -> Array:
        """x [n] uint64, bits [] int32, to [n] uint32. Raises DomainError (C2)."""
        down = int(bits)
        if not 0 <= down <= 31:
            raise DomainError(f"the roots are to be moved down by {down} bits", label="C2")
        return (root_64(x) >> np.uint64(down)).astype(np.uint32)
