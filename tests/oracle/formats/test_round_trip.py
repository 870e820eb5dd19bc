"""Every format: written, read back equal to the bit, and written alike a second time."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.oracle.formats import NAMES, PACKED, format_of
from refint8.oracle.formats.detect import detect
from tests.oracle.formats.goldens import every_dtype, golden, hostile, same

ALL = (*NAMES, *PACKED)


def written(name, of, folder):
    folder.mkdir()
    format_of(name).write(of, folder)
    return folder


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", ALL)
def test_read_back_equal(name, samples, tmp_path):
    of = every_dtype(samples)
    folder = written(name, of, tmp_path / "dump")
    same(format_of(name).read(folder, of), of)
    assert detect(folder, of) == name.rstrip("0123456789")


@pytest.mark.parametrize("name", ALL)
def test_hostile_names_stay_inside_and_apart(name, tmp_path):
    of = hostile()
    folder = written(name, of, tmp_path / "dump")
    assert list(tmp_path.iterdir()) == [folder]
    same(format_of(name).read(folder, of), of)
    for path in content(folder):
        assert path.isascii()
        assert all(len(part) < 120 and part not in ("..", "") for part in path.split("/"))
    lowered = [path.lower() for path in content(folder)]
    assert len(set(lowered)) == len(lowered)


@pytest.mark.parametrize("name", ALL)
def test_written_twice_is_the_same(name, tmp_path):
    of = every_dtype(2)
    first = content(written(name, of, tmp_path / "a"))
    assert first == content(written(name, every_dtype(2), tmp_path / "b"))
    assert first


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("npz", "c")])
def test_a_part_of_a_dump_is_a_dump(name, tmp_path):
    of = every_dtype(2)
    folder = written(name, of, tmp_path / "dump")
    for path in list(folder.rglob("*")):
        if path.is_file() and "layer4" not in str(path) and path.suffix != ".svh":
            path.unlink()
    read = format_of(name).read(folder, of)
    same(read, of, indexes=[4])


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("npz", "c", "npy")])
def test_short_names_and_no_folder(name, tmp_path):
    of = every_dtype()
    folder = written(name, of, tmp_path / "dump")
    (file,) = folder.rglob("0004_*")
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(file, flat / f"4{file.suffix}")
    same(format_of(name).read(flat, of), of, indexes=[4])
    same(format_of(name).read(flat / f"4{file.suffix}", of), of, indexes=[4])
    assert detect(flat, of) == detect(file, of) == name.rstrip("0123456789")


@pytest.mark.parametrize("name", ALL)
def test_one_bit_is_never_overlooked(name, tmp_path):
    of = golden([("INT16", np.array([1, 2, 3], np.int16)), ("INT8", np.array([5, 6], np.int8))])
    other = golden([("INT16", np.array([1, 2, 3], np.int16)), ("INT8", np.array([5, 7], np.int8))])
    read = format_of(name).read(written(name, other, tmp_path / "dump"), of)
    assert read.problems == ()
    assert read.samples[0][1].tolist() == [5, 7]
    assert read.samples[0][0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ALL)
def test_nothing_there(name, tmp_path):
    of = every_dtype()
    with pytest.raises(UsageError):
        format_of(name).read(tmp_path / "nowhere", of)
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(UsageError):
        format_of(name).read(tmp_path, of)
    with pytest.raises(UsageError, match="no file of a known format"):
        detect(tmp_path, of)


def test_unknown_format():
    with pytest.raises(UsageError, match="no format 'hex7'"):
        format_of("hex7")


def test_several_formats_at_once(tmp_path):
    of = every_dtype()
    written("raw", of, tmp_path / "raw")
    (tmp_path / "log.csv").write_text("time,power\n")
    assert detect(tmp_path, of) == "raw"
    written("hex", of, tmp_path / "hex")
    with pytest.raises(UsageError, match="several formats: hex, raw"):
        detect(tmp_path, of)


def test_every_format_has_a_line_of_help():
    for name in ALL:
        assert format_of(name).SUMMARY
        assert "\n" not in format_of(name).SUMMARY


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    of = every_dtype()
    folder = written("raw", of, tmp_path / "dump")
    os.mkfifo(folder / "0" / "pipe.bin")
    same(format_of("raw").read(folder, of), of)
