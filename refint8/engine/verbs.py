"""The small verbs: load, run, trace."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from refint8.engine.plan import Step
from refint8.engine.samples import as_steps, sample_count
from refint8.engine.session import Session
from refint8.errors import UsageError
from refint8.model.reader import read_model
from refint8.model.types import Model, Tensor
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile
from refint8.ops._op import Array

Source = Model | str | os.PathLike[str] | bytes
Inputs = Array | Mapping[str, Array] | list[Array] | tuple[Array, ...]


def load(source: Source) -> Model:
    """Read a model from a path or bytes (a Model is returned as it is). Raises ModelError."""
    return source if isinstance(source, Model) else read_model(source)


def run(
    model: Source,
    inputs: Inputs,
    profile: str | Profile = DEFAULT_PROFILE,
    *,
    quantize: str | None = None,
) -> dict[str, Array]:
    """Run and return the outputs by tensor name.

    `inputs` is the only input's array, a sequence in the model's order, or a mapping by tensor
    name. Arrays that hold the declared shape several times along the first dimension are that many
    samples, run one by one on all CPUs (`run_batch`); arrays of any other shape are one sample
    for the model resized to them. With `quantize` ("nearest" or "truncate", as in
    `refint8.quantize`) 8- and 16-bit inputs may be given as real numbers. Raises as `Session`.
    """
    loaded = load(model)
    arrays = named_inputs(loaded, inputs)
    if sample_count(loaded, arrays) > 1:
        from refint8.engine.batch import run_batch

        return run_batch(loaded, inputs, profile, quantize=quantize)
    done = trace(loaded, inputs, profile, quantize=quantize)
    return {t.name: done.tensors[t.index] for t in done.outputs}


def trace(
    model: Source,
    inputs: Inputs,
    profile: str | Profile = DEFAULT_PROFILE,
    *,
    quantize: str | None = None,
) -> Trace:
    """Run once and keep every tensor, with the integer record of every operator."""
    loaded = load(model)
    arrays = as_steps(loaded, named_inputs(loaded, inputs), quantize)
    session = Session(loaded, profile, {i: a.shape for i, a in arrays.items()})
    tensors = session.run(arrays)
    # An output may be a constant, or known from the shapes alone.
    known = {i: v for i, v in session.plan.values.items() if i in session.plan.subgraph.outputs}
    return Trace(loaded, session.profile, session.plan.steps, {**known, **tensors})


def named_inputs(model: Model, inputs: Inputs) -> dict[int, Array]:
    """Inputs in any of the forms `run` takes, by tensor index. Raises UsageError."""
    graph = model.subgraphs[0]
    tensors = [graph.tensors[i] for i in graph.inputs]
    if isinstance(inputs, Mapping):
        by_name = {t.name: t for t in tensors}
        if unknown := set(inputs) - set(by_name):
            raise UsageError(
                f"the model has no input {sorted(unknown)}", hint=f"it has {list(by_name)}"
            )
        return {by_name[name].index: np.asarray(value) for name, value in inputs.items()}
    arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    if len(arrays) != len(tensors):
        raise UsageError(f"the model has {len(tensors)} inputs, {len(arrays)} were given")
    return {t.index: np.asarray(a) for t, a in zip(tensors, arrays, strict=True)}


@dataclass(frozen=True, eq=False)
class Trace:
    """One run: `tensors` by index, `steps` in execution order with their records."""

    model: Model
    profile: Profile
    steps: tuple[Step, ...]
    tensors: Mapping[int, Array]

    def __getitem__(self, key: int | str) -> Array:
        """A tensor by index or name; of several with one name, the first."""
        if isinstance(key, str):
            key = self._named(key).index
        return self.tensors[key]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def _named(self, name: str) -> Tensor:
        for tensor in self.model.subgraphs[0].tensors:
            if tensor.name == name and tensor.index in self.tensors:
                return tensor
        raise KeyError(name)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The model's outputs."""
        graph = self.model.subgraphs[0]
        return tuple(graph.tensors[i] for i in graph.outputs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """All tensors as npz, keyed by name (index and name where a name repeats)."""
        save_npz(Path(path), keyed_by_name(self.model, self.tensors))


def keyed_by_name(model: Model, tensors: Mapping[int, Array]) -> dict[str, Array]:
    """Tensors by name; a name that occurs twice, or is empty, gets its index in front."""
    names = [t.name for t in model.subgraphs[0].tensors]
    keys = {
        i: names[i] if names[i] and names.count(names[i]) == 1 else f"{i}:{names[i]}"
        for i in tensors
    }
    return {keys[i]: tensors[i] for i in sorted(tensors)}


def save_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an npz that appears complete or not at all. Raises UsageError if it cannot.

    Not np.savez: that takes names as keyword arguments, where a tensor called "file" collides,
    and this way the bytes depend on the arrays alone.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
