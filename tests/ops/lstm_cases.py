"""LSTM operators to test with, and their arithmetic in Python integers.

A Case is drawn at random; `node` makes the operator, `arrays` its 24 inputs, `expected` what the
definitions give, row by row and value by value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from refint8.ops._op import Node, Operand
from tests.ops import gemmlowp16_integers as gemmlowp
from tests.ops.nodes import node, operand
from tests.ops.python_integers import (
    clamp,
    divide_by_pot,
    double_rounding,
    float32,
    q15,
    quantize_multiplier,
)

GATES = ("i", "f", "c", "o")
PEEPHOLE = {"i": 9, "f": 10, "o": 11}


@dataclass
class Case:
    """Shapes and variant; everything else follows from the seed."""

    seed: int = 0
    name: str = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    rows: int = 2
    time: int = 3
    inputs: int = 3
    cells: int = 5
    outputs: int = 5
    cifg: bool = False
    peephole: bool = False
    projection: bool = False
    layer_norm: bool = False
    time_major: bool = False
    int16: bool = False
    exponent: int = -11
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    weight_scale: float = 0.02
    operands: dict[int, Operand] = field(default_factory=dict)
    values: dict[int, Any] = field(default_factory=dict)
    intermediates: list[Operand] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        n, m = self.cells, self.outputs
        dtype = "INT16" if self.int16 else "INT8"
        bias_dtype = "INT64" if self.int16 else "INT32"
        zero_points = (0, 0) if self.int16 else (int(rng.integers(-128, 128)), 11)
        scales = (2e-4, 3e-5) if self.int16 else (0.02, 0.007)

        def add(at, kind, shape, low, high, scale=None, zero_point=0, variable=False):
            made = operand(kind, shape, scale, zero_point)
            self.operands[at] = replace(made, is_variable=variable)
            self.values[at] = rng.integers(low, high, shape).astype(kind.lower())

        def scale():
            return float(np.float32(self.weight_scale * rng.uniform(0.3, 1.0)))

        info = np.iinfo(dtype.lower())
        low, high = info.min, info.max + 1
        add(0, dtype, self.input_shape, low, high, scales[0], zero_points[0])
        add(18, dtype, (self.rows, m), low // 2, high // 2, scales[1], zero_points[1], True)
        add(19, "INT16", (self.rows, n), -9000, 9000, 2.0**self.exponent, variable=True)
        for k, gate in enumerate(GATES):
            if gate == "i" and self.cifg:
                continue
            add(1 + k, "INT8", (n, self.inputs), -127, 128, scale())
            add(5 + k, "INT8", (n, m), -127, 128, scale())
            big = 1 << 20 if self.layer_norm else 3000
            add(12 + k, bias_dtype, (n,), -big, big)
            if self.peephole and gate in PEEPHOLE:
                add(PEEPHOLE[gate], "INT16", (n,), -32767, 32768, 1e-5 + scale() / 1000)
            if self.layer_norm:
                add(20 + k, "INT16", (n,), -32767, 32768, 4e-5)
        if self.projection:
            add(16, "INT8", (m, n), -127, 128, scale())
            add(17, "INT32", (m,), -3000, 3000)
        hidden = (0.005, -20) if self.projection else (scales[1], zero_points[1])
        self.intermediates = [
            *(operand("INT16", (0,), 0.0005 * (k + 1)) for k in range(4)),
            operand("INT8", (0,), *hidden),
        ]

    @property
    def input_shape(self):
        if self.name == "LSTM":
            return (self.rows, self.inputs)
        first = (self.time, self.rows) if self.time_major else (self.rows, self.time)
        return (*first, self.inputs)

    def node(self, rules: str = "tflite", **options) -> Node:
        known = {"cell_clip": self.cell_clip, "proj_clip": self.proj_clip}
        if self.name == "LSTM":
            known["kernel_type"] = "FULL"
        else:
            known["time_major"] = self.time_major
        shape = (*self.input_shape[:-1], self.outputs)
        state = self.operands[18]
        out = replace(state, shape=shape, is_variable=False)
        made = node(
            self.name,
            [self.operands.get(k) for k in range(24)],
            out,
            rules=rules,
            **{"fused_activation_function": "TANH", **known, **options},
        )
        return replace(made, intermediates=tuple(self.intermediates))

    def arrays(self):
        return [self.values.get(k) for k in range(24)]

    def scale(self, at):
        return self.operands[at].scale

    def step(self, x, h, c):
        """One row, one step: lists in, lists out."""
        new_c, chosen, gates = list(c), None, {}
        for gate in ("i", "f", "c"):
            if f"{gate}" == "i" and self.cifg:
                continue
            raw = self.raw_gate(gate, x, h, c)
            gates[gate] = [self.tanh(v, 3, -12) if gate == "c" else self.logistic(v) for v in raw]
        chosen = [32767 - v for v in gates["f"]] if self.cifg else gates["i"]
        for k in range(self.cells):
            if self.int16 or self.tables:
                kept = self.mul(gates["f"][k] * c[k], 2.0**-15)
                added = self.mul(chosen[k] * gates["c"][k], 2.0**-30 / self.scale(19))
            else:
                kept = gemmlowp.wrap(divide_by_pot(gates["f"][k] * c[k], 15))
                exponent = 30 + self.exponent
                added = gemmlowp.wrap(divide_by_pot(chosen[k] * gates["c"][k], exponent))
            new_c[k] = clamp(kept + added, -32768, 32767)
            if self.cell_clip > 0:
                clip = min(int(float32(self.cell_clip / self.scale(19))), 32767)
                new_c[k] = clamp(new_c[k], -clip, clip)
        out = [self.logistic(v) for v in self.raw_gate("o", x, h, new_c)]
        m = [
            out[k] * self.tanh(new_c[k], 15 + self.exponent, self.exponent)
            for k in range(self.cells)
        ]
        return self.hidden(m), new_c

    tables = False

    def logistic(self, v):
        return gemmlowp.logistic(v)

    def tanh(self, v, integer_bits, _power):
        return gemmlowp.tanh(v, integer_bits)

    def raw_gate(self, gate, x, h, c):
        k = GATES.index(gate)
        w, r, bias = (self.values[at + k].tolist() for at in (1, 5, 12))
        norm = self.layer_norm
        scale = self.intermediates[k].scale if norm else 2.0**-12
        zx, zh = self.operands[0].zero_point, self.operands[18].zero_point
        first = self.real(self.scale(1 + k), self.scale(0), scale)
        second = self.real(self.scale(5 + k), self.scale(18), scale)
        gate_values = []
        for n in range(self.cells):
            total = sum(a * (b - zx) for a, b in zip(w[n], x, strict=True))
            total += 0 if norm else bias[n]
            g = gemmlowp.saturated(self.requantize(total, first))
            total = sum(a * (b - zh) for a, b in zip(r[n], h, strict=True))
            g = gemmlowp.saturated(g + self.state_product(total, second))
            if self.peephole and gate in PEEPHOLE:
                at = PEEPHOLE[gate]
                look = float32(2.0**self.exponent * self.scale(at) / scale)
                product = int(self.values[at][n]) * c[n]
                g = gemmlowp.saturated(g + self.requantize(product, look))
            gate_values.append(g)
        if norm:
            from tests.numerics.test_layer_norm import normalized

            weights = self.values[20 + k].tolist()
            gate_values = normalized(gate_values, weights, bias, self.scale(20 + k))
        return gate_values

    @staticmethod
    def real(a, b, out):
        return float32(float32(a * b) / out)

    def requantize(self, value, real):
        return double_rounding(value, *quantize_multiplier(real))

    def state_product(self, value, real):
        return self.requantize(value, real)

    def mul(self, value, real):
        return gemmlowp.saturated(double_rounding(value, *quantize_multiplier(real)))

    def hidden(self, m):
        scale, zero_point = self.intermediates[4].scale, self.intermediates[4].zero_point
        real = float32(2.0**-30 / scale)
        steps = [self.requantize(v, real) for v in m]
        if not self.projection:
            return [clamp(v + zero_point, -128, 127) for v in steps]
        kept = [clamp(v - zero_point, -128, 127) + zero_point for v in steps]
        real = self.real(self.scale(16), scale, self.scale(18))
        bias, weights = self.values[17].tolist(), self.values[16].tolist()
        out = []
        for n in range(self.outputs):
            total = sum(a * b for a, b in zip(weights[n], kept, strict=True)) + bias[n]
            v = clamp(self.requantize(total, real) + self.operands[18].zero_point, -128, 127)
            if self.proj_clip > 0:
                clip = min(int(float32(self.proj_clip / self.scale(18))), 127)
                v = clamp(v, -clip, clip)
            out.append(v)
        return out

    def expected(self):
        """(output, hidden state, cell state) as nested lists."""
        x = self.values[0]
        steps = x[:, np.newaxis] if x.ndim == 2 else x
        steps = steps.swapaxes(0, 1) if self.time_major and x.ndim == 3 else steps
        out, hs, cs = [], [], []
        for row in range(self.rows):
            h, c = self.values[18][row].tolist(), self.values[19][row].tolist()
            seen = []
            for step in steps[row].tolist():
                h, c = self.step(step, h, c)
                seen.append(h)
            out.append(seen)
            hs.append(h)
            cs.append(c)
        y = np.array(out)
        if x.ndim == 2:
            y = y[:, 0]
        elif self.time_major:
            y = y.swapaxes(0, 1)
        return y.tolist(), hs, cs


class TableCase(Case):
    """The same with TFLM's building blocks; the operators' own tests prove the two functions."""

    tables = True

    @staticmethod
    def real(a, b, out):
        return float32(a * b) / out

    def requantize(self, value, real):
        pair = quantize_multiplier(real)
        return q15(value, *pair) if self.int16 else double_rounding(value, *pair)

    def state_product(self, value, real):
        return gemmlowp.saturated(self.requantize(value, real))

    def logistic(self, v):
        from refint8.numerics.sigmoid_table import interpolate_logistic

        return int(interpolate_logistic(np.array(3 * v)))

    def tanh(self, v, _integer_bits, power):
        from refint8.numerics.sigmoid_table import interpolate_tanh

        shift = power + 12
        u = 3 * v * 2**shift if shift >= 0 else (3 * v + 2 ** (-shift - 1)) // 2**-shift
        return int(interpolate_tanh(np.array(u)))

    def hidden(self, m):
        state = self.operands[18]
        low, high = (-32768, 32767) if self.int16 else (-128, 127)
        pair = quantize_multiplier(2.0**-30 / state.scale)
        return [clamp(double_rounding(v, *pair) + state.zero_point, low, high) for v in m]
