"""A model looked into: header, operators with verdicts, what it costs, what others refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from refint8.engine.arena import ALIGNMENT, blocks, keep_all, reuse, tensor_bytes
from refint8.engine.macs import macs
from refint8.errors import DomainError
from refint8.model.engine_limits import limits
from refint8.model.types import Model, Tensor
from refint8.numerics.profiles import Profile
from refint8.oracle.plain import plain
from refint8.report.survey import Finding, Survey

PLANNERS = {
    "keep_all": "every tensor in a place of its own",
    "reuse": f"TFLM's greedy planner: by size, by lifetime, {ALIGNMENT}-byte aligned",
}


def inspection(
    model: Model, profile: Profile, surveyed: Sequence[Survey], *, constants: bool = False
) -> dict[str, Any]:
    """Everything `refint8 inspect` says, as plain data; `constants` adds the integer records."""
    subgraphs = [_subgraph(each, constants) for each in surveyed]
    operators = [operator for subgraph in subgraphs for operator in subgraph["operators"]]
    return {
        "model": {
            "name": model.name,
            "bytes": len(model.content),
            "sha256": hashlib.sha256(model.content).hexdigest(),
            "description": model.description,
            "metadata": sorted(model.metadata),
        },
        "profile": profile.name,
        "signatures": [plain(signature) for signature in model.signatures],
        "subgraphs": subgraphs,
        "totals": {
            "operators": len(operators),
            "run": sum(operator["verdict"] == "runs" for operator in operators),
            "macs": sum(operator["macs"] for operator in operators),
            "weight_bytes": _constant_bytes(model),
            "variable_bytes": sum(
                tensor_bytes(t.dtype, t.shape)
                for graph in model.subgraphs
                for t in graph.tensors
                if t.is_variable
            ),
            "arena_bytes": subgraphs[0]["arena_bytes"],
            "planners": PLANNERS,
        },
        "oddities": [plain(oddity) for oddity in model.oddities],
    }


def _subgraph(surveyed: Survey, constants: bool) -> dict[str, Any]:
    graph = surveyed.graph
    wanted = blocks(graph, surveyed.shapes)
    return {
        "index": graph.index,
        "name": graph.name,
        "inputs": [_tensor(surveyed, i) for i in graph.inputs],
        "outputs": [_tensor(surveyed, i) for i in graph.outputs],
        "operators": [_operator(surveyed, finding, constants) for finding in surveyed.findings],
        "arena_bytes": {"keep_all": keep_all(wanted).size, "reuse": reuse(wanted).size},
        "unknown_shapes": sorted(surveyed.unknown),
    }


def _operator(surveyed: Survey, finding: Finding, constants: bool) -> dict[str, Any]:
    operator, refusal = finding.operator, finding.refusal
    if refusal is None:
        verdict = "runs"
    else:
        verdict = "undefined" if isinstance(refusal, DomainError) else "refused"
    document = {
        "index": operator.index,
        "name": operator.title,
        "version": operator.version,
        "inputs": [None if i < 0 else _tensor(surveyed, i) for i in operator.inputs],
        "outputs": [_tensor(surveyed, i) for i in operator.outputs],
        "macs": macs(operator, surveyed.shapes),
        "verdict": verdict,
        "label": refusal.label if refusal else "",
        "reason": refusal.reason if refusal else "",
        "hint": refusal.hint if refusal else "",
        "limits": [plain(limit) for limit in limits(operator, surveyed.graph)],
    }
    if constants:
        document["record"] = None if finding.record is None else plain(finding.record)
    return document


def _tensor(surveyed: Survey, index: int) -> dict[str, Any]:
    tensor: Tensor = surveyed.graph.tensors[index]
    quantization = tensor.quantization
    return {
        "index": index,
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": plain(surveyed.shapes[index]),
        "shape_known": index not in surveyed.unknown,
        "shape_signature": plain(tensor.shape_signature),
        "constant": tensor.data is not None,
        "variable": tensor.is_variable,
        "scales": [] if quantization is None else plain(quantization.scales),
        "zero_points": [] if quantization is None else plain(quantization.zero_points),
        "quantized_dimension": 0 if quantization is None else quantization.quantized_dimension,
    }


def _constant_bytes(model: Model) -> int:
    """Bytes of all constants, a buffer that several tensors share once."""
    sizes = {
        tensor.buffer: tensor_bytes(tensor.dtype, tensor.shape)
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.data is not None
    }
    return sum(sizes.values())
