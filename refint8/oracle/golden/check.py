"""Computes a bundle again, with the profile it was made with, and compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refint8.engine.session import Session
from refint8.model.reader import read_model
from refint8.native.store import Progress
from refint8.oracle.compare import TensorDiff, compare_arrays
from refint8.oracle.golden.contents import Golden, TensorInfo
from refint8.oracle.golden.layout import BIN, MANIFEST
from refint8.oracle.golden.manifest import damaged, file_entry
from refint8.oracle.golden.read import Bundle, open_bundle
from refint8.oracle.golden.recorded import recorded_profile
from refint8.oracle.plain import plain


@dataclass(frozen=True)
class Drift:
    """A tensor of a sample that is computed differently now. `diff.a` is the bundle's side."""

    sample: int
    tensor: TensorInfo
    diff: TensorDiff


@dataclass(frozen=True, eq=False)
class Check:
    """What checking a bundle found: truthy if every bit is as it was.

    `drifts` are in the order of samples and execution. `records` are the operators whose integer
    record reads differently now, which alone is no drift: later versions may write more into it.
    `bytes` are those of all tensors compared.
    """

    golden: Golden
    drifts: tuple[Drift, ...]
    records: tuple[int, ...]
    tensors: int
    elements: int
    bytes: int

    def __bool__(self) -> bool:
        return not self.drifts

    @property
    def first(self) -> Drift | None:
        """The first tensor that drifted."""
        return self.drifts[0] if self.drifts else None


def check_bundle(directory: str | Path, *, progress: Progress | None = None) -> Check:
    """Read a bundle whole, run its model on its inputs, and compare every tensor.

    One sample is in memory at a time. `progress` is called while kernels are compiled. Raises
    UsageError as `read_bundle` for anything damaged (files of the formats included) and for rules
    that this version does not know, and as `Session`.
    """
    bundle = open_bundle(directory)
    golden = bundle.golden
    _check_files(bundle)
    model = read_model(golden.model, golden.model_name)
    first = bundle.samples[0] if bundle.samples else {}
    inputs = model.subgraphs[0].inputs
    kept = {tensor.index for tensor in golden.tensors}
    if not first or not kept.issuperset(inputs):
        raise damaged(bundle.directory / BIN, "the model's inputs are not in it")
    session = Session(
        model, recorded_profile(golden), {i: first[i].shape for i in inputs}, progress=progress
    )
    drifts: list[Drift] = []
    tensors = elements = size = 0
    for number, sample in enumerate(bundle.samples):
        session.restart()
        computed = session.run({index: sample[index] for index in inputs})
        for tensor in golden.tensors:
            array = sample[tensor.index]
            now = computed.get(tensor.index, session.plan.values.get(tensor.index))
            if now is None:
                diff = TensorDiff(tensor.index, array.size, array.size, problem="not computed")
            else:
                diff = compare_arrays(tensor.index, array, now)
            if not diff.equal:
                drifts.append(Drift(number, tensor, diff))
            tensors, elements, size = tensors + 1, elements + array.size, size + array.nbytes
        sample.release()
    records = {
        step.operator.index: {} if step.record is None else plain(step.record)
        for step in session.plan.steps
    }
    changed = [o.index for o in golden.operators if records.get(o.index) != o.record]
    return Check(golden, tuple(drifts), tuple(changed), tensors, elements, size)


def _check_files(bundle: Bundle) -> None:
    """Refuse a bundle of which a file is not as it was written."""
    whole = {**bundle.manifest["bundle"], "file": BIN}
    entries: Sequence[Mapping[str, Any]] = [whole, *_listed(bundle)]
    for entry in entries:
        path = bundle.directory / entry["file"]
        if not path.is_file():
            raise damaged(path, f"it is not there, {MANIFEST} lists it")
        found = file_entry(path, bundle.directory)
        for key in ("bytes", "sha256"):
            if found[key] != entry.get(key):
                raise damaged(path, f"its {key} are {found[key]}, not {entry.get(key)}")


def _listed(bundle: Bundle) -> list[Mapping[str, Any]]:
    """The manifest's entries for the files of formats."""
    listed = bundle.manifest.get("files")
    if not isinstance(listed, list):
        raise damaged(bundle.directory / MANIFEST, "it lists no files")
    for entry in listed:
        name = entry.get("file") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or Path(name).is_absolute() or ".." in Path(name).parts:
            raise damaged(bundle.directory / MANIFEST, f"it lists a file {name!r}")
    return listed
