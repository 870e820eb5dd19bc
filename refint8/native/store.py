"""Object code of kernels: compiled once, kept on disk, loaded by llvmlite alone.

A stored kernel lives under a key made of *all* kernel sources, the CPU and the compiler's
versions, so an edited helper can never leave stale code behind (numba's own cache stamps only the
file of the outer function). A file is written beside its name and moved into place, carries its
key, its name and a hash of everything, and is compiled again when one of them does not match.
Where nothing can be written, the code stays in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from refint8.native.cache import OBJECT, cache_folder, write_whole
from refint8.native.lang import Kernel, symbol_of

SOURCES = ("engine", "native", "numerics", "ops")
"""What of the package can change a kernel's code: the folders that kernels and their generators
lie in (`engine` has the loops over samples and instructions), and `numerics`, whose constants end
up in kernels."""

MAGIC = b"refint8 kernel 2\n"
"""What a stored kernel begins with; it changes with the format."""

HASH = hashlib.sha256

Progress = Callable[[str, int, int], None]
"""Called before each compilation with the kernel's name, how many are done and how many there are,
and once after the last, when all are done."""


def source_digest(package: Path | None = None) -> str:
    """Hash of every source that a kernel can depend on, by content; "" if there is none."""
    root = Path(__file__).resolve().parents[1] if package is None else package
    digest, sources = HASH(), 0
    for part in SOURCES:
        for path in sorted((root / part).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
            sources += 1
    return digest.hexdigest() if sources else ""


def compiler_facts() -> dict[str, Any]:
    """Versions and settings of what compiles; numba is found, not imported."""
    import llvmlite

    # numba's version without importing numba, or importlib.metadata, which takes longer to import
    # than all of this: the file that holds it.
    spec = find_spec("numba")
    places = (spec.submodule_search_locations or ()) if spec else ()
    files = [Path(place) / "_version.py" for place in places]
    numba = [HASH(file.read_bytes()).hexdigest() for file in files if file.exists()]
    settings = {k: v for k, v in os.environ.items() if k.startswith("NUMBA_")}
    return {
        "numba": numba,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
        "python": list(sys.version_info[:2]),
        "settings": settings,
    }


def cpu_facts() -> dict[str, str]:
    """What code is generated for."""
    import llvmlite.binding as llvm

    return {
        "triple": llvm.get_default_triple(),
        "cpu": llvm.get_host_cpu_name(),
        "features": llvm.get_host_cpu_features().flatten(),
    }


def key_of(*facts: Any) -> str:
    """The name of the folder for these facts."""
    return HASH(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


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
        self._kernels: dict[str, Kernel] = {}
        self._lock = threading.Lock()
        base = cache_folder() if folder is None else folder
        sources = source_digest()
        if not sources:  # installed without: nothing could tell old code from new
            base = None
        self.key = key_of(sources, compiler_facts(), cpu_facts())
        self.folder = None if base is None else base / self.key

    def has(self, kernels: Iterable[Kernel]) -> bool:
        """Whether all kernels can be had without compiling."""
        return all(k.name in self._addresses or self.stored(k) for k in kernels)

    def stored(self, kernel: Kernel) -> bool:
        """Whether the next process will find this kernel."""
        return self._stored(kernel.name) is not None

    def addresses(
        self, kernels: Iterable[Kernel], progress: Progress | None = None
    ) -> dict[str, int]:
        """Machine code of the kernels by name, compiling what is not stored.

        Raises RuntimeError for a kernel that could raise or allocate, or that has the name of
        another one.
        """
        wanted = {}
        with self._lock:
            for kernel in kernels:
                wanted[kernel.name] = kernel
                if self._kernels.setdefault(kernel.name, kernel) is not kernel:
                    raise RuntimeError(f"two kernels are called {kernel.name}")
            missing = [name for name in wanted if name not in self._addresses]
            found = {name: code for name in missing if (code := self._stored(name)) is not None}
            self._load(found)
            self._touch(bool(found))
            cold = [wanted[name] for name in missing if name not in self._addresses]
            made = {}
            for done, each in enumerate(cold):
                if progress:
                    progress(each.name, done, len(cold))
                made[each.name] = self._compile(each)
            self._load(made)
            if progress and cold:
                progress(cold[-1].name, len(cold), len(cold))
            return {name: self._addresses[name] for name in wanted}

    def _load(self, codes: dict[str, bytes]) -> None:
        """Give code an address; code that has none of its kernel's name is left out.

        Every load has an engine of its own: an engine that takes more code makes pages writable
        that another thread may be executing.
        """
        if not codes:
            return
        llvm = self._llvm
        machine = llvm.Target.from_default_triple().create_target_machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        for code in codes.values():
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        for name in codes:
            if address := int(engine.get_function_address(symbol_of(name))):
                self._addresses[name] = address
        self._engines.append(engine)

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{name}{OBJECT}"

    def _hash(self, name: str, code: bytes) -> bytes:
        return HASH(f"{self.key} {name} {len(code)}\n".encode() + code).digest()

    def _stored(self, name: str) -> bytes | None:
        """A stored kernel's code; None when it is absent, damaged, or not what it is called."""
        path = self._path(name)
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except OSError:
            return None
        start = len(MAGIC) + HASH().digest_size
        code = content[start:]
        whole = content[:start] == MAGIC + self._hash(name, code)
        return code if whole and code else None

    def _touch(self, used: bool) -> None:
        """Note that the key is in use, so that others are pruned before it."""
        if used and self.folder is not None:
            with contextlib.suppress(OSError):
                os.utime(self.folder)

    def _compile(self, kernel: Kernel) -> bytes:
        from refint8.native.compile import compile_kernel

        code = compile_kernel(kernel)
        path = self._path(kernel.name)
        if path is not None:
            with contextlib.suppress(OSError):
                write_whole(path, MAGIC + self._hash(kernel.name, code) + code)
        return code


_shared: dict[str, Store] = {}
_shared_lock = threading.Lock()


def shared() -> Store:
    """The process's store, made when first asked for."""
    with _shared_lock:
        if "store" not in _shared:
            _shared["store"] = Store()
        return _shared["store"]
