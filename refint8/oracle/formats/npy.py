"""npy: one .npy for each tensor and sample, in folders named after the tensors.

    testing_input/NAME/SAMPLE.npy, testing_output/NAME/SAMPLE.npy, testing_inner/NAME/SAMPLE.npy

A name with slashes nests, as Arm's ML-zoo has it. Where a name is no plain path or not unique, the
tensor's index goes in front: "model/0007_Relu". A dump may leave out the first folder, or be laid
out as the other formats are: SAMPLE/0007_conv1_Relu.npy.
"""

from __future__ import annotations

from pathlib import Path

from refint8.errors import UsageError
from refint8.oracle.formats.dumping import Gathered
from refint8.oracle.formats.layout import files_below, relative, sample_number
from refint8.oracle.formats.names import folders, named
from refint8.oracle.formats.numpy_array import npy_bytes, read_npy
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "a .npy for each tensor, in folders named after the tensors"
SUFFIXES = (".npy",)

ROOTS = ("testing_input", "testing_inner", "testing_output", "testing_constant")


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each tensor of each sample."""
    names = folders(golden)
    for tensor in golden.tensors:
        folder = directory / f"testing_{tensor.role}" / names[tensor.index]
        folder.mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(golden.samples):
            (folder / f"{number}.npy").write_bytes(npy_bytes(sample[tensor.index]))


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    files = files_below(path, SUFFIXES)
    if not files:
        raise UsageError(f"{path} has no .npy file", hint="give the folder of the dump")
    gathered = Gathered(golden, path)
    tensors = {name: golden.tensor(index) for index, name in folders(golden).items()}
    for file in files:
        shown = relative(file, path)
        try:
            tensor, sample = _place(shown, golden, tensors)
        except LookupError as error:
            gathered.problem(shown, str(error.args[0]))
            continue

        def read_one(golden_array: Array, file: Path = file, tensor: TensorInfo = tensor) -> Array:
            with file.open("rb") as stream:
                return read_npy(stream, tensor)

        gathered.add(shown, sample, tensor, read_one)
    return gathered.dump()


def _place(shown: str, golden: Golden, tensors: dict[str, TensorInfo]) -> tuple[TensorInfo, int]:
    """The tensor and sample of a file, by its path in the dump. Raises LookupError."""
    *above, last = shown.split("/")
    last = last[: -len(".npy")]
    if above and above[0] in ROOTS and "/".join(above) not in tensors:
        above = above[1:]
    number = sample_number(last)
    folder = "/".join(above)
    if number is not None and folder in tensors:
        return tensors[folder], number
    if len(above) == 1 and (sample := sample_number(above[0])) is not None:
        return named(golden, last), sample
    if not above and len(golden.samples) == 1:
        return named(golden, last), 0
    if not above:
        count = len(golden.samples)
        raise LookupError(f"the golden has {count} samples: which of them is it?")
    raise LookupError(f"the folder {folder[:200]!r} is no tensor of the golden")
