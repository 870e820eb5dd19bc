"""What LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM share: operands, conditions, the walk through time.

The arithmetic of one step is a `Cell`: gemmlowp's functions (`_lstm_gemmlowp.py`) or sigmoid
tables (`_lstm_tables.py`), by the rule `lstm`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.ops._convolution import subtracted_zero_point
from refint8.ops._op import Array, Node, Operand, Record, Shape, check

GATES: Final = ("input", "forget", "cell", "output")
"""In the order of the operands. Without an input gate (CIFG) its value is 1 - forget gate."""

WEIGHTS, RECURRENT, BIAS, COEFFICIENTS = 1, 5, 12, 20
"""Position of the input gate's operand; the other gates follow."""

PEEPHOLE: Final = {"input": 9, "forget": 10, "output": 11}
PROJECTION, PROJECTION_BIAS, HIDDEN_STATE, CELL_STATE = 16, 17, 18, 19

INPUT_COUNT: Final = 24

ROW_INT8: Final = ",".join(
    (
        *("INT8", "INT8?", "INT8", "INT8", "INT8", "INT8?", "INT8", "INT8", "INT8"),
        *("INT16?", "INT16?", "INT16?", "INT32?", "INT32", "INT32", "INT32"),
        *("INT8?", "INT32?", "INT8", "INT16", "INT16?", "INT16?", "INT16?", "INT16?->INT8"),
    )
)
"""Activations of int8, cell state of int16."""


@dataclass(frozen=True, eq=False)
class GateWeights:
    """The operands of one gate as int64; what is absent is None."""

    weights: Ints
    recurrent: Ints
    bias: Ints
    peephole: Ints | None = None
    coefficients: Ints | None = None


@dataclass(frozen=True, eq=False)
class Weights:
    """All constant operands of a cell as int64."""

    gates: Mapping[str, GateWeights]
    projection: Ints | None = None
    projection_bias: Ints | None = None

    @classmethod
    def of(cls, inputs: tuple[Array | None, ...]) -> Weights:
        """From the operator's inputs, by position."""
        present = [None if a is None else as_int64(a) for a in inputs]
        present += [None] * (INPUT_COUNT - len(present))
        gates = {}
        for number, name in enumerate(GATES):
            weights, recurrent, bias = (present[p + number] for p in (WEIGHTS, RECURRENT, BIAS))
            if weights is None or recurrent is None or bias is None:
                continue
            peephole = present[PEEPHOLE[name]] if name in PEEPHOLE else None
            coefficients = present[COEFFICIENTS + number]
            gates[name] = GateWeights(weights, recurrent, bias, peephole, coefficients)
        return cls(gates, present[PROJECTION], present[PROJECTION_BIAS])


class Cell(Protocol):
    """One step of a cell."""

    def step(
        self, weights: Weights, x: Ints, h: Ints, c: Ints, *, together: bool
    ) -> tuple[Ints, Ints]:
        """x [rows, in], h [rows, out], c [rows, cells] to the new h and c.

        `together`: the engine computes all rows at once, not each by itself.
        """
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Recurrent(Record):
    """The integer record of both operators.

    x is [rows, in] (one step), [time, rows, in] if `time_major`, else [rows, time, in].
    """

    state = (HIDDEN_STATE, CELL_STATE)

    cell: Cell
    time_major: bool
    dtype: str

    def spec(self, *inputs: Array | None) -> tuple[Array, Array, Array]:
        """24 inputs (see the room) to the output, hidden state and cell state."""
        x, hidden, cells = inputs[0], inputs[HIDDEN_STATE], inputs[CELL_STATE]
        assert x is not None and hidden is not None and cells is not None
        weights = Weights.of(inputs)
        one_step = x.ndim == 2
        steps = as_int64(x[np.newaxis] if one_step else x)
        if not self.time_major and not one_step:
            steps = steps.swapaxes(0, 1)
        rows = steps.shape[1]
        h, c = (as_int64(s).reshape(rows, -1) for s in (hidden, cells))
        outputs = []
        for step in steps:
            h, c = self.cell.step(weights, step, h, c, together=self.time_major or one_step)
            outputs.append(h)
        out = np.array(outputs, np.int64).reshape(len(steps), rows, -1)
        if not self.time_major and not one_step:
            out = out.swapaxes(0, 1)
        dtype = NUMPY_DTYPE[self.dtype]
        return (
            out.reshape(self.shapes[0]).astype(dtype),
            h.reshape(hidden.shape).astype(dtype),
            c.reshape(cells.shape).astype(np.int16),
        )


@dataclass(frozen=True)
class Sizes:
    """Of a cell: rows are those of a batch."""

    rows: int
    inputs: int
    cells: int
    outputs: int

    @classmethod
    def of(cls, node: Node, *, time_major: bool) -> Sizes:
        """From input, output gate's weights and recurrent weights; C1 checks the ranks."""
        x, w, r = node.input(0), node.input(WEIGHTS + 3), node.input(RECURRENT + 3)
        check(
            len(x.shape) in (2, 3) and len(w.shape) == len(r.shape) == 2,
            "C1",
            f"input {x.shape}, weights {w.shape} and recurrent weights {r.shape}",
        )
        rows = x.shape[1] if time_major and len(x.shape) == 3 else x.shape[0]
        return cls(rows, x.shape[-1], w.shape[0], r.shape[1])


def check_operands(node: Node, sizes: Sizes) -> None:
    """C1 shapes, C2 which operands come together, C3 states, C4 symmetric weights."""
    n, m = sizes.cells, sizes.outputs
    expected: dict[int, Shape] = {PROJECTION: (m, n), PROJECTION_BIAS: (m,)}
    for number in range(len(GATES)):
        expected[WEIGHTS + number] = (n, sizes.inputs)
        expected[RECURRENT + number] = (n, m)
        expected[BIAS + number] = (n,)
        expected[COEFFICIENTS + number] = (n,)
    expected.update(dict.fromkeys(PEEPHOLE.values(), (n,)))
    for position, shape in expected.items():
        operand = node.optional_input(position)
        check(
            operand is None or operand.shape == shape,
            "C1",
            f"input {position} has shape {operand.shape if operand else ()}, not {shape}",
        )
        if operand is not None and operand.dtype == "INT8":
            subtracted_zero_point(node, operand, "C4")
    _check_groups(node, sizes)
    for position, count in ((HIDDEN_STATE, sizes.rows * m), (CELL_STATE, sizes.rows * n)):
        state = node.input(position)
        check(
            state.is_variable and math.prod(state.shape) == count,
            "C3",
            f"input {position} must be a variable tensor of {count} elements"
            f" ({'a' if state.is_variable else 'no'} variable of {state.shape})",
        )


def _check_groups(node: Node, sizes: Sizes) -> None:
    def present(*positions: int) -> set[bool]:
        return {node.optional_input(position) is not None for position in positions}

    cifg = node.optional_input(WEIGHTS) is None
    gates = range(1 if cifg else 0, len(GATES))
    peepholes = [p for name, p in PEEPHOLE.items() if name != "input" or not cifg]
    layer_norm = [COEFFICIENTS + number for number in gates]
    check(
        len(present(WEIGHTS, RECURRENT, BIAS)) == 1
        and len(present(*peepholes)) == 1
        and len(present(*layer_norm)) == 1,
        "C2",
        "of the input gate, the peepholes or the coefficients only some are there",
    )
    projected = node.optional_input(PROJECTION) is not None
    check(
        projected or (sizes.cells == sizes.outputs and not any(present(PROJECTION_BIAS))),
        "C2",
        f"{sizes.cells} cells give {sizes.outputs} outputs without a projection",
    )
    diagonal = bool(node.options.get("diagonal_recurrent_tensors", False))
    check(not diagonal, "C2", "diagonal recurrent weights exist in float only")


def operand_of(node: Node, first: int, gate: str) -> Operand | None:
    """The operand of a gate, by the position of the input gate's."""
    return node.optional_input(first + GATES.index(gate))


def is_cifg(node: Node) -> bool:
    """Whether there is no input gate."""
    return node.optional_input(WEIGHTS) is None


def has_layer_norm(node: Node) -> bool:
    """Whether gates are normalized."""
    return node.optional_input(COEFFICIENTS + 1) is not None


def output_shape(node: Node, sizes: Sizes) -> Shape:
    """The input's, with the outputs last."""
    return (*node.input(0).shape[:-1], sizes.outputs)
