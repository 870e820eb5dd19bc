"""A tensor's quantization as a kernel that copies sees it: one scale and one zero point.

LiteRT gives every tensor such a pair. It is (0, 0) without quantization and with several scales
(CORRECTIONS item 15), and a kernel that compares the pairs takes any scale, degenerate or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from refint8.ops._op import Operand, check


def parameters(operand: Operand) -> tuple[float, int]:
    """(scale, zero point); (0, 0) without quantization or with several scales."""
    quantization = operand.quantization
    if quantization is None or quantization.scales.size != 1:
        return 0.0, 0
    return float(quantization.scales[0]), operand.zero_point


def same_parameters(a: Operand, b: Operand) -> bool:
    """Whether both pairs are equal; a NaN scale equals nothing."""
    (scale_a, zero_point_a), (scale_b, zero_point_b) = parameters(a), parameters(b)
    return scale_a == scale_b and zero_point_a == zero_point_b


def check_same_parameters(operands: Iterable[Operand], reference: Operand, label: str) -> None:
    """Every operand has the reference's scale and zero point, for an operator that copies."""
    for operand in operands:
        check(
            same_parameters(operand, reference),
            label,
            f"tensor {operand.index} has (scale, zero point) {parameters(operand)}, tensor"
            f" {reference.index} has {parameters(reference)}; the operator copies and rescales"
            " nothing",
            "convert with one quantization for both, or put a QUANTIZE between",
        )


def one_scale(operand: Operand, rule: str) -> float:
    """The scale that a kernel for one scale reads, of several by the rule `several_scales`."""
    if operand.per_channel and rule == "zero":
        return 0.0
    return float(operand.scales[0]) if operand.per_channel and rule == "first" else operand.scale


def one_zero_point(operand: Operand, rule: str) -> int:
    """The zero point that goes with `one_scale`."""
    if operand.per_channel and rule == "first":
        return int(operand.zero_points[0])
    return operand.zero_point
