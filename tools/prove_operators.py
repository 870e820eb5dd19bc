"""Writes docs/proven.csv: each operator's tensors compared with engines, bit for bit, and counted.

`python tools/prove_operators.py` runs the operator corpus and the models that lie beside the
checkout (REFINT8_CORPORA names their folder) here and on the engines, which takes about a quarter
of an hour. A line of the table is an operator with its dtypes on one engine and version: the
models it was seen in, the tensors it wrote, their elements over all input sets, and how many of
these differ. docs/OPERATORS.md is made from it (`make_ops_page.py`).

Nothing is counted where the engine or refint8 refuses a model.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from refint8.engine.plan import survey
from refint8.errors import ModelError
from refint8.model.reader import read_model
from refint8.model.types import Model, Operator
from refint8.numerics.profiles import profile
from refint8.ops import REGISTRY
from refint8.oracle.crosscheck import Comparison, crosscheck
from refint8.oracle.inputs import InputSet
from refint8.oracle.random_inputs import random_inputs

ROOT: Final = Path(__file__).resolve().parents[1]
TABLE: Final = ROOT / "docs" / "proven.csv"
COLUMNS: Final = ("operator", "dtypes", "engine", "models", "tensors", "elements", "differing")

ENGINES: Final = ("litert:ref", "tflm")
OPTIMISED: Final = ("litert:opt", "tflm")
WITHOUT_REFERENCE: Final = frozenset(
    ("DEPTH_TO_SPACE", "ELU", "RANGE", "SEGMENT_SUM", "SUM", "TILE")
)
"""Operators that LiteRT's reference resolver lacks, in some version at least, or gets wrong (SUM):
the models in which the corpus says so are run by OPTIMISED, and these alone are counted."""

SAMPLES: Final = 2
TIME_LIMIT: Final = 120.0


@dataclass(frozen=True, eq=False)
class Case:
    """A model with its input sets. `only` are the operators whose tensors count; empty: all."""

    model: Model
    inputs: Sequence[InputSet]
    engines: tuple[str, ...] = ENGINES
    only: frozenset[str] = frozenset()

    @property
    def input_shapes(self) -> dict[int, tuple[int, ...]]:
        """Inputs that are not of their declared shape."""
        tensors = self.model.subgraphs[0].tensors
        given = {index: array.shape for index, array in self.inputs[0].items()}
        return {index: shape for index, shape in given.items() if shape != tensors[index].shape}


Key = tuple[str, str, str]
"""Operator, dtypes, engine."""


@dataclass(eq=False)
class Tally:
    """The table while it grows: counts, the models' hashes, and what became of all runs."""

    counts: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    models: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, case: Case, found: Comparison) -> None:
        """Count every tensor of a comparison.

        An engine that takes every tensor for as large as it is declared (TFLM) does not run a model
        whose shapes only a run knows, whatever it answers.
        """
        graph = case.model.subgraphs[0]
        plan = survey(case.model, profile(found.profile).rules, case.input_shapes)
        if any(
            tensor.diff.problem and plan.shapes[tensor.tensor] != graph.tensors[tensor.tensor].shape
            for tensor in found.tensors
        ):
            self.verdicts[found.target, "took declared shapes for actual ones"] += 1
            return
        self.verdicts[found.target, found.verdict] += 1
        engine = f"{found.engine} ({found.target})"
        model = hashlib.sha256(case.model.content).hexdigest()
        for tensor in found.tensors:
            operator = graph.operators[tensor.operator]
            if case.only and operator.title not in case.only:
                continue
            key = (operator.title, signature(operator, plan.dtypes), engine)
            self.models[key].add(model)
            self.counts[key].update(tensors=1, elements=tensor.elements, differing=tensor.differing)
            if not tensor.equal:
                print(f"{case.model.name}: {tensor.name} differs, {' '.join(key)}")

    def lines(self) -> Iterator[tuple[str, ...]]:
        """The table, sorted."""
        for key in sorted(self.counts):
            numbers = self.counts[key]
            counts = (numbers[column] for column in COLUMNS[4:])
            yield (*key, *map(str, (len(self.models[key]), *counts)))


def signature(operator: Operator, dtypes: Mapping[int, str]) -> str:
    """An operator's dtypes as they occur: "INT8,INT8,INT32->INT8".

    Trailing absent inputs are left out, others are "none"; equal inputs of an operator that takes
    any number are written once, with a star.
    """
    inputs = [dtypes[index] if index >= 0 else "none" for index in operator.inputs]
    while inputs and inputs[-1] == "none":
        inputs.pop()
    registration = REGISTRY.get(operator.title)
    rows = () if registration is None else registration.rows
    if rows and all(row.variadic for row in rows):
        inputs = [f"{dtype}*" for dtype in dict.fromkeys(inputs)]
    outputs = list(dict.fromkeys(dtypes[index] for index in operator.outputs))
    return f"{','.join(inputs)}->{','.join(outputs)}"


def corpus_cases(path: Path) -> Iterator[Case]:
    """The operator corpus: `dev.zip`, with a manifest; a case for each recorded set of inputs."""
    with zipfile.ZipFile(path) as archive:
        for entry in json.loads(archive.read("manifest.json"))["cases"]:
            name = entry["id"]
            model = read_model(archive.read(f"{name}/model.tflite"), name)
            graph = model.subgraphs[0]
            recorded = np.load(io.BytesIO(archive.read(f"{name}/inputs.npz")))
            for prefix in ("", "set1_"):
                names = [f"{prefix}in{i}" for i in range(len(graph.inputs))]
                if any(name not in recorded for name in names):
                    continue
                inputs = [dict(zip(graph.inputs, map(recorded.__getitem__, names), strict=True))]
                if entry["oracle"] == "ref":
                    yield Case(model, inputs)
                else:
                    yield Case(model, inputs, OPTIMISED, WITHOUT_REFERENCE)


def model_cases(folder: Path) -> Iterator[Case]:
    """Every model file below a folder, with seeded inputs."""
    for path in sorted(folder.rglob("*.tflite")):
        try:
            model = read_model(path)
        except ModelError:
            continue
        yield Case(model, random_inputs(model, SAMPLES))


def tally(cases: Iterator[Case]) -> Tally:
    """Run all cases."""
    found = Tally()
    for number, case in enumerate(cases):
        if number % 100 == 0:
            print(f"{number}: {case.model.name}", file=sys.stderr)
        report = crosscheck(
            case.model,
            case.engines,
            inputs=case.inputs,
            input_shapes=case.input_shapes,
            time_limit=TIME_LIMIT,
        )
        for comparison in report.comparisons:
            found.add(case, comparison)
    return found


def all_cases(corpora: Path) -> Iterator[Case]:
    """The operator corpus, then the models."""
    yield from corpus_cases(corpora / "optests" / "dev.zip")
    yield from model_cases(corpora / "models" / "dev")


def write(found: Tally, path: Path) -> None:
    """Write the table."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(found.lines())


def main() -> None:
    """Run everything and write the table."""
    parser = argparse.ArgumentParser(description="compare every operator with the engines")
    default = os.environ.get("REFINT8_CORPORA", ROOT.parent / "shared")
    parser.add_argument("--corpora", type=Path, default=default, help="folder of the corpora")
    parser.add_argument("--out", type=Path, default=TABLE)
    arguments = parser.parse_args()
    found = tally(all_cases(arguments.corpora))
    write(found, arguments.out)
    for (engine, verdict), runs in sorted(found.verdicts.items()):
        print(f"{engine}: {runs} runs {verdict}")


if __name__ == "__main__":
    main()
