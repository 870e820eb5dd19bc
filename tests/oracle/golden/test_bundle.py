"""A bundle: written, read back equal, the same bytes every time, as its schemas say."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import types

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.formats import NAMES
from refint8.oracle.golden import check_bundle, make_golden, read_bundle, write_bundle
from refint8.oracle.golden.contents import Golden
from refint8.oracle.golden.encoding import encoded, refuse_too_large
from refint8.oracle.golden.layout import GOLDEN, LARGEST, ROLES
from tests.conftest import CHECKOUT, missing
from tests.oracle.golden.goldens import convolutions, every_dtype, passing

FBS = CHECKOUT / "schema" / "golden.fbs"
FILES = ("golden.bin", "golden.json", "model.tflite")


@pytest.fixture(scope="module")
def real() -> Golden:
    return make_golden(convolutions(), samples=3, seed=11)


def hashes_of(golden):
    return [
        [golden.hash_of(s, t.index) for t in golden.tensors] for s in range(len(golden.samples))
    ]


def assert_equal(read, golden):
    for field in dataclasses.fields(golden):
        if field.name != "samples":
            assert getattr(read, field.name) == getattr(golden, field.name), field.name
    assert len(read.samples) == len(golden.samples)
    for found, expected in zip(read.samples, golden.samples, strict=True):
        assert list(found) == [t.index for t in golden.tensors]
        for index, array in expected.items():
            assert found[index].dtype == array.dtype
            assert found[index].shape == array.shape
            assert found[index].tobytes() == array.tobytes()


def test_every_dtype_comes_back(tmp_path):
    golden = every_dtype()
    assert {t.dtype for t in golden.tensors} == {*NUMPY_DTYPE}
    write_bundle(golden, tmp_path / "g")
    assert_equal(read_bundle(tmp_path / "g"), golden)


def test_a_real_one_comes_back(real, tmp_path):
    write_bundle(real, tmp_path / "g")
    read = read_bundle(tmp_path / "g")
    assert_equal(read, real)
    assert read.seed == 11
    assert read.hash_of(1, 0) == real.hash_of(1, 0)
    assert sorted(path.name for path in (tmp_path / "g").iterdir()) == sorted(FILES)


def test_what_is_read_cannot_be_written_to(real, tmp_path):
    write_bundle(real, tmp_path / "g")
    array = read_bundle(tmp_path / "g").samples[0][0]
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0


def test_a_bundle_read_and_written_again_has_the_same_bytes(real, tmp_path):
    write_bundle(real, tmp_path / "a")
    write_bundle(read_bundle(tmp_path / "a"), tmp_path / "b")
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_data_is_aligned_and_lies_behind_the_tables(tmp_path):
    golden = every_dtype()
    write_bundle(golden, tmp_path / "g")
    whole = (tmp_path / "g" / "golden.bin").read_bytes()
    tables = next(encoded(golden, hashes_of(golden)))
    assert whole.startswith(tables)
    assert len(tables) % 16 == 0
    for sample in golden.samples:
        for array in sample.values():
            # A length word at 12 modulo 16, then the data; matches may overlap.
            wanted = array.nbytes.to_bytes(4, "little") + array.tobytes()
            places = [m.start() for m in re.finditer(b"(?=%s)" % re.escape(wanted), whole)]
            assert any(place % 16 == 12 and place >= len(tables) for place in places)


def test_no_path_and_no_time_gets_in(tmp_path):
    model = dataclasses.replace(convolutions(), name="/home/somebody/models/m.tflite")
    write_bundle(make_golden(model), tmp_path / "g")
    for name in ("golden.bin", "golden.json"):
        content = (tmp_path / "g" / name).read_bytes()
        assert b"m.tflite" in content
        assert b"somebody" not in content
        assert str(tmp_path).encode() not in content


def test_the_manifest_speaks_of_the_files(real, tmp_path):
    write_bundle(real, tmp_path / "g")
    manifest = json.loads((tmp_path / "g" / "golden.json").read_text())
    content = (tmp_path / "g" / "golden.bin").read_bytes()
    bundle = manifest["bundle"]
    assert (bundle["bytes"], bundle["sha256"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    x = manifest["tensors"][0]
    assert (x["name"], x["dtype"], x["role"], x["operator"]) == ("x", "INT8", "input", -1)
    assert x["sha256"] == [
        hashlib.sha256(sample[0].tobytes()).hexdigest() for sample in real.samples
    ]
    assert [o["name"] for o in manifest["operators"]] == [
        "CONV_2D", "ADD", "CONV_2D", "ADD", "SOFTMAX",
    ]  # fmt: skip


@pytest.mark.parametrize("golden", [every_dtype, lambda: make_golden(convolutions())])
def test_manifests_are_as_their_json_schema_says(golden, tmp_path):
    if importlib.util.find_spec("jsonschema") is None:
        missing("jsonschema is not installed (extra `test`)")
    from jsonschema import Draft202012Validator

    schema = json.loads((CHECKOUT / "schema" / "golden.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    write_bundle(golden(), tmp_path / "g")
    manifest = json.loads((tmp_path / "g" / "golden.json").read_text())
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(manifest)) == []
    for key in manifest:
        assert list(validator.iter_errors({k: v for k, v in manifest.items() if k != key}))
        assert list(validator.iter_errors({**manifest, key: {"a": [1]}}))


def fbs_tables():
    """The tables of golden.fbs in the notation of the code."""
    text = re.sub(r"//.*", "", FBS.read_text())
    text = re.sub(r"\([^)]*\)", "", text)
    plain = {
        "bool": "bool", "byte": "int8", "ubyte": "uint8", "int": "int32", "uint": "uint32",
        "long": "int64", "float": "float32",
    }  # fmt: skip
    tables = {}
    for name, body in re.findall(r"table (\w+) \{(.*?)\}", text, re.DOTALL):
        fields = [field.split(":") for field in body.replace(" ", "").split(";") if field.strip()]
        tables[name] = " ".join(
            f"{key.strip()}:{re.sub(r'[a-z]+', lambda m: plain.get(m[0], m[0]), type_, count=1)}"
            for key, type_ in fields
        )
    return tables


def fbs_enum(name):
    body = re.search(rf"enum {name} : \w+ \{{(.*?)\}}", FBS.read_text(), re.DOTALL)[1]
    return {key: int(number) for key, number in re.findall(r"(\w+) = (\d+)", body)}


def test_the_schema_file_and_the_code_agree():
    assert fbs_tables() == dict(GOLDEN.tables)
    assert fbs_enum("DType") == GOLDEN.enum("DType").values
    assert fbs_enum("Role") == ROLES.values
    assert f'file_identifier "{GOLDEN.identifier.decode()}"' in FBS.read_text()
    assert f"root_type {GOLDEN.root};" in FBS.read_text()


def test_flatc_reads_a_bundle(tmp_path):
    flatc = shutil.which("flatc")
    if flatc is None:
        # Where it cannot be installed the rest must still be tested, so CI may skip this too.
        pytest.skip("flatc (Debian's flatbuffers-compiler) is not installed: it reads no bundle")
    golden = every_dtype()
    write_bundle(golden, tmp_path / "g")
    command = [flatc, "--json", "--strict-json", "--defaults-json", "-o", tmp_path, FBS, "--"]
    subprocess.run([*command, tmp_path / "g" / "golden.bin"], check=True, timeout=60)
    text = re.sub(r"^( +)inf", r"\1Infinity", (tmp_path / "golden.json").read_text(), flags=re.M)
    found = json.loads(text)
    assert found["model_name"] == golden.model_name
    assert found["seed"] == -1
    assert bytes(found["model_sha256"]).hex() == golden.model_sha256
    assert {rule["name"]: rule["alternative"] for rule in found["rules"]} == golden.rules
    assert [json.loads(o["record"]) for o in found["operators"]] == [
        o.record for o in golden.operators
    ]
    for position, tensor in enumerate(golden.tensors):
        read = found["tensors"][position]
        assert (read["name"], read["dtype"]) == (tensor.name, tensor.dtype)
        assert (tuple(read["shape"]), read["role"]) == (tensor.shape, tensor.role)
        assert tuple(read["zero_points"]) == tensor.zero_points
        assert (read["index"], read["operator"]) == (tensor.index, tensor.operator)
        for sample, arrays in zip(found["samples"], golden.samples, strict=True):
            stored = sample["tensors"][position]
            assert bytes(stored["data"]) == arrays[tensor.index].tobytes()
            assert bytes(stored["sha256"]) == hashlib.sha256(bytes(stored["data"])).digest()


def test_too_much_for_flatbuffers_is_refused_before_it_is_computed():
    with pytest.raises(UsageError, match=r"2,200,000,000 bytes.*2,147,483,647") as caught:
        make_golden(passing(1000), samples=2_200_000)
    assert "several bundles of at most" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        refuse_too_large(LARGEST + 1, 1)
    assert "one sample is too large" in caught.value.hint
    refuse_too_large(LARGEST, 1)


def test_a_bundle_that_turns_out_too_large_leaves_nothing(monkeypatch, real, tmp_path):
    monkeypatch.setattr("refint8.oracle.golden.encoding.LARGEST", 4000)
    with pytest.raises(UsageError, match="over the 4,000"):
        write_bundle(real, tmp_path / "g")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", [-1, 1 << 63])
def test_a_seed_that_no_field_holds_is_refused(seed, real, tmp_path):
    with pytest.raises(UsageError, match=f"seed {seed}"):
        write_bundle(dataclasses.replace(real, seed=seed), tmp_path / "g")


def test_no_samples_are_no_golden():
    with pytest.raises(UsageError, match="at least one sample"):
        make_golden(convolutions(), inputs=[])


def test_formats_get_a_folder_and_are_listed(real, tmp_path, monkeypatch):
    def write(golden, directory):
        assert list(directory.iterdir()) == []
        (directory / "deep").mkdir()
        np.save(directory / "deep" / "x.npy", golden.samples[0][0])

    fake = types.SimpleNamespace(SUMMARY="", write=write)
    monkeypatch.setattr("refint8.oracle.golden.write.format_of", lambda name: fake)
    write_bundle(real, tmp_path / "g", NAMES[:2])
    manifest = json.loads((tmp_path / "g" / "golden.json").read_text())
    names = [entry["file"] for entry in manifest["files"]]
    assert names == sorted(f"{name}/deep/x.npy" for name in NAMES[:2])
    content = (tmp_path / "g" / names[0]).read_bytes()
    assert manifest["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_an_array_that_is_not_as_declared_is_refused(real, tmp_path):
    for array in (np.zeros((1, 6, 6, 4), np.uint8), np.zeros((1, 6, 4, 6), np.int8)):
        wrong = dataclasses.replace(real, samples=({**real.samples[0], 0: array},))
        with pytest.raises(UsageError, match=r"tensor 0 'x' of sample 0 is u?int8\["):
            write_bundle(wrong, tmp_path / "g")
    assert list(tmp_path.iterdir()) == []


def test_a_dtype_that_a_rule_overrules_is_told_as_it_is(tmp_path):
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "FLOAT32", (1, 4), scale=0.5)
    b.operator("ADD", [x, x], [y], version=2)
    golden = make_golden(b.model([x], [y]))
    assert golden.tensor(y).dtype == "INT8"
    write_bundle(golden, tmp_path / "g")
    assert_equal(read_bundle(tmp_path / "g"), golden)
    assert check_bundle(tmp_path / "g")


def test_an_operator_without_a_record_of_its_own_has_an_empty_one(tmp_path):
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 6), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,))
    y = b.tensor("y", "INT8", (2, 3), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y])
    golden = make_golden(b.model([x, shape], [y]))
    assert golden.operators[0].record == {}
    write_bundle(golden, tmp_path / "g")
    assert_equal(read_bundle(tmp_path / "g"), golden)
    assert check_bundle(tmp_path / "g").records == ()


def test_a_tensor_whose_shape_depends_on_the_sample_is_refused():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 6), scale=0.5)
    shape = b.tensor("shape", "INT32", (2,))
    y = b.tensor("y", "INT8", (2, 3), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y])
    sets = [{x: np.zeros((1, 6), np.int8), shape: np.array(s, np.int32)} for s in ((2, 3), (3, 2))]
    with pytest.raises(UsageError, match=r"tensor 2 'y' has shape \(3, 2\) in sample 1") as caught:
        make_golden(b.model([x, shape], [y]), inputs=sets)
    assert caught.value.hint == "make a bundle for each sample"
