"""Windows of integers combined to one: REDUCE_WINDOW, STABLEHLO_REDUCE_WINDOW."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from refint8.native.lowering import Place, Site
from refint8.ops._copy_kernel import View
from refint8.ops._op import Array, Shape, check
from refint8.ops._window_reduction_kernel import lower_windows

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL")


FUNCTIONS: Final[Mapping[str, np.ufunc]] = {
    "ADD": np.add,
    "MUL": np.multiply,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "ALL": np.logical_and,
    "ANY": np.logical_or,
}
"""What two values become, in the low bits of their dtype; ALL and ANY give 0 or 1.

All of them may be taken in any order.
"""


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
        if 0 in self.shape:
            return np.zeros(self.shape, x.dtype)
        spans = [(w - 1) * d + 1 for w, d in zip(self.window, self.dilations, strict=True)]
        every = [slice(None, None, step) for step in (*self.strides, *self.dilations)]
        windows = sliding_window_view(x, spans)[tuple(every)]
        function, inside = FUNCTIONS[self.function], tuple(range(x.ndim, 2 * x.ndim))
        # Truth is reduced as truth, integers in their own width, so that they wrap.
        kind = np.dtype(bool) if self.function in ("ALL", "ANY") else x.dtype
        combined = function.reduce(windows, axis=inside, dtype=kind)
        out: Array = function(np.asarray(init).astype(kind), combined)
        return out.astype(x.dtype)

    def lower(self, site: Site, x: View, init: Place, dtype: str) -> None:
        """Append the reduction of x, dense, to the output; init is the second input."""
        window = (self.window, self.dilations)
        lower_windows(site, self.function, x, init, dtype, window, self.strides)
