"""Which models are measured, and where they are found.

The third-party models lie in a folder beside the checkout (`--corpora`, REFINT8_CORPORA); the
packaged ones are always there, so that every command has something to run.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from refint8.demo import DATA
from refint8.engine.session import Session
from refint8.errors import Refint8Error
from refint8.model.reader import read_model

CHECKOUT: Final = Path(__file__).resolve().parents[1]

LARGEST: Final = 10
"""How many of the models with the most multiplications make the second set."""


@dataclass(frozen=True)
class Subject:
    """A model to measure. `label` is what tables call it."""

    label: str
    path: Path


FIRST_SET: Final[Sequence[tuple[str, Sequence[str]]]] = (
    ("MLPerf Tiny KWS", ("mlcommons+tiny/**/kws_ref_model.tflite",)),
    ("MLPerf Tiny ResNet", ("mlcommons+tiny/**/pretrainedResnet_quant.tflite",)),
    ("MLPerf Tiny VWW", ("mlcommons+tiny/**/vww_96_int8.tflite",)),
    (
        "MLPerf Tiny AD",
        ("mlcommons+tiny/**/ToyCar/**/model_ToyCar_quant_fullint_micro_intio.tflite",),
    ),
    ("MobileNetV1 0.75-192 uint8", ("**/mobilenet_v1_0.75_192_quant.tflite",)),
    ("MobileNetV2 1.0-224 uint8", ("**/mobilenet_v2_1.0_224_quant.tflite",)),
    ("MobileNetV2 1.0-224 int8", ("**/tf2_mobilenet_v2_1.0_224_ptq.tflite",)),
    ("MoveNet Lightning", ("**/movenet_single_pose_lightning_ptq.tflite",)),
)
"""Label, and patterns of file names below the models' folder, the first that is found.

The four of MLPerf Tiny are those its reference submission ships: kws_ref_model,
pretrainedResnet_quant, vww_96_int8 and ToyCar's with int8 input and output.
"""

STAND_INS: Final = {
    "MobileNetV1 0.75-192 uint8": ("MobileNetV1 0.5-160 uint8", "**/mobilenet_v1_0.5_160_quant.*")
}
"""What is measured in the place of a model that is missing, under its own label."""


def corpora(given: Path | None) -> Path:
    """The folder with third-party models and data, whether it exists or not."""
    return given or Path(os.environ.get("REFINT8_CORPORA", CHECKOUT.parent / "shared"))


def packaged() -> list[Subject]:
    """The models that the package carries."""
    return [Subject(path.stem, path) for path in sorted(DATA.glob("*.tflite"))]


def first_set(folder: Path) -> tuple[list[Subject], list[str]]:
    """The models of the first set that are there, and a note for each that is not."""
    found, notes = [], []
    for label, patterns in FIRST_SET:
        subject = _find(folder, label, *patterns)
        if subject is None and label in STAND_INS:
            subject = _find(folder, *STAND_INS[label])
        if subject is None:
            notes.append(f"{label}: no such file below {folder / 'models'}")
            continue
        if subject.label != label:
            notes.append(f"{label} is not there, {subject.label} stands in for it")
        found.append(subject)
    return found, notes


def largest(folder: Path, count: int = LARGEST) -> list[Subject]:
    """The catalogued models with the most multiplications that refint8 and XNNPACK run."""
    return list(islice(_by_size(folder / "models" / "dev"), count))


def named(name: str, folder: Path) -> Subject:
    """A model by path, or by a part of its label or file name. Raises SystemExit."""
    if Path(name).is_file():
        return Subject(Path(name).stem, Path(name))
    known = [*first_set(folder)[0], *packaged()]
    wanted = name.lower().replace(" ", "")
    for subject in known:
        if wanted in f"{subject.label} {subject.path.name}".lower().replace(" ", ""):
            return subject
    for path in sorted((folder / "models").rglob("*.tflite")):
        if name in str(path):
            return Subject(path.stem, path)
    raise SystemExit(f"no file {name}, and no model of that name")


def _find(folder: Path, label: str, *patterns: str) -> Subject | None:
    for pattern in patterns:
        for path in sorted((folder / "models").glob(f"**/{pattern.removeprefix('**/')}")):
            return Subject(label, path)
    return None


def _by_size(models: Path) -> Iterator[Subject]:
    catalogue = models / "catalogue.csv"
    if not catalogue.exists():
        return
    with catalogue.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["xnn_runs"] == "1"]
    for row in sorted(rows, key=lambda row: -float(row["macs"] or 0)):
        path = models / row["path"]
        if path.exists() and runs_here(path):
            yield Subject(path.stem, path)


def runs_here(path: Path) -> bool:
    """Whether refint8 can plan the model."""
    try:
        Session(read_model(path), fast=False)
    except Refint8Error:
        return False
    return True
