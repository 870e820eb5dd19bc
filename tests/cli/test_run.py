"""`refint8 run`: the arrays written are those of refint8.run, complete or not there at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

import refint8
from tests.cli import models
from tests.cli.conftest import Cli

X = np.arange(-3, 3, dtype=np.int8).reshape(1, 6)


@pytest.fixture
def conv(tmp_path: Path) -> str:
    return models.write(tmp_path / "conv.tflite", models.conv())


@pytest.fixture
def reshape(tmp_path: Path) -> str:
    return models.write(tmp_path / "reshape.tflite", models.reshape())


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def loaded(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_writes_what_the_api_computes(cli: Cli, conv: str, tmp_path: Path) -> None:
    x = np.arange(8, dtype=np.int8).reshape(1, 2, 2, 2)
    out = tmp_path / "out.npz"
    called = cli("run", conv, "-i", saved(tmp_path / "x.npy", x), "-o", out)
    assert called.code == 0
    arrays = loaded(out)
    assert list(arrays) == ["y"]
    expected = refint8.run(conv, x)["y"]
    assert arrays["y"].dtype == expected.dtype
    assert np.array_equal(arrays["y"], expected)
    assert f"wrote 1 tensors to {out}" in called.err


def test_the_summary_has_range_quantization_and_hash(
    cli: Cli, reshape: str, tmp_path: Path
) -> None:
    x = saved(tmp_path / "x.npy", X)
    document = cli("run", reshape, "-i", x, "--json").json
    assert document["schema"] == "refint8-run-1"
    assert document["profile"] == "tflite"
    assert document["inputs"] == {"files": [str(x)], "samples": 1}
    assert document["model"]["sha256"] == hashlib.sha256(models.reshape()).hexdigest()
    (tensor,) = document["tensors"]
    assert tensor == {
        "name": "y",
        "index": 2,
        "dtype": "INT8",
        "shape": [1, 2, 3],
        "scales": [0.5],
        "zero_points": [-3],
        "min": -3,
        "max": 2,
        "sha256": hashlib.sha256(bytes([253, 254, 255, 0, 1, 2])).hexdigest(),
    }
    text = cli("run", reshape, "-i", x).out
    assert tensor["sha256"] in text
    assert "INT8[1,2,3]" in text


def test_all_tensors(cli: Cli, reshape: str, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    x = saved(tmp_path / "x.npy", X)
    assert cli("run", reshape, "-i", x, "--all-tensors", "-o", out).code == 0
    arrays = loaded(out)
    assert sorted(arrays) == ["x", "y"]
    assert np.array_equal(arrays["x"], X)


def test_more_samples_than_the_model_takes_run_one_by_one(
    cli: Cli, reshape: str, tmp_path: Path
) -> None:
    x = np.arange(18, dtype=np.int8).reshape(3, 6)
    out = tmp_path / "out.npz"
    assert cli("run", reshape, "-i", saved(tmp_path / "x.npy", x), "-o", out).code == 0
    assert np.array_equal(loaded(out)["y"], x.reshape(3, 2, 3))
    called = cli("run", reshape, "-i", tmp_path / "x.npy", "-o", out, "--samples", "2")
    assert called.code == 0
    assert np.array_equal(loaded(out)["y"], x[:2].reshape(2, 2, 3))


def test_without_inputs_seeded_ones_that_say_so(cli: Cli, reshape: str, tmp_path: Path) -> None:
    def outputs(*options: str) -> np.ndarray:
        called = cli("run", reshape, "-o", tmp_path / "out.npz", *options)
        assert called.code == 0
        assert "seeded" in called.err
        return loaded(tmp_path / "out.npz")["y"]

    assert np.array_equal(outputs("--samples", "4"), outputs("--samples", "4"))
    assert np.array_equal(outputs("--samples", "4")[:2], outputs("--samples", "2"))
    assert not np.array_equal(outputs("--samples", "4"), outputs("--samples", "4", "--seed", "1"))


def test_float_io_rounds_clips_and_scales_back(cli: Cli, reshape: str, tmp_path: Path) -> None:
    # scale 0.5, zero point -3: ties go away from zero, beyond the range it saturates.
    x = np.array([[0.25, -0.25, 0.74, 1e6, -1e6, 0.0]], np.float32)
    out = tmp_path / "out.npz"
    x_path = saved(tmp_path / "x.npy", x)
    called = cli("run", reshape, "-i", x_path, "--float-io", "-o", out)
    assert called.code == 0
    y = loaded(out)["y"]
    assert y.dtype == np.float32
    assert y.reshape(-1).tolist() == [0.5, -0.5, 0.5, 65.0, -62.5, 0.0]
    assert cli("run", reshape, "-i", x_path).code == 2


def test_the_best_classes_lower_first_where_equal(cli: Cli, tmp_path: Path) -> None:
    path = models.write(tmp_path / "classes.tflite", models.classes())
    x = saved(tmp_path / "x.npy", np.array([[[[5, 9, -7, 9, 0, 1]]]], np.int8))
    called = cli("run", path, "-i", x, "--json")
    top = called.json["tensors"][0]["top"]
    assert [(best["class"], best["value"]) for best in top[0]] == [
        (1, 9),
        (3, 9),
        (0, 5),
        (5, 1),
        (4, 0),
    ]
    assert "top 5  1: 9  3: 9  0: 5  5: 1  4: 0" in cli("run", path, "-i", x).out


def test_reads_a_model_from_stdin(child: Cli) -> None:
    called = child("run", "-", "--json", input=models.reshape())
    assert called.code == 0
    assert called.json["model"]["name"] == "<stdin>"


@pytest.mark.parametrize("name", ["out.npy", "missing/out.npz", "folder.npz"])
def test_refuses_an_output_before_running(
    cli: Cli, reshape: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.npz").mkdir()
    before = sorted(tmp_path.rglob("*"))
    called = cli("run", reshape, "-o", tmp_path / name)
    assert called.code == 2
    assert "error: cannot write" in called.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_read_only_directory_is_an_error_without_a_trace(
    cli: Cli, reshape: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    called = cli("run", reshape, "-o", folder / "out.npz")
    assert called.code == 2
    assert "error: cannot write" in called.err
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_and_no_half_one(
    child: Cli, reshape: str, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    out = tmp_path / "out.npz"
    out.write_bytes(b"the old one")

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    called = child("run", reshape, "-o", out, preexec_fn=small_files_only)
    assert called.code == 2
    assert "error: cannot write" in called.err
    assert out.read_bytes() == b"the old one"
    assert not list(tmp_path.glob("*.partial"))


def test_a_failing_run_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.tflite", models.conv(bias=2**31 - 1))
    x = saved(tmp_path / "x.npy", np.full((1, 2, 2, 2), 127, np.int8))
    out = tmp_path / "out.npz"
    assert cli("run", path, "-i", x, "-o", out).code == 4
    assert not out.exists()
