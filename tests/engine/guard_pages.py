"""Kernels between guard pages: what a kernel may not touch is not there.

Run as a program with operator names, this is a child process that a bad kernel kills. It prints
one JSON line per operator, and before every case the words to repeat it:

    python -m tests.engine.guard_pages CONV_2D --cases 100
    python -m tests.engine.guard_pages CONV_2D --only 17

Every tensor, constant and scratch block has pages of its own. Behind it lies its slack and then a
page that cannot be touched, or before it, in turns. Inputs and constants cannot be written.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from refint8.errors import Refint8Error
from refint8.model.types import NUMPY_DTYPE
from refint8.native.cpu import tier
from refint8.native.lowering import NotFastError, Place, Site
from refint8.native.memory import round_up
from refint8.native.store import shared
from refint8.ops._op import Record, prepare
from tests.engine.hostile.cases import random_case

MOST_WRONG = 5
"""Wrong cases of an operator that are reported."""

PAGE = mmap.PAGESIZE
NOTHING, READ, WRITE = 0, 1, 3
PRIVATE = 0x02
ANONYMOUS = 0x1000 if sys.platform == "darwin" else 0x20

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

Call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


@dataclass
class Block:
    """Whole pages with a guard page on either side; `start` is where the tensor lies."""

    base: int
    pages: int
    start: int

    def protect(self, mode: int) -> None:
        """Forbid or allow access to the pages between the guards."""
        assert LIBC.mprotect(self.base + PAGE, self.pages * PAGE, mode) == 0

    def bytes(self, count: int) -> Any:
        """The block's memory as an array."""
        return np.frombuffer((ctypes.c_uint8 * count).from_address(self.start), np.uint8)


@dataclass
class Guarded:
    """Memory for one case. `tight` says on which side the guard page is near: "end" or "start"."""

    tight: str
    blocks: list[Block] = field(default_factory=list)
    size: int = 0

    def block(self, nbytes: int) -> Block:
        """Room for that many bytes and their slack, filled with what no test expects."""
        room = round_up(nbytes)
        pages = -(-room // PAGE)
        base = LIBC.mmap(None, (pages + 2) * PAGE, NOTHING, PRIVATE | ANONYMOUS, -1, 0)
        assert base not in (None, ctypes.c_void_p(-1).value), "no memory"
        inside = base + PAGE
        start = inside if self.tight == "start" else inside + pages * PAGE - room
        made = Block(base, pages, start)
        made.protect(WRITE)
        ctypes.memset(inside, 0xA5, pages * PAGE)
        self.blocks.append(made)
        return made

    def add(self, array: Any) -> int:
        """What `Constants.add` does, for memory that cannot be written."""
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        made = self.block(raw.size)
        ctypes.memmove(made.start, raw.ctypes.data, raw.size)
        made.protect(READ)
        return made.start

    def release(self) -> None:
        """Give everything back."""
        for made in self.blocks:
            LIBC.munmap(made.base, (made.pages + 2) * PAGE)


class GuardedSite(Site):
    """A site whose scratch blocks have pages of their own. The arena begins at address 0."""

    def scratch(self, nbytes: int) -> int:
        """See Site."""
        memory: Any = self.constants
        return int(memory.block(nbytes).start)


def run(record: Record, arrays: list[Any], dtypes: list[str], tight: str) -> list[Any]:
    """The outputs of the record's kernels and its new state, between guard pages."""
    memory: Any = Guarded(tight)
    try:
        inputs: list[Place | None] = []
        for position, (x, known) in enumerate(arrays):
            if x is None:
                inputs.append(None)
                continue
            made = memory.block(x.nbytes)
            ctypes.memmove(made.start, np.ascontiguousarray(x).ctypes.data, x.nbytes)
            if position not in record.state:
                made.protect(READ)
            inputs.append(Place(made.start, x.shape, x.dtype, x if known else None))
        outputs = []
        for shape, dtype in zip(record.shapes, dtypes, strict=True):
            held = NUMPY_DTYPE[dtype]
            nbytes = int(np.prod(shape, dtype=np.int64)) * held.itemsize
            outputs.append(Place(memory.block(nbytes).start, shape, held))
        alarm = memory.block(8)
        ctypes.memset(alarm.start, 0, 8)
        site = GuardedSite(tier(), inputs, outputs, memory, alarm.start, scratch_start=0)
        record.lower(site)
        addresses = shared().addresses([i.kernel for i in site.instructions])
        for instruction in site.instructions:
            words = memory.add(instruction.words)
            Call(addresses[instruction.kernel.name])(words, 0)
            if alarm.bytes(8).any():
                raise NotFastError("alarm")
        return [
            np.frombuffer(
                (ctypes.c_uint8 * place.nbytes).from_address(place.offset), place.dtype
            ).reshape(place.shape).copy()
            for place in (*outputs, *(site.input(position) for position in record.state))
        ]  # fmt: skip
    finally:
        memory.release()


def check(name: str, seed: int) -> str:
    """One case: "ran", why it did not, or "wrong: ..."."""
    case = random_case(name, np.random.default_rng([seed, *name.encode()]))
    if case is None:
        return "unknown"
    operator, arrays = case
    try:
        record = prepare(operator)
    except Refint8Error as error:
        return f"refused: {error}"
    pairs = [
        (x if o is None or o.data is None else o.data, o is not None and o.data is not None)
        for x, o in zip(arrays, operator.inputs, strict=True)
    ]
    if record.needs_environment:
        return "unknown"
    try:
        want = record.spec(*(x for x, _ in pairs))
    except Refint8Error as error:
        return f"refused: {error}"
    expected = want if isinstance(want, tuple) else (want,)
    for tight in ("end", "start"):
        try:
            found = run(record, pairs, [o.dtype for o in operator.outputs], tight)
        except NotFastError as reason:
            return f"not fast: {reason}"
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            return f"wrong: {error!r}"
        for x, y in zip(expected, found, strict=True):
            if x.tobytes() != y.tobytes():
                return f"wrong: {np.count_nonzero(x != y)} of {x.size} elements"
    return "ran"


def main(arguments: list[str]) -> None:
    """Check operators; one JSON line each, and one before every case to standard error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--only", type=int)
    asked = parser.parse_args(arguments)
    seeds = range(asked.cases) if asked.only is None else [asked.only]
    for name in asked.names:
        counts: dict[str, int] = {}
        wrong = []
        for seed in seeds:
            print(f"{name} {seed}", file=sys.stderr, flush=True)
            found = check(name, seed)
            if (found.startswith("wrong") and len(wrong) < MOST_WRONG) or asked.only is not None:
                wrong.append(f"case {seed}: {found}")
            kind = found.partition(":")[0]
            counts[kind] = counts.get(kind, 0) + 1
        print(json.dumps({"operator": name, "counts": counts, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
