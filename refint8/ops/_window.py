"""Windows that slide over an NHWC image: geometry, and the patches under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from refint8.ops._op import Array, Shape, check

LARGEST_EXTENT = 1 << 12
"""Beyond any window of a model that was made on purpose; the padding it takes would be memory."""


@dataclass(frozen=True)
class Window:
    """Heights come before widths in every pair; `pad` is what is added above and to the left.

    The padding below and to the right is implied: whatever the last window still needs.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int]
    out: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    @classmethod
    def of(
        cls,
        options: Mapping[str, Any],
        image: tuple[int, int],
        kernel: tuple[int, int],
        dilation: tuple[int, int] = (1, 1),
        same_padding: str = "end",
    ) -> Window:
        """From `padding` ("SAME" or "VALID"), `stride_h` and `stride_w` of an operator's options.

        SAME:  out = ceil(in / stride), pad = max(0, (out-1)*stride + extent - in) / 2, floor
        VALID: out = floor((in + stride - extent) / stride), pad = 0
        with extent = (kernel-1)*dilation + 1 (NUMERICS §7; LiteRT `kernels/padding.h`).
        Under the rule `same_padding=start` the half of SAME is rounded up.
        Refuses under "window" strides, dilations or kernels below 1, absurd extents, empty outputs.
        """
        stride = (int(options["stride_h"]), int(options["stride_w"]))
        check(
            min(*stride, *dilation, *kernel) >= 1,
            "window",
            f"kernel {kernel}, stride {stride} and dilation {dilation} must be at least 1",
        )
        extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        check(
            max(extent) <= LARGEST_EXTENT,
            "window",
            f"a window of extent {extent} is larger than {LARGEST_EXTENT}",
        )
        if options["padding"] == "SAME":
            out = [-(-i // s) for i, s in zip(image, stride, strict=True)]
            pad = [
                (max(0, (o - 1) * s + e - i) + (same_padding == "start")) // 2
                for o, s, e, i in zip(out, stride, extent, image, strict=True)
            ]
        else:
            out = [(i + s - e) // s for i, s, e in zip(image, stride, extent, strict=True)]
            pad = [0, 0]
        check(min(out) >= 1, "window", f"a kernel of extent {extent} leaves nothing of {image}")
        return cls(kernel, stride, (pad[0], pad[1]), (out[0], out[1]), dilation)

    @classmethod
    def of_pool(
        cls, options: Mapping[str, Any], image: tuple[int, int], same_padding: str = "end"
    ) -> Window:
        """The same for pooling, whose kernel is in `filter_height` and `filter_width`."""
        kernel = (int(options["filter_height"]), int(options["filter_width"]))
        return cls.of(options, image, kernel, same_padding=same_padding)

    def patches(self, x: Array, fill: int = 0) -> Array:
        """x [n, h, w, c] to its windows [n, out_h, out_w, kernel_h, kernel_w, c], a view of a
        padded copy; taps outside the image hold `fill`.
        """
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.stride, self.dilation
        need = [
            (o - 1) * s + (k - 1) * d + 1
            for o, s, k, d in zip(self.out, self.stride, self.kernel, self.dilation, strict=True)
        ]
        top, left = self.pad
        below = max(0, need[0] - top - x.shape[1])
        right = max(0, need[1] - left - x.shape[2])
        padded = np.pad(x, ((0, 0), (top, below), (left, right), (0, 0)), constant_values=fill)
        n, h, w, c = padded.strides
        return np.lib.stride_tricks.as_strided(
            padded,
            shape=(x.shape[0], *self.out, kh, kw, x.shape[3]),
            strides=(n, h * sh, w * sw, h * dh, w * dw, c),
            writeable=False,
        )

    def taps_inside(self, image: tuple[int, int]) -> Array:
        """How many taps of each window lie inside the image: int64 [out_h, out_w]."""
        inside = self.patches(np.ones((1, *image, 1), np.int64))
        counts: Array = inside.sum(axis=(3, 4))[0, :, :, 0]
        return counts

    def output_shape(self, batches: int, channels: int) -> Shape:
        """[n, out_h, out_w, c]."""
        return (batches, *self.out, channels)
