"""The third-party models: which of them refint8 must run, and which of these a quick run takes."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from refint8.errors import Refint8Error
from refint8.model.reader import read_model
from tests.conftest import CHECKOUT

FOLDER = Path(os.environ.get("REFINT8_CORPORA", CHECKOUT.parent / "shared"))
MODELS = FOLDER / "models" / "dev"

OPERATORS = frozenset(
    """
    CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED ADD SUB MUL AVERAGE_POOL_2D
    MAX_POOL_2D SOFTMAX LOGISTIC TANH HARD_SWISH RELU RELU6 LEAKY_RELU PRELU MEAN SUM CONCATENATION
    PAD PADV2 RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE SLICE STRIDED_SLICE SPLIT SPLIT_V PACK UNPACK
    SHAPE GATHER RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR MAXIMUM MINIMUM ARG_MAX QUANTIZE DEQUANTIZE
    CAST LOG_SOFTMAX
    """.split()  # noqa: SIM905  (a column of 43 literals hides what is missing)
)
"""A model all of whose operators are here is equal to the engines, or its entry says why not."""

QUICK_MACS = 30_000_000
"""A quick run leaves out models with more multiplications than this."""

QUICK_OF_A_KIND = 2
"""Of models with the same quantization mode and set of operators a quick run takes this many."""


@dataclass(frozen=True)
class Entry:
    """A model file, and what its catalogue says the engines did with it (None: not listed)."""

    path: Path
    operators: frozenset[str]
    mode: str = ""
    macs: float | None = None
    runs_on_litert: bool | None = None
    runs_on_tflm: bool | None = None

    @property
    def name(self) -> str:
        """The path below the corpus."""
        return str(self.path.relative_to(MODELS))


def entries() -> list[Entry]:
    """Every model file whose operators are in the list; none when the corpus is absent."""
    catalogue = MODELS / "catalogue.csv"
    if not catalogue.exists():
        return []
    with catalogue.open(newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    found = []
    for path in sorted(MODELS.rglob("*.tflite")):
        row = rows.get(str(path.relative_to(MODELS)))
        found.append(_unlisted(path) if row is None else _listed(path, row))
    return [entry for entry in found if entry.operators <= OPERATORS]


def _listed(path: Path, row: dict[str, str]) -> Entry:
    return Entry(
        path,
        frozenset(item.rsplit(":", 1)[0] for item in row["ops"].split(";")),
        row["quant_mode"],
        float(row["macs"] or 0),
        row["ref_runs"] == "1",
        row["tflm_runs"] == "1",
    )


def _unlisted(path: Path) -> Entry:
    try:
        model = read_model(path)
    except Refint8Error:
        return Entry(path, frozenset({"unreadable"}))
    return Entry(path, frozenset(op.title for op in model.subgraphs[0].operators))


def quick(found: list[Entry]) -> set[Entry]:
    """The representative ones: small, and at most QUICK_OF_A_KIND of a kind."""
    kinds: Counter[tuple[str, frozenset[str]]] = Counter()
    chosen = set()
    for entry in found:
        kind = (entry.mode, entry.operators)
        small = entry.macs is not None and entry.macs <= QUICK_MACS
        if small and kinds[kind] < QUICK_OF_A_KIND:
            kinds[kind] += 1
            chosen.add(entry)
    return chosen
