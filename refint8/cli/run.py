"""`refint8 run`: inputs in, every bit of the outputs out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from refint8.cli._compiling import Compiling
from refint8.cli._console import note, result, result_json, tracked
from refint8.cli._options import PROFILE, AsJson, ModelPath, ProfileName, read
from refint8.engine.details import tensor_details
from refint8.engine.edges import dequantize
from refint8.engine.samples import of_sample
from refint8.engine.session import Session
from refint8.engine.verbs import keyed_by_name, save_npz
from refint8.errors import DomainError, UsageError
from refint8.model.types import Model, Tensor
from refint8.ops._op import Array
from refint8.oracle.inputs import InputSet, load_inputs
from refint8.oracle.random_inputs import random_inputs
from refint8.report.summary import summary, summary_blocks
from refint8.report.table import Text

SCHEMA = "refint8-run-1"


def run(
    model: ModelPath,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE",
            help="Input values (.npy, .npz, an image), one per input; seeded if none.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the tensors to this .npz."),
    ] = None,
    profile: ProfileName = PROFILE,
    float_io: Annotated[
        bool, typer.Option("--float-io", help="Real numbers in and out: quantize, dequantize.")
    ] = False,
    all_tensors: Annotated[
        bool, typer.Option("--all-tensors", help="All tensors, not the outputs alone.")
    ] = False,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1, help="Seeded samples (1 if not given), or the first ones of the files."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of seeded samples.")] = 0,
    stream: Annotated[
        bool, typer.Option("--stream", help="Keep the state of variables between samples.")
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads for many samples (all CPUs if not given); same bits."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a model and summarize its outputs.

    A file with more samples than the model takes at once is run sample by sample.
    """
    if output is not None:
        _check_output(output)
    loaded = read(model)
    if inputs:
        sets = load_inputs(inputs, loaded, float_io=float_io)[:samples]
        origin = {"files": [str(path) for path in inputs], "samples": len(sets)}
    else:
        sets = random_inputs(loaded, samples or 1, seed)
        origin = {"seed": seed, "samples": len(sets)}
        note(f"no inputs given: {len(sets)} seeded, over the whole range (--seed {seed})")
    if not sets:
        raise UsageError("there are no samples in the input files")
    shapes = {i: array.shape for i, array in sets[0].items()}
    session = Session(loaded, profile, shapes, progress=Compiling())
    graph = loaded.subgraphs[0]
    alone = len(sets) == 1 or all_tensors or session.plan.stateful
    if alone or any(shape[:1] != (1,) for shape in shapes.values()):
        results = _results(session, sets, stream=stream)
    else:
        results = _outputs(session, sets, threads)
    wanted = results[0] if all_tensors else dict.fromkeys(graph.outputs)
    written: dict[int, Array] = {}
    documents = []
    for index in wanted:
        tensor = graph.tensors[index]
        values = [_outside(tensor, values[index], float_io) for values in results]
        written[index] = _stacked(values)
        documents.append(summary(tensor, values, written[index]))
    if output is not None:
        save_npz(output, keyed_by_name(loaded, written))
        note(f"wrote {len(written)} tensors to {output}")
    if as_json:
        about = {"model": _about(loaded), "profile": session.profile.name, "inputs": origin}
        where = None if output is None else str(output)
        result_json(SCHEMA, {**about, "float_io": float_io, "tensors": documents, "written": where})
    else:
        count = f"{len(sets)} sample{'s'[: len(sets) != 1]}"
        head = Text(f"{loaded.name}  profile {session.profile.name}  {count}")
        result([head, Text(""), *summary_blocks(documents)])


def _results(session: Session, sets: list[InputSet], *, stream: bool) -> list[dict[int, Array]]:
    """Every tensor of every sample; a sample starts from reset variables unless streaming."""
    graph = session.plan.subgraph
    results: list[dict[int, Array]] = []
    for values in tracked(sets, "samples"):
        if not stream:
            session.reset()
        try:
            computed = session.run(values)
        except DomainError as error:
            raise error if len(sets) == 1 else of_sample(error, len(results)) from None
        # An output may be a constant, or known from the shapes alone.
        computed |= {i: session.plan.values[i] for i in graph.outputs if i not in computed}
        results.append(computed)
    return results


def _outputs(session: Session, sets: list[InputSet], threads: int | None) -> list[dict[int, Array]]:
    """The outputs alone of every sample, of a model without state."""
    from refint8.engine.batch import Batch

    plan = session.plan
    arrays = {i: np.concatenate([values[i] for values in sets]) for i in plan.subgraph.inputs}
    batch = Batch(plan.model, session.profile, threads=threads, progress=Compiling())
    found = batch.run(arrays)
    return [{i: array[k] for i, array in found.items()} for k in range(len(sets))]


def _outside(tensor: Tensor, value: Array, float_io: bool) -> Array:
    """The value as the user wants it: with --float-io real, where the tensor has a scale."""
    if not float_io or value.dtype.kind == "f" or tensor.quantization is None:
        return value
    if tensor.quantization.scales.size != 1:
        return value
    return dequantize(value, tensor_details(tensor, value.shape, tensor.dtype))


def _stacked(values: list[Array]) -> Array:
    """One array: samples along the first axis, which is the tensor's own where that has size 1."""
    if len(values) == 1:
        return values[0]
    if len({value.shape for value in values}) > 1:
        raise UsageError(
            "the samples give tensors of different shapes, which one array cannot hold",
            hint="run them one by one",
        )
    joined: Array = np.concatenate(values) if values[0].shape[:1] == (1,) else np.stack(values)
    return joined


def _check_output(path: Path) -> None:
    """Refuse before the run what could not be written after it."""
    if path.suffix != ".npz":
        raise UsageError(f"cannot write {path}: results are .npz files", hint="-o output.npz")
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a directory" if path.is_dir() else "its directory does not exist"
        raise UsageError(f"cannot write {path}: {reason}")


def _about(model: Model) -> dict[str, Any]:
    content = model.content
    return {
        "name": model.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
