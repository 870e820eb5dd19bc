"""`refint8 verify` from files: formats, outputs, exit codes, and everything that is no dump."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.formats import NAMES, format_of
from refint8.oracle.golden.make import make_golden
from refint8.oracle.golden.write import write_bundle
from tests.cli.models import conv
from tests.oracle.verify import wrong_devices
from tests.oracle.verify.devices import Device, golden


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "golden"
    write_bundle(golden(), path)
    return path


def written(folder, device, name="npz"):
    """A device's dump in a format."""
    folder.mkdir()
    format_of(name).write(replace(golden(), samples=device.dump().samples), folder)
    return folder


@pytest.fixture
def wrong(tmp_path):
    return written(tmp_path / "wrong", wrong_devices.ForgetsZeroPoint())


def test_equal(cli, bundle, tmp_path):
    called = cli("verify", bundle, written(tmp_path / "dump", Device()))
    assert called.code == 0
    assert "equal: every tensor of every sample has the golden's bits" in called.out
    assert "tensors: 8 equal; 0 of 5646 elements differ" in called.out


@pytest.mark.parametrize("name", NAMES)
def test_every_format(cli, bundle, tmp_path, name):
    right = cli("verify", bundle, written(tmp_path / "right", Device(), name))
    assert (right.code, right.err) == (0, "")
    dump = written(tmp_path / "dump", wrong_devices.ForgetsZeroPoint(), name)
    called = cli("verify", bundle, dump, "--json")
    assert called.code == 1
    assert called.json["causes"] == [3]
    assert cli("verify", bundle, dump, "--dump-format", name).code == 1


def test_text(cli, bundle, wrong):
    called = cli("verify", bundle, wrong)
    assert called.code == 1
    lines = called.out.splitlines()
    assert "3  ADD              sum     703/864   21  first: cause: zero point" in lines
    assert "4  AVERAGE_POOL_2D  pool    215/216   22  inherited (alone equal)" in lines
    assert "first divergence: #3 ADD, tensor 4 'sum'" in lines
    assert "  zero point: 21 was not added (703 of 703)" in lines
    assert "1 cause, 3 inherited" in lines
    advice = "--seed 5 --sample 0 --profile tflite --tensor 4 --at 0,0,0,0"
    assert lines[-1] == f"next: refint8 explain {bundle}/model.tflite {advice}"


def test_errors_limits_the_table(cli, bundle, wrong):
    out = cli("verify", bundle, wrong, "--errors", 1).out
    assert "ADD" in out
    assert "inherited (alone equal)" not in out
    assert "... and 3 more tensors (--errors lists more)" in out
    assert "... and 4 more tensors" in cli("verify", bundle, wrong, "--errors", 0).out


def test_json(cli, bundle, wrong):
    document = cli("verify", bundle, wrong, "--json").json
    assert document == cli("verify", bundle, wrong, "-f", "json").json
    assert document["schema"] == "refint8-verify-1"
    assert (document["outcome"], document["exit_code"]) == ("differs", 1)
    assert document["first_divergence"] == 3
    assert document["golden"]["model_sha256"] == golden().model_sha256
    add = next(o for o in document["operators"] if o["operator"] == 3)
    assert add["role"] == "cause"
    assert add["kinds"][0] == {"name": "zero point", "detail": "21 was not added",
                               "explained": 703, "differing": 703, "share": 1.0}  # fmt: skip
    pool = next(o for o in document["operators"] if o["operator"] == 4)
    assert (pool["role"], pool["alone"]["verdict"]) == ("inherited", "equal")
    tensor = next(t for t in document["tensors"] if t["name"] == "sum")
    assert (tensor["verdict"], tensor["compared"]["golden"]) == ("differs", 64)


def test_junit(cli, bundle, wrong, tmp_path):
    file = tmp_path / "out.xml"
    called = cli("verify", bundle, wrong, "--junit", file, "-f", "junit")
    assert called.code == 1
    assert called.out.encode() == file.read_bytes()
    (suite,) = ElementTree.fromstring(called.out)
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("8", "4")
    failures = [failure.attrib["type"] for failure in suite.iter("failure")]
    assert failures == ["cause", "inherited", "inherited", "inherited"]


def test_github(cli, bundle, wrong):
    lines = cli("verify", bundle, wrong, "-f", "github").out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error title=#3 ADD sum%3A cause::cause: zero point; 703 of 864")
    assert "%0Azero point: 21 was not added (703 of 703)" in lines[0]
    assert lines[1].endswith("1142 of 5646 elements differ; 3 operators inherit")


def test_model_explorer(cli, bundle, wrong, tmp_path):
    file = tmp_path / "nodes.json"
    cli("verify", bundle, wrong, "--model-explorer", file)
    results = json.loads(file.read_text())["results"]
    assert set(results) == {tensor.name for tensor in golden().tensors}
    assert results["conv/Relu6"]["value"] == 0
    assert results["sum"]["value"] == round(100 * 703 / 864, 4)
    assert results["sum"]["bgColor"] != results["pool"]["bgColor"] != results["image"]["bgColor"]


def test_waivers(cli, bundle, wrong, tmp_path):
    file = tmp_path / "waivers.toml"
    file.write_text(
        '[[waiver]]\nop = "ADD"\ninherited = true\nreason = "revision A"\n'
        '[[waiver]]\nop = "MUL"\nreason = "none"\n'
        '[[waiver]]\nop = "ADD"\nuntil = 2020-01-01\nreason = "old"\n'
    )
    called = cli("verify", bundle, wrong, "--waivers", file)
    assert called.code == 0
    assert "passes: all that differs is waived" in called.out
    assert "waiver used: op ADD, tensors 4, 5, 6, 7: revision A" in called.out
    assert "waiver unused: op MUL: none" in called.out
    assert "waiver expired: op ADD, until 2020-01-01: old" in called.out
    file.write_text('[[waiver]]\nop = "ADD"\nmax_abs = 20\nreason = "revision A"\n')
    called = cli("verify", bundle, wrong, "--waivers", file)
    assert called.code == 1
    assert "waiver exceeded: op ADD, max_abs 20, tensors 4: revision A" in called.out


def remove(dump, name):
    for folder in [path for path in dump.rglob(name) if path.is_dir()]:
        shutil.rmtree(folder)


def test_partial_dumps(cli, bundle, tmp_path):
    dump = written(tmp_path / "dump", Device(), "npy")
    remove(dump, "pool")
    assert cli("verify", bundle, dump).code == 0
    assert "equal where dumped" in cli("verify", bundle, dump).out
    assert cli("verify", bundle, dump, "--require", "all").code == 1
    remove(dump, "scores")
    called = cli("verify", bundle, dump)
    assert called.code == 1
    assert "missing: scores (--require dumped lets that pass)" in called.out
    assert cli("verify", bundle, dump, "--require", "dumped").code == 0


def files_of(dump, word):
    return sorted(path for path in dump.rglob("*") if path.is_file() and word in path.name)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "cut off"),
        (lambda file: file.write_bytes(b""), "it is empty"),
        (lambda file: file.write_bytes(file.read_bytes() * 4), "was each element written in 4"),
        (lambda file: file.write_bytes(file.read_bytes() + b"\0"), "too long"),
    ],
)
def test_damaged_files_are_problems(cli, bundle, tmp_path, damage, said):
    dump = written(tmp_path / "dump", Device(), "raw")
    damage(files_of(dump, "sum")[0])
    called = cli("verify", bundle, dump)
    assert called.code == 1
    assert said in called.out
    assert "first divergence: #3 ADD" in called.out


def test_the_wrong_byte_order_is_a_problem(cli, tmp_path):
    b = ModelBuilder()
    x = b.tensor("x", "INT16", (1, 50), scale=0.5)
    y = b.tensor("y", "INT16", (50,), scale=0.5)
    b.operator("RESHAPE", [x, b.tensor("shape", "INT32", (1,), data=[50])], [y])
    made = make_golden(b.model([x], [y]))
    write_bundle(made, tmp_path / "golden", ["raw"])
    dump = shutil.copytree(tmp_path / "golden" / "raw", tmp_path / "dump")
    assert cli("verify", tmp_path / "golden", dump).code == 0
    (file,) = files_of(dump, "_y")
    file.write_bytes(np.frombuffer(file.read_bytes(), "<i2").byteswap().tobytes())
    called = cli("verify", tmp_path / "golden", dump)
    assert called.code == 1
    assert "big-endian" in called.out
    # With another mistake on top of it, it is a difference, and still named.
    wrong = np.frombuffer(file.read_bytes(), "<i2").copy()
    wrong[3] ^= 1
    file.write_bytes(wrong.tobytes())
    called = cli("verify", tmp_path / "golden", dump)
    assert called.code == 1
    assert "byte order: bytes of each element reversed (49 of 50)" in called.out


def test_files_of_no_tensor_are_problems(cli, bundle, tmp_path):
    dump = written(tmp_path / "dump", Device(), "raw")
    file = files_of(dump, "sum")[0]
    shutil.copy(file, file.with_name("0099_other.bin"))
    called = cli("verify", bundle, dump)
    assert called.code == 1
    assert "problem: " in called.out
    assert "0099_other.bin" in called.out


def test_every_prefix_of_a_file_is_no_equal_dump(cli, bundle, tmp_path):
    dump = written(tmp_path / "dump", Device())
    content = (dump / "1.npz").read_bytes()
    for size in [*range(0, len(content), 997), len(content) - 1]:
        (dump / "1.npz").write_bytes(content[:size])
        assert cli("verify", bundle, dump).code == 1


def test_a_dump_of_another_model(cli, tmp_path, bundle):
    other = make_golden(read_model(conv()), samples=3)
    folder = tmp_path / "other"
    folder.mkdir()
    format_of("npz").write(other, folder)
    called = cli("verify", bundle, folder)
    assert called.code == 2
    assert "the file is of a model with SHA-256" in called.out
    write_bundle(other, tmp_path / "bundle")
    assert cli("verify", tmp_path / "bundle", written(tmp_path / "dump", Device())).code in (1, 2)


def test_a_bundle_of_another_profile(cli, bundle, wrong):
    called = cli("verify", bundle, wrong, "--profile", "tflm")
    assert called.code == 2
    assert "is of the profile tflite, not tflm" in called.err
    assert cli("verify", bundle, wrong, "--profile", "tflite").code == 1


def test_a_bundle_of_a_newer_format(cli, bundle, wrong):
    manifest = json.loads((bundle / "golden.json").read_text())
    version = {key: value for key, value in manifest.items() if "version" in key}
    assert version
    for key, value in version.items():
        changed = {**manifest, key: value + 1 if isinstance(value, int) else f"{value}9"}
        (bundle / "golden.json").write_text(json.dumps(changed))
        called = cli("verify", bundle, wrong)
        assert called.code == 2, key
        assert called.err.startswith("error: ")


@pytest.mark.parametrize("name", ["golden.bin", "golden.json", "model.tflite"])
@pytest.mark.parametrize("damage", ["cut", "gone", "byte"])
def test_a_damaged_bundle(cli, bundle, wrong, name, damage):
    file = bundle / name
    content = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "gone":
        file.unlink()
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    assert cli("verify", bundle, wrong).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("absent", "wrong"),
        ("golden", "absent"),
        ("wrong", "golden"),
        ("golden", "golden"),
        ("golden", "wrong", "--format", "xml"),
        ("golden", "wrong", "--mode", "both"),
        ("golden", "wrong", "--require", "nothing"),
        ("golden", "wrong", "--dump-format", "xml"),
        ("golden", "wrong", "--dump-format", "raw"),
        ("golden", "wrong", "--waivers", "absent"),
        ("golden", "wrong", "--junit", "absent/out.xml"),
        ("golden", "wrong", "--model-explorer", "absent/out.json"),
        ("golden", "empty"),
        ("golden", "empty/file"),
    ],
)
def test_wrong_usage(cli, bundle, wrong, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "file").write_bytes(np.arange(9).tobytes())
    assert cli("verify", *arguments).code == 2
