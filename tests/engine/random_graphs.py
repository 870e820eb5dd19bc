"""Random graphs of int8 moves: branches, aliases, constants, variables, computed positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.model.build import ModelBuilder
from refint8.model.types import Model

MOST = 4000
"""Elements of a tensor at most."""

SIDES = (0, 1, 2, 2, 3, 4, 6, 16, 64)
KINDS = ("reshape", "reshape", "transpose", "concatenation", "split", "gather", "pad")


class RandomGraph:
    """Int8 matrices of one scale, made one from another; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.b = ModelBuilder()
        self.shapes: dict[int, tuple[int, int]] = {}
        self.made: list[int] = []
        # What GATHER reads.
        self.positions = self.b.tensor("positions", "INT32", (3,))
        self.inputs = [self._tensor(self._matrix()) for _ in range(self._some(1, 3))]
        self.variables = [
            self._tensor(self._matrix(), is_variable=True) for _ in range(self._some(0, 2))
        ]
        self.constants = [self._constant(self._matrix()) for _ in range(self._some(0, 3))]
        for _ in range(self._some(3, 14)):
            self._operator(str(self.rng.choice(KINDS)))
        chosen = {int(i) for i in self.rng.choice([*self.shapes], self._some(1, 4))}
        self.outputs = sorted({*chosen, *self.made[-1:]})

    def model(self) -> Model:
        """The graph as a model."""
        return self.b.model([self.positions, *self.inputs], self.outputs)

    def values(self, turn: int) -> dict[int, Any]:
        """Values for inputs and variables, other ones every turn."""
        rng = np.random.default_rng((self.seed, turn))
        moved = {
            i: rng.integers(-128, 128, self.shapes[i]).astype(np.int8)
            for i in (*self.inputs, *self.variables)
        }
        return {self.positions: rng.integers(0, 2, 3).astype(np.int32), **moved}

    def _some(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def _matrix(self) -> tuple[int, int]:
        rows, columns = self.rng.choice(SIDES, 2, p=[0.04, *[0.12] * 8])
        return int(rows), int(columns)

    def _tensor(self, shape: tuple[int, int], **more: Any) -> int:
        name = f"t{len(self.shapes)}"
        index = self.b.tensor(name, "INT8", shape, scale=0.5, zero_point=3, **more)
        self.shapes[index] = shape
        return index

    def _constant(self, shape: tuple[int, int]) -> int:
        return self._tensor(shape, data=self.rng.integers(-128, 128, shape))

    def _numbers(self, data: Any) -> int:
        return self.b.tensor("n", "INT32", np.shape(data), data=data)

    def _operator(self, kind: str) -> None:
        # Late tensors are preferred and early ones stay in use, so that lifetimes differ.
        pool = [*self.shapes, *self.made[-3:]]
        x = int(self.rng.choice(pool))
        rows, columns = self.shapes[x]
        if kind == "transpose":
            self._append("TRANSPOSE", [x, self._numbers([1, 0])], [(columns, rows)])
        elif kind == "concatenation":
            y = int(self.rng.choice([i for i in pool if self.shapes[i][1] == columns]))
            total = rows + self.shapes[y][0]
            if total * columns <= MOST:
                self._append("CONCATENATION", [x, y], [(total, columns)], axis=0)
        elif kind == "split" and rows % 2 == 0:
            halves = [(rows // 2, columns)] * 2
            self._append("SPLIT", [self._numbers(0), x], halves, num_splits=2)
        elif kind == "gather" and rows >= 2:
            self._append("GATHER", [x, self.positions], [(3, columns)], axis=0)
        elif kind == "pad" and (rows + 1) * (columns + 2) <= MOST:
            pads = self._numbers([[1, 0], [0, 2]])
            self._append("PAD", [x, pads], [(rows + 1, columns + 2)])
        else:
            shape = (columns, rows) if self.rng.random() < 0.5 else (1, rows * columns)
            self._append("RESHAPE", [x, self._numbers(shape)], [shape])

    def _append(
        self, name: str, inputs: list[int], shapes: list[tuple[int, int]], **o: Any
    ) -> None:
        outputs = [self._tensor(shape) for shape in shapes]
        self.b.operator(name, inputs, outputs, **o)
        self.made += outputs
