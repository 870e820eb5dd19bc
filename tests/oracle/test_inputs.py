"""Inputs from files: arrays as they are, images by one exact rule, anything else an error."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.oracle.inputs import load_inputs


def model_of(*inputs):
    """A model with inputs (name, dtype, shape, scale, zero point), each reshaped."""
    b = ModelBuilder()
    indexes = []
    for name, dtype, shape, scale, zero_point in inputs:
        indexes.append(b.tensor(name, dtype, shape, scale=scale, zero_point=zero_point))
    outputs = []
    for index in indexes:
        t = b.tensors[index]
        outputs.append(b.tensor("", t.dtype, t.shape, scale=0.5))
        b.operator("RESHAPE", [index], [outputs[-1]])
    return b.model(indexes, outputs)


VECTOR = model_of(("x", "INT8", (1, 3), 0.5, 4))
PAIR = model_of(("serving/x:0", "INT8", (1, 2), 0.5, 0), ("y", "INT16", (2,), 0.5, 0))


def saved(path, array):
    np.save(path, array)
    return path


def test_an_array_of_the_inputs_shape_is_one_set(tmp_path):
    sets = load_inputs([saved(tmp_path / "a.npy", np.array([[1, -2, 3]], np.int8))], VECTOR)
    assert [{k: v.tolist() for k, v in s.items()} for s in sets] == [{0: [[1, -2, 3]]}]


def test_more_rows_are_more_sets_and_files_follow_each_other(tmp_path):
    a = saved(tmp_path / "a.npy", np.array([[1, 2, 3], [4, 5, 6]], np.int8))
    b = saved(tmp_path / "b.npy", np.array([7, 8, 9], np.int8))
    sets = load_inputs([a, b], VECTOR)
    assert [s[0].tolist() for s in sets] == [[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]]


@pytest.mark.parametrize("keys", [("serving/x:0", "y"), ("0", "1"), ("serving/x:0", "1")])
def test_npz_by_name_or_position(tmp_path, keys):
    x, y = np.array([[1, 2]], np.int8), np.array([3, 4], np.int16)
    np.savez(tmp_path / "a.npz", **dict(zip(keys, (x, y), strict=True)))
    (given,) = load_inputs([tmp_path / "a.npz"], PAIR)
    assert given[0].tolist() == [[1, 2]]
    assert given[1].tolist() == [3, 4]


def test_files_for_several_inputs_come_in_order(tmp_path):
    x = saved(tmp_path / "x.npy", np.array([[1, 2]], np.int8))
    y = saved(tmp_path / "y.npy", np.array([3, 4], np.int16))
    assert len(load_inputs([x, y, x, y], PAIR)) == 2
    with pytest.raises(UsageError, match="has 2 inputs, the last set of files has 1") as error:
        load_inputs([x], PAIR)
    assert "'serving/x:0', 'y'" in error.value.hint


@pytest.mark.parametrize(
    "array, text",
    [
        (np.zeros((1, 3), np.uint8), "is INT8, not uint8"),
        (np.zeros((1, 3), np.int64), "is INT8, not int64"),
        (np.zeros((1, 4), np.int8), r"has shape \(1, 3\), not \(1, 4\)"),
        (np.zeros((3, 1), np.int8), r"has shape \(1, 3\), not \(3, 1\)"),
        (np.zeros((1, 3), np.float32), "is INT8, not float32"),
    ],
)
def test_refuses_another_dtype_or_shape(tmp_path, array, text):
    with pytest.raises(UsageError, match=text) as error:
        load_inputs([saved(tmp_path / "a.npy", array)], VECTOR)
    if array.dtype == np.float32:
        assert "--float-io" in error.value.hint


def test_float_io_quantizes_as_the_operator_does(tmp_path):
    real = np.array([[0.25, -0.25, 0.75], [1e9, -1e9, 0.0]], np.float32)
    path = saved(tmp_path / "a.npy", real.astype(np.float64))
    sets = load_inputs([path], VECTOR, float_io=True)
    # 0.25 / 0.5 is a tie and goes away from zero; then zero point 4, then saturation.
    assert [s[0].tolist() for s in sets] == [[[5, 3, 6]], [[127, -128, 4]]]
    assert sets[0][0].dtype == np.int8


def test_npz_errors(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.zeros(1))
    with pytest.raises(UsageError, match="no array 'serving/x:0' or '0'"):
        load_inputs([tmp_path / "a.npz"], PAIR)
    np.savez(tmp_path / "b.npz", y=np.zeros((3, 2), np.int16), **{"0": np.zeros((1, 2), np.int8)})
    with pytest.raises(UsageError, match="'y' has shape"):
        load_inputs([tmp_path / "b.npz"], PAIR)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.png"])
def test_unreadable_files(tmp_path, name):
    model = model_of(("x", "UINT8", (1, 2, 2, 1), 1.0, 0))
    with pytest.raises(UsageError, match="cannot read"):
        load_inputs([tmp_path / name], model)
    for content in (
        b"nothing of the kind",
        b"PK\x03\x04 cut off",
        b"\x93NUMPY",
        b"\x89PNG\r\n\x1a\n",
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match="cannot read"):
            load_inputs([tmp_path / name], model)


def test_pickles_are_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(UsageError, match="cannot read"):
        load_inputs([tmp_path / "a.npy"], VECTOR)


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no input file"):
        load_inputs([tmp_path / "a.txt"], VECTOR)


@pytest.mark.parametrize(
    "dtype, expected",
    [
        ("UINT8", [0, 1, 128, 255]),
        ("INT8", [-128, -127, 0, 127]),
        ("INT16", [-32768, -32512, 0, 32512]),
        ("FLOAT32", [0.0, float(np.float32(1) / np.float32(255)), 128 / 255, 1.0]),
    ],
)
def test_pixels_of_an_image(tmp_path, dtype, expected):
    pixels = np.array([[0, 1], [128, 255]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    model = model_of(("x", dtype, (1, 2, 2, 1), None if dtype == "FLOAT32" else 0.5, 0))
    (given,) = load_inputs([tmp_path / "a.png"], model)
    assert given[0].shape == (1, 2, 2, 1)
    assert given[0].dtype == np.dtype(dtype.lower())
    np.testing.assert_array_equal(given[0].reshape(-1), np.array(expected, given[0].dtype))


def test_an_image_is_scaled_and_gets_the_models_channels(tmp_path):
    Image.new("L", (10, 20), 77).save(tmp_path / "grey.png")
    Image.new("RGB", (7, 3), (10, 20, 30)).save(tmp_path / "colour.bmp")
    model = model_of(("x", "UINT8", (1, 4, 6, 3), 1.0, 0))
    grey, colour = load_inputs([tmp_path / "grey.png", tmp_path / "colour.bmp"], model)
    assert grey[0].shape == (1, 4, 6, 3)
    assert (grey[0] == 77).all()
    assert (colour[0] == [10, 20, 30]).all()


def test_an_image_for_a_vector_is_refused(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="which is no image"):
        load_inputs([tmp_path / "a.png"], VECTOR)


def test_says_what_to_install_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match="needs pillow") as error:
        load_inputs([tmp_path / "a.png"], VECTOR)
    assert "pip install 'refint8[image]'" in error.value.hint
