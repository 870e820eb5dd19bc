"""The float part of TFLite_Detection_PostProcess: boxes and what they have in common.

float32 and double as the engine uses them, so results are its bits; exp is correctly rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError
from refint8.numerics.elementary import exp
from refint8.numerics.fixedpoint import Ints

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Dequantize:
    """uint8 steps to float32, or float32 as it is (scale 0)."""

    scale: float = 0.0
    zero_point: int = 0

    def by_float(self, x: NDArray[Any]) -> Floats:
        """f32(x - zero_point) * f32(scale): boxes and anchors."""
        if not self.scale:
            return x.astype(np.float32)
        return (x.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)

    def by_double(self, x: NDArray[Any]) -> Floats:
        """f32(double(scale) * (x - zero_point)): scores."""
        if not self.scale:
            return x.astype(np.float32)
        return (self.scale * (x.astype(np.int64) - self.zero_point)).astype(np.float32)


def decode(boxes: Floats, anchors: Floats, scales: tuple[float, float, float, float]) -> Floats:
    """(y, x, h, w) relative to anchors [n, 4] to corners (ymin, xmin, ymax, xmax), [n, 4].

    center = f32(y / y_scale * anchor.h + anchor.y), half = f32(0.5 * exp(h / h_scale) * anchor.h),
    both in double; corner = center -+ half in float32.
    """
    wide, around = boxes[:, :4].astype(np.float64), anchors.astype(np.float64)
    with np.errstate(all="ignore"):
        relative = wide / np.array(scales, np.float32).astype(np.float64)
        centers = (relative[:, :2] * around[:, 2:] + around[:, :2]).astype(np.float32)
        halves = _halves(relative[:, 2:], around[:, 2:])
        return np.concatenate([centers - halves, centers + halves], axis=1)


def _halves(exponents: NDArray[np.float64], sizes: NDArray[np.float64]) -> Floats:
    """f32(0.5 * exp(e) * size). Only where a library's last bits decide, exp is computed."""
    estimate = np.exp(exponents)
    low, high = (
        (0.5 * (estimate * (1 + error)) * sizes).astype(np.float32) for error in (-1e-14, 1e-14)
    )
    open_ = (low != high) & ~(np.isnan(low) & np.isnan(high))
    if open_.any():
        low[open_] = (0.5 * exp(exponents[open_]) * sizes[open_]).astype(np.float32)
    return low


def check_boxes(boxes: Floats) -> None:
    """C5: no box ends before it begins."""
    wrong = (boxes[:, 0] > boxes[:, 2]) | (boxes[:, 1] > boxes[:, 3])
    if wrong.any():
        number = int(np.argmax(wrong))
        raise DomainError(f"box {number} is inside out: {boxes[number].tolist()}", label="C5")


def overlap(boxes: Floats, one: int, others: Ints) -> Floats:
    """Intersection over union of a box and others; 0 where a box has no area."""
    with np.errstate(all="ignore"):
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        a, b = boxes[one], boxes[others]
        height = np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0])
        width = np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1])
        zero = np.float32(0)
        common = np.maximum(height, zero) * np.maximum(width, zero)
        ratio: Floats = common / (area[one] + area[others] - common)
    return np.where((area[one] <= 0) | (area[others] <= 0), zero, ratio)


def suppress(
    boxes: Floats, scores: Floats, score_threshold: float, overlap_threshold: float, most: int
) -> list[int]:
    """The boxes that are kept, by falling score, ties by index; at most `most`.

    A box is dropped when it overlaps a better one that is kept by more than the threshold.
    """
    candidates = np.flatnonzero(scores >= np.float32(score_threshold))
    left = candidates[np.argsort(-scores[candidates], kind="stable")]
    kept: list[int] = []
    while left.size and len(kept) < most:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        left = left[~(overlap(boxes, best, left) > np.float32(overlap_threshold))]
    return kept
