"""Everything in one run: the document that `--json` writes and all tables come from.

Keys are those of the dataclasses that measured; seconds are seconds, memory bytes, speeds MAC/s.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.corpora import Subject, first_set, largest, packaged
from benchmarks.latency import TIME_LIMIT, Latency, in_child
from benchmarks.timing import geometric_mean

SCHEMA: Final = "refint8-benchmarks/1"

PACKAGES: Final = ("refint8", "numpy", "numba", "llvmlite", "ai-edge-litert", "tflite-micro")

Document = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Scope:
    """What a run measures: the models' folder, seconds a model, what to leave out."""

    folder: Path
    seconds: float
    quick: bool = False
    int16x8: Path | None = None


def measure_all(scope: Scope, say: Say) -> Document:
    """Run every benchmark; `say` is told what is being measured."""
    from benchmarks import mnist, operators, startup, throughput
    from benchmarks.native_loops import best_tier, measure_peak
    from benchmarks.product import measure_products
    from benchmarks.timing import pinned
    from refint8.native.cpu import TIERS, runnable, tier

    subjects, notes = first_set(scope.folder)
    subjects = subjects or packaged()
    heavy = [] if scope.quick else largest(scope.folder)
    below = [t.name for t in TIERS if runnable(t)][1:2]
    say("throughput")
    batch = [throughput.measure(s, scope.seconds) for s in _told(subjects, say)]
    document: Document = {
        "schema": SCHEMA,
        "machine": {
            "architecture": platform.machine(),
            "best_tier": best_tier().name,
            "tier": tier().name,
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        },
        "versions": {name: _installed(name) for name in PACKAGES}
        | {"python": platform.python_version()},
        "notes": notes,
        "throughput": [asdict(one) for one in batch],
    }
    say("MNIST")
    document["mnist"] = asdict(mnist.measure(scope.folder, scope.seconds))
    say("start")
    chosen = next((s for s in subjects if "ResNet" in s.label), subjects[0])
    document["startup"] = asdict(startup.measure(chosen))
    say("memory")
    document["memory"] = {s.label: startup.peak_memory(s) for s in subjects}
    with pinned():
        document["peak"] = measure_peak(1.0)
        document["products"] = [asdict(one) for one in measure_products()]
    say("latency")
    document["first_set"] = _latencies(subjects, scope, say)
    document["largest"] = _latencies(heavy, scope, say)
    document["tier_below"] = {"tier": below[0] if below else None, "latency": []}
    if below:
        say(f"latency with {below[0]}")
        document["tier_below"]["latency"] = _latencies(
            subjects, scope, say, ("refint8", "xnnpack"), REFINT8_TIER=below[0]
        )
    int16x8 = [Subject("int16x8", scope.int16x8)] if scope.int16x8 else []
    document["int16x8"] = _latencies(int16x8, scope, say)
    say("operators one by one")
    one_by_one = [] if scope.quick else operators.measure(operators.chosen([]))
    document["operators"] = [asdict(one) for one in one_by_one]
    say("operators")
    document["breakdown"] = [found for s in _told(subjects, say) if (found := _breakdown(s))]
    document["figures"] = figures(document)
    return document


def _told(subjects: Sequence[Subject], say: Say) -> Sequence[Subject]:
    say("  " + ", ".join(subject.label for subject in subjects))
    return subjects


def _latencies(
    subjects: Sequence[Subject],
    scope: Scope,
    say: Say,
    engines: Sequence[str] | None = None,
    **environment: str,
) -> list[dict[str, Any]]:
    from benchmarks.engines import ENGINES
    from benchmarks.latency import measure

    found = []
    for subject in subjects:
        say(f"  {subject.label}")
        measured = measure(subject, tuple(engines or ENGINES), scope.seconds, **environment)
        found.append(asdict(measured))
    return found


def _breakdown(subject: Subject) -> dict[str, Any] | None:
    request = {"label": subject.label, "path": str(subject.path)}
    reply = in_child("benchmarks.breakdown", request, TIME_LIMIT)
    return None if isinstance(reply, str) else reply


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@dataclass(frozen=True)
class Figure:
    """One number that the project promises: what it is, what it has to be at least or at most."""

    name: str
    value: float | None
    bound: float
    at_most: bool = False
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is; None when it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def figures(document: Document) -> list[dict[str, Any]]:
    """The promises, from a document that has everything else."""
    first = [Latency(**one) for one in document["first_set"]]
    most = [Latency(**one) for one in document["largest"]]
    below = [Latency(**one) for one in document["tier_below"]["latency"]]
    wide = [Latency(**one) for one in document["int16x8"]]
    against_xnnpack = ratios(first, "xnnpack")
    found = [
        _mean("XNNPACK / refint8, first set", first, "xnnpack", 1.6),
        Figure("the same, the slowest model", min(against_xnnpack, default=None), 1.0),
        _mean("XNNPACK / refint8, models with the most MACs", most, "xnnpack", 1.0),
        _mean("LiteRT's reference / refint8, first set", first, "litert ref", 60),
        _mean("XNNPACK / refint8 with the tier below, first set", below, "xnnpack", 0.9),
        Figure("int16x8, LiteRT's fastest / refint8", _fastest(wide), 20),
        _batch(document),
        _mnist(document),
        _operators(document),
        *_starts(document["startup"]),
    ]
    peak = document["peak"]
    best = max((one["speed"] / peak for one in document["products"]), default=None)
    found.append(Figure("int8 product, of the CPU's peak", best, 0.9))
    return [{**asdict(figure), "met": figure.met} for figure in found]


def ratios(measured: Sequence[Latency], engine: str) -> list[float]:
    """The ratios there are."""
    return [ratio for one in measured if (ratio := one.ratio(engine)) is not None]


def _mean(name: str, measured: Sequence[Latency], engine: str, bound: float) -> Figure:
    known = ratios(measured, engine)
    detail = f"{len(known)} of {len(measured)} models"
    return Figure(name, geometric_mean(known), bound, detail=detail)


def _fastest(measured: Sequence[Latency]) -> float | None:
    known = [r for e in ("xnnpack", "litert", "litert ref") for r in ratios(measured, e)]
    return min(known, default=None)


def _batch(document: Document) -> Figure:
    from benchmarks.throughput import Throughput

    measured = [Throughput(**one) for one in document["throughput"]]
    known = [ratio for one in measured if (ratio := one.ratio()) is not None]
    name = "batch of 256 on 2 threads, XNNPACK / refint8"
    return Figure(
        name, geometric_mean(known), 1.5, detail=f"{len(known)} of {len(measured)} models"
    )


def _mnist(document: Document) -> Figure:
    from benchmarks.mnist import Mnist

    measured = Mnist(**document["mnist"])
    ways = [way for way in measured.seconds if way.startswith("refint8 batch")]
    best = max((r for way in ways if (r := measured.ratio(way)) is not None), default=None)
    return Figure("MNIST, LiteRT's loop / refint8's batch", best, 10, detail=measured.images)


def _operators(document: Document) -> Figure:
    from benchmarks.operators import AS_FAST, OWN, THEIRS

    measured = [Latency(**one) for one in document.get("operators", [])]
    known = {one.label: r for one in measured if (r := one.ratio(THEIRS, OWN)) is not None}
    slowest = min(known, key=lambda label: known[label], default="")
    name = "LiteRT's reference / refint8, the slowest operator"
    detail = f"{slowest}, of {len(known)}" if known else ""
    return Figure(name, known.get(slowest), AS_FAST, detail=detail)


def _starts(startup: dict[str, Any]) -> list[Figure]:
    whole = startup["whole"]
    imports = startup["imports"].get("refint8")
    heavy = ", ".join(startup["heavy"].get("import refint8", [])) or "nothing heavy imported"
    warm = "refint8, filled cache, compiled"
    return [
        Figure(
            "first result, empty cache, seconds",
            whole.get("refint8, empty cache, as it decides"),
            5.0,
            at_most=True,
            detail=startup["label"],
        ),
        Figure(
            "first result, filled cache, seconds",
            whole.get(warm),
            0.3,
            at_most=True,
            detail=", ".join(startup["heavy"].get(warm, [])) + " imported",
        ),
        Figure("import refint8, seconds", imports, 0.1, at_most=True, detail=heavy),
    ]
