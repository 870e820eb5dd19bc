"""What was measured, as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.breakdown import Breakdown, Timed
from benchmarks.latency import Latency
from benchmarks.mnist import Mnist
from benchmarks.product import Speed
from benchmarks.startup import Startup
from benchmarks.throughput import Throughput
from benchmarks.timing import geometric_mean
from refint8.report.table import Block, Table, Text

OPPONENTS = ("xnnpack", "xnnpack 2", "litert", "litert ref", "tflm")

NOISE = 0.05
"""Share of the CPU that others may have before a table says so."""


def duration(seconds: float | None) -> str:
    """Three digits with a fitting unit; a dash for None."""
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds * 1e9)} ns"


def times(ratio: float | None) -> str:
    """A ratio; a dash for None."""
    return "-" if ratio is None else _digits(ratio)


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def latency_blocks(measured: Sequence[Latency], title: str) -> list[Block]:
    """Seconds a run by engine, the ratios to refint8, and their geometric means."""
    engines = [e for e in OPPONENTS if any(e in m.seconds for m in measured)]
    rows = []
    for m in measured:
        mark = " *" if m.interludes else ""
        row = [m.label + mark, duration(m.seconds.get("refint8"))]
        if any("refint8 litert-ref" in other.seconds for other in measured):
            row.append(duration(m.seconds.get("refint8 litert-ref")))
        for engine in engines:
            row += [duration(m.seconds.get(engine)), times(m.ratio(engine))]
        row.append({True: "equal", False: "DIFFERENT", None: "-"}[m.equal])
        rows.append(row)
    own = ["refint8"]
    if any("refint8 litert-ref" in m.seconds for m in measured):
        own.append("its litert-ref")
    means = ["geometric mean", *[""] * len(own)]
    for engine in engines:
        ratios = [r for m in measured if (r := m.ratio(engine)) is not None]
        means += [f"n={len(ratios)}", times(geometric_mean(ratios))]
    headers = ["model", *own]
    for engine in engines:
        headers += [engine, "ratio"]
    headers.append("vs ref")
    bad = frozenset(i for i, m in enumerate(measured) if m.equal is False)
    table = Table(
        headers,
        [*rows, [*means, ""]],
        right=frozenset(range(1, len(headers) - 1)),
        bad=bad,
        title=title,
    )
    return [table, *_notes(measured)]


def _notes(measured: Sequence[Latency]) -> list[Block]:
    notes: list[Block] = []
    for m in measured:
        if m.interludes:
            names = ", ".join(f"{name} x{count}" for name, count in m.interludes.items())
            notes.append(Text(f"* {m.label}: without kernels, run by their specs: {names}"))
        if m.taken > NOISE:
            notes.append(Text(f"! {m.label}: other processes had {100 * m.taken:.0f} % of the CPU"))
        for engine, reason in m.refused.items():
            notes.append(
                Text(f"  {m.label}: {engine} does not run it: {reason.splitlines()[0][:160]}")
            )
    return notes


def breakdown_blocks(
    found: Breakdown, peak: float, *, every: bool = False, by_kernel: bool = True
) -> list[Block]:
    """Time by operator and kernel, the slowest first; `every` lists all instructions too."""
    groups: dict[tuple[str, str], list[Timed]] = defaultdict(list)
    for part in found.parts:
        groups[part.operator, _kernel(part) if by_kernel or part.reason else ""].append(part)
    ordered = sorted(groups.items(), key=lambda item: -sum(p.seconds for p in item[1]))
    rows = []
    for (operator, kernel), parts in ordered:
        seconds, count = sum(p.seconds for p in parts), sum(p.macs for p in parts)
        share = f"{100 * seconds / found.total:.1f} %"
        rows.append(
            [
                operator,
                kernel,
                str(len(parts)),
                duration(seconds),
                share,
                *_speed(count, seconds, peak),
            ]
        )
    rows.append(
        [
            *("sum", "", str(len(found.parts)), duration(found.total), ""),
            *_speed(found.macs, found.total, peak),
        ]
    )
    title = (
        f"{found.label}, {found.profile}, {found.tier}: {duration(found.whole)} a run;"
        f" the CPU's int8 peak is {peak / 1e9:.0f} GMAC/s"
    )
    headers = ["operator", "kernel", "n", "time", "share", "GMAC/s", "of peak"]
    blocks: list[Block] = [Table(headers, rows, right=frozenset(range(2, 7)), title=title)]
    if every:
        lines = [
            [
                *(str(p.number), p.operator, _kernel(p), duration(p.seconds)),
                f"{100 * p.seconds / found.total:.1f} %",
                *_speed(p.macs, p.seconds, peak),
            ]
            for p in found.parts
        ]
        headers = ["no", "operator", "kernel", "time", "share", "GMAC/s", "of peak"]
        blocks.append(Table(headers, lines, right=frozenset({0, 3, 4, 5, 6})))
    reasons = {(p.operator, p.reason) for p in found.parts if p.reason}
    blocks += [Text(f"{name} runs by its spec: {why}") for name, why in sorted(reasons)]
    return blocks


def _kernel(part: Timed) -> str:
    return part.kernel or "(spec, in Python)"


def _speed(count: float, seconds: float, peak: float) -> list[str]:
    if not count or not seconds:
        return ["", ""]
    speed = count / seconds
    return [f"{speed / 1e9:.1f}", f"{100 * speed / peak:.0f} %"]


def throughput_blocks(measured: Sequence[Throughput]) -> list[Block]:
    """Seconds a sample of the batch by way."""
    ways = list(dict.fromkeys(way for one in measured for way in one.seconds))
    rows = []
    for one in measured:
        cells = [
            duration(one.seconds[way] / one.samples if way in one.seconds else None) for way in ways
        ]
        equal = {True: "equal", False: "DIFFERENT", None: "-"}[one.equal]
        rows.append([one.label, *cells, times(one.ratio()), equal])
    known = [ratio for one in measured if (ratio := one.ratio()) is not None]
    rows.append(["geometric mean", *[""] * len(ways), times(geometric_mean(known)), ""])
    samples = max((one.samples for one in measured), default=0)
    title = f"Batch of {samples} samples on 2 threads, time a sample (ratio: XNNPACK's own threads)"
    headers = ["model", *ways, "ratio", "1 thread's bytes"]
    right = frozenset(range(1, len(ways) + 2))
    blocks: list[Block] = [Table(headers, rows, right=right, title=title)]
    for one in measured:
        blocks += [
            Text(f"  {one.label}: {way} does not run it: {why.splitlines()[0][:160]}")
            for way, why in one.refused.items()
        ]
    return blocks


def mnist_blocks(measured: Mnist) -> list[Block]:
    """The tutorial's loop."""
    rows = [
        [
            way,
            duration(seconds),
            times(measured.ratio(way)),
            f"{100 * measured.accuracy[way]:.2f} %",
        ]
        for way, seconds in measured.seconds.items()
    ]
    title = f"MNIST tutorial's loop, {measured.count} images ({measured.images})"
    headers = ["way", "time", "LiteRT's loop / this", "right"]
    table = Table(headers, rows, right=frozenset({1, 2, 3}), title=title)
    return [
        table,
        *(Text(f"  {way}: {why.splitlines()[0][:160]}") for way, why in measured.refused.items()),
    ]


def startup_blocks(measured: Startup) -> list[Block]:
    """Imports and whole processes."""
    rows = [["python, nothing else", duration(measured.bare), ""]]
    rows += [
        [f"import {module} (inside)", duration(seconds), _heavy(measured, f"import {module}")]
        for module, seconds in measured.imports.items()
    ]
    rows += [
        [f"first result, whole process: {name}", duration(seconds), _heavy(measured, name)]
        for name, seconds in measured.whole.items()
    ]
    headers = ["process", "time", "imports of ours that are heavy"]
    return [Table(headers, rows, right=frozenset({1}), title=f"Start ({measured.label})")]


def _heavy(measured: Startup, name: str) -> str:
    return ", ".join(measured.heavy.get(name, []))


def memory_blocks(measured: Mapping[str, Mapping[str, int]]) -> list[Block]:
    """Peak memory of processes that give one result."""
    engines = list(dict.fromkeys(engine for found in measured.values() for engine in found))
    rows = [
        [label, *(f"{found[e] / 1e6:.0f} MB" if e in found else "-" for e in engines)]
        for label, found in measured.items()
    ]
    right = frozenset(range(1, len(engines) + 1))
    title = "Peak memory of a process that gives one result"
    return [Table(["model", *engines], rows, right=right, title=title)]


def product_blocks(measured: Sequence[Speed], peak: float) -> list[Block]:
    """The matrix product by itself."""
    rows = [[one.kernel, str(one.depth), *_speed(one.speed, 1.0, peak)] for one in measured]
    title = f"Matrix product by itself; the CPU's int8 peak is {peak / 1e9:.0f} GMAC/s"
    headers = ["kernel", "depth", "GMAC/s", "of peak"]
    return [Table(headers, rows, right=frozenset({1, 2, 3}), title=title)]


def figure_blocks(measured: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What the project promises, and what was measured."""
    rows = [
        [
            one["name"],
            "-" if one["value"] is None else f"{one['value']:.3g}",
            f"{'at most' if one['at_most'] else 'at least'} {one['bound']:g}",
            {True: "yes", False: "NO", None: "-"}[one["met"]],
            one["detail"],
        ]
        for one in measured
    ]
    bad = frozenset(i for i, one in enumerate(measured) if one["met"] is False)
    headers = ["figure", "measured", "wanted", "met", ""]
    return [Table(headers, rows, right=frozenset({1}), bad=bad, title="Figures")]


def document_blocks(document: Mapping[str, Any]) -> list[Block]:
    """Everything in a document."""
    blocks: list[Block] = [Text(note) for note in document["notes"]]
    sets = {"first_set": "First set", "largest": "The models with the most MACs"}
    sets["int16x8"] = "int16x8"
    for key, title in sets.items():
        if document[key]:
            found = [Latency(**one) for one in document[key]]
            blocks += latency_blocks(found, f"{title}: one run, one thread (xnnpack 2: two)")
    below = document["tier_below"]
    if below["latency"]:
        found = [Latency(**one) for one in below["latency"]]
        blocks += latency_blocks(found, f"First set with {below['tier']}")
    blocks += throughput_blocks([Throughput(**one) for one in document["throughput"]])
    blocks += mnist_blocks(Mnist(**document["mnist"]))
    if document.get("operators"):
        from benchmarks.operator_table import operator_blocks

        blocks += operator_blocks([Latency(**one) for one in document["operators"]])
    blocks += startup_blocks(Startup(**document["startup"]))
    blocks += memory_blocks(document["memory"])
    blocks += product_blocks([Speed(**one) for one in document["products"]], document["peak"])
    for one in document["breakdown"]:
        parts = [Timed(**part) for part in one["parts"]]
        whole = Breakdown(**{**one, "parts": parts})
        blocks += breakdown_blocks(whole, document["peak"], by_kernel=False)
    return [*blocks, *figure_blocks(document["figures"])]
