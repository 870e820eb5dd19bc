"""The folder of stored object code: where it is, what lies in it, how it is written and emptied.

    <cache folder>/<key>/<kernel's name>.o

A key stands for everything that object code depends on (`store` computes it). Keys of other
sources, CPUs and versions lie beside it; the ones unused for longest go when there are too many.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_KEYS = 8
"""Keys that are kept when a new one is made."""

OBJECT, PARTIAL = ".o", ".partial"
KEY = re.compile("[0-9a-f]{20}")


def cache_folder() -> Path | None:
    """REFINT8_CACHE_DIR, else refint8/ in the user's cache folder; None without a home."""
    if named := os.environ.get("REFINT8_CACHE_DIR"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():
        return Path(base) / "refint8"
    try:
        return Path.home() / ".cache" / "refint8"
    except RuntimeError:
        return None


@dataclass(frozen=True)
class Stored:
    """The object code under one key."""

    key: str
    folder: Path
    kernels: tuple[str, ...]
    bytes: int
    used: float


def stored(folder: Path) -> list[Stored]:
    """What lies in a cache folder, the key last used first; [] where there is none."""
    found = []
    for path in _keys(folder):
        with contextlib.suppress(OSError):
            files = [f for f in _ours(path) if f.suffix == OBJECT]
            size = sum(f.stat().st_size for f in files)
            names = tuple(sorted(f.stem for f in files))
            found.append(Stored(path.name, path, names, size, path.stat().st_mtime))
    return sorted(found, key=lambda each: -each.used)


def clear(folder: Path) -> int:
    """Remove object code and what interrupted writers left; returns how many files.

    Nothing else is touched, and a folder goes only when that leaves it empty. Raises OSError.
    """
    removed = sum(_remove(path) for path in _keys(folder))
    with contextlib.suppress(OSError):
        folder.rmdir()
    return removed


def prune(folder: Path, keep: int = MOST_KEYS) -> None:
    """Remove all keys but the `keep` that were used last. Never raises."""
    for old in stored(folder)[keep:]:
        with contextlib.suppress(OSError):
            _remove(old.folder)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all. Raises OSError."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        prune(path.parent.parent)
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    except OSError:
        Path(partial).unlink(missing_ok=True)
        raise


def _keys(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            if KEY.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                yield path


def _ours(key: Path) -> Iterator[Path]:
    for path in sorted(key.iterdir()):
        if path.suffix in (OBJECT, PARTIAL) and path.is_file() and not path.is_symlink():
            yield path


def _remove(key: Path) -> int:
    removed = 0
    for path in _ours(key):
        path.unlink(missing_ok=True)
        removed += 1
    with contextlib.suppress(OSError):
        key.rmdir()
    return removed
