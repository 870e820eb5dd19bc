"""TFLite_Detection_PostProcess: boxes by hand, both suppressions, ties, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from flatbuffers import flexbuffers

from refint8.errors import DomainError
from refint8.ops._detection import decode, overlap
from refint8.ops._op import prepare
from refint8.ops._partial_sort import by_heap, by_index
from tests.ops.nodes import node, operand, refused

OPTIONS = {
    "max_detections": 3,
    "max_classes_per_detection": 1,
    "num_classes": 2,
    "nms_score_threshold": 0.0,
    "nms_iou_threshold": 0.5,
    "y_scale": 10.0,
    "x_scale": 10.0,
    "h_scale": 5.0,
    "w_scale": 5.0,
}
ANCHORS = np.array([[0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1], [2.5, 2.5, 1, 1]], np.float32)
BOXES = np.zeros((1, 3, 4), np.float32)
SCORES = np.array([[[0.5, 0.25], [0.75, 0.125], [0.25, 0.5]]], np.float32)


def flexbuffer(options):
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in sorted(options.items()):
            builder.Key(key)
            kind = {bool: builder.Bool, int: builder.Int, float: builder.Float}[type(value)]
            kind(value)
    return bytes(builder.Finish())


def detection(rules="litert-ref", boxes=None, scores=None, anchors=None, content=None, **changes):
    inputs = [
        boxes or operand("FLOAT32", (1, 3, 4)),
        scores or operand("FLOAT32", (1, 3, 2)),
        anchors or operand("FLOAT32", (3, 4)),
    ]
    outputs = [operand("FLOAT32", ()) for _ in range(4)]
    made = node("TFLite_Detection_PostProcess", inputs, outputs, rules=rules)
    options = flexbuffer({**OPTIONS, **changes}) if content is None else content
    return replace(made, custom_options=options)


def detect(boxes=BOXES, scores=SCORES, anchors=ANCHORS, **changes):
    return prepare(detection(**changes)).spec(boxes, scores, anchors)


def test_example():
    # Boxes 0 and 1 lie on each other, so the better one stays.
    boxes, classes, scores, number = detect()
    assert boxes[0].tolist() == [[0, 0, 1, 1], [2, 2, 3, 3], [0, 0, 0, 0]]
    assert classes.tolist() == [[0, 1, 0]]
    assert scores.tolist() == [[0.75, 0.5, 0]]
    assert number.tolist() == [2]


def test_regular_suppresses_class_by_class():
    boxes, classes, scores, number = detect(use_regular_nms=True)
    # Class 0 keeps boxes 1 and 2, class 1 boxes 2 and 0.
    assert scores.tolist() == [[0.75, 0.5, 0.25]]
    assert classes.tolist() == [[0, 1, 0]]
    assert boxes[0, :, 0].tolist() == [0, 2, 2]
    assert number.tolist() == [3]
    few = detect(use_regular_nms=True, detections_per_class=1)
    assert few[2].tolist() == [[0.75, 0.5, 0]]
    assert few[3].tolist() == [2]


def test_equal_scores_keep_the_order_of_boxes_and_classes():
    flat = np.full((1, 3, 2), 0.5, np.float32)
    _, classes, _, _ = detect(scores=flat)
    assert classes[0, :2].tolist() == [0, 0]
    boxes, classes, _, _ = detect(scores=flat, use_regular_nms=True)
    # A merge takes what was there before: boxes 0 and 2 of class 0, then box 0 of class 1.
    assert boxes[0, :, 0].tolist() == [0, 2, 0]
    assert classes[0].tolist() == [0, 0, 1]


def test_several_classes_of_a_box():
    _, classes, scores, number = detect(max_classes_per_detection=2)
    assert classes[0].tolist() == [0, 1, 1, 0, 0, 0]
    assert scores[0].tolist() == [0.75, 0.125, 0.5, 0.25, 0, 0]
    assert number.tolist() == [2]
    # With more places than classes the last place of a box stays empty.
    _, _, scores, _ = detect(max_classes_per_detection=3)
    assert scores[0].tolist() == [0.75, 0.125, 0, 0.5, 0.25, 0, 0, 0, 0]


def test_the_background_class_does_not_count():
    background = np.concatenate([np.ones((1, 3, 1), np.float32), SCORES], axis=2)
    made = detection(scores=operand("FLOAT32", (1, 3, 3)))
    out = prepare(made).spec(BOXES, background, ANCHORS)
    assert all(np.array_equal(a, b) for a, b in zip(out, detect(), strict=True))


def test_score_threshold_takes_its_own_value():
    assert detect(nms_score_threshold=0.5)[3].tolist() == [2]
    assert detect(nms_score_threshold=0.5001)[3].tolist() == [1]


def test_uint8_is_dequantized_in_float32():
    rng = np.random.default_rng(0)
    boxes = rng.integers(0, 256, (1, 3, 6)).astype(np.uint8)
    anchors = rng.integers(0, 256, (3, 4)).astype(np.uint8)
    made = detection(
        boxes=operand("UINT8", (1, 3, 6), 0.0790279, 191),
        anchors=operand("UINT8", (3, 4), 0.00645306, 0),
        nms_iou_threshold=1.0,
    )
    out = prepare(made).spec(boxes, SCORES, anchors)
    real = (boxes[0, :, :4].astype(np.float32) - np.float32(191)) * np.float32(0.0790279)
    around = anchors.astype(np.float32) * np.float32(0.00645306)
    for place, box in enumerate((1, 0, 2)):
        y, x, h, w = (float(v) for v in real[box])
        ay, ax, ah, aw = (float(v) for v in around[box])
        center = [np.float32(y / 10 * ah + ay), np.float32(x / 10 * aw + ax)]
        half = [np.float32(0.5 * math.exp(h / 5) * ah), np.float32(0.5 * math.exp(w / 5) * aw)]
        corners = [c - s for c, s in zip(center, half, strict=True)]
        corners += [c + s for c, s in zip(center, half, strict=True)]
        assert out[0][0, place].tolist() == [float(c) for c in corners]


def test_scores_are_dequantized_in_double():
    made = detection(scores=operand("UINT8", (1, 3, 2), 0.00390625, 3))
    scores = np.array([[[10, 3], [0, 3], [255, 200]]], np.uint8)
    out = prepare(made).spec(BOXES, scores, ANCHORS)
    assert out[2].tolist() == [[252 / 256, 7 / 256, 0]]


def test_exp_is_rounded_once_where_it_decides():
    # e^h / 2 * 2 next to the border between two float32.
    values = np.linspace(-3, 3, 20_001).astype(np.float32)
    boxes = np.zeros((len(values), 4), np.float32)
    boxes[:, 2] = values
    anchors = np.tile(np.array([0, 0, 2, 1], np.float32), (len(values), 1))
    corners = decode(boxes, anchors, (1.0, 1.0, 1.0, 1.0))
    exact = np.array([math.exp(float(v)) for v in values]).astype(np.float32)
    assert np.array_equal(corners[:, 2], exact)


def test_overlap():
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 2]], np.float32)
    third = np.float32(2) / np.float32(6)
    assert overlap(boxes, 0, np.array([1, 2, 3])).tolist() == [third, 0, 0]


def test_ties_of_classes_by_index_or_as_the_heap_leaves_them():
    row = np.array([[1, 1, 1, 1, 1], [0, 2, 1, 2, 0]], np.float32)
    assert by_index(row, 3).tolist() == [[0, 1, 2], [1, 3, 2]]
    # Measured on ai-edge-litert 2.3.0, which sorts with std::partial_sort.
    assert by_heap(row, 1).tolist() == [[0], [1]]
    for values, order in (
        ([0, 0, 0, 1, 1, 1, 0, 0, 0, 0], [4, 3]),
        ([0, 0, 1, 1, 0, 1, 1, 1, 1, 0], [3, 6, 7, 8, 2, 5]),
        ([1, 1, 1, 0, 1], [0, 1, 4, 2]),
        ([0, 1, 1, 1], [2, 1]),
    ):
        assert by_heap(np.array([values], np.float32), len(order)).tolist() == [order]
    rng = np.random.default_rng(1)
    for count in range(1, 9):
        values = rng.permutation(64).reshape(8, 8).astype(np.float32)
        assert by_heap(values, count).tolist() == by_index(values, count).tolist()
        tied = rng.integers(0, 3, (40, 8)).astype(np.float32)
        chosen = np.take_along_axis(tied, by_heap(tied, count), axis=1)
        assert np.array_equal(chosen, -np.sort(-tied, axis=1)[:, :count])


def test_keys_of_other_kinds_are_as_absent():
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in sorted(OPTIONS.items()):
            builder.Key(key)
            builder.String("x") if key == "nms_score_threshold" else builder.Float(float(value))
    record = prepare(detection(content=bytes(builder.Finish())))
    assert (record.score_threshold, record.most) == (0.0, 3)


def test_refuses_shapes_C1():
    for name, shape in (
        *(("boxes", (1, 3, 3)), ("boxes", (2, 3, 4)), ("boxes", (3, 4)), ("scores", (1, 2, 2))),
        *(("anchors", (2, 4)), ("anchors", (3, 5))),
    ):
        assert refused(detection(**{name: operand("FLOAT32", shape)})) == "C1", (name, shape)


def test_refuses_class_counts_C2():
    assert refused(detection(num_classes=3)) == "C2"
    assert refused(detection(scores=operand("FLOAT32", (1, 3, 4)))) == "C2"
    assert refused(detection(num_classes=0)) == "C2"


def test_refuses_options_C3():
    assert refused(detection(max_detections=0)) == "C3"
    assert refused(detection(max_classes_per_detection=0)) == "C3"
    assert refused(detection(h_scale=0.0)) == "C3"
    assert refused(detection(use_regular_nms=True, detections_per_class=0)) == "C3"


@pytest.mark.parametrize("content", [b"", b"\x00", b"nonsense", bytes(range(40)), b"\xff" * 60])
def test_refuses_options_that_are_no_map(content):
    assert refused(detection(content=content)) in ("C2", "C3")


def test_refuses_thresholds_C4():
    assert refused(detection(nms_iou_threshold=0.0)) == "C4"
    assert refused(detection(nms_iou_threshold=1.5)) == "C4"


def test_refuses_boxes_that_are_inside_out_C5():
    anchors = ANCHORS.copy()
    anchors[1, 2] = -1
    with pytest.raises(DomainError, match="box 1") as error:
        detect(anchors=anchors)
    assert error.value.label == "C5"


def test_refuses_several_classes_where_the_engine_scatters_them_C6():
    assert refused(detection("tflm", max_classes_per_detection=2)) == "C6"
    prepare(detection("tflm"))
    prepare(detection("tflm", max_classes_per_detection=2, use_regular_nms=True))


def test_refuses_versions_and_dtypes():
    assert refused(replace(detection(), version=9)) == "version"
    assert refused(detection(boxes=operand("INT8", (1, 3, 4), 0.1))) == "dtype"
    assert refused(detection(boxes=operand("UINT8", (1, 3, 4), 0.1))) == "dtype"
