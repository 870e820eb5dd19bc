"""The models, images and recorded engine outputs that the package carries for `refint8 demo`.

`data/PROVENANCE.json` says where everything comes from and how it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DATA: Final = Path(__file__).parent / "data"
"""The folder with the models, the images and the recorded outputs."""


@dataclass(frozen=True, eq=False)
class Example:
    """A packaged model.

    `table` turns a pixel into the value that the model's input takes; `recorded` holds the
    outputs of engines on all images, by the name of the profile that is proven equal.
    """

    name: str
    path: Path
    table: Array
    recorded: Mapping[str, Array]


@cache
def images() -> tuple[Array, Array]:
    """500 images, uint8 [500, 28, 28], and their labels, uint8 [500]."""
    with np.load(DATA / "mnist_images.npz") as arrays:
        return arrays["images"], arrays["labels"]


@cache
def examples() -> tuple[Example, ...]:
    """All packaged models, by name."""
    with np.load(DATA / "golden.npz") as arrays:
        held = {key: arrays[key] for key in arrays.files}
    found = []
    for path in sorted(DATA.glob("*.tflite")):
        own = {
            key.removeprefix(f"{path.stem}/"): value
            for key, value in held.items()
            if key.startswith(f"{path.stem}/")
        }
        table = own.pop("input_table")
        found.append(Example(path.stem, path, table, own))
    return tuple(found)


@cache
def provenance() -> Mapping[str, Any]:
    """The contents of PROVENANCE.json."""
    document: Mapping[str, Any] = json.loads((DATA / "PROVENANCE.json").read_text("utf-8"))
    return document
