"""npy and npz, read by NumPy itself and by `refint8 run`'s loader."""

from __future__ import annotations

import json

import numpy as np

from refint8.model.reader import read_model
from refint8.oracle.formats import format_of
from refint8.oracle.formats.names import folders
from refint8.oracle.golden.make import make_golden
from refint8.oracle.inputs import load_inputs
from tests.cli import models
from tests.oracle.formats.goldens import every_dtype, hostile


def test_npz(tmp_path):
    of = every_dtype(2)
    format_of("npz").write(of, tmp_path)
    for number, sample in enumerate(of.samples):
        with np.load(tmp_path / f"{number}.npz", allow_pickle=False) as file:
            assert file.files == sorted(file.files)
            meta = json.loads(str(file["__meta__"]))
            assert meta["model_sha256"] == of.model_sha256
            assert set(meta["tensors"]) == set(file.files) - {"__meta__"}
            for index, array in sample.items():
                found = file[f"net/layer{index}"]
                assert (found.dtype, found.shape) == (array.dtype, array.shape)
                assert found.tobytes() == array.tobytes()
                assert meta["tensors"][f"net/layer{index}"]["index"] == index


def test_npz_of_hostile_names(tmp_path):
    of = hostile()
    format_of("npz").write(of, tmp_path)
    with np.load(tmp_path / "0.npz", allow_pickle=False) as file:
        meta = json.loads(str(file["__meta__"]))["tensors"]
        assert len(file.files) == len(of.tensors) + 1
        for key, tensor in meta.items():
            assert file[key].tolist() == of.samples[0][tensor["index"]].tolist()
            assert tensor["name"] == of.tensor(tensor["index"]).name


def test_an_npz_is_an_input_file(tmp_path):
    model = read_model(models.conv(), "conv.tflite")
    of = make_golden(model, samples=2)
    format_of("npz").write(of, tmp_path)
    sets = load_inputs([tmp_path / "0.npz", tmp_path / "1.npz"], model)
    assert [s[0].tolist() for s in sets] == [s[0].tolist() for s in of.samples]


def test_npy(tmp_path):
    of = every_dtype(2)
    format_of("npy").write(of, tmp_path)
    for number, sample in enumerate(of.samples):
        for tensor in of.tensors:
            path = tmp_path / f"testing_{tensor.role}" / tensor.name / f"{number}.npy"
            found = np.load(path, allow_pickle=False)
            wanted = sample[tensor.index]
            assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
            assert found.tobytes() == wanted.tobytes()


def test_names_that_nest_and_names_that_cannot():
    made = folders(hostile())
    names = {tensor.name: made[tensor.index] for tensor in hostile().tensors}
    assert names["a_b"] == "a_b"
    assert names["../x"] == "0002_x"
    assert names["a/b"] == "a/0004_b"  # "A/B" is the same folder on some systems
    assert names["testing_input/a"] == "testing_input/a"
    assert names["con"] == "0014_con"
    assert names["a/../../b"] == "a/0012_b"
    assert len(set(made.values())) == len(made)
