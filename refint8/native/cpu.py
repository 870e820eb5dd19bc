"""Tiers: which dot product the micro-kernels are generated with, chosen at run time.

All tiers give the same bits; `REFINT8_TIER` names one (it must be one the CPU can run).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from refint8.errors import UsageError


@dataclass(frozen=True)
class Tier:
    """A way to multiply bytes. `lanes` are 32-bit lanes a vector; `needs` CPU features.

    `rows` gives, per kind of row addressing and number of vectors in a tile, how many rows a tile
    has: what the registers hold (24 accumulators with a fused dot product, fewer without).
    """

    name: str
    lanes: int
    needs: tuple[str, ...]

    @property
    def fused(self) -> bool:
        """Whether multiply and accumulate are one instruction."""
        return self.name in ("avx512vnni", "avxvnni")


TIERS = (
    Tier("avx512vnni", 16, ("avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni")),
    Tier("avx512", 16, ("avx512f", "avx512bw", "avx512vl", "avx512dq")),
    Tier("avxvnni", 8, ("avx2", "avxvnni")),
    Tier("avx2", 8, ("avx2",)),
    Tier("generic", 8, ()),
)
"""Best first. "avx512" and "avx2" use two multiply-adds of 16-bit pairs."""


@cache
def host_features() -> frozenset[str]:
    """Features of this CPU by LLVM's names."""
    import llvmlite.binding as llvm

    return frozenset(name for name, there in llvm.get_host_cpu_features().items() if there)


def runnable(tier: Tier) -> bool:
    """Whether this CPU has what the tier needs."""
    return host_features() >= set(tier.needs)


def tier() -> Tier:
    """The tier in use: REFINT8_TIER, or the best this CPU runs. Raises UsageError."""
    wanted = os.environ.get("REFINT8_TIER", "")
    for candidate in TIERS:
        if wanted in ("", candidate.name) and runnable(candidate):
            return candidate
    names = ", ".join(t.name for t in TIERS if runnable(t))
    raise UsageError(f"REFINT8_TIER={wanted} cannot run here", hint=f"this CPU runs {names}")
