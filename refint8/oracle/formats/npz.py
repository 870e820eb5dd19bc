"""npz: one file for each sample with all of its tensors: SAMPLE.npz.

Keys are the tensors' names in order; where a name is not unique or could not stand in a path, the
key is index and name, "0007_conv1_Relu". `__meta__` is JSON in a zero-dimensional string array: of
which model, and which key is which tensor. Written twice it is the same, byte for byte.

In a dump a tensor's key may be its name, its index ("7") or both; `__meta__` is not needed. With a
single sample the file may have any name.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from refint8.errors import UsageError
from refint8.oracle.formats.dumping import CannotReadError, Gathered
from refint8.oracle.formats.layout import files_below, relative, sample_number
from refint8.oracle.formats.names import keys, named
from refint8.oracle.formats.numpy_array import npy_bytes, read_npy
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "one .npz for each sample, keys are tensor names"
SUFFIXES = (".npz",)

META: Final = "__meta__"

_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What the zip reader raises for broken, encrypted and unknown kinds of members."""


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each sample."""
    names = keys(golden)
    meta = np.array(json.dumps(_meta(golden), sort_keys=True))
    for number, sample in enumerate(golden.samples):
        arrays = {names[index]: sample[index] for index in names}
        with zipfile.ZipFile(directory / f"{number}.npz", "w", zipfile.ZIP_STORED) as file:
            for key, array in sorted({**arrays, META: meta}.items()):
                # Without a date of its own a member gets the clock's.
                info = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                info.create_system = 3  # unix, on every system
                info.external_attr = 0o644 << 16
                file.writestr(info, npy_bytes(array))


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    files = files_below(path, SUFFIXES)
    if not files:
        raise UsageError(f"{path} has no .npz file", hint="give the folder of the dump")
    gathered = Gathered(golden, path)
    for file in files:
        shown = relative(file, path)
        sample = sample_number(file.stem)
        if sample is None or (len(golden.samples) == 1 and len(files) == 1):
            sample = 0
            if len(golden.samples) > 1:
                last = len(golden.samples) - 1
                reason = f"which sample is it? call the files 0.npz to {last}.npz"
                gathered.problem(shown, reason)
                continue
        _read_one(gathered, golden, file, shown, sample)
    return gathered.dump()


def _read_one(gathered: Gathered, golden: Golden, file: Path, shown: str, sample: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            tensors = {name: golden.tensor(index) for index, name in keys(golden).items()}
            for member in archive.infolist():
                _add(gathered, golden, tensors, archive, member, shown, sample)
    except _BROKEN as error:
        gathered.problem(shown, f"it is no readable .npz: {error}", None, sample)
    except OSError as error:
        gathered.problem(shown, f"cannot be read: {error.strerror or error}", None, sample)


def _add(
    gathered: Gathered,
    golden: Golden,
    tensors: Mapping[str, TensorInfo],
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    shown: str,
    sample: int,
) -> None:
    key = member.filename.removesuffix(".npy")
    where = f"{shown}:{key[:200]}"
    if key == META:
        if (reason := _of_another(archive, member, golden)) is not None:
            gathered.problem(where, reason, None, sample)
        return
    try:
        tensor = tensors[key] if key in tensors else named(golden, key)
    except LookupError as error:
        gathered.problem(where, str(error.args[0]), None, sample)
        return

    def read_one(golden_array: Array) -> Array:
        try:
            with archive.open(member) as stream:
                return read_npy(stream, tensor)
        except _BROKEN as error:
            raise CannotReadError(f"it cannot be unpacked: {error}") from None

    gathered.add(where, sample, tensor, read_one)


def _meta(golden: Golden) -> dict[str, object]:
    names = keys(golden)
    return {
        "refint8": golden.version,
        "model": golden.model_name,
        "model_sha256": golden.model_sha256,
        "profile": golden.profile,
        "tensors": {
            names[t.index]: {
                "index": t.index,
                "name": t.name,
                "dtype": t.dtype,
                "role": t.role,
                "scales": list(t.scales),
                "zero_points": list(t.zero_points),
            }
            for t in golden.tensors
        },
    }


def _of_another(archive: zipfile.ZipFile, member: zipfile.ZipInfo, golden: Golden) -> str | None:
    """What speaks against a file that says which model it is of."""
    if member.file_size > 1 << 26:
        return "it is far too long"
    try:
        with archive.open(member) as stream:
            meta = json.loads(str(np.lib.format.read_array(stream, allow_pickle=False)))
        of = meta["model_sha256"]
    except (*_BROKEN, OSError, KeyError, TypeError, SyntaxError, MemoryError):
        return "it is not readable, and need not be there"
    if of != golden.model_sha256:
        return f"the file is of a model with SHA-256 {str(of)[:16]}, not {golden.model_sha256[:16]}"
    return None
