"""UNSORTED_SEGMENT_MAX: rows that belong together are compared: the largest stays.

out[s, ...] = the largest over all i.. with ids[i..] = s of in[i.., ...], -2^31 where there
is none. Rows with a negative id are left out. The third input says how many
segments there are.

C1  the ids have the first axes of the input
C2  the number of segments is one number, not negative

An id beyond that number is known only when the operator runs: DomainError.

Semantics: LiteRT `kernels/unsorted_segment.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refint8.ops._dtypes import rows
from refint8.ops._op import operator
from refint8.ops._segments import DTYPES, INT32, UnsortedSegments


@operator(
    "UNSORTED_SEGMENT_MAX",
    versions=range(1, 2),
    dtypes=rows("{T},INT32,INT32->{T}", DTYPES),
    values=(2,),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class UnsortedSegmentMax(UnsortedSegments):
    """The integer record."""

    how = np.maximum
    start = int(INT32.min)
    kernel = "max"
