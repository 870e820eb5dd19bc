"""`refint8 demo`: the packaged models on real images, against recorded outputs of engines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import typer

from refint8.cli._compiling import Compiling
from refint8.cli._console import result, result_json, tracked
from refint8.cli._options import AsJson
from refint8.demo import Array, Example, examples, images, provenance
from refint8.engine.batch import Batch
from refint8.model.reader import read_model
from refint8.oracle.compare import compare_arrays
from refint8.report.table import Block, Table, Text

SCHEMA = "refint8-demo-1"

SHOWN = ("mnist_int8", "litert-ref")
"""The model and profile of the confusion matrix."""


def demo(as_json: AsJson = False) -> None:
    """Run packaged models on 500 images and hold them against recorded engine outputs.

    Needs no network and no other engine. Ends with 1 if a single element differs.
    """
    start = time.perf_counter()
    pixels, labels = images()
    jobs = [(example, name) for example in examples() for name in example.recorded]
    outputs = {
        (example.name, name): _run(example, name, pixels) for example, name in tracked(jobs, "demo")
    }
    rows = [_row(example, name, outputs[example.name, name], labels) for example, name in jobs]
    document = {
        "images": len(labels),
        "runs": rows,
        "confusion": {
            "model": SHOWN[0],
            "profile": SHOWN[1],
            "rows_are_labels": _confusion(outputs[SHOWN], labels).tolist(),
        },
        "profiles_differ": _profiles_differ(outputs),
        "elements": sum(row["elements"] for row in rows),
        "differing": sum(row["differing"] for row in rows),
        "seconds": round(time.perf_counter() - start, 2),
        "provenance": provenance(),
    }
    if as_json:
        result_json(SCHEMA, document)
    else:
        result(_blocks(document))
    raise typer.Exit(1 if document["differing"] else 0)


def _run(example: Example, profile: str, pixels: Array) -> Array:
    """The outputs on all images, [images, classes]."""
    model = read_model(example.path)
    graph = model.subgraphs[0]
    inputs = {graph.inputs[0]: example.table[pixels]}
    outputs = Batch(model, profile, progress=Compiling()).run(inputs)
    return outputs[graph.outputs[0]].reshape(len(pixels), -1)


def _row(example: Example, profile: str, output: Array, labels: Array) -> dict[str, Any]:
    diff = compare_arrays(example.name, output, example.recorded[profile])
    right = int(np.count_nonzero(output.argmax(axis=1) == labels))
    package, _, configuration = provenance()["engines"][profile].partition(", ")
    return {
        "model": example.name,
        "profile": profile,
        "engine": f"{package} {provenance()['versions'][package]}",
        "configuration": configuration,
        "right": right,
        "accuracy": right / len(labels),
        "elements": diff.elements,
        "differing": diff.differing,
    }


def _confusion(output: Array, labels: Array) -> Array:
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (labels, output.argmax(axis=1)), 1)
    return counts


def _profiles_differ(outputs: dict[tuple[str, str], Array]) -> dict[str, int]:
    """Per model, how many output elements are not the same under all profiles."""
    found = {}
    for name in dict.fromkeys(name for name, _ in outputs):
        first, *others = (output for (model, _), output in outputs.items() if model == name)
        found[name] = int(np.count_nonzero(np.any([first != other for other in others], axis=0)))
    return found


def _blocks(document: dict[str, Any]) -> list[Block]:
    rows = [
        (
            row["model"],
            row["profile"],
            f"{row['accuracy']:.1%}",
            f"{row['differing']} of {row['elements']}",
            row["engine"],
        )
        for row in document["runs"]
    ]
    headers = ("model", "profile", "accuracy", "differ", "from the recorded outputs of")
    bad = frozenset(n for n, row in enumerate(document["runs"]) if row["differing"])
    confusion = document["confusion"]
    digits = [str(digit) for digit in range(10)]
    matrix = [
        (digit, *(str(n) if n else "." for n in counts))
        for digit, counts in zip(digits, confusion["rows_are_labels"], strict=True)
    ]
    apart = ", ".join(f"{n} in {model}" for model, n in document["profiles_differ"].items())
    verdict = "every bit equal" if not document["differing"] else "NOT EQUAL"
    return [
        Text(f"{document['images']} images through quantized models, integer arithmetic only\n"),
        Table(headers, rows, frozenset({2, 3}), bad),
        Text(
            f"\n{verdict}: {document['elements']} elements compared, {document['differing']} differ"
            f" ({document['seconds']} s)",
            "bad" if document["differing"] else "good",
        ),
        Text(f"the two engines disagree with each other: {apart} (of 5000 elements each)\n"),
        Text(f"{confusion['model']} under {confusion['profile']}: label down, answer across"),
        Table(("", *digits), matrix, frozenset(range(11))),
        Text(_next_commands()),
    ]


def _next_commands() -> str:
    path = _relative(next(example.path for example in examples() if example.name == SHOWN[0]))
    return "\n".join(
        [
            "\nnext:",
            f"  refint8 inspect {path} --constants",
            f"  refint8 run {path} --samples 3 --profile tflm",
            f"  refint8 crosscheck {path} --against litert:ref,tflm",
            "  refint8 rules --diff litert-ref tflm",
        ]
    )


def _relative(path: Path) -> str:
    here = Path.cwd()
    shown = str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
    return f"'{shown}'" if " " in shown else shown
