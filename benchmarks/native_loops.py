"""Two kernels of the benchmarks' own: a program loop with a clock, and the CPU's int8 peak.

They are kernels like the package's, compiled by the same machinery, but kept in memory only: the
stored ones are keyed by the package's sources, of which this file is not one.
"""

from __future__ import annotations

import platform
import time
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.native.cpu import TIERS, Tier, runnable
from refint8.native.lang import Kernel, Primitive, call_kernel, i64
from refint8.native.memory import aligned_block
from refint8.native.store import Store

PEAK_ROUNDS = 200_000
"""Iterations of the peak loop in one call: some milliseconds."""


@cache
def memory_store() -> Store:
    """A store that writes nothing to disk."""
    store = Store()
    store.folder = None
    return store


def _ticks(builder: Any) -> Any:
    from llvmlite import ir

    # LLVM's "cycle" counter is the time stamp on x86 but a trap on most Arm systems, where the
    # "steady" one is the generic timer.
    x86 = platform.machine().lower() in ("x86_64", "amd64", "x86")
    name = "llvm.readcyclecounter" if x86 else "llvm.readsteadycounter"
    module = builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(ir.IntType(64), []), name
    )
    return builder.call(function, [])


ticks: Any = Primitive("ticks", 0, _ticks, "int64")
"""The CPU's own clock, in units that `ticks_per_second` measures."""


def _make_timed_program() -> Any:
    def timed_program(params: int, arena: int) -> None:
        p = i64(params)
        program, times = i64(p[0]), i64(p[1])
        alarm = i64(arena + program[2])
        for i in range(program[0]):
            times[i] = 0
        i = 0
        while i < program[0]:
            start = ticks()
            call_kernel(program[3 + 2 * i], program[4 + 2 * i], arena)
            times[i] += ticks() - start
            i = -1 - alarm[0] if alarm[0] < 0 else i + 1
            alarm[0] = 0

    return timed_program


TIMED_PROGRAM = Kernel("timed_program", _make_timed_program)
"""[program, times]: what `run_program` does, and each instruction's ticks to `times`, of all the
times that it runs.

An alarm is cleared and otherwise passed over: what the spec would take is not counted."""


def _make_idle() -> Any:
    def idle(params: int, arena: int) -> None:
        pass

    return idle


IDLE = Kernel("idle", _make_idle)
"""An instruction that does nothing: what timing one costs."""


def _make_read_clock() -> Any:
    def read_clock(params: int, arena: int) -> None:
        i64(params)[0] = ticks()

    return read_clock


READ_CLOCK = Kernel("read_clock", _make_read_clock)
"""[ticks]: the clock."""


def best_tier() -> Tier:
    """The best tier of this CPU, whatever REFINT8_TIER says."""
    return next(tier for tier in TIERS if runnable(tier))


def accumulators(tier: Tier) -> int:
    """As many as registers hold beside the two operands, and enough to hide any latency."""
    return 24 if "avx512vl" in tier.needs else 12


def macs_per_dot(tier: Tier) -> int:
    """Multiply-accumulates of one instruction of the peak loop."""
    return tier.lanes * (4 if tier.fused else 2)


@cache
def peak_kernel(tier: Tier) -> Kernel:
    """[rounds, bytes]: the tier's dot product on registers only, `accumulators` independent sums.

    Without a fused instruction it is the multiply-add of 16-bit pairs on operands that are wide
    already: what no byte kernel can exceed.
    """

    def make() -> Any:
        loop = Primitive("peak_loop", 3, lambda b, *operands: _emit_peak(b, tier, *operands))

        def peak(params: int, arena: int) -> None:
            p = i64(params)
            loop(p[0], p[1], arena)

        return peak

    return Kernel(f"peak_{tier.name}", make)


def _emit_peak(b: Any, tier: Tier, rounds: Any, operands: Any, result: Any) -> None:
    from refint8.native.dot import dot_bytes, dot_words
    from refint8.native.ir import I32, I64, load, splat, store, vector

    words = vector(I32, tier.lanes)
    size = 4 * tier.lanes
    x, w = load(b, words, operands), load(b, words, operands, size)
    before, loop, after = b.block, b.append_basic_block("dots"), b.append_basic_block("done")
    b.branch(loop)
    b.position_at_end(loop)
    k = b.phi(I64)
    k.add_incoming(I64(0), before)
    phis = [b.phi(words) for _ in range(accumulators(tier))]
    totals = []
    for number, phi in enumerate(phis):
        phi.add_incoming(splat(words, number), before)
        # LLVM would take a multiply-add of constant operands out of the loop: there the sum itself
        # is one.
        fused = tier.fused
        totals.append(dot_bytes(b, tier, phi, x, w) if fused else dot_words(b, tier, phi, phi, w))
    for phi, total in zip(phis, totals, strict=True):
        phi.add_incoming(total, loop)
    following = b.add(k, I64(1))
    k.add_incoming(following, loop)
    b.cbranch(b.icmp_signed("<", following, rounds), loop, after)
    b.position_at_end(after)
    for number, total in enumerate(totals):
        store(b, total, result, size * number)


def measure_peak(seconds: float = 0.3) -> float:
    """The CPU's int8 peak in MAC/s on one core: the fastest of many calls."""
    from refint8.engine.runner import NativeCall

    tier = best_tier()
    kernel = peak_kernel(tier)
    call = NativeCall(memory_store().addresses([kernel])[kernel.name])
    operands, result = aligned_block(256), aligned_block(64 * accumulators(tier))
    operands[:] = np.arange(256, dtype=np.uint8)
    words = np.array([PEAK_ROUNDS, operands.ctypes.data], np.int64)
    params, arena = int(words.ctypes.data), int(result.ctypes.data)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        call(params, arena)
        best = min(best, time.perf_counter() - start)
    return PEAK_ROUNDS * accumulators(tier) * macs_per_dot(tier) / best


def ticks_per_second(seconds: float = 0.05) -> float:
    """How fast the clock of TIMED_PROGRAM runs."""
    from refint8.engine.runner import NativeCall

    call = NativeCall(memory_store().addresses([READ_CLOCK])[READ_CLOCK.name])
    words: NDArray[np.int64] = np.zeros(1, np.int64)

    def read() -> tuple[int, float]:
        call(int(words.ctypes.data), 0)
        return int(words[0]), time.perf_counter()

    first, start = read()
    while time.perf_counter() - start < seconds:
        pass
    last, end = read()
    return (last - first) / (end - start)
