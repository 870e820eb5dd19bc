"""The README's table, from a benchmark document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from benchmarks.document import Document, ratios
from benchmarks.latency import Latency
from benchmarks.tables import duration, times
from benchmarks.throughput import Throughput
from benchmarks.timing import geometric_mean

BEGIN: Final = "<!-- benchmark table: begin -->"
END: Final = "<!-- benchmark table: end -->"

COLUMNS: Final = {
    "xnnpack": "XNNPACK",
    "litert": "LiteRT without delegates",
    "litert ref": "LiteRT's reference",
    "tflm": "TFLM",
}
"""Engine to the head of its column."""


def table(document: Document) -> str:
    """Markdown: a line for each model of the first set, and their geometric mean."""
    measured = [Latency(**one) for one in document["first_set"]]
    batches = {one["label"]: Throughput(**one) for one in document["throughput"]}
    shown = [one for one in measured if "refint8" in one.seconds]
    heads = ["model", "refint8", *COLUMNS.values(), "batch, 2 threads"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for one in shown:
        batch = batches.get(one.label)
        row = [one.label, duration(one.seconds["refint8"])]
        row += [_times(one.ratio(engine)) for engine in COLUMNS]
        lines.append([*row, _times(batch.ratio() if batch else None)])
    known = [ratio for one in batches.values() if (ratio := one.ratio()) is not None]
    means = [_times(geometric_mean(ratios(shown, engine))) for engine in COLUMNS]
    lines.append(["**geometric mean**", "", *means, _times(geometric_mean(known))])
    return "\n".join([*("| " + " | ".join(line) + " |" for line in lines), "", _caption(document)])


def _caption(document: Document) -> str:
    versions: dict[str, Any] = document["versions"]
    engines = [
        f"{name} {versions[name]}"
        for name in ("ai-edge-litert", "tflite-micro")
        if versions.get(name)
    ]
    return (
        f"Median time of one `invoke()` on one thread ({document['machine']['tier']}), then how"
        " many times as long each engine takes, in turns in one process;"
        f" {', '.join(engines)}. The last column is {_samples(document)} samples on two threads"
        " against XNNPACK with two."
    )


def _samples(document: Document) -> int:
    return max((int(one["samples"]) for one in document["throughput"]), default=0)


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{times(ratio)}x"


def rewrite(path: Path, document: Document) -> None:
    """Put the table between the markers. Raises SystemExit when they are not there."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{path.name} has no lines {BEGIN} and {END}")
    new = f"{BEGIN}\n{table(document)}\n{END}"
    path.write_text(pattern.sub(lambda _: new, text), encoding="utf-8")
