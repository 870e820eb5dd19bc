"""TFLite_Detection_PostProcess: boxes out of anchors, the best that do not overlap.

boxes  = corners of (center +- half), center = y / y_scale * anchor.h + anchor.y,
         half = exp(h / h_scale) * anchor.h / 2; y, h and anchors dequantized
scores = dequantized class predictions, the background class (if there is one) left out
out    = boxes [1, k, 4], classes [1, k], scores [1, k], number [1]; k = max_detections *
         max_classes_per_detection

Computes in **float**. Fast: every box counts with its best class; those are suppressed all
together, and each box that is kept appears with its `max_classes_per_detection` best classes. The
order of equal class scores is the rule `detection_order`. Regular: every class suppresses by
itself at most `detections_per_class` boxes, and the best `max_detections` of all are given.

What lies behind the last detection is 0; the engine's fast way leaves there what memory held.

C1  boxes [1, n, 4 or more], class predictions [1, n, classes], anchors [n, 4]
C2  the class predictions are those of num_classes, or one more
C3  the options are a map that gives max_detections, max_classes_per_detection (both positive),
    num_classes and the scales (not 0)
C4  0 < nms_iou_threshold <= 1
C5  no decoded box is inside out
C6  a box has one class, or classes that the rule detection_order does not refuse

Semantics: LiteRT `kernels/detection_postprocess.cc`, ai-edge-litert 2.3.0; TFLM
`micro/kernels/detection_postprocess.cc`, tflite-micro 0.dev20261023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from refint8.ops._detection import Dequantize, Floats, check_boxes, decode, suppress
from refint8.ops._op import Array, Node, Operand, Record, check, operator, refuse
from refint8.ops._partial_sort import by_heap, by_index

CLASS_ORDER: Final = {"index": by_index, "heap": by_heap}
DETECTIONS_PER_CLASS: Final = 100

_FLOATS = "FLOAT32,FLOAT32,FLOAT32,FLOAT32"


@operator(
    "TFLite_Detection_PostProcess",
    versions=range(1, 2),
    dtypes=(
        f"UINT8,UINT8|FLOAT32,UINT8->{_FLOATS}",
        f"FLOAT32,UINT8|FLOAT32,FLOAT32->{_FLOATS}",
    ),
    custom=True,
)
@dataclass(frozen=True, eq=False, kw_only=True)
class TfliteDetectionPostProcess(Record):
    """The record; `scales` divide y, x, h and w."""

    boxes: Dequantize
    scores: Dequantize
    anchors: Dequantize
    scales: tuple[float, float, float, float]
    classes: int
    background: int
    most: int
    classes_per_box: int
    per_class: int
    regular: bool
    score_threshold: float
    overlap_threshold: float
    order: str

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1 to C4, the options."""
        boxes, scores, anchors = node.input(0), node.input(1), node.input(2)
        check(
            len(boxes.shape) == len(scores.shape) == 3
            and boxes.shape[0] == scores.shape[0] == 1
            and boxes.shape[2] >= 4
            and scores.shape[1] == boxes.shape[1]
            and anchors.shape == (boxes.shape[1], 4),
            "C1",
            f"boxes {boxes.shape}, class predictions {scores.shape}, anchors {anchors.shape}",
        )
        options = _options(node.custom_options)
        classes = int(options.get("num_classes", 0))
        background = scores.shape[2] - classes
        check(
            classes > 0 and background in (0, 1),
            "C2",
            f"{scores.shape[2]} class predictions for {classes} classes",
        )
        most = int(options.get("max_detections", 0))
        classes_per_box = int(options.get("max_classes_per_detection", 0))
        y, x, h, w = (_real(options, f"{axis}_scale") for axis in "yxhw")
        check(
            most > 0 and classes_per_box > 0 and y and x and h and w,
            "C3",
            f"{most} detections of {classes_per_box} classes, scales {y}, {x}, {h} and {w}",
        )
        threshold = _real(options, "nms_iou_threshold")
        check(0 < threshold <= 1, "C4", f"nms_iou_threshold is {threshold}")
        per_class = int(options.get("detections_per_class", DETECTIONS_PER_CLASS))
        regular = bool(options.get("use_regular_nms", False))
        check(per_class > 0 or not regular, "C3", f"detections_per_class is {per_class}")
        several = classes_per_box > 1 and not regular
        check(
            not several or node.rules.detection_order in CLASS_ORDER,
            "C6",
            f"{classes_per_box} classes for each box, which the engine scatters past the outputs",
        )
        count = most * classes_per_box
        return cls(
            shapes=((1, count, 4), (1, count), (1, count), (1,)),
            boxes=_dequantize(boxes),
            scores=_dequantize(scores),
            anchors=_dequantize(anchors),
            scales=(y, x, h, w),
            classes=classes,
            background=background,
            most=most,
            classes_per_box=classes_per_box,
            per_class=min(per_class, most),
            regular=regular,
            score_threshold=_real(options, "nms_score_threshold"),
            overlap_threshold=threshold,
            order=node.rules.detection_order,
        )

    def spec(
        self, boxes: Array, scores: Array, anchors: Array
    ) -> tuple[Array, Array, Array, Array]:
        """boxes [1, n, 4...], scores [1, n, classes], anchors [n, 4] to the four outputs."""
        corners = decode(self.boxes.by_float(boxes[0]), self.anchors.by_float(anchors), self.scales)
        check_boxes(corners)
        real = self.scores.by_double(scores[0])[:, self.background :]
        found = self._regular(corners, real) if self.regular else self._fast(corners, real)
        places, kept, kinds = np.array(found, np.int64).reshape(-1, 3).T
        out = tuple(np.zeros(shape, np.float32) for shape in self.shapes)
        out[0][0, places], out[1][0, places] = corners[kept], kinds
        out[2][0, places] = real[kept, kinds]
        out[3][0] = len(found) if self.regular else len(np.unique(kept))
        return out[0], out[1], out[2], out[3]

    def _fast(self, corners: Floats, scores: Floats) -> list[tuple[int, int, int]]:
        """(place in the output, box, class)."""
        count = min(self.classes_per_box, self.classes)
        order = CLASS_ORDER.get(self.order, by_index)(scores, count)
        best = np.take_along_axis(scores, order[:, :1], axis=1)[:, 0]
        kept = suppress(corners, best, self.score_threshold, self.overlap_threshold, self.most)
        return [
            (self.classes_per_box * place + column, box, int(order[box, column]))
            for place, box in enumerate(kept)
            for column in range(count)
        ]

    def _regular(self, corners: Floats, scores: Floats) -> list[tuple[int, int, int]]:
        found: list[tuple[int, int]] = []
        for kind in range(self.classes):
            column = scores[:, kind]
            kept = suppress(
                corners, column, self.score_threshold, self.overlap_threshold, self.per_class
            )
            both = [*found, *((box, kind) for box in kept)]
            both.sort(key=lambda pair: -float(scores[pair]))  # stable: a merge of sorted lists
            found = both[: self.most]
        return [(place, box, kind) for place, (box, kind) in enumerate(found)]


def _dequantize(operand: Operand) -> Dequantize:
    if operand.dtype == "FLOAT32":
        return Dequantize()
    return Dequantize(operand.scale, operand.zero_point)


def _real(options: Mapping[str, Any], key: str) -> float:
    return float(np.float32(options.get(key, 0.0)))


KEYS: Final = (
    *("max_detections", "max_classes_per_detection", "detections_per_class", "use_regular_nms"),
    *("nms_score_threshold", "nms_iou_threshold", "num_classes"),
    *("y_scale", "x_scale", "h_scale", "w_scale"),
)


def _options(content: bytes) -> dict[str, Any]:
    """The values of a FlexBuffers map. Only its known keys are looked at, whatever it claims."""
    from flatbuffers import flexbuffers

    found: dict[str, Any] = {}
    try:
        options = flexbuffers.GetRoot(bytearray(content)).AsMap
        for key in KEYS:
            try:
                value = options[key]
            except KeyError:
                continue
            if value.IsNumeric or value.IsBool:
                found[key] = value.AsFloat if value.IsFloat else value.AsInt
    except Exception as error:  # whatever the parser trips over in bytes that are no map
        refuse("C3", f"the options are no FlexBuffers map: {type(error).__name__} {error}")
    return found
