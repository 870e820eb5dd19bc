"""What a resource variable holds that no operator has assigned, by TFLM's account."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from refint8.ops._op import Array, Shape


def in_every_byte(value: int, shape: Shape, dtype: np.dtype[Any]) -> Array:
    """An array whose bytes all are the low byte of `value`, whatever its dtype."""
    filled = np.full(math.prod(shape) * dtype.itemsize, value).astype(np.int8)
    return filled.view(dtype).reshape(shape)
