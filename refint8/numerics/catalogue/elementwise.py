"""Operators that go element by element: sums, products, ratios, comparisons, activations."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Elementwise:
    """Operators that go element by element: sums, products, ratios, comparisons, activations."""

    addition: str = rule(
        "general",
        "ADD and SUB on quantized tensors, but for int16 with power-of-two scales",
        "ADD SUB",
        general="each input is multiplied and rounded, then shifted and rounded",
        vectors="so, but in ADD an input's shift does not round inside whole vectors of elements",
        common_shift="on 8 bits both inputs times 21-bit factors of one exponent, one rounding,"
        " ties up",
    )
    add_int16_pot: str = rule(
        "honoured",
        "ADD and SUB on int16 with power-of-two scales and `pot_scale_int16` set",
        "ADD SUB",
        honoured="shifts only, the addition saturates",
        ignored="the general path with three multipliers",
    )
    mul_scale: str = rule(
        "float32",
        "scale1 * scale2 / output scale of MUL",
        "MUL",
        float32="both steps in float32",
        float64="all in double",
    )
    mul_int16_raw: str = rule(
        "multiplied",
        "MUL on int16 without scales",
        "MUL",
        multiplied="the product's low bits",
        report="refused: exit code 4 (TFLM divides by a scale that is not there)",
    )
    prelu_scale: str = rule(
        "float32",
        "input scale (* alpha scale) / output scale of PRELU",
        "PRELU",
        float32="every step in float32",
        float64="all in double",
    )
    leaky_relu: str = rule(
        "general",
        "LEAKY_RELU on 8 bits to output scale",
        "LEAKY_RELU",
        general="as the rule requantize says",
        eight_bits="factors with 8 fractional bits, one rounding, ties up",
    )
    leaky_relu_scale: str = rule(
        "float32",
        "input scale (* alpha) / output scale of LEAKY_RELU",
        "LEAKY_RELU",
        float32="every step in float32",
        float64="all in double",
    )
    relu6: str = rule(
        "rescale",
        "RELU6 as an operator of its own",
        "RELU6",
        rescale="requantizes from input to output scale, then clamps",
        clamp="clamps the raw input, whatever the output's scale",
    )
    relu_scale: str = rule(
        "float32",
        "input scale / output scale of RELU and its kin as operators of their own",
        "RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1",
        float32="in float32",
        float64="in double",
    )
    quotient_scale: str = rule(
        "float32",
        "the real multiplier of ABS, DIV and RSQRT",
        "ABS DIV RSQRT",
        float32="every step in float32",
        float64="all in double",
    )
    order_int16: str = rule(
        "scaled",
        "which of two int16 values with scales is the larger",
        "GREATER GREATER_EQUAL LESS LESS_EQUAL",
        scaled="the one that stands for the larger real value",
        raw="the larger integer, whatever the scales",
        report="refused: exit code 4 (TFLM reads parameters that nothing has set)",
    )
    rsqrt_int16: str = rule(
        "table",
        "RSQRT on int16",
        "RSQRT",
        table="513 entries computed in float32, interpolated",
        integer="Newton's iteration in integers, as on int8",
    )
