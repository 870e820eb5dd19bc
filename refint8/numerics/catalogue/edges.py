"""Numbers in and out: scales, dtypes, floats and integers."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Edges:
    """Numbers in and out: scales, dtypes, floats and integers."""

    degenerate_scale: str = rule(
        "refused",
        "a scale of 0, a denormal or an infinite one, or NaN",
        "*",
        refused="refused: exit code 4",
        used="goes into the arithmetic, which may still refuse what comes out",
    )
    declared_dtype: str = rule(
        "overruled",
        "an output declared with another dtype than the operator's inputs",
        "ADD SUB MAXIMUM MINIMUM PRELU EXPAND_DIMS GATHER SPLIT SPLIT_V RESIZE_BILINEAR"
        " RESIZE_NEAREST_NEIGHBOR DIV SQUARED_DIFFERENCE NEG ADD_N FLOOR_DIV FLOOR_MOD POW"
        " RIGHT_SHIFT BITWISE_XOR GATHER_ND SELECT SELECT_V2 FILL ZEROS_LIKE RANGE"
        " ONE_HOT SCATTER_ND DYNAMIC_UPDATE_SLICE SPARSE_TO_DENSE MATRIX_DIAG MATRIX_SET_DIAG"
        " DENSIFY STABLEHLO_SHIFT_LEFT",
        overruled="the output takes the inputs' dtype",
        trusted="the declared dtype stands, and the operator has to have a row for it",
    )
    float_to_int: str = rule(
        "saturate",
        "a float outside int32, or NaN, cast to int32",
        "QUANTIZE FULLY_CONNECTED LOGISTIC TANH CONCATENATION SQRT",
        saturate="clamped; NaN gives 0",
        x86="gives -2^31",
    )
    cast_nan: str = rule(
        "zero",
        "a NaN that CAST turns into an integer; what is out of range saturates",
        "CAST",
        zero="gives 0",
        highest="gives the dtype's highest value (LiteRT >= 2.3)",
    )
    quantize_float: str = rule(
        "divide",
        "QUANTIZE from float32 with one scale",
        "QUANTIZE",
        divide="x / scale in float32, ties away from zero",
        vectors="x * (1 / scale) in float32 with ties to even in whole vectors of 8 elements;"
        " x / scale in double with ties away from zero in the others",
        reciprocal="on 8 bits x * (1 / scale) in float32, ties to even; what is outside saturates",
    )
    quantize_lanes: str = rule(
        "general",
        "QUANTIZE between 8-bit tensors",
        "QUANTIZE",
        general="as the rule requantize says",
        vectors="ties up in whole vectors of 16 elements, away from zero in the others",
    )
    quantize_8bit: str = rule(
        "general",
        "QUANTIZE from 8 bits to the same 8-bit dtype",
        "QUANTIZE",
        general="as the rule quantize_lanes says",
        eight_bits="a factor with 8 fractional bits, one rounding, ties up",
    )
    dequantize: str = rule(
        "product",
        "DEQUANTIZE with one scale",
        "DEQUANTIZE",
        product="scale * (x - zero point), rounded once",
        vectors="f32(scale * x) + f32(-zero point * scale) in whole vectors of 8 elements",
    )
