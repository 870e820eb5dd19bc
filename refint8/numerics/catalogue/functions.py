"""Functions by tables or fixed point: logistic, softmax, exponentials."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Functions:
    """Functions by tables or fixed point: logistic, softmax, exponentials."""

    lut8_overflow: str = rule(
        "saturate",
        "an 8-bit table's entry outside int32, before it is clamped",
        "LOGISTIC TANH EXP LOG GELU ELU",
        saturate="clamped",
        x86="becomes -2^31",
        x86_uint8="becomes -2^31 in tables of uint8, is clamped in those of int8",
    )
    table_rounding: str = rule(
        "half_away",
        "entries of 8-bit tables computed in float32",
        "LOGISTIC TANH EXP LOG GELU ELU",
        half_away="rounded half away from zero, then the zero point is added",
        half_even="the zero point is added in float32, then rounded half to even",
    )
    logistic_int8: str = rule(
        "table",
        "LOGISTIC on 8 bits",
        "LOGISTIC",
        table="256 entries computed in float32",
        table_float64="256 entries with e^x / (1 + e^x) computed in double, then float32",
        gemmlowp="gemmlowp's fixed-point logistic on 4 integer bits",
    )
    tanh_int8: str = rule(
        "table",
        "TANH on 8 bits",
        "TANH",
        table="256 entries computed in float32",
        gemmlowp="gemmlowp's fixed-point tanh on 4 integer bits",
    )
    sigmoid_int16: str = rule(
        "table",
        "LOGISTIC and TANH on int16 with a scale of 2^-12 (TANH: or 2^-11)",
        "LOGISTIC TANH",
        table="interpolated in a table, as with other scales",
        gemmlowp="gemmlowp's fixed-point function on 3 integer bits",
    )
    softmax_int8: str = rule(
        "fixed_point",
        "SOFTMAX and LOG_SOFTMAX on 8 bits",
        "SOFTMAX LOG_SOFTMAX",
        fixed_point="gemmlowp's fixed point",
        float32="a table of 256 exponentials, then everything in float32",
    )
    softmax_int16_table: str = rule(
        "float64",
        "construction of SOFTMAX's two 513-entry tables for int16",
        "SOFTMAX",
        float64="in double",
        float32="in float32",
    )
    softmax_int16_scale: str = rule(
        "float32",
        "input scale * beta of SOFTMAX on int16",
        "SOFTMAX",
        float32="product in float32, division by the table's step in double",
        float64="all in double",
    )
    log_softmax_float: str = rule(
        "rounded",
        "exp and log in LOG_SOFTMAX on FLOAT32",
        "LOG_SOFTMAX",
        rounded="correctly rounded to float32",
        glibc="as glibc computes them, off by a last bit now and then",
        refused="not run: the engine's vectors of exp depend on what it was compiled for",
    )
    gelu: str = rule(
        "rounded",
        "tanh and erfc in GELU's tables",
        "GELU",
        rounded="correctly rounded to float32",
        glibc="as glibc computes them, off by a last bit now and then",
    )
    elu: str = rule(
        "expm1",
        "e^x - 1 in ELU's table",
        "ELU",
        expm1="rounded once",
        exp="e^x rounded, then the difference",
    )
