"""The C reader of examples/golden_c: no warnings, right on sound files, safe on damaged ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from refint8.oracle.golden import make_golden, write_bundle
from tests.conftest import CHECKOUT, missing
from tests.oracle.golden.goldens import convolutions, every_dtype

EXAMPLE = CHECKOUT / "examples" / "golden_c"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compiled(source, to, *options):
    gcc = shutil.which("gcc")
    if gcc is None:
        missing("gcc is missing")
    command = [gcc, *STRICT, *options, f"-I{EXAMPLE}", source, "-o", to]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return to


@pytest.fixture(scope="module")
def selfcheck(tmp_path_factory):
    return compiled(EXAMPLE / "selfcheck.c", tmp_path_factory.mktemp("c") / "selfcheck", "-O2")


def run(program, *arguments):
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(params=[every_dtype, lambda: make_golden(convolutions(), samples=2)])
def golden(request, tmp_path):
    made = request.param()
    write_bundle(made, tmp_path / "g")
    return made


def dumped(golden, sample, folder):
    """Every tensor of a sample as a raw file; the arguments that name them."""
    for index, array in golden.samples[sample].items():
        (folder / str(index)).write_bytes(array.tobytes())
    return [f"{index}={folder / str(index)}" for index in golden.samples[sample]]


def test_it_lists_the_tensors(golden, selfcheck, tmp_path):
    code, out, _ = run(selfcheck, tmp_path / "g" / "golden.bin")
    assert code == 0
    assert out.startswith(f"2 samples, {len(golden.tensors)} tensors\n")
    for tensor in golden.tensors:
        size = golden.samples[0][tensor.index].nbytes
        assert f"\n{tensor.index}  dtype " in out
        assert f"  {size} bytes  {tensor.name}\n" in out


def test_sound_buffers_are_equal(golden, selfcheck, tmp_path):
    for sample in range(2):
        arguments = dumped(golden, sample, tmp_path)
        code, out, err = run(selfcheck, tmp_path / "g" / "golden.bin", sample, *arguments)
        assert (code, err) == (0, "")
        assert out.count(": equal") == len(golden.tensors)


def test_a_wrong_byte_is_found_in_its_place(golden, selfcheck, tmp_path):
    arguments = dumped(golden, 1, tmp_path)
    tensor = next(t for t in golden.tensors if golden.samples[1][t.index].nbytes > 7)
    path = tmp_path / str(tensor.index)
    content = bytearray(path.read_bytes())
    content[7] ^= 0xFF
    path.write_bytes(content)
    code, out, _ = run(selfcheck, tmp_path / "g" / "golden.bin", 1, *arguments)
    assert code == 1
    differing = f"tensor {tensor.index}: differs first at byte 7: {content[7]}, not "
    assert out.count("differs") == 1
    assert differing in out


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        Path.unlink,
    ],
)
def test_a_buffer_of_another_length_is_not_equal(golden, selfcheck, tmp_path, spoil):
    arguments = dumped(golden, 0, tmp_path)
    spoil(tmp_path / str(golden.tensors[0].index))
    code, out, err = run(selfcheck, tmp_path / "g" / "golden.bin", 0, *arguments)
    assert code == 2
    assert "not a file of" in err
    assert out.count(": equal") == len(golden.tensors) - 1


def test_what_is_no_bundle_is_refused(golden, selfcheck, tmp_path):
    bundle = tmp_path / "g" / "golden.bin"
    sound = bundle.read_bytes()
    for content in (b"", sound[:4], sound[:20], b"\0" * 64, sound[:4] + b"TFL3" + sound[8:]):
        bundle.write_bytes(content)
        assert run(selfcheck, bundle)[0] == 2
    assert run(selfcheck, tmp_path / "gone")[0] == 2
    assert run(selfcheck)[0] == 2


def test_samples_and_tensors_that_are_not_there(golden, selfcheck, tmp_path):
    bundle, file = tmp_path / "g" / "golden.bin", tmp_path / "g" / "model.tflite"
    assert run(selfcheck, bundle, 2, f"{golden.tensors[0].index}={file}")[0] == 2
    assert run(selfcheck, bundle, 0, f"12345={file}")[0] == 2
    assert run(selfcheck, bundle, 0, "nonsense")[0] == 2


def test_damaged_bundles_are_read_without_leaving_them(golden, tmp_path):
    program = compiled(
        CHECKOUT / "tests" / "oracle" / "golden" / "mutated.c", tmp_path / "mutated", *SANITIZED
    )
    code, out, err = run(program, tmp_path / "g" / "golden.bin", 4000)
    assert (code, err) == (0, "")
    assert int(out.split()[0]) > 1000
    assert os.access(program, os.X_OK)
