"""Convolutions and FULLY_CONNECTED: widths, weights, scales."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Products:
    """Convolutions and FULLY_CONNECTED: widths, weights, scales."""

    bias_width: str = rule(
        "tensor",
        "whether int16 activations are summed in 32 or 64 bits",
        "CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        tensor="as wide as the bias; without one as quantized_bias_type says",
        option="as quantized_bias_type says; a bias of the other width is misread: refused",
    )
    transpose_conv_int16: str = rule(
        "bias_width",
        "whether TRANSPOSE_CONV on int16 sums in 32 or 64 bits",
        "TRANSPOSE_CONV",
        bias_width="as the rule bias_width says",
        wide="in 64 bits; a 32-bit bias is misread: refused",
    )
    filter_zero_point: str = rule(
        "refused",
        "a zero point of int8 weights where the kernel subtracts none",
        "DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="not run",
        ignored="not subtracted",
    )
    int16_filter: str = rule(
        "refused",
        "convolution weights of int16, which a converter writes when they are computed",
        "CONV_2D DEPTHWISE_CONV_2D",
        refused="not run",
        bytes="as many of their bytes as there are weights, each read as int8",
    )
    fully_connected: str = rule(
        "integer",
        "FULLY_CONNECTED's accumulator to output scale",
        "FULLY_CONNECTED",
        integer="like a convolution, by the accumulator's width",
        float64="times a double, rounded half away from zero (LiteRT >= 1.3)",
        float64_reference="so (with scales in double) on int16 where sums have 64 bits or the"
        " weights a zero point, which are left to the reference kernel; else like a convolution",
    )
    fully_connected_scale: str = rule(
        "mixed",
        "input scale * weight scale / output scale of per-tensor FULLY_CONNECTED",
        "FULLY_CONNECTED",
        mixed="product in float32, division in double",
        float64="all in double",
    )
    activation_bounds: str = rule(
        "half_away",
        "bounds of a fused activation in output steps",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED ADD SUB MUL MAX_POOL_2D",
        half_away="rounded half away from zero, then the zero point is added",
        half_even="the zero point is added in float32, then rounded half to even",
    )
    several_scales: str = rule(
        "refused",
        "an operand with several scales where the kernel reads one",
        "BATCH_MATMUL",
        refused="not run",
        zero="scale and zero point 0 (LiteRT), so that every output is its zero point",
        first="the first scale and zero point",
    )
