"""Reads a bundle: the tables at once, tensor data from the mapped file when asked for."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from refint8.errors import ModelError, UsageError
from refint8.model.flatbuffer import File, View
from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.golden.contents import Golden, OperatorInfo, Role, TensorInfo
from refint8.oracle.golden.layout import (
    BIN,
    FORMAT_VERSION,
    GOLDEN,
    LARGEST,
    MANIFEST,
    MODEL,
    ROLES,
)
from refint8.oracle.golden.manifest import damaged, manifest_of, read_manifest, refuse_newer
from refint8.oracle.golden.mapped import MappedSample


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle on disk. The golden's samples are `samples`, which read their file lazily."""

    golden: Golden
    samples: tuple[MappedSample, ...]
    manifest: Mapping[str, Any]
    directory: Path


def read_bundle(directory: str | Path) -> Golden:
    """The golden in a bundle; its samples stay in the file until a tensor is asked for.

    Tables, manifest and model are checked against each other now, a tensor's bytes against its
    SHA-256 when it is first asked for. Raises UsageError, then as now, for a bundle that is
    damaged, truncated, put together from several, or of a newer format.
    """
    return open_bundle(directory).golden


def open_bundle(directory: str | Path) -> Bundle:
    """The same with what else is known about the bundle."""
    place = Path(directory)
    manifest = read_manifest(place)
    try:
        model = (place / MODEL).read_bytes()
        data = _mapped(place / BIN)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
    digest = _part(manifest, "model", "sha256")
    if hashlib.sha256(model).hexdigest() != digest:
        raise UsageError(
            f"{place / MODEL} is not the model that this bundle is of (SHA-256 {digest})",
            hint="copy or make the bundle again",
        )
    _check_bin(place / BIN, data, manifest)
    try:
        golden, samples = _read(place / BIN, data, model)
    except ModelError as error:
        raise damaged(place / BIN, error.reason) from None
    _check_agreement(place, manifest, golden, samples)
    return Bundle(golden, samples, manifest, place)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        size = path.stat().st_size
        if not 8 <= size <= LARGEST:
            raise damaged(path, f"it has {size} bytes")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _check_bin(path: Path, data: mmap.mmap, manifest: Mapping[str, Any]) -> None:
    """Refuse a file that is not the one the manifest speaks of, before its tables are believed."""
    if data[4:8] != GOLDEN.identifier:
        raise damaged(path, f"it has the file identifier {data[4:8]!r}, not {GOLDEN.identifier!r}")
    expected = _part(manifest, "bundle", "bytes")
    if len(data) != expected:
        raise damaged(path, f"it has {len(data)} bytes, {MANIFEST} says {expected}")
    end = _part(manifest, "bundle", "tables_bytes")
    if not isinstance(end, int) or not 8 <= end <= len(data):
        raise damaged(path.with_name(MANIFEST), f"tables of {end} bytes")
    if hashlib.sha256(data[:end]).hexdigest() != _part(manifest, "bundle", "tables_sha256"):
        raise damaged(path, f"its tables (the first {end} bytes) do not have their SHA-256")


def _read(path: Path, data: mmap.mmap, model: bytes) -> tuple[Golden, tuple[MappedSample, ...]]:
    view = File.of(data, str(path), GOLDEN).root()
    version = view.scalar("format_version")
    refuse_newer(path, version)
    if version < FORMAT_VERSION:
        view.fail("format_version", f"version {version} does not exist")
    tensors = tuple(_tensor(child) for child in view.children("tensors"))
    if len({tensor.index for tensor in tensors}) != len(tensors):
        view.fail("tensors", "two have the same index")
    samples = tuple(MappedSample(path, child, tensors) for child in view.children("samples"))
    seed = view.scalar("seed")
    golden = Golden(
        model=model,
        model_name=view.string("model_name"),
        profile=view.string("profile"),
        rules={rule.string("name"): rule.string("alternative") for rule in view.children("rules")},
        version=view.string("refint8_version"),
        seed=None if seed == -1 else seed,
        operators=tuple(_operator(child) for child in view.children("operators")),
        tensors=tensors,
        samples=samples,
    )
    if view.raw("model_sha256").hex() != golden.model_sha256:
        view.fail("model_sha256", f"it is not that of {MODEL}")
    return golden, samples


def _tensor(view: View) -> TensorInfo:
    dtype, role, shape = view.member("dtype"), view.member("role"), view.vector("shape")
    if dtype not in NUMPY_DTYPE:
        view.fail("dtype", f"{dtype} is unknown")
    if role not in ROLES.values:
        view.fail("role", f"{role} is unknown")
    if any(size < 0 for size in shape):
        view.fail("shape", f"{list(shape)} is impossible")
    return TensorInfo(
        index=view.scalar("index"),
        name=view.string("name"),
        dtype=dtype,
        shape=shape,
        scales=view.vector("scales"),
        zero_points=view.vector("zero_points"),
        quantized_dimension=view.scalar("quantized_dimension"),
        role=cast(Role, role),
        operator=view.scalar("operator"),
    )


def _operator(view: View) -> OperatorInfo:
    try:
        record = json.loads(view.string("record"))
    except (ValueError, RecursionError) as error:
        view.fail("record", f"it is not JSON ({error})")
    if not isinstance(record, dict):
        view.fail("record", "it is not a JSON object")
    return OperatorInfo(
        index=view.scalar("index"),
        name=view.string("name"),
        inputs=view.vector("inputs"),
        outputs=view.vector("outputs"),
        record=record,
    )


def _check_agreement(
    place: Path, manifest: Mapping[str, Any], golden: Golden, samples: tuple[MappedSample, ...]
) -> None:
    """Refuse a manifest that says something else than the tables do."""
    told = manifest_of(golden, [sample.hashes() for sample in samples], {}, [])
    for key, value in told.items():
        if key not in ("bundle", "files") and manifest.get(key) != value:
            raise damaged(place / MANIFEST, f"it does not agree with {BIN} on {key!r}")


def _part(manifest: Mapping[str, Any], key: str, name: str) -> Any:
    """One entry of an object in the manifest, None where it is not there."""
    part = manifest.get(key)
    return part.get(name) if isinstance(part, Mapping) else None
