"""`refint8 golden` and `refint8 golden check`: what they say, and how they end."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from refint8.oracle.golden import read_bundle, write_bundle
from tests.cli import models
from tests.cli.conftest import Cli


@pytest.fixture
def model(tmp_path: Path) -> str:
    return models.write(tmp_path / "conv.tflite", models.conv())


@pytest.fixture
def bundle(cli: Cli, model: str, tmp_path: Path) -> Path:
    assert cli("golden", model, "-o", tmp_path / "g", "--samples", 2).code == 0
    return tmp_path / "g"


def drifted(bundle: Path) -> Path:
    """The bundle written again with another last element in tensor y of sample 1."""
    golden = read_bundle(bundle)
    samples = [dict(sample) for sample in golden.samples]
    y = next(tensor.index for tensor in golden.tensors if tensor.name == "y")
    samples[1][y] = samples[1][y].copy()
    samples[1][y][0, 1, 1, 2] ^= 1
    write_bundle(dataclasses.replace(golden, samples=tuple(samples)), bundle)
    return bundle


def test_a_bundle_in_words(cli: Cli, model: str, tmp_path: Path) -> None:
    called = cli("golden", model, "-o", tmp_path / "g", "--seed", 7)
    assert called.code == 0
    assert "conv.tflite  profile tflite  1 sample (seed 7)" in called.out
    assert "CONV_2D" in called.out
    assert "INT8[1x2x2x3]" in called.out
    assert f"wrote {tmp_path / 'g'}: " in called.out
    assert "no inputs given: 1 seeded" in called.err
    golden = read_bundle(tmp_path / "g")
    assert (golden.seed, golden.profile, len(golden.samples)) == (7, "tflite", 1)


def test_quiet_says_no_more_than_the_result(cli: Cli, model: str, tmp_path: Path) -> None:
    assert cli("golden", model, "-o", tmp_path / "g", "-q").err == ""


def test_a_bundle_as_json(cli: Cli, model: str, tmp_path: Path) -> None:
    called = cli(
        "golden", model, "--output", tmp_path / "g", "--samples", 3, "-p", "tflm", "--json"
    )
    assert called.code == 0
    assert called.json["schema"] == "refint8-golden-made-1"
    assert called.json["directory"] == str(tmp_path / "g")
    assert called.json["manifest"] == json.loads((tmp_path / "g" / "golden.json").read_text())
    assert called.json["manifest"]["profile"] == "tflm"


def test_inputs_from_files(cli: Cli, model: str, tmp_path: Path) -> None:
    x = np.arange(24, dtype=np.int8).reshape(3, 2, 2, 2)
    np.save(tmp_path / "x.npy", x)
    for samples, count in (((), 3), (("--samples", 2), 2)):
        called = cli("golden", model, "-o", tmp_path / "g", "-i", tmp_path / "x.npy", *samples)
        assert (called.code, called.err) == (0, "")
        golden = read_bundle(tmp_path / "g")
        assert golden.seed is None
        assert [sample[0].tolist() for sample in golden.samples] == [
            [row] for row in x[:count].tolist()
        ]


def test_float_inputs(cli: Cli, model: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((1, 2, 2, 2), 2.25, np.float32))
    arguments = ("golden", model, "-o", tmp_path / "g", "-i", tmp_path / "x.npy")
    assert cli(*arguments).code == 2
    assert cli(*arguments, "--float-io").code == 0
    assert set(read_bundle(tmp_path / "g").samples[0][0].flat) == {8}  # 2.25 / 0.5 = 4.5: 5 + 3


def test_check_equal(cli: Cli, bundle: Path) -> None:
    called = cli("golden", "check", bundle)
    assert (called.code, called.err) == (0, "")
    assert "equal: 4 tensors, 40 elements, 40 bytes computed again" in called.out
    called = cli("golden", "check", bundle, "--json")
    assert (called.code, called.json["equal"], called.json["drifts"]) == (0, True, [])


def test_check_drift(cli: Cli, bundle: Path) -> None:
    drifted(bundle)
    called = cli("golden", "check", bundle)
    assert (called.code, called.err) == (1, "")
    assert "drift: 1 of 4 tensors" in called.out
    assert "first: sample 1, tensor 3 'y' (operator 0): at [0, 1, 1, 2]" in called.out
    assert "equal" not in called.out
    called = cli("golden", "check", "--json", bundle)
    assert called.code == 1
    assert called.json["equal"] is False
    (drift,) = called.json["drifts"]
    assert (drift["sample"], drift["name"], drift["first"]) == (1, "y", [0, 1, 1, 2])
    assert abs(drift["golden"] - drift["now"]) == drift["largest"] == 1


def test_check_lists_no_more_than_asked_for(cli: Cli, bundle: Path) -> None:
    drifted(bundle)
    called = cli("golden", "check", bundle, "--errors", 0)
    assert called.code == 1
    assert "first: sample 1" in called.out
    assert "and 1 more (--errors)" in called.out


def test_check_of_what_is_damaged_ends_with_2(cli: Cli, bundle: Path, tmp_path: Path) -> None:
    content = (bundle / "golden.bin").read_bytes()
    (bundle / "golden.bin").write_bytes(content[:-1])
    called = cli("golden", "check", bundle)
    assert (called.code, called.out) == (2, "")
    assert "golden.bin is damaged" in called.err
    (bundle / "golden.bin").write_bytes(content)
    models.write(bundle / "model.tflite", models.reshape())
    assert "is not the model" in cli("golden", "check", bundle).err
    manifest = json.loads((bundle / "golden.json").read_text())
    (bundle / "golden.json").write_text(json.dumps({**manifest, "format_version": 9}))
    called = cli("golden", "check", bundle, "--json")
    assert (called.code, called.out) == (2, "")
    assert "format version 9" in json.loads(called.err)["reason"]
    assert cli("golden", "check", tmp_path / "nothing").code == 2
    assert cli("golden", "check", tmp_path).code == 2


def test_usage(cli: Cli, model: str, tmp_path: Path) -> None:
    for arguments, said in (
        (("golden",), "Missing argument 'MODEL'"),
        (("golden", model), "Missing option"),
        (("golden", "check"), "Missing argument 'DIR'"),
        (("golden", model, "-o", tmp_path / "g", "--format", "tar,npz"), "no format 'tar'"),
        (("golden", model, "-o", tmp_path), "it holds"),
        (("golden", model, "-o", model), "it is a file"),
        (("golden", tmp_path / "gone", "-o", tmp_path / "g"), "cannot read"),
        (("golden", model, "-o", tmp_path / "g", "-p", "best"), "no profile 'best'"),
    ):
        called = cli(*arguments)
        assert (called.code, called.out) == (2, ""), arguments
        assert said in called.err
    assert not (tmp_path / "g").exists()


def test_what_refint8_does_not_run_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    model = models.write(tmp_path / "m.tflite", models.three_refusals())
    assert cli("golden", model, "-o", tmp_path / "g").code == 3
    assert not (tmp_path / "g").exists()


def test_a_model_called_check_goes_by_its_path(cli: Cli, model: str, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "check")
    assert cli("golden", tmp_path / "check", "-o", tmp_path / "g").code == 0


def test_help_speaks_of_both(cli: Cli) -> None:
    called = cli("golden", "--help")
    assert called.code == 0
    assert called.out.startswith("Usage: refint8 golden [OPTIONS]")
    assert "refint8 golden check DIR" in " ".join(called.out.split())
    assert cli("golden", "check", "--help").out.startswith("Usage: refint8 golden check [OPTIONS]")


def test_formats_and_kits(cli: Cli, model: str, tmp_path: Path) -> None:
    called = cli("golden", model, "-o", tmp_path / "g", "-f", "npz,hex32", "-f", "raw", "--kits")
    assert called.code == 0
    assert ", and as hex32, kits, npz, raw" in called.out
    listed = {
        entry["file"] for entry in json.loads((tmp_path / "g" / "golden.json").read_text())["files"]
    }
    found = {p.relative_to(tmp_path / "g").as_posix() for p in (tmp_path / "g").rglob("*")}
    kit = "kits/0000_CONV_2D"
    assert {f"{kit}/model.tflite", f"{kit}/record.json"} <= listed
    assert any(name.startswith(f"{kit}/hex32/") for name in listed)
    assert {name for name in found if (tmp_path / "g" / name).is_file()} == listed | {
        "golden.bin", "golden.json", "model.tflite",
    }  # fmt: skip
    assert cli("golden", "check", tmp_path / "g").code == 0
    record = tmp_path / "g" / kit / "record.json"
    record.write_bytes(record.read_bytes().replace(b"1", b"2", 1))
    called = cli("golden", "check", tmp_path / "g")
    assert called.code == 2
    assert "record.json is damaged" in called.err
    # All of it is a bundle's, so it may be replaced.
    assert cli("golden", model, "-o", tmp_path / "g").code == 0
    assert not (tmp_path / "g" / "kits").exists()
