"""A verdict on a dump as node data for Model Explorer, to be laid over the model's graph."""

from __future__ import annotations

from typing import Any, Final

from refint8.oracle.verify.verdicts import OperatorVerdict, TensorVerdict, VerifyReport

COLOURS: Final = {
    "equal": "#d7f0d9",
    "cause": "#e5484d",
    "inherited": "#ffd7a8",
    "unknown": "#f1c40f",
    "waived": "#cfe2ff",
}


def node_data(report: VerifyReport) -> dict[str, Any]:
    """One graph's data: by tensor name, the share of its elements that differ in percent, and a
    colour for its verdict. Tensors that were not compared, or have no name, are left out.

    The form is that of Model Explorer's node_data_builder.GraphNodeData.
    """
    results = {}
    for operator in report.operators:
        for tensor in operator.tensors:
            result = tensor.result
            if not tensor.tensor.name or (result is None and not tensor.problems):
                continue
            share = 100.0
            if result is not None and not tensor.problems:
                share = 100.0 * result.differing / max(1, result.elements)
            results[tensor.tensor.name] = {
                "value": round(share, 4),
                "bgColor": _colour(operator, tensor),
            }
    return {"results": results}


def _colour(operator: OperatorVerdict, tensor: TensorVerdict) -> str:
    if tensor.verdict in ("equal", "waived"):
        return COLOURS[tensor.verdict]
    if operator.role in ("inherited", "downstream", "repeated"):
        return COLOURS["inherited"]
    return COLOURS["unknown" if operator.role in ("within", "unknown") else "cause"]
