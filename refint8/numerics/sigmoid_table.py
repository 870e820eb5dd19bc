"""The sigmoid table of LOGISTIC and TANH on int16, and the interpolation that reads it.

Both operators bring their input to 24 steps of the table per unit (in 2^-9 or 2^-8 of a step), use
the symmetry of the function and interpolate linearly; tanh(x) = 2 sigmoid(2x) - 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from refint8.numerics.fixedpoint import Ints, as_int64
from refint8.numerics.recording import note, recorded

# fmt: off
_ENTRIES: Final = (
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794,
    41432, 42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443,
    48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374,
    54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544,
    58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279,
    61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990,
    63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030,
    64090, 64148, 64204, 64257, 64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652,
    64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950, 64974, 64997, 65019,
    65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234,
    65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360,
    65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433,
    65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476,
    65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516,
    65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529,
    65529, 65530, 65530, 65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532,
    65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
    65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
)
# fmt: on

SIGMOID: Final[Ints] = np.array(_ENTRIES, dtype=np.int64)
"""sigmoid(i / 24) * 65536 for i = 0..255, in 16 bits.

A fact to be taken over, not a formula: 44 entries are one more than the rounded function. Measured
on LiteRT 2.3.0 and tflite-micro 0.dev20261023 (TANH on int16 with scale 2/12288 returns
SIGMOID[k] - 32768 at input 128*k) and equal to `sigmoid_table_uint16` of LiteRT
`kernels/internal/common.h` (commit f67457790).
"""


@recorded("sigmoid table", "interpolated at |u| >> 9 and its neighbour")
def interpolate_logistic(u: Ints) -> Ints:
    """sigmoid(u / (24 * 512)) in Q0.15; u are int32 values.

    With a = |u|, k = a >> 9: r = S[k]*2^9 + (a & 511)*(S[k+1] - S[k]) in 25 bits, saturated to
    0x7FFF*2^10 from k = 255 on; the result is r / 2^10 rounded, for negative u that of 2^25 - r.
    Source: Logistic, LiteRT `kernels/internal/reference/integer_ops/logistic.h`.
    """
    u = as_int64(u)
    magnitude = _between(np.abs(u), bits=9, saturated=0x7FFF << 10)
    return np.where(u >= 0, magnitude + 512, (1 << 25) - magnitude + 511) >> 10


@recorded("sigmoid table", "interpolated at |u| >> 8 and its neighbour")
def interpolate_tanh(u: Ints) -> Ints:
    """tanh(u / (12 * 512)) in Q0.15; u are int32 values.

    With a = |u|, k = a >> 8: r = S[k]*2^8 + (a & 255)*(S[k+1] - S[k]) in 24 bits, saturated to
    0xFFFF*2^8 from k = 255 on; the result is (r - 2^23) / 2^8 rounded, for negative u that of
    2^23 - r. Source: Tanh, LiteRT `kernels/internal/reference/integer_ops/tanh.h`.
    """
    u = as_int64(u)
    above_half = _between(np.abs(u), bits=8, saturated=0xFFFF << 8) - (1 << 23)
    return np.where(u >= 0, above_half + 128, 127 - above_half) >> 8


def _between(a: Ints, *, bits: int, saturated: int) -> Ints:
    """Linear interpolation at a / 2^bits, scaled by 2^bits."""
    last = SIGMOID.size - 1
    k = np.minimum(a >> bits, last - 1)
    fraction = a & ((1 << bits) - 1)
    between = (SIGMOID[k] << bits) + fraction * (SIGMOID[k + 1] - SIGMOID[k])
    magnitude = np.where(a >> bits >= last, saturated, between)
    entries = {"entry": SIGMOID[k], "next": SIGMOID[k + 1], "fraction": fraction, "index": k}
    formula = "entry * 2^bits + fraction * (next - entry); saturated behind the last"
    return note("between entries", formula, magnitude, bits=bits, **entries)
