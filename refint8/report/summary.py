"""What came out of a run: one line per tensor, the best classes of classifier-like outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from refint8.model.types import Tensor
from refint8.ops._op import Array
from refint8.oracle.plain import plain, sha256
from refint8.report.table import Block, Table, Text

TOP = 5
LISTED_SAMPLES = 5
"""Samples whose best classes are printed; JSON has all."""


def summary(tensor: Tensor, samples: Sequence[Array], stacked: Array) -> dict[str, Any]:
    """Name, index, dtype, shape, quantization, range and hash of a tensor's values.

    `samples` are the values per input set, `stacked` all of them as they are written. The hash is
    that of the elements of `stacked`, little-endian and row-major.
    """
    numbers = stacked.size > 0 and stacked.dtype.kind in "biuf"
    quantization = tensor.quantization
    document = {
        "name": tensor.name,
        "index": tensor.index,
        "dtype": tensor.dtype if stacked.dtype.kind != "f" else stacked.dtype.name.upper(),
        "shape": list(stacked.shape),
        "scales": [] if quantization is None else plain(quantization.scales),
        "zero_points": [] if quantization is None else plain(quantization.zero_points),
        "min": plain(stacked.min()) if numbers else None,
        "max": plain(stacked.max()) if numbers else None,
        "sha256": sha256(stacked),
    }
    if all(map(_classifies, samples)):
        document["top"] = [_top(sample) for sample in samples]
    return document


def summary_blocks(documents: Sequence[dict[str, Any]]) -> list[Block]:
    """The documents as a table, and the best classes below it."""
    rows = [
        (
            document["name"] or f"tensor {document['index']}",
            f"{document['dtype']}{document['shape']}".replace(" ", ""),
            _one(document["scales"]),
            _one(document["zero_points"]),
            _one([] if document["min"] is None else [document["min"]]),
            _one([] if document["max"] is None else [document["max"]]),
        )
        for document in documents
    ]
    headers = ("tensor", "type", "scale", "zero point", "min", "max")
    hashes = [
        f"{document['sha256']}  {name}"
        for document, (name, *_) in zip(documents, rows, strict=True)
    ]
    blocks: list[Block] = [
        Table(headers, rows, frozenset({2, 3, 4, 5})),
        Text("\nsha256 of the elements, little-endian"),
        Text("\n".join(hashes)),
    ]
    if any("top" in document for document in documents):
        blocks.append(Text(""))
    for document in documents:
        top = document.get("top", [])
        for number, classes in enumerate(top[:LISTED_SAMPLES]):
            which = f" of sample {number}" if len(top) > 1 else ""
            best = "  ".join(f"{c['class']}: {c['value']:.6g}" for c in classes)
            blocks.append(Text(f"top {len(classes)}{which}  {best}"))
        if len(top) > LISTED_SAMPLES:
            blocks.append(Text(f"... and {len(top) - LISTED_SAMPLES} more samples"))
    return blocks


def _one(values: Sequence[float | str]) -> str:
    if len(values) != 1:
        return f"{len(values)} values" if values else ""
    return f"{values[0]:.9g}" if isinstance(values[0], float) else f"{values[0]}"


def _classifies(value: Array) -> bool:
    """One row of at least two numbers per sample."""
    row = value.ndim in (1, 2) and value.shape[:-1] in ((), (1,))
    return bool(row) and value.shape[-1] > 1 and value.dtype.kind in "iuf"


def _top(value: Array) -> list[dict[str, Any]]:
    flat = value.reshape(-1)
    # Of equal values the lower class first, as ARG_MAX answers.
    best = np.argsort(-flat.astype(np.float64), kind="stable")[:TOP]
    return [{"class": int(i), "value": plain(flat[i])} for i in best]
