"""SVDF: filters over features, then over time; the last `memory` features are its state.

state = state shifted by one step; its last entry = saturate(requantize(F (x - zp_x), by
        s_x * s_F / s_state)) + zp_state
out   = clamp(requantize(sum over the `rank` filters of a unit of (T . (state - zp_state)) + bias,
        by s_state * s_T / s_out) + zp_out)

F [filters, in] and T [filters, memory] are the weights of features and time, state [batch,
filters * memory]; the scales' products are float32. State and T are int16, or both int8. The
fused activation is not applied.

C1  x [batch, in], F [filters, in], T [filters, memory], bias [units], state [batch, filters *
    memory], and rank divides the filters into units
C2  the state is a variable tensor
C3  the activation is RELU, unless the rule svdf_activation=ignored
C4  weights are symmetric, and the state if it is int16
C5  a state of int8 needs the rule svdf_int8_state=computed

Semantics: LiteRT `kernels/svdf.cc`, `reference/svdf.h`, ai-edge-litert 2.3.0 (CORRECTIONS item
36); TFLM `micro/kernels/svdf_common.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.activation import DTYPE_RANGE
from refint8.numerics.fixedpoint import as_int64, clamp
from refint8.numerics.recording import note
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import product_ratio_float32
from refint8.ops._gemm import matmul
from refint8.ops._op import Array, Node, Record, check, operator


@operator(
    "SVDF",
    versions=range(1, 5),
    dtypes=("INT8,INT8,INT16,INT32?,INT16->INT8", "INT8,INT8,INT8,INT32?,INT8->INT8"),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class Svdf(Record):
    """The integer record."""

    state = (4,)

    rank: int
    input_zero_point: int
    state_zero_point: int
    output_zero_point: int
    feature: Requantizer
    time: Requantizer
    state_dtype: str
    accumulator: Accumulator

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C5, both requantizers."""
        x, features, times, state = (node.input(k) for k in (0, 1, 2, 4))
        rank = int(node.options.get("rank", 0))
        _check_shapes(node, rank)
        check(state.is_variable, "C2", f"tensor {state.index} '{state.name}' is not a variable")
        activation = node.options.get("fused_activation_function", "NONE")
        check(
            activation == "RELU" or node.rules.svdf_activation == "ignored",
            "C3",
            f"the activation is {activation}; none but RELU is accepted, and that is not applied",
        )
        symmetric = [features, times, *([state] if state.dtype == "INT16" else [])]
        check(
            all(operand.zero_point == 0 for operand in symmetric),
            "C4",
            f"zero points {[operand.zero_point for operand in symmetric]} must be 0",
        )
        check(
            state.dtype == "INT16" or node.rules.svdf_int8_state == "computed",
            "C5",
            "the engine takes the int8 state for int16 and writes past its end",
        )
        out, rules = node.output, node.rules
        return cls(
            shapes=((x.shape[0], features.shape[0] // rank),),
            rank=rank,
            input_zero_point=x.zero_point,
            state_zero_point=state.zero_point,
            output_zero_point=out.zero_point,
            feature=requantizer(product_ratio_float32(x.scale, features.scale, state.scale), rules),
            time=requantizer(product_ratio_float32(state.scale, times.scale, out.scale), rules),
            state_dtype=state.dtype,
            accumulator=Accumulator(rules.accumulator),
        )

    def spec(
        self, x: Array, features: Array, times: Array, bias: Array | None, state: Array
    ) -> tuple[Array, Array]:
        """Output [batch, units] and the new state."""
        filters, memory = times.shape
        dtype = NUMPY_DTYPE[self.state_dtype]
        sums = matmul(as_int64(x) - self.input_zero_point, as_int64(features).T)
        note("sum of features", "of feature weights and x - zp", sums)
        steps = np.clip(self.feature(self.accumulator(sums)), *DTYPE_RANGE[self.state_dtype])
        # The zero point may carry an int8 out of its range, and it wraps.
        newest = (steps + self.state_zero_point).astype(dtype)
        note("newest state", "saturated, + zp", newest, zp=self.state_zero_point)
        old = state.reshape(-1, filters, memory)
        new = np.concatenate([old[..., 1:], newest[..., np.newaxis]], axis=-1)
        products = as_int64(times) * (as_int64(new) - self.state_zero_point)
        in_time = products.sum(axis=-1)
        note("sum over time", "of time weights and state - zp", in_time, row=products)
        units = in_time.reshape(len(x), -1, self.rank).sum(axis=-1)
        note("sum of the unit", "of its filters", units)
        acc = self.accumulator(units if bias is None else units + as_int64(bias))
        unclamped = self.time(acc) + self.output_zero_point
        note("+ zero point", "x + zp", unclamped, zp=self.output_zero_point)
        out = clamp(unclamped, *DTYPE_RANGE["INT8"]).astype(np.int8)
        return out, new.reshape(state.shape)


def _check_shapes(node: Node, rank: int) -> None:
    x, features, times, bias, state = (node.optional_input(k) for k in range(5))
    assert x and features and times and state, "the dtype rows have them"
    shapes = [operand.shape for operand in (x, features, times, state)]
    check(
        all(len(shape) == 2 for shape in shapes)
        and x.shape[1] == features.shape[1]
        and times.shape[0] == features.shape[0]
        and times.shape[1] > 0
        and state.shape == (x.shape[0], features.shape[0] * times.shape[1])
        and rank > 0
        and features.shape[0] % rank == 0
        and (bias is None or bias.shape == (features.shape[0] // rank,)),
        "C1",
        f"input, weights and state have shapes {shapes}, the bias {bias.shape if bias else None},"
        f" at rank {rank}",
    )
