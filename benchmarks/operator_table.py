"""The table of operators one by one."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency import Latency
from benchmarks.operators import AS_FAST, OWN, THEIRS
from benchmarks.tables import duration, times
from benchmarks.timing import geometric_mean
from refint8.report.table import Block, Table, Text


def operator_blocks(measured: Sequence[Latency]) -> list[Block]:
    """Operators one by one: the reference kernel's time over ours."""
    rows, bad = [], set()
    for one in measured:
        ratio = one.ratio(THEIRS, OWN)
        notes = [f"{engine}: {why.splitlines()[0][:90]}" for engine, why in one.refused.items()]
        notes += ["spec in Python"] if one.interludes else []
        notes += ["DIFFERENT"] if one.equal is False else []
        if one.equal is False or (ratio is not None and ratio < AS_FAST):
            bad.add(len(rows))
        cells = [duration(one.seconds.get(engine)) for engine in (THEIRS, OWN)]
        rows.append([one.label, *cells, times(ratio), "; ".join(notes)])
    known = [ratio for one in measured if (ratio := one.ratio(THEIRS, OWN)) is not None]
    rows.append(["geometric mean", "", "", times(geometric_mean(known)), ""])
    slower = sum(ratio < AS_FAST for ratio in known)
    equal = sum(one.equal is True for one in measured)
    elements = sum(one.elements for one in measured if one.equal)
    headers = ["operator", "LiteRT's reference", "refint8", "ratio", ""]
    title = "Operators one by one, one thread, profile litert-ref"
    return [
        Table(headers, rows, right=frozenset({1, 2, 3}), bad=frozenset(bad), title=title),
        Text(
            f"{len(known)} of {len(measured)} measured, {slower} slower than the reference kernel"
            f" (ratio below {AS_FAST}: copies run at memory's speed in both); {equal} cases"
            f" compared and equal, {elements:,} elements"
        ),
    ]
