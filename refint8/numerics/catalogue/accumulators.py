"""Requantization, sums and shifts: from accumulator to output step."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Accumulators:
    """Requantization, sums and shifts: from accumulator to output step."""

    requantize: str = rule(
        "double",
        "32-bit accumulator to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED ADD SUB MUL MEAN SUM PRELU"
        " LEAKY_RELU RELU RELU6 QUANTIZE SOFTMAX LOGISTIC TANH ABS SQUARED_DIFFERENCE"
        " BATCH_MATMUL RELU_N1_TO_1 RELU_0_TO_1 ADD_N CUMSUM"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        double="31-bit multiplier, high half with ties up, then a shift with ties away from zero",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
        single="31-bit multiplier, one rounding with ties up",
        float32="times a float32, ties to even",
        floor="31-bit multiplier, what is below a step is dropped (no engine: hardware)",
    )
    convolution: str = rule(
        "general",
        "32-bit accumulator of the convolutions and FULLY_CONNECTED on 8 bits to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        general="as the rule requantize says",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
        float32="times a float32 (scales combined in float32), ties to even",
    )
    convolution_int16: str = rule(
        "general",
        "32-bit accumulator of the convolutions and FULLY_CONNECTED on int16 to output scale",
        "CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        general="as the rule requantize says",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
    )
    depthwise_uint8: str = rule(
        "convolution",
        "32-bit accumulator of DEPTHWISE_CONV_2D on uint8 to output scale",
        "DEPTHWISE_CONV_2D",
        convolution="as the rule convolution says",
        general="as the rule requantize says",
    )
    grouped_convolution: str = rule(
        "convolution",
        "32-bit accumulator of CONV_2D in several groups to output scale",
        "CONV_2D",
        convolution="as without groups",
        general="as the rule requantize says",
    )
    convolution_lanes: str = rule(
        "all",
        "the channels whose ties double_up takes up (rules convolution, convolution_int16)",
        "DEPTHWISE_CONV_2D TRANSPOSE_CONV",
        all="all",
        vectors="whole vectors of 8; TRANSPOSE_CONV on uint8: elements in whole vectors of 16;"
        " the others as by double",
    )
    requantize_wide: str = rule(
        "q15",
        "64-bit accumulator to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED BATCH_MATMUL REDUCE_PROD"
        " UNIDIRECTIONAL_SEQUENCE_LSTM",
        q15="multiplier rounded to 16 bits, one rounding with ties up",
    )
    wide_domain: str = rule(
        "report",
        "requantizing 64 bits by a shift outside -31..7, or a sum that leaves 48 bits",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED BATCH_MATMUL REDUCE_PROD"
        " UNIDIRECTIONAL_SEQUENCE_LSTM",
        report="refused: exit code 4",
        x86="shift counts are taken modulo 64, products modulo 2^64",
    )
    accumulator: str = rule(
        "report",
        "a sum of products, or a difference from a zero point, that leaves int32",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED MEAN SUM AVERAGE_POOL_2D"
        " QUANTIZE LOGISTIC TANH BATCH_MATMUL L2_NORMALIZATION ADD_N CUMSUM"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        report="refused: exit code 4",
        wrap="keeps its low 32 bits",
    )
    left_shift: str = rule(
        "report",
        "an accumulator that leaves int32 when a multiplier above 1 shifts it left",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED MUL PRELU LEAKY_RELU RELU"
        " RELU6 QUANTIZE MEAN SUM SOFTMAX ABS SQUARED_DIFFERENCE BATCH_MATMUL RSQRT"
        " RELU_N1_TO_1 RELU_0_TO_1"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        report="refused: exit code 4",
        wrap="keeps its low 32 bits; a count above 31 is taken modulo 32",
    )
    shift_domain: str = rule(
        "report",
        "a rounding right shift by a count outside 0..31",
        "SUB",
        report="refused: exit code 4",
        x86="the count wraps to 0..31, in vectors it fills with the sign; 1 is added when x >= 0",
    )
    far_shift: str = rule(
        "exact",
        "a rounding right shift by a count outside 0..31 where the exact result is known",
        "DIV EQUAL NOT_EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL",
        exact="shifts as far as it says",
        report="refused: exit code 4",
        x86="the count wraps to 0..31, and 1 is added when x >= 0",
    )
    product: str = rule(
        "general",
        "products of MUL and BATCH_MATMUL on 8 bits to output scale",
        "MUL BATCH_MATMUL",
        general="as the rule requantize says",
        float32="times a float32, ties to even",
    )
    square: str = rule(
        "product",
        "MUL of an 8-bit tensor with itself",
        "MUL",
        product="like any other product",
        table="256 entries computed in float32",
    )
