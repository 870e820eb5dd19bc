"""expf and logf as glibc computes them since version 2.27, last bits included.

Both reduce their argument by a small table, evaluate a short polynomial in double, and round once
to float32: off by a last bit now and then (expf for one argument in 1,600 from -16 to -1, logf for
one in 29 from 1 to 1.25 and one in 300 above). Coefficients and tables are those of the published
method (Arm's optimized routines). Equal to glibc 2.36 on x86-64 as far as compared: logf on every
float32 from 1 to 131072, expf on every seventh from -87 to -0.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from refint8.numerics.elementary import Floats, power

EXP_STEPS: Final = 32
EXP_CUBIC: Final = (
    float.fromhex("0x1.62e42ff0c52d6p-1") / EXP_STEPS,
    float.fromhex("0x1.ebfce50fac4f3p-3") / EXP_STEPS**2,
    float.fromhex("0x1.c6af84b912394p-5") / EXP_STEPS**3,
)
EXP_ENDS: Final = (-200.0, 200.0)
"""Beyond, the result is 0 or infinite."""

LOG_STEPS: Final = 16
LOG_FIRST: Final = 0x3F330000
"""The bits of the float32 at which the table's first interval begins: 0.699."""
LN2: Final = float.fromhex("0x1.62e42fefa39efp-1")
LOG_POLYNOMIAL: Final = tuple(
    float.fromhex(c)
    for c in ("-0x1.ffffef20a4123p-2", "0x1.5575b0be00b6ap-2", "-0x1.00ea348b88334p-2")
)
"""Factors of r^2, r^3 and r^4."""

LOG_TABLE: Final = np.array(
    [
        [float.fromhex(text) for text in line.split()]
        for line in """
            0x1.661ec79f8f3bep+0  -0x1.57bf7808caadep-2
            0x1.571ed4aaf883dp+0  -0x1.2bef0a7c06ddbp-2
            0x1.49539f0f010bp+0   -0x1.01eae7f513a67p-2
            0x1.3c995b0b80385p+0  -0x1.b31d8a68224e9p-3
            0x1.30d190c8864a5p+0  -0x1.6574f0ac07758p-3
            0x1.25e227b0b8eap+0   -0x1.1aa2bc79c81p-3
            0x1.1bb4a4a1a343fp+0  -0x1.a4e76ce8c0e5ep-4
            0x1.12358f08ae5bap+0  -0x1.1973c5a611cccp-4
            0x1.0953f419900a7p+0  -0x1.252f438e10c1ep-5
            0x1p+0                 0x0p+0
            0x1.e608cfd9a47acp-1   0x1.aa5aa5df25984p-5
            0x1.ca4b31f026aap-1    0x1.c5e53aa362eb4p-4
            0x1.b2036576afce6p-1   0x1.526e57720db08p-3
            0x1.9c2d163a1aa2dp-1   0x1.bc2860d22477p-3
            0x1.886e6037841edp-1   0x1.1058bc8a07ee1p-2
            0x1.767dcf5534862p-1   0x1.4043057b6ee09p-2
        """.strip().splitlines()
    ]
)
"""1 / c and log(c) for a point c near the middle of each interval."""


def expf(x: Floats) -> Floats:
    """e^x; float32, NaN stays."""
    within = np.clip(x.astype(np.float64), *EXP_ENDS)
    scaled = within * (float.fromhex("0x1.71547652b82fep+0") * EXP_STEPS)
    nearest = np.rint(scaled)
    r = scaled - nearest
    whole, step = np.divmod(np.nan_to_num(nearest).astype(np.int64), EXP_STEPS)
    linear = EXP_CUBIC[0] * r + 1
    cubic = (EXP_CUBIC[2] * r + EXP_CUBIC[1]) * (r * r) + linear
    with np.errstate(over="ignore", under="ignore"):
        result: Floats = (cubic * np.ldexp(_powers_of_2()[step], whole)).astype(np.float32)
    return result


def logf(x: Floats) -> Floats:
    """Natural logarithm; float32, -inf at 0, NaN below, NaN stays."""
    x = np.asarray(x, np.float32)
    inside = (x > 0) & np.isfinite(x)
    # A subnormal is made normal first; the exponent takes the factor back.
    small = inside & (x < np.finfo(np.float32).tiny)
    normal = np.where(inside, x, np.float32(1)) * np.where(small, np.float32(2.0**23), 1)
    bits = normal.astype(np.float32).view(np.int32).astype(np.int64)
    above = bits - LOG_FIRST
    exponent = above >> 23
    z = (bits - (exponent << 23)).astype(np.int32).view(np.float32).astype(np.float64)
    interval = LOG_TABLE[(above >> 19) % LOG_STEPS]
    r = z * interval[..., 0] - 1
    base = interval[..., 1] + (exponent - np.where(small, 23, 0)) * LN2
    square = r * r
    tail = LOG_POLYNOMIAL[2] * square + (LOG_POLYNOMIAL[1] * r + LOG_POLYNOMIAL[0])
    result = (tail * square + (base + r)).astype(np.float32)
    limits = np.where(x == 0, -np.inf, np.where(x > 0, x, np.nan)).astype(np.float32)
    return np.where(inside, result, limits).astype(np.float32)


@cache
def _powers_of_2() -> Floats:
    """2^(i / 32), correctly rounded doubles."""
    return np.array([float(power(np.float64(2), i / EXP_STEPS)) for i in range(EXP_STEPS)])
