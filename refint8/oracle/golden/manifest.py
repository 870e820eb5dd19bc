"""golden.json: what is in a bundle, for people and tools that read JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from refint8.errors import UsageError
from refint8.oracle.golden.contents import Golden, TensorInfo
from refint8.oracle.golden.layout import BIN, FORMAT_VERSION, MANIFEST, MODEL
from refint8.oracle.plain import plain

SCHEMA: Final = f"refint8-golden-{FORMAT_VERSION}"
"""schema/golden.schema.json describes it."""

Manifest = Mapping[str, Any]

CHUNK: Final = 1 << 20


def manifest_of(
    golden: Golden, hashes: Sequence[Sequence[str]], bundle: Manifest, files: Sequence[Manifest]
) -> dict[str, Any]:
    """The manifest as data. `hashes` are SHA-256 by sample and position of the tensor; `bundle`
    and `files` say what the files are that the manifest does not otherwise know.
    """
    return {
        "schema": SCHEMA,
        "format_version": FORMAT_VERSION,
        "refint8_version": golden.version,
        "model": {
            "name": golden.model_name,
            "file": MODEL,
            "bytes": len(golden.model),
            "sha256": golden.model_sha256,
        },
        "profile": golden.profile,
        "rules": dict(golden.rules),
        "seed": golden.seed,
        "samples": len(golden.samples),
        "bundle": dict(bundle),
        "files": [dict(file) for file in files],
        "tensors": [
            {**_tensor(tensor), "sha256": [of_sample[position] for of_sample in hashes]}
            for position, tensor in enumerate(golden.tensors)
        ],
        "operators": [
            {
                "index": operator.index,
                "name": operator.name,
                "inputs": list(operator.inputs),
                "outputs": list(operator.outputs),
            }
            for operator in golden.operators
        ],
    }


def text_of(manifest: Manifest) -> str:
    """The manifest as it is written: one line per entry that has no entries of its own inside."""
    return _pretty(manifest, 0) + "\n"


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a bundle. Raises UsageError where there is none, or a newer one."""
    path = directory / MANIFEST
    if not path.is_file():
        reason = "has no " + MANIFEST if directory.is_dir() else "is no directory"
        raise UsageError(
            f"{directory} {reason}", hint="give the DIR of `refint8 golden MODEL -o DIR`"
        )
    try:
        manifest = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is not JSON ({error})") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise damaged(path, "it is not the manifest of a golden bundle")
    refuse_newer(path, version)
    return dict(manifest)


def refuse_newer(path: Path, version: int) -> None:
    """Raise UsageError for a format that only a later refint8 reads."""
    if version > FORMAT_VERSION:
        raise UsageError(
            f"{path} has format version {version}, this refint8 reads {FORMAT_VERSION}",
            hint="upgrade refint8",
        )


def damaged(path: Path, reason: str) -> UsageError:
    """The error for a file of a bundle that is not as it was written."""
    return UsageError(f"{path} is damaged: {reason}", hint="copy or make the bundle again")


def file_entry(path: Path, directory: Path) -> dict[str, Any]:
    """Path inside the bundle, size and hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return {
        "file": path.relative_to(directory).as_posix(),
        "bytes": path.stat().st_size,
        "sha256": digest.hexdigest(),
    }


def bundle_entry(size: int, whole: str, tables_size: int, tables: str) -> dict[str, Any]:
    """What the manifest says about golden.bin."""
    return {
        "file": BIN,
        "bytes": size,
        "sha256": whole,
        "tables_bytes": tables_size,
        "tables_sha256": tables,
    }


def _tensor(tensor: TensorInfo) -> dict[str, Any]:
    return {
        "index": tensor.index,
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "scales": plain(tensor.scales),
        "zero_points": list(tensor.zero_points),
        "quantized_dimension": tensor.quantized_dimension,
        "role": tensor.role,
        "operator": tensor.operator,
    }


def _pretty(value: Any, depth: int) -> str:
    """JSON with a line per object of plain values; json.dumps knows one line or one per number."""
    inner = "  " * (depth + 1)
    items = value.values() if isinstance(value, Mapping) else value
    holds = isinstance(value, (Mapping, list)) and any(
        isinstance(v, (Mapping, list)) for v in items
    )
    if not holds or depth == 2:
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Mapping):
        lines = [f"{json.dumps(key)}: {_pretty(item, depth + 1)}" for key, item in value.items()]
    else:
        lines = [_pretty(item, depth + 1) for item in value]
    ends = "{}" if isinstance(value, Mapping) else "[]"
    return f"{ends[0]}\n{inner}" + f",\n{inner}".join(lines) + "\n" + "  " * depth + ends[1]
