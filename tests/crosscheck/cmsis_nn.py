"""CMSIS-NN's unit-test vectors, read from `goldens/cmsis-nn/<suite>/<case>.npz`.

A case gives arrays and `#define`s, no scales: it feeds the raw layer, records made by hand.
Names drift with the age of CMSIS-NN's generator, so accessors take alternatives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    config: dict[str, int]
    arrays: dict[str, np.ndarray]

    def number(self, *names):
        """The first of these `#define`s that the case has."""
        return next(self.config[name] for name in names if name in self.config)

    def pair(self, first, second):
        return self.config[first], self.config[second]

    def array(self, *names):
        """The first of these arrays that the case has, None without any."""
        return next((self.arrays[name] for name in names if name in self.arrays), None)

    def image(self, name, shape):
        """An array cut to the size of `shape`: some inputs hold more than one test uses."""
        return self.arrays[name][: np.prod(shape)].reshape(shape)


def cases(corpora: Path, suite: str) -> list[Case]:
    found = []
    for path in sorted((corpora / "goldens" / "cmsis-nn" / suite).glob("*.npz")):
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files if name != "meta"}
            config = json.loads(str(archive["meta"]))["config"]
        found.append(Case(f"{suite}/{path.stem}", config, arrays))
    return found


def unpack_int4(packed, count):
    """Two values a byte, the first in the low nibble, sign-extended."""
    unsigned = packed.astype(np.uint8)
    nibbles = np.stack([unsigned & 15, unsigned >> 4], axis=-1).reshape(-1)[:count]
    return np.where(nibbles < 8, nibbles, nibbles.astype(np.int16) - 16).astype(np.int8)
