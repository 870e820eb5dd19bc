"""What LiteRT derives the parameters of an LSTM cell from, and where it fails to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from refint8.errors import DomainError
from refint8.numerics import gemmlowp16
from refint8.numerics.accumulator import Accumulator
from refint8.numerics.layer_norm import LayerNorm
from refint8.numerics.requantize import Requantizer, requantizer
from refint8.numerics.scales import (
    power_of_two_exponent,
    product_ratio_float32,
    product_ratio_float64,
)
from refint8.ops._lstm import (
    CELL_STATE,
    COEFFICIENTS,
    GATES,
    HIDDEN_STATE,
    PEEPHOLE,
    PROJECTION,
    RECURRENT,
    WEIGHTS,
    has_layer_norm,
    is_cifg,
    operand_of,
)
from refint8.ops._lstm_gemmlowp import Gate, GemmlowpCell
from refint8.ops._op import Node, Operand, check

GATE_SCALE: Final = 2.0**-12
INTERMEDIATES: Final = 5
HIDDEN: Final = 4
LARGEST_CELL_EXPONENT: Final = -9
"""LSTM derives no parameters from larger cell scales; UNIDIRECTIONAL_SEQUENCE_LSTM does."""


def gemmlowp_cell(node: Node) -> GemmlowpCell:
    """Conditions C5 to C7, and all parameters.

    Raises DomainError where the engine computes with memory that nothing has written.
    """
    rules = node.rules
    check(
        node.input(0).dtype == "INT8",
        "C8",
        "activations of INT16 run with sigmoid tables only (rule lstm)",
    )
    check(
        len(node.intermediates) == INTERMEDIATES,
        "C5",
        f"{len(node.intermediates)} intermediate tensors; the integer cell has {INTERMEDIATES}",
        "12 make the kernel that computes in float and reads beyond its parameters",
    )
    bare = _bare_intermediates(node)
    # Of a missing scale LSTM dies, and UNIDIRECTIONAL_SEQUENCE_LSTM refuses that of the hidden.
    silent = node.name != "LSTM" and HIDDEN not in bare and rules.lstm_scales == "zero"
    check(not bare or silent, "C6", f"the intermediate tensors {bare} have no scale")
    why = _no_parameters(node)
    check(not why or rules.lstm_scales == "zero", "C6", why, "convert the model again")
    return _without_parameters(node) if why or bare else _with_parameters(node)


def _intermediate(node: Node, number: int) -> Operand | None:
    operand = node.intermediates[number]
    return operand if operand is not None and operand.quantized else None


def _bare_intermediates(node: Node) -> list[int]:
    """Intermediate tensors without a scale that is needed, or that the engine insists on."""
    needed = [HIDDEN]
    if has_layer_norm(node):
        every = node.rules.lstm_scales == "zero" or not is_cifg(node)
        needed += [k for k in range(len(GATES)) if k or every]
    return [number for number in needed if _intermediate(node, number) is None]


def _no_parameters(node: Node) -> str:
    """Why the engine's derivation of parameters fails, which it does silently; or nothing."""
    scale = node.input(CELL_STATE).scale
    exponent = power_of_two_exponent(scale)
    if exponent is None:
        return f"the cell state's scale {scale} is not a power of two"
    if node.name == "LSTM" and exponent > LARGEST_CELL_EXPONENT:
        return f"the cell state's scale {scale} is larger than 2^{LARGEST_CELL_EXPONENT}"
    return ""


def _without_parameters(node: Node) -> GemmlowpCell:
    """Every multiplier 0, as the engine leaves them; only clips and zero points are known."""
    nothing = requantizer(0.0, node.rules)
    norm = LayerNorm(0, 0, 0, node.rules.accumulator) if has_layer_norm(node) else None
    names = GATES[1:] if is_cifg(node) else GATES
    gates = {
        name: Gate(nothing, nothing, nothing if name in PEEPHOLE else None, norm) for name in names
    }
    return _cell(node, gates, 0, nothing, 0, nothing, "input_gate")


def _with_parameters(node: Node) -> GemmlowpCell:
    exponent = power_of_two_exponent(node.input(CELL_STATE).scale)
    assert exponent is not None, "it has been checked"
    if not 0 <= 30 + exponent <= 31:
        raise DomainError(f"the cell state's scale is 2^{exponent}", label="C6")
    tanh = "computed"
    if 15 + exponent not in gemmlowp16.TANH_INTEGER_BITS:
        tanh = node.rules.lstm_tanh
        why = f"at the cell state's scale 2^{exponent} the engine computes no tanh"
        if tanh == "refused" or is_cifg(node):
            raise DomainError(
                f"{why} but goes on with the memory it would have written",
                label="C7",
                hint="scales of 2^-15 to 2^-9 have one; the rule lstm_tanh reproduces the engine",
            )
    names = GATES[1:] if is_cifg(node) else GATES
    hidden = _intermediate(node, HIDDEN)
    assert hidden is not None, "it has been checked"
    real = product_ratio_float64(2.0**-15, 2.0**-15, hidden.scale)
    projection = node.optional_input(PROJECTION)
    projected = None
    if projection is not None:
        state = node.input(HIDDEN_STATE).scale
        factor = product_ratio_float32(projection.scale, hidden.scale, state)
        projected = requantizer(factor, node.rules)
    return _cell(
        node,
        {name: _gate(node, name, exponent) for name in names},
        exponent,
        requantizer(_to_float32(real), node.rules),
        hidden.zero_point,
        projected,
        tanh,
    )


def _gate(node: Node, name: str, exponent: int) -> Gate:
    x, h, rules = node.input(0), node.input(HIDDEN_STATE), node.rules
    scale, norm = GATE_SCALE, None
    if has_layer_norm(node):
        intermediate = _intermediate(node, GATES.index(name))
        coefficients = operand_of(node, COEFFICIENTS, name)
        assert intermediate is not None and coefficients is not None, "they have been checked"
        scale = intermediate.scale
        norm = LayerNorm.of(coefficients.scale, rules)
    weights, recurrent = operand_of(node, WEIGHTS, name), operand_of(node, RECURRENT, name)
    assert weights is not None and recurrent is not None, "they have been checked"
    look = node.optional_input(PEEPHOLE[name]) if name in PEEPHOLE else None
    peephole = None
    if look is not None:
        real = _to_float32(product_ratio_float64(2.0**exponent, look.scale, scale))
        peephole = requantizer(real, rules)
    return Gate(
        requantizer(product_ratio_float32(weights.scale, x.scale, scale), rules),
        requantizer(product_ratio_float32(recurrent.scale, h.scale, scale), rules),
        peephole,
        norm,
    )


def _cell(
    node: Node,
    gates: Mapping[str, Gate],
    exponent: int,
    hidden: Requantizer,
    hidden_zero_point: int,
    projection: Requantizer | None,
    tanh: str,
) -> GemmlowpCell:
    clips = (
        _clip(node.options.get("cell_clip", 0.0), node.input(CELL_STATE).scale, 16),
        _clip(node.options.get("proj_clip", 0.0), node.output.scale, 8),
    )
    return GemmlowpCell(
        gates=gates,
        input_zero_point=node.input(0).zero_point,
        state_zero_point=node.input(HIDDEN_STATE).zero_point,
        cell_exponent=exponent,
        hidden=hidden,
        hidden_zero_point=hidden_zero_point,
        projection=projection if node.optional_input(PROJECTION) is not None else None,
        cell_clip=clips[0],
        projection_clip=clips[1],
        tanh=tanh,
        peephole=node.rules.lstm_peephole,
        accumulator=Accumulator(node.rules.accumulator),
    )


def _to_float32(real: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(real))


def _clip(bound: float, scale: float, bits: int) -> int:
    """trunc(clamp(f32(bound / scale))); 0 for no clip."""
    if bound <= 0:
        return 0
    with np.errstate(all="ignore"):
        steps = np.float32(bound) / np.float32(scale)
    if np.isnan(steps):
        raise DomainError(f"a clip of {bound} at the scale {scale} is no number of steps")
    return int(np.clip(steps, -(1 << (bits - 1)), (1 << (bits - 1)) - 1))
