"""Object code of kernels: compiled once, kept on disk, loaded by llvmlite alone.

A stored kernel lives under a key made of *all* kernel sources, the CPU and the compiler's
versions, so an edited helper can never leave stale code behind (numba's own cache stamps only the
file of the outer function). A file is written beside its name and moved into place, carries its
own hash, and is compiled again when that does not match. Where nothing can be written, the code
stays in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from refint8.native.lang import Kernel

SOURCES = ("native", "ops")
"""Subpackages whose every source file is part of the key."""

Progress = Callable[[str, int, int], None]
"""Called before each compilation: kernel name, how many are done, how many there are."""


def cache_folder() -> Path | None:
    """REFINT8_CACHE_DIR, else refint8/ in the user's cache folder; None without a home."""
    if named := os.environ.get("REFINT8_CACHE_DIR"):
        return Path(named)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "refint8"
    try:
        return Path.home() / ".cache" / "refint8"
    except RuntimeError:
        return None


def source_digest() -> str:
    """Hash of every kernel source, by content."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for part in SOURCES:
        for path in sorted((package / part).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(package)} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


class Store:
    """Kernels by name to addresses of machine code, for this process and CPU.

    One per process is enough (`shared()`); it may be used from several threads. Addresses are
    good for as long as the store lives.
    """

    def __init__(self, folder: Path | None = None) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        self._engines: list[Any] = []
        self._addresses: dict[str, int] = {}
        self._lock = threading.Lock()
        base = cache_folder() if folder is None else folder
        self.folder = None if base is None else base / self._key()

    def _key(self) -> str:
        llvm = self._llvm
        facts = {
            "sources": source_digest(),
            "numba": _installed("numba"),
            "llvmlite": _installed("llvmlite"),
            "triple": llvm.get_default_triple(),
            "cpu": llvm.get_host_cpu_name(),
            "features": llvm.get_host_cpu_features().flatten(),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]

    def has(self, kernels: Iterable[Kernel]) -> bool:
        """Whether all kernels can be had without compiling."""
        return all(k.name in self._addresses or self._stored(k.name) for k in kernels)

    def addresses(
        self, kernels: Iterable[Kernel], progress: Progress | None = None
    ) -> dict[str, int]:
        """Machine code of the kernels by name, compiling what is not stored."""
        wanted = {k.name: k for k in kernels}
        with self._lock:
            missing = [k for name, k in wanted.items() if name not in self._addresses]
            loaded = {k.name: self._stored(k.name) for k in missing}
            cold = [k for k in missing if loaded[k.name] is None]
            for done, kernel in enumerate(cold):
                if progress:
                    progress(kernel.name, done, len(cold))
                loaded[kernel.name] = self._compile(kernel)
            self._load({name: found for name, found in loaded.items() if found is not None})
            return {name: self._addresses[name] for name in wanted}

    def _load(self, codes: dict[str, tuple[str, bytes]]) -> None:
        """Give code an address.

        Every load has an engine of its own: an engine that takes more code makes pages writable
        that another thread may be executing.
        """
        if not codes:
            return
        llvm = self._llvm
        machine = llvm.Target.from_default_triple().create_target_machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        for _, code in codes.values():
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        for name, (symbol, _) in codes.items():
            self._addresses[name] = int(engine.get_function_address(symbol))
        self._engines.append(engine)

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{name}.o"

    def _stored(self, name: str) -> tuple[str, bytes] | None:
        """Symbol and code of a stored kernel; None when it is absent or damaged."""
        path = self._path(name)
        if path is None:
            return None
        try:
            header, _, code = path.read_bytes().partition(b"\n")
            facts = json.loads(header)
            if facts["sha256"] == hashlib.sha256(code).hexdigest():
                return str(facts["symbol"]), code
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def _compile(self, kernel: Kernel) -> tuple[str, bytes]:
        from refint8.native.compile import compile_kernel

        symbol, code = compile_kernel(kernel)
        path = self._path(kernel.name)
        if path is not None:
            facts = {"symbol": symbol, "sha256": hashlib.sha256(code).hexdigest()}
            with contextlib.suppress(OSError):
                write_whole(path, json.dumps(facts).encode() + b"\n" + code)
        return symbol, code


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(path)
    except OSError:
        Path(partial).unlink(missing_ok=True)
        raise


_shared: dict[str, Store] = {}
_shared_lock = threading.Lock()


def shared() -> Store:
    """The process's store, made when first asked for."""
    with _shared_lock:
        if "store" not in _shared:
            _shared["store"] = Store()
        return _shared["store"]
