"""What kernels over two operands share: runs of elements, rows of runs, a table of starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from refint8.native.lang import Kernel, i64

RUN_WORDS = 12
"""How many words describe the runs; a kernel's own ones follow.

output, a, b (bytes), 1 where a or b is relative to the arena (else 0), address of the (output, a,
b) starts in bytes, how many, rows, bytes from row to row of output, a, b, elements of a run.
"""


def over_runs(name: str, run: Any) -> Kernel:
    """The kernel that calls run(output, a, b, count, own) for every run.

    `run` is a Primitive or an inlined helper on addresses; `own` is the address of the kernel's
    own words.
    """

    def make() -> Callable[[int, int], None]:
        def walk(params: int, arena: int) -> None:
            p = i64(params)
            own = params + 8 * RUN_WORDS
            starts = i64(p[5])
            for start in range(p[6]):
                out = arena + p[0] + starts[3 * start]
                a = p[1] + p[3] * arena + starts[3 * start + 1]
                b = p[2] + p[4] * arena + starts[3 * start + 2]
                for _ in range(p[7]):
                    run(out, a, b, p[11], own)
                    out += p[8]
                    a += p[9]
                    b += p[10]

        return walk

    return Kernel(name, make)
