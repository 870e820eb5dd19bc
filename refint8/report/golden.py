"""Golden bundles in words: what was written, and what checking one found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refint8.oracle.golden.check import Check, Drift
from refint8.report.table import Block, Table, Text

DIGITS = 16
"""Of a SHA-256 in a table."""


def manifest_blocks(manifest: Mapping[str, Any], directory: str) -> list[Block]:
    """A bundle that was written: one line per tensor, in the order of execution."""
    names = {operator["index"]: operator["name"] for operator in manifest["operators"]}
    rows = [
        [
            str(tensor["operator"]) if tensor["operator"] >= 0 else "",
            names.get(tensor["operator"], tensor["role"]),
            str(tensor["index"]),
            tensor["name"],
            f"{tensor['dtype']}[{'x'.join(map(str, tensor['shape']))}]",
            tensor["sha256"][0][:DIGITS],
        ]
        for tensor in manifest["tensors"]
    ]
    many = manifest["samples"] != 1
    headers = ("#", "op", "tensor", "name", "type", "sha256" + " of sample 0" * many)
    formats = sorted({file["file"].split("/")[0] for file in manifest["files"]})
    also = f", and as {', '.join(formats)}" if formats else ""
    return [
        Text(f"{_head(manifest)}\n"),
        Table(headers, rows, right=frozenset({0, 2})),
        Text(f"\nwrote {directory}: {manifest['bundle']['bytes']:,} bytes in golden.bin{also}"),
    ]


def check_document(check: Check, directory: str) -> dict[str, Any]:
    """A check as data; the whole list of drifts."""
    golden = check.golden
    return {
        "directory": directory,
        "equal": bool(check),
        "model": {"name": golden.model_name, "sha256": golden.model_sha256},
        "profile": golden.profile,
        "refint8_version": golden.version,
        "samples": len(golden.samples),
        "tensors": check.tensors,
        "elements": check.elements,
        "bytes": check.bytes,
        "drifts": [_drift(drift) for drift in check.drifts],
        "records_changed": list(check.records),
    }


def check_blocks(check: Check, directory: str, errors: int) -> list[Block]:
    """A check as text: the verdict, and at most `errors` of the tensors that drifted."""
    golden = check.golden
    samples = f"{len(golden.samples)} sample{'s'[: len(golden.samples) != 1]}"
    head = f"{directory}  {golden.model_name}  profile {golden.profile}  {samples}"
    counts = f"{check.tensors} tensors, {check.elements:,} elements, {check.bytes:,} bytes"
    blocks: list[Block] = [Text(head)]
    if check:
        blocks.append(Text(f"equal: {counts} computed again", "good"))
    else:
        blocks.append(Text(f"drift: {len(check.drifts)} of {counts} differ", "bad"))
        blocks += _first(check.drifts[0], golden.version)
        if shown := check.drifts[:errors]:
            headers = ("sample", "#", "tensor", "name", "differ", "max")
            rows = [_row(drift) for drift in shown]
            blocks.append(Table(headers, rows, right=frozenset({0, 1, 2, 4, 5})))
        if len(check.drifts) > len(shown):
            blocks.append(Text(f"and {len(check.drifts) - len(shown)} more (--errors)"))
    if check.records:
        blocks.append(
            Text(f"integer records that read differently now: operators {list(check.records)}")
        )
    return blocks


def _head(manifest: Mapping[str, Any]) -> str:
    count = manifest["samples"]
    seed = "" if manifest["seed"] is None else f" (seed {manifest['seed']})"
    samples = f"{count} sample{'s'[: count != 1]}{seed}"
    return f"{manifest['model']['name']}  profile {manifest['profile']}  {samples}"


def _first(drift: Drift, version: str) -> list[Block]:
    diff, tensor = drift.diff, drift.tensor
    what = diff.problem or (
        f"at {list(diff.first or ())} the bundle (refint8 {version}) has {diff.a}, now {diff.b}"
    )
    where = f"first: sample {drift.sample}, tensor {tensor.index} '{tensor.name}'"
    return [Text(f"{where} (operator {tensor.operator}): {what}\n", "bad")]


def _row(drift: Drift) -> list[str]:
    diff, tensor = drift.diff, drift.tensor
    counted = diff.problem or f"{diff.differing}/{diff.elements}"
    place = [str(drift.sample), str(tensor.operator), str(tensor.index)]
    return [*place, tensor.name, counted, "" if diff.problem else str(diff.largest)]


def _drift(drift: Drift) -> dict[str, Any]:
    diff, tensor = drift.diff, drift.tensor
    return {
        "sample": drift.sample,
        "tensor": tensor.index,
        "name": tensor.name,
        "operator": tensor.operator,
        "elements": diff.elements,
        "differing": diff.differing,
        "largest": diff.largest,
        "first": None if diff.first is None else list(diff.first),
        "golden": diff.a,
        "now": diff.b,
        "problem": diff.problem,
    }
