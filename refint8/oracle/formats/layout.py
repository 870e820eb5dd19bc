"""The folders of the formats that have one file for each tensor: SAMPLE/STEM.suffix.

"0/0007_conv1_Relu.bin" is tensor 7 in sample 0. A dump may leave out tensors and samples, call the
file by the index alone, and with a single sample leave out the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from refint8.errors import UsageError
from refint8.oracle.formats.dumping import CannotReadError, Gathered
from refint8.oracle.formats.names import named, stem
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

Decode = Callable[[bytes, TensorInfo, Array], Array]
"""A file's bytes, the tensor, the golden's array to what was read; raises CannotReadError."""


def write_files(
    golden: Golden, directory: Path, suffix: str, encode: Callable[[Array, TensorInfo], bytes]
) -> None:
    """One file for each tensor of each sample."""
    for number, sample in enumerate(golden.samples):
        folder = directory / str(number)
        folder.mkdir()
        for tensor in golden.tensors:
            content = encode(sample[tensor.index], tensor)
            (folder / f"{stem(tensor)}{suffix}").write_bytes(content)


def read_files(path: Path, golden: Golden, suffixes: tuple[str, ...], decode: Decode) -> Dump:
    """The files below `path`, or the file `path`, that have one of the suffixes.

    Raises UsageError where there is none.
    """
    gathered = Gathered(golden, path)
    for file, sample in located(path, golden, suffixes, gathered):
        add_file(gathered, golden, path, file, sample, decode)
    return gathered.dump()


def add_file(
    gathered: Gathered, golden: Golden, path: Path, file: Path, sample: int, decode: Decode
) -> None:
    """Take the tensor that the file is named after."""
    shown = relative(file, path)
    try:
        tensor = named(golden, file.name.removesuffix(file.suffix))
    except LookupError as error:
        gathered.problem(shown, str(error.args[0]), None, sample)
        return

    def read(expected: Array) -> Array:
        # Text takes at most 21 characters for a byte; the rest is for comments.
        limit = 32 * expected.nbytes + (1 << 16)
        if (size := file.stat().st_size) > limit:
            raise CannotReadError(
                f"{size} bytes are far too much for {expected.nbytes} bytes of data"
            )
        return decode(file.read_bytes(), tensor, expected)

    gathered.add(shown, sample, tensor, read)


def located(
    path: Path, golden: Golden, suffixes: tuple[str, ...], gathered: Gathered
) -> list[tuple[Path, int]]:
    """The files with those suffixes, and the sample that each belongs to.

    Raises UsageError where there is none.
    """
    files = files_below(path, suffixes)
    if not files:
        known = " or ".join(suffixes)
        raise UsageError(f"{path} has no {known} file", hint="give the folder of the dump")
    found = []
    for file in files:
        above = file.relative_to(path).parts[:-1] if file != path else ()
        if above == () and len(golden.samples) > 1:
            count = len(golden.samples)
            reason = f"the golden has {count} samples: put the file in a folder 0 to {count - 1}"
            gathered.problem(relative(file, path), reason)
        elif above == ():
            found.append((file, 0))
        elif len(above) == 1 and sample_number(above[0]) is not None:
            found.append((file, int(above[0])))
        else:
            folder = "/".join(above)
            gathered.problem(relative(file, path), f"the folder {folder!r} is no sample's number")
    return found


def files_below(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Regular files with those suffixes, in order. Raises UsageError where `path` is not there."""
    if not path.exists():
        raise UsageError(f"there is no {path}")
    candidates = [path] if path.is_file() else sorted(path.rglob("*"))
    return [file for file in candidates if file.suffix.lower() in suffixes and file.is_file()]


def sample_number(name: str) -> int | None:
    """The number that a folder or file of a sample is called by."""
    return int(name) if name.isascii() and name.isdigit() and len(name) < 10 else None


def relative(file: Path, path: Path) -> str:
    """The file as it is shown to the user."""
    return file.name if file == path else file.relative_to(path).as_posix()
