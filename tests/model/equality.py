"""When two models say the same."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


def assert_same(left: Any, right: Any, path: str = "model") -> None:
    """Every field equal, arrays bit for bit; `content`, `name` and `oddities` are not compared."""
    assert type(left) is type(right), path
    if isinstance(left, np.ndarray):
        assert left.dtype == right.dtype and left.shape == right.shape, path
        assert left.tobytes() == right.tobytes(), path
    elif hasattr(left, "__dataclass_fields__"):
        for field in fields(left):
            at_top = path == "model" and field.name in ("content", "name", "oddities")
            if not at_top:
                name = field.name
                assert_same(getattr(left, name), getattr(right, name), f"{path}.{name}")
    elif isinstance(left, tuple):
        assert len(left) == len(right), path
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            assert_same(a, b, f"{path}[{i}]")
    elif isinstance(left, dict):
        assert list(left) == list(right), path
        for key in left:
            assert_same(left[key], right[key], f"{path}[{key!r}]")
    else:
        assert left == right or repr(left) == repr(right) == "nan", f"{path}: {left!r}, {right!r}"
