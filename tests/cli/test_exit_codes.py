"""Every kind of bad input ends with its code and says what to do, in one form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli import models
from tests.cli.conftest import Cli

X = np.zeros((1, 2, 2, 2), np.int8)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return models.write(tmp_path / "conv.tflite", models.conv())


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def test_0_when_it_ran(cli: Cli, model: str, tmp_path: Path) -> None:
    called = cli("run", model, "-i", saved(tmp_path / "x.npy", X))
    assert (called.code, called.err) == (0, "")


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(X.astype(np.int16), id="wrong dtype"),
        pytest.param(X.astype(np.float32), id="float into int8"),
        pytest.param(X[..., :1], id="wrong shape"),
        pytest.param(X[0, 0], id="wrong rank"),
    ],
)
def test_2_for_an_input_that_does_not_fit(
    cli: Cli, model: str, tmp_path: Path, array: np.ndarray
) -> None:
    called = cli("run", model, "-i", saved(tmp_path / "x.npy", array))
    assert called.code == 2
    assert called.out == ""
    assert called.err.startswith("error: ")
    assert "'x'" in called.err


def test_2_for_an_input_that_the_model_has_not(cli: Cli, model: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **{"7": X})
    called = cli("run", model, "-i", tmp_path / "x.npz")
    assert called.code == 2
    assert "x.npz has no array 'x'" in called.err


@pytest.mark.parametrize("verb", ["run", "inspect"])
@pytest.mark.parametrize("content", [b"", b"no model", b"TFL3" * 40, None])
def test_2_for_a_file_that_is_no_model(
    cli: Cli, tmp_path: Path, verb: str, content: bytes | None
) -> None:
    path = tmp_path / "m.tflite"
    if content is not None:
        path.write_bytes(content)
    called = cli(verb, path)
    assert called.code == 2
    assert called.out == ""
    assert called.err.startswith("error: ")
    assert "m.tflite" in called.err


def test_2_for_input_files_that_are_missing_or_broken(cli: Cli, model: str, tmp_path: Path) -> None:
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "picture.tiff").write_bytes(b"II*")
    for name in ("missing.npy", "broken.npy", "picture.tiff"):
        called = cli("run", model, "-i", tmp_path / name)
        assert called.code == 2
        assert name in called.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["run"],
        ["run", "m.tflite", "--fly"],
        ["run", "m.tflite", "--samples", "0"],
        ["run", "m.tflite", "--samples", "many"],
        ["rules", "requantise"],
        ["rules", "--diff", "tflite"],
        ["rules", "--diff", "tflite", "cortex"],
        ["rules", "requantize", "--profile", "tflm"],
        ["ops", "CONV_3D_2D"],
    ],
    ids=" ".join,
)
def test_2_for_wrong_usage(cli: Cli, arguments: list[str]) -> None:
    called = cli(*arguments)
    assert called.code == 2
    assert called.out == ""
    assert called.err.startswith("error: ")
    assert "\n  hint: " in called.err or "--profile" in arguments


def test_2_for_an_unknown_profile(cli: Cli, model: str) -> None:
    called = cli("run", model, "-p", "cortex")
    assert called.code == 2
    assert "there is no profile 'cortex'" in called.err
    assert "tflite" in called.err


@pytest.mark.parametrize(
    ("content", "label"),
    [
        pytest.param(models.conv(dtype="FLOAT32"), "dtype", id="float operator"),
        pytest.param(models.conv(out_dtype="INT16"), "dtype", id="dtypes that do not go together"),
        pytest.param(models.conv(version=99), "version", id="unsupported version"),
        pytest.param(models.custom("Mine"), "custom", id="custom operator"),
        pytest.param(models.custom("FlexErf"), "custom", id="TensorFlow operator"),
        pytest.param(models.custom("ethos-u"), "npu", id="compiled for an Ethos-U"),
        pytest.param(models.custom("edgetpu-custom-op"), "npu", id="compiled for an Edge TPU"),
    ],
)
def test_3_for_what_does_not_run(cli: Cli, tmp_path: Path, content: bytes, label: str) -> None:
    called = cli("run", models.write(tmp_path / "m.tflite", content))
    assert called.code == 3
    assert called.out == ""
    lines = called.err[called.err.index("error: ") :].splitlines()
    assert lines[0].startswith(f"error: [{label}] ")
    assert lines[1].startswith("  where: m.tflite, operator 0 (")
    assert lines[2].startswith("  hint: ")


def test_3_names_all_operators_that_do_not_run(cli: Cli, tmp_path: Path) -> None:
    called = cli("run", models.write(tmp_path / "m.tflite", models.three_refusals()))
    assert called.code == 3
    assert "2 of the model's operators cannot run" in called.err
    assert "CONV_2D (operator 0): [dtype]" in called.err
    assert "CUSTOM:Mine (operator 2): [custom]" in called.err


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan"), 1e-42])
def test_4_for_a_degenerate_scale(cli: Cli, tmp_path: Path, scale: float) -> None:
    called = cli("run", models.write(tmp_path / "m.tflite", models.conv(scale=scale)))
    assert called.code == 4
    assert "error: [scale] " in called.err
    assert "tensor 0 'x'" in called.err


def test_4_for_an_accumulator_that_overflows(cli: Cli, tmp_path: Path) -> None:
    path = models.write(tmp_path / "m.tflite", models.conv(bias=2**31 - 1))
    x = saved(tmp_path / "x.npy", np.full((1, 2, 2, 2), 127, np.int8))
    called = cli("run", path, "-i", x)
    assert called.code == 4
    assert "operator 0 (CONV_2D)" in called.err
    assert cli("run", path, "-i", x, "--profile", "litert-ref").code == 0  # the engine wraps


def test_errors_are_json_where_results_would_be(cli: Cli, tmp_path: Path) -> None:
    called = cli("run", models.write(tmp_path / "m.tflite", models.conv(version=99)), "--json")
    assert (called.code, called.out) == (3, "")
    error = json.loads(called.err.splitlines()[-1])
    assert error["schema"] == "refint8-error-1"
    assert error["kind"] == "UnsupportedError"
    assert error["exit_code"] == 3
    assert error["label"] == "version"
    assert error["place"] == {
        "model": "m.tflite",
        "subgraph": 0,
        "operator": 0,
        "operator_name": "CONV_2D",
    }
    wrong = cli("run", "--fly", "--json")
    assert json.loads(wrong.err)["exit_code"] == 2


def test_an_interrupt_ends_with_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("refint8.cli.rules.result", interrupt)
    called = cli("rules")
    assert called.code == 130
    assert "Traceback" not in called.err


def test_a_bug_is_named_as_one_and_traced_with_v(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("refint8.cli.rules.result", stumble)
    called = cli("rules")
    assert called.code == 70
    assert "ZeroDivisionError: by zero" in called.err
    assert "Traceback" not in called.err
    assert "Traceback" in cli("rules", "-v").err


def test_2_when_memory_does_not_suffice(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate(_: object) -> None:
        raise MemoryError("Unable to allocate 1.0 TiB")

    monkeypatch.setattr("refint8.cli.rules.result", allocate)
    called = cli("rules")
    assert called.code == 2
    assert called.err == "error: not enough memory: Unable to allocate 1.0 TiB\n"


def test_tracebacks_of_refusals_only_with_v(cli: Cli, tmp_path: Path) -> None:
    missing = tmp_path / "missing.tflite"
    assert "Traceback" not in cli("inspect", missing).err
    called = cli("-v", "inspect", missing)
    assert called.code == 2
    assert "Traceback" in called.err
    assert "error: cannot read" in called.err
