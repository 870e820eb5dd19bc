"""Bundles that are not as they were written: a clear error each, never a crash, never "equal"."""

from __future__ import annotations

import json
import shutil
import struct

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.flatbuffer import File
from refint8.oracle.golden import check_bundle, make_golden, read_bundle, write_bundle
from refint8.oracle.golden.layout import GOLDEN
from tests.oracle.golden.goldens import convolutions, passing


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "g"
    write_bundle(make_golden(passing(40), samples=2), path)
    return path


@pytest.fixture
def bundle(original, tmp_path):
    return shutil.copytree(original, tmp_path / "g")


def changed(path, key, value):
    """The manifest with one entry replaced; keys inside objects by a dot."""
    manifest = json.loads((path / "golden.json").read_text())
    *outer, last = key.split(".")
    part = manifest
    for step in outer:
        part = part[step]
    part[last] = value
    (path / "golden.json").write_text(json.dumps(manifest))


def resealed(path, content):
    """golden.bin replaced, and the manifest made to agree with its hashes."""
    from hashlib import sha256

    (path / "golden.bin").write_bytes(content)
    manifest = json.loads((path / "golden.json").read_text())
    bundle = manifest["bundle"]
    bundle["bytes"], bundle["sha256"] = len(content), sha256(content).hexdigest()
    bundle["tables_bytes"] = min(bundle["tables_bytes"], len(content))
    bundle["tables_sha256"] = sha256(content[: bundle["tables_bytes"]]).hexdigest()
    (path / "golden.json").write_text(json.dumps(manifest))


def refused(path, match, hint=""):
    """check_bundle refuses, and so does reading every tensor unless only the check can know."""
    with pytest.raises(UsageError, match=match) as caught:
        check_bundle(path)
    assert hint in caught.value.hint
    return caught.value


def test_the_original_is_equal(bundle):
    checked = check_bundle(bundle)
    assert checked
    assert (checked.tensors, checked.elements, checked.drifts) == (4, 160, ())


def test_any_byte_counts(original, bundle):
    content = (original / "golden.bin").read_bytes()
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        (bundle / "golden.bin").write_bytes(damaged)
        refused(bundle, "golden.bin is damaged", "again")


def test_any_byte_of_the_tables_counts_to_a_reader(original, bundle):
    content = (original / "golden.bin").read_bytes()
    end = json.loads((original / "golden.json").read_text())["bundle"]["tables_bytes"]
    for place in range(0, end, 9):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        (bundle / "golden.bin").write_bytes(damaged)
        with pytest.raises(UsageError, match=r"golden.bin is damaged"):
            read_bundle(bundle)


def test_damaged_data_is_not_handed_out(original, bundle):
    golden = read_bundle(original)
    place = (original / "golden.bin").read_bytes().rfind(golden.samples[1][0].tobytes())
    content = bytearray((original / "golden.bin").read_bytes())
    content[place + 5] ^= 1
    (bundle / "golden.bin").write_bytes(content)
    damaged = read_bundle(bundle)
    sound = [index for sample in damaged.samples for index in sample if index]
    assert sound
    with pytest.raises(UsageError, match=r"sample 1, tensor \d+ '\w+': its bytes do not have"):
        for sample in damaged.samples:
            for index in sample:
                assert sample[index] is not None


def test_tables_that_lie_although_their_hashes_agree(original, bundle):
    """Bytes of the tables at random values: refused or read, and never a wrong `equal`."""
    content = (original / "golden.bin").read_bytes()
    end = json.loads((original / "golden.json").read_text())["bundle"]["tables_bytes"]
    rng = np.random.default_rng(1)
    outcomes = {"refused": 0, "equal": 0, "drift": 0}
    for _ in range(250):
        damaged = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(0, end)] = rng.choice((0, 1, 4, 0x7F, 0x80, 0xFF))
        resealed(bundle, bytes(damaged))
        try:
            found = "equal" if check_bundle(bundle) else "drift"
        except UsageError:
            found = "refused"
        outcomes[found] += 1
        if found == "equal":
            golden, told = read_bundle(bundle), read_bundle(original)
            assert golden.tensors == told.tensors
            assert golden.samples[1][0].tobytes() == told.samples[1][0].tobytes()
    assert outcomes["refused"] > 150


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, -60, -1])
def test_truncated(bundle, length):
    content = (bundle / "golden.bin").read_bytes()[:length]
    (bundle / "golden.bin").write_bytes(content)
    refused(bundle, rf"golden.bin is damaged: it has {len(content)} bytes", "again")


@pytest.mark.parametrize("length", [100, 500, -60, -1])
def test_truncated_and_the_manifest_agrees(bundle, length):
    resealed(bundle, (bundle / "golden.bin").read_bytes()[:length])
    refused(bundle, "is damaged")


def test_something_behind_the_end(bundle):
    with (bundle / "golden.bin").open("ab") as file:
        file.write(b"\0")
    refused(bundle, "golden.bin is damaged")


def test_no_flatbuffer_of_ours(bundle):
    (bundle / "golden.bin").write_bytes((bundle / "model.tflite").read_bytes())
    refused(bundle, r"file identifier b'TFL3', not b'RI8G'")


def test_another_model(bundle):
    (bundle / "model.tflite").write_bytes(convolutions().content)
    refused(bundle, r"model.tflite is not the model that this bundle is of")


def test_another_models_golden_bin(bundle, tmp_path):
    write_bundle(make_golden(passing(41), samples=2), tmp_path / "other")
    shutil.copy(tmp_path / "other" / "golden.bin", bundle / "golden.bin")
    refused(bundle, "golden.bin is damaged")
    resealed(bundle, (bundle / "golden.bin").read_bytes())
    refused(bundle, "model_sha256: it is not that of model.tflite")


def test_another_profiles_golden_bin(bundle, tmp_path):
    write_bundle(make_golden(passing(40), "tflm", samples=2), tmp_path / "other")
    resealed(bundle, (tmp_path / "other" / "golden.bin").read_bytes())
    refused(bundle, r"golden.json is damaged: it does not agree with golden.bin on 'profile'")


def test_a_newer_manifest(bundle):
    changed(bundle, "format_version", 2)
    changed(bundle, "tensors", "of another kind")
    refused(bundle, "has format version 2, this refint8 reads 1", "upgrade refint8")


def test_a_newer_golden_bin(bundle):
    content = bytearray((bundle / "golden.bin").read_bytes())
    place = File.of(bytes(content), "", GOLDEN).root().place("format_version")
    content[place : place + 4] = struct.pack("<I", 7)
    resealed(bundle, bytes(content))
    refused(bundle, "golden.bin has format version 7", "upgrade refint8")
    content[place : place + 4] = struct.pack("<I", 0)
    resealed(bundle, bytes(content))
    refused(bundle, "version 0 does not exist")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format_version", "1"),
        ("format_version", True),
        ("format_version", 0),
        ("profile", "tflm"),
        ("seed", None),
        ("samples", 3),
        ("model.name", "x"),
        ("model.bytes", 0),
        ("tensors", []),
        ("operators", None),
        ("bundle", None),
        ("bundle", 3),
        ("bundle.tables_bytes", -1),
        ("bundle.tables_bytes", 1 << 40),
        ("bundle.tables_bytes", "8"),
        ("bundle.sha256", "00"),
        ("files", None),
        ("files", [3]),
        ("files", [{"file": "/etc/passwd"}]),
        ("files", [{"file": "../x"}]),
        ("files", [{"file": "npz/gone.npz", "bytes": 0, "sha256": ""}]),
    ],
)
def test_a_manifest_that_lies(bundle, key, value):
    changed(bundle, key, value)
    refused(bundle, "is damaged")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 100_000, b"null"])
def test_a_manifest_that_is_none(bundle, content):
    (bundle / "golden.json").write_bytes(content)
    refused(bundle, r"golden.json is damaged")


@pytest.mark.parametrize("name", ["golden.bin", "model.tflite", "golden.json"])
def test_a_file_that_is_not_there(bundle, name):
    (bundle / name).unlink()
    refused(bundle, name)


def test_no_bundle_at_all(tmp_path):
    refused(tmp_path, "has no golden.json", "refint8 golden MODEL -o DIR")
    refused(tmp_path / "nothing", "is no directory", "refint8 golden MODEL -o DIR")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "is no directory")


def test_a_damaged_file_of_a_format(bundle):
    import hashlib

    (bundle / "npz").mkdir()
    (bundle / "npz" / "a.npz").write_bytes(b"abc")
    entry = {"file": "npz/a.npz", "bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    changed(bundle, "files", [entry])
    assert check_bundle(bundle)
    (bundle / "npz" / "a.npz").write_bytes(b"abd")
    refused(bundle, r"a.npz is damaged: its sha256")
