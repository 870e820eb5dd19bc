"""A command line as a target: `cmd:./dut {model} {inputs} {outputs}`.

The command is split as a shell would and run once for every input set, without a shell, in the
current folder, with these words put in wherever they stand:

    {model}        the path of the .tflite file
    {inputs}       a folder with 0.npy, 1.npy, ... and 0.bin, 1.bin, ...: the inputs in order
    {outputs}      an empty folder for the answer
    {inputs.npz}   instead of the folder, one file with the arrays "0", "1", ...
    {outputs.npz}  instead of the folder, the path of one file to write

A .bin is the array's bytes alone, row-major and little-endian. The answer is one file or array per
output, named by its position ("0.npy", or "0.bin" of the declared dtype and shape); any other
tensor may be given too, named "t" and its index ("t12.npy"). Exit code 0 means that it is there.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from refint8.errors import ModelError, UsageError
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Subgraph
from refint8.oracle.targets.answers import MalformedError, index_of, tensors_by_index
from refint8.oracle.targets.isolated import excerpt, printed
from refint8.oracle.targets.outcome import Array, Clock, Outcome
from refint8.oracle.targets.program import SHELL_SIGNALS, Drained, ending, kill_all


class CommandTarget:
    """A `Target` that is a program of the user's. Raises UsageError for a command without a place
    for its outputs.
    """

    def __init__(self, command: str, profile: str) -> None:
        self.name = f"cmd:{command}"
        self.profile = profile
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}") from None
        if not any("{outputs}" in word or "{outputs.npz}" in word for word in self._words):
            raise UsageError(
                f"the command {command!r} has no place for its outputs",
                hint="'cmd:./dut {model} {inputs} {outputs}'",
            )

    def describe(self) -> str:
        """The command's program, or "missing: ..."."""
        program = self._words[0]
        if shutil.which(program) is None:
            return f"missing: there is no program {program}"
        return f"command {program}"

    def run(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        *,
        tensors: Sequence[int] | None = None,
        input_shapes: Mapping[int, tuple[int, ...]] | None = None,
        time_limit: float = 60.0,
        stream: bool = False,
    ) -> Outcome:
        """See `Target.run`. A command cannot stream: its processes know nothing of each other."""
        if (said := self.describe()).startswith("missing: "):
            return Outcome("missing", detail=said.removeprefix("missing: "))
        if stream and len(inputs) > 1:
            return Outcome("refused", detail="a command runs every input set on fresh state")
        try:
            graph = read_model(content).subgraphs[0]
        except ModelError as error:
            return Outcome("refused", detail=str(error))
        clock = Clock(time_limit)
        results, notes = [], dict[str, None]()
        for given in inputs:
            one = self._run_one(content, given, graph, clock.left)
            if one.status != "ran":
                return Outcome(one.status, detail=one.detail, seconds=clock.seconds)
            results.append(one.tensors[0])
            notes[one.detail] = None
        complete = all(set(tensors or ()) <= found.keys() for found in results)
        detail = "\n".join(note for note in notes if note)
        return Outcome("ran", tuple(results), complete, detail, clock.seconds)

    def _run_one(
        self, content: bytes, given: Mapping[int, Array], graph: Subgraph, time_limit: float
    ) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="refint8-") as name:
            folder = Path(name)
            places = _laid_out(folder, content, [given[index] for index in graph.inputs])
            words = [_filled(word, places) for word in self._words]
            try:
                code, out, err = _run_process(words, time_limit)
            except OSError as error:
                return Outcome("refused", detail=f"it cannot be started: {error}")
            said = "\n".join(filter(None, (excerpt(out), excerpt(err))))
            if code is None:
                return Outcome("timed out", detail=said)
            if 0 < code <= SHELL_SIGNALS:
                return Outcome("refused", detail=f"exit code {code}\n{said}".strip())
            if code != 0:
                status, reason = ending(code)
                return Outcome(status, detail=f"{reason}\n{said}".strip())
            try:
                tensors = tensors_by_index(_answer(folder, graph), graph)
            except MalformedError as error:
                return Outcome("malformed", detail=f"{error}\n{said}".strip())
            return Outcome("ran", (tensors,), True, printed(out))


def _laid_out(folder: Path, content: bytes, inputs: Sequence[Array]) -> dict[str, Path]:
    """Write what the command reads; the paths by the words that stand for them."""
    places = {
        "{model}": folder / "model.tflite",
        "{inputs}": folder / "inputs",
        "{outputs}": folder / "outputs",
        "{inputs.npz}": folder / "inputs.npz",
        "{outputs.npz}": folder / "outputs.npz",
    }
    places["{model}"].write_bytes(content)
    places["{inputs}"].mkdir()
    places["{outputs}"].mkdir()
    for position, array in enumerate(inputs):
        np.save(places["{inputs}"] / f"{position}.npy", array)
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        (places["{inputs}"] / f"{position}.bin").write_bytes(little.tobytes())
    arrays = {str(position): array for position, array in enumerate(inputs)}
    np.savez(places["{inputs.npz}"], **arrays)  # type: ignore[arg-type]
    return places


def _filled(word: str, places: Mapping[str, Path]) -> str:
    for placeholder, path in places.items():
        word = word.replace(placeholder, str(path))
    return word


def _run_process(words: Sequence[str], time_limit: float) -> tuple[int | None, bytes, bytes]:
    """Exit code (None: out of time, and killed with all it started), stdout and stderr."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    pipes = [Drained(process.stdout), Drained(process.stderr)]
    code: int | None
    try:
        code = process.wait(time_limit)
    except subprocess.TimeoutExpired:
        code = None
    kill_all(process)
    out, err = (pipe.all() for pipe in pipes)
    return code, out, err


def _answer(folder: Path, graph: Subgraph) -> dict[str, Any]:
    """The arrays the command wrote, by name. Raises MalformedError where they are none."""
    found: dict[str, Any] = {}
    path = folder / "outputs.npz"
    try:
        if path.exists():
            with np.load(path, allow_pickle=False) as arrays:
                found |= {name: arrays[name] for name in arrays.files}
        for path in sorted((folder / "outputs").iterdir()):
            if path.suffix == ".npy":
                found[path.stem] = np.load(path, allow_pickle=False)
            elif path.suffix == ".bin":
                found[path.stem] = _raw(path, graph)
    except (OSError, EOFError, ValueError, BadZipFile, TypeError) as error:
        raise MalformedError(f"{path.name} cannot be read: {error}") from None
    if not found:
        raise MalformedError("it wrote no outputs")
    return found


def _raw(path: Path, graph: Subgraph) -> Array:
    """The bytes of an output as declared; unlike a .npy they cannot say a shape of their own."""
    tensor = graph.tensors[index_of(path.stem, graph)]
    dtype = NUMPY_DTYPE[tensor.dtype].newbyteorder("<")
    content = path.read_bytes()
    expected = dtype.itemsize * int(np.prod(tensor.shape, dtype=np.int64))
    if len(content) != expected:
        raise ValueError(
            f"{len(content)} bytes, {tensor.dtype} of shape {tensor.shape} has {expected}"
        )
    return np.frombuffer(content, dtype).reshape(tensor.shape).astype(NUMPY_DTYPE[tensor.dtype])
