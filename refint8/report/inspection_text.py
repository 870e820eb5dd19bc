"""An inspection in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refint8.oracle.plain import lines
from refint8.report.survey import Survey
from refint8.report.table import Block, Table, Text

SHORT_DTYPE = {
    "FLOAT32": "f32",
    "FLOAT16": "f16",
    "FLOAT64": "f64",
    "BOOL": "bool",
}
MAX_INPUTS = 4
"""Inputs of an operator that the table shows; JSON has all."""


def inspection_blocks(document: Mapping[str, Any]) -> list[Block]:
    """Header, one table per subgraph, totals, oddities, what other engines refuse."""
    blocks: list[Block] = [Text(_header(document)), Text("")]
    for subgraph in document["subgraphs"]:
        blocks += [*_subgraph(subgraph, len(document["subgraphs"]) > 1), Text("")]
    blocks.append(Text(_totals(document)))
    blocks += _refusals(document)
    if document["oddities"]:
        rows = [
            (oddity["path"], oddity["text"], ", ".join(oddity["refused_by"]))
            for oddity in document["oddities"]
        ]
        blocks += [Text(""), Table(("oddity at", "what", "refused by"), rows)]
    if others := _limits(document):
        blocks += [Text(""), Table(("elsewhere", "refusal", "operators"), others)]
        blocks.append(Text("what XNNPACK does not take runs in LiteRT's own optimized kernels"))
    return blocks


def record_blocks(surveyed: Sequence[Survey]) -> list[Block]:
    """The integer record of every operator, field by field."""
    blocks: list[Block] = []
    for each in surveyed:
        for finding in each.findings:
            operator = finding.operator
            head = f"\n{operator.index} {operator.title} version {operator.version}: "
            if finding.refusal is not None:
                text = head + f"[{finding.refusal.label}] {finding.refusal.reason}"
            elif finding.record is None:
                text = head + "derived when run: it needs a value that the model computes"
            else:
                text = head + "\n".join(lines(finding.record))
            blocks.append(Text(text))
    return blocks


def _header(document: Mapping[str, Any]) -> str:
    model = document["model"]
    said = [f"{model['name']}  {model['bytes']:,} bytes  sha256 {model['sha256']}"]
    if model["description"]:
        said.append(f"description  {model['description']}")
    if model["metadata"]:
        said.append(f"metadata     {', '.join(model['metadata'])}")
    for signature in document["signatures"]:
        inputs, outputs = ", ".join(signature["inputs"]), ", ".join(signature["outputs"])
        said.append(f"signature    {signature['key']}({inputs}) -> {outputs}")
    for kind in ("input", "output"):
        for tensor in document["subgraphs"][0][f"{kind}s"]:
            said.append(f"{kind:<11}  '{tensor['name']}' {_type(tensor)}  {_quantization(tensor)}")
    return "\n".join(line.rstrip() for line in said)


def _subgraph(subgraph: Mapping[str, Any], several: bool) -> list[Block]:
    rows = []
    for operator in subgraph["operators"]:
        inputs = [_type(t) if t else "-" for t in operator["inputs"]]
        if len(inputs) > MAX_INPUTS:
            inputs = [*inputs[:MAX_INPUTS], f"+{len(inputs) - MAX_INPUTS}"]
        output = operator["outputs"][0] if operator["outputs"] else None
        count = operator["macs"]
        rows.append(
            (
                str(operator["index"]),
                operator["name"],
                str(operator["version"]),
                " ".join(inputs),
                " ".join(_type(t) for t in operator["outputs"]),
                _quantization(output) if output else "",
                f"{count:,}" if count else "",
                operator["verdict"] if operator["verdict"] == "runs" else f"[{operator['label']}]",
            )
        )
    headers = ("#", "operator", "ver", "inputs", "outputs", "output scale, zp", "MACs", "here")
    bad = frozenset(n for n, o in enumerate(subgraph["operators"]) if o["verdict"] != "runs")
    title = f"subgraph {subgraph['index']} '{subgraph['name']}'" if several else ""
    return [Table(headers, rows, frozenset({0, 2, 6}), bad, title)]


def _totals(document: Mapping[str, Any]) -> str:
    totals = document["totals"]
    arena = totals["arena_bytes"]
    said = [
        f"{totals['run']} of {totals['operators']} operators run under {document['profile']}",
        f"MACs       {totals['macs']:,}",
        f"constants  {totals['weight_bytes']:,} bytes",
        f"arena      {arena['reuse']:,} bytes ({totals['planners']['reuse']})",
        f"           {arena['keep_all']:,} bytes ({totals['planners']['keep_all']})",
    ]
    if totals["variable_bytes"]:
        said.append(f"variables  {totals['variable_bytes']:,} bytes")
    unknown = sum(len(subgraph["unknown_shapes"]) for subgraph in document["subgraphs"])
    if unknown:
        said.append(
            f"{unknown} tensors (marked ?) have shapes that only a run can know: as declared"
        )
    return "\n".join(said)


def _refusals(document: Mapping[str, Any]) -> list[Block]:
    """What does not run, operators with the same reason in one row."""
    found: dict[tuple[str, str], list[str]] = {}
    hints: dict[str, None] = {}
    for subgraph in document["subgraphs"]:
        for operator in subgraph["operators"]:
            if operator["verdict"] == "runs":
                continue
            key = (operator["name"], f"[{operator['label']}] {operator['reason']}")
            found.setdefault(key, []).append(str(operator["index"]))
            hints[operator["hint"]] = None
    if not found:
        return []
    rows = [(name, reason, " ".join(where)) for (name, reason), where in found.items()]
    table = Table(("does not run here", "reason", "operators"), rows)
    return [Text(""), table, *(Text(f"hint: {hint}") for hint in hints if hint)]


def _limits(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Engine, refusal, and the operators it concerns."""
    found: dict[tuple[str, str], list[str]] = {}
    for subgraph in document["subgraphs"]:
        for operator in subgraph["operators"]:
            for limit in operator["limits"]:
                key = (limit["engine"], limit["reason"])
                found.setdefault(key, []).append(str(operator["index"]))
    return [(engine, reason, " ".join(where)) for (engine, reason), where in found.items()]


def _type(tensor: Mapping[str, Any]) -> str:
    """ "int8[1,28,28,1]", with a * when constant, a ? when only a run can know the shape."""
    dtype = SHORT_DTYPE.get(tensor["dtype"], tensor["dtype"].lower())
    mark = "*" if tensor["constant"] else "" if tensor["shape_known"] else "?"
    return f"{dtype}[{','.join(map(str, tensor['shape']))}]{mark}"


def _quantization(tensor: Mapping[str, Any]) -> str:
    scales, zero_points = tensor["scales"], tensor["zero_points"]
    if not scales:
        return ""
    if len(scales) > 1:
        return f"{len(scales)} scales"
    number = scales[0]
    said = f"{number:.6g}" if isinstance(number, float) else str(number)
    return f"{said}, {zero_points[0] if zero_points else 0}"
