"""Kits: an operator's folder alone is enough to run it and to judge a dump of it."""

from __future__ import annotations

import hashlib
import json

import pytest

from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.formats import NAMES, format_of
from refint8.oracle.golden.kits import kits, write_kits
from refint8.oracle.golden.make import make_golden
from tests.engine import state_models
from tests.oracle.formats.goldens import same


def chain():
    """CONV_2D, RELU, ADD of the input to itself and a constant: tensors with awkward names."""
    b = ModelBuilder()
    x = b.tensor("../x", "INT8", (1, 3, 3, 2), scale=0.5, zero_point=3)
    w = b.tensor("w", "INT8", (2, 1, 1, 2), scale=[0.25, 0.5], data=[[[[1, 2]]], [[[-3, 4]]]])
    bias = b.tensor("bias", "INT32", (2,), data=[4, -4])
    y = b.tensor("same", "INT8", (1, 3, 3, 2), scale=0.75, zero_point=-5)
    z = b.tensor("same", "INT8", (1, 3, 3, 2), scale=0.75, zero_point=-5)
    s = b.tensor("", "INT8", (1, 3, 3, 2), scale=1.5)
    one = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    b.operator("CONV_2D", [x, w, bias], [y], version=3, padding="SAME", **one)
    b.operator("RELU", [y], [z], version=2)
    b.operator("ADD", [z, z], [s], version=2)
    return read_model(b.to_bytes([x], [s]), "chain.tflite")


def test_a_kit_runs_alone_and_gives_the_same_bits(tmp_path):
    of = make_golden(chain(), samples=3, seed=7)
    made = write_kits(of, tmp_path, NAMES)
    assert [kit.folder for kit in made] == ["0000_CONV_2D", "0001_RELU", "0002_ADD"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [kit.folder for kit in made]
    for kit in made:
        folder = tmp_path / kit.folder
        model = read_model(folder / "model.tflite")
        record = json.loads((folder / "record.json").read_text())
        roles = {tensor["index"]: tensor["role"] for tensor in record["tensors"]}
        session = Session(model, of.profile)
        for name in NAMES:
            same(format_of(name).read(folder / name, kit.golden), kit.golden)
        dump = format_of("npy").read(folder / "npy", kit.golden)
        for number in range(3):
            inputs = {i: dump.samples[number][i] for i in model.subgraphs[0].inputs}
            results = session.run(inputs)
            for index in model.subgraphs[0].outputs:
                assert roles[index] == "output"
                expected = kit.golden.samples[number][index]
                assert results[index].tobytes() == expected.tobytes()
                whole = of.samples[number][kit.tensors[index]]
                assert expected.tobytes() == whole.tobytes()
                (tensor,) = (t for t in record["tensors"] if t["index"] == index)
                assert tensor["sha256"][number] == hashlib.sha256(whole.tobytes()).hexdigest()


def test_the_record_and_the_readme(tmp_path):
    of = make_golden(chain())
    write_kits(of, tmp_path, ["hex32"])
    record = json.loads((tmp_path / "0000_CONV_2D" / "record.json").read_text())
    assert record["schema"] == "refint8.kit/1"
    assert record["operator"] == {"index": 0, "name": "CONV_2D"}
    assert record["model_sha256"] == of.model_sha256
    assert record["record"] == json.loads(json.dumps(of.operators[0].record))
    roles = [tensor["role"] for tensor in record["tensors"]]
    assert roles == ["input", "constant", "constant", "output"]
    assert [tensor["index_in_model"] for tensor in record["tensors"]] == [0, 1, 2, 3]
    readme = (tmp_path / "0000_CONV_2D" / "README.txt").read_text()
    assert "Operator 0, CONV_2D, of chain.tflite" in readme
    assert "hex32/" in readme
    weights = (tmp_path / "0000_CONV_2D" / "hex32" / "0" / "0001_w.hex").read_text()
    assert weights.splitlines()[-1] == "04fd0201"


def test_written_twice_is_the_same(tmp_path):
    for name in ("a", "b"):
        write_kits(make_golden(chain()), tmp_path / name, NAMES)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) > 60
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_state_starts_anew(tmp_path):
    of = make_golden(state_models.svdf(), samples=2)
    made = write_kits(of, tmp_path, ["npz"])
    assert "SVDF" in [kit.operator.name for kit in made]
    for kit in made:
        model = read_model(tmp_path / kit.folder / "model.tflite")
        for sample in kit.golden.samples:
            results = Session(model).run({i: sample[i] for i in model.subgraphs[0].inputs})
            for index in model.subgraphs[0].outputs:
                assert results[index].tobytes() == sample[index].tobytes(), kit.folder


def test_operators_that_mean_nothing_alone_are_left_out(tmp_path):
    made = write_kits(make_golden(state_models.accumulator()), tmp_path, ["raw"])
    left_out = {kit.operator.name: kit.reason for kit in made if kit.golden is None}
    assert "READ_VARIABLE" in left_out
    assert "RESOURCE" in left_out["READ_VARIABLE"]
    assert len(list(tmp_path.iterdir())) == len(made) - len(left_out) > 0


def test_a_value_that_was_written_over_is_no_kit():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "INT8", (1, 4), scale=0.5)
    b.operator("RELU", [x], [y], version=2)
    b.operator("RELU6", [y], [y], version=2)
    try:
        of = make_golden(read_model(b.to_bytes([x], [y]), "over.tflite"))
    except ValueError:
        pytest.skip("the reader takes no such model")
    assert [kit.reason for kit in kits(of)] == ["tensor 1 is written more than once"] * 2


def test_unknown_format(tmp_path):
    with pytest.raises(UsageError, match="no format 'xml'"):
        write_kits(make_golden(chain()), tmp_path, ["xml"])
    assert not list(tmp_path.iterdir())
