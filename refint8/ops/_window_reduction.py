"""Windows of integers combined to one: REDUCE_WINDOW, STABLEHLO_REDUCE_WINDOW."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from refint8.native.lowering import Place, Site
from refint8.ops._copy_kernel import View
from refint8.ops._op import Array, Shape, check
from refint8.ops._window_reduction_kernel import lower_windows

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL")


def _all(a: Array, b: Array) -> Array:
    both: Array = ((a != 0) & (b != 0)).astype(a.dtype)
    return both


def _any(a: Array, b: Array) -> Array:
    either: Array = ((a != 0) | (b != 0)).astype(a.dtype)
    return either


FUNCTIONS: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "ADD": np.add,
    "MUL": np.multiply,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "ALL": _all,
    "ANY": _any,
}
"""What two values become, in the low bits of their dtype; ALL and ANY give 0 or 1."""


@dataclass(frozen=True)
class WindowReduction:
    """out[o] = init combined with in[o * stride + w * dilation] for every w of the window."""

    function: str
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    shape: Shape

    @classmethod
    def of(
        cls,
        function: str,
        inner: Shape,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        dilations: tuple[int, ...],
        dtype: str,
        label: str,
    ) -> Self:
        """For an input of shape `inner`; refuses what is no function, under `label`."""
        check(function in FUNCTIONS, label, f"the reduction {function} is not known")
        check(function != "ADD" or dtype != "BOOL", label, "truth values are not added")
        axes = zip(inner, window, strides, dilations, strict=True)
        shape = tuple(max(0, (n - (w - 1) * d - 1) // s + 1) for n, w, s, d in axes)
        return cls(function, window, strides, dilations, shape)

    def __call__(self, x: Array, init: Any) -> Array:
        """x of rank n to `shape`."""
        out = np.full(self.shape, init, x.dtype)
        if out.size:
            for place in np.ndindex(*self.window):
                axes = zip(place, self.dilations, self.strides, self.shape, strict=True)
                taken = tuple(slice(w * d, w * d + s * (n - 1) + 1, s) for w, d, s, n in axes)
                out = FUNCTIONS[self.function](out, x[taken])
        return out

    def lower(self, site: Site, x: View, init: Place, dtype: str) -> None:
        """Append the reduction of x, dense, to the output; init is the second input."""
        window = (self.window, self.dilations)
        lower_windows(site, self.function, x, init, dtype, window, self.strides)
