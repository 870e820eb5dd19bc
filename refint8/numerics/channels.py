"""Requantizers of some channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.numerics.requantize import Requantizer


def over_channels(
    requantize: Requantizer, choose: Callable[[NDArray[Any]], NDArray[Any]]
) -> Requantizer:
    """The requantizer whose channels are `choose` of these; factors without an axis serve all."""
    assert is_dataclass(requantize)
    per_channel = {
        f.name: choose(value)
        for f in fields(requantize)
        if isinstance(value := getattr(requantize, f.name), np.ndarray) and value.ndim
    }
    chosen: Requantizer = replace(requantize, **per_channel)
    return chosen
