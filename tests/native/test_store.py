"""Stored object code: shared by processes, rebuilt when damaged, never stale."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refint8
from refint8.native import cache, store
from refint8.native.compile import compile_kernel, undefined_symbols
from refint8.native.lang import Kernel, i64, inlined, symbol_of
from refint8.native.store import Store, compiler_facts, key_of, source_digest
from tests.conftest import CHECKOUT
from tests.native.constants import answers, constant

PACKAGE = Path(refint8.__file__).parent


def start(folder: Path, *values: int, root: Path = CHECKOUT, code: str = "") -> Any:
    """A process that asks the store in `folder` for constants, after running `code`."""
    module = "tests.native.constants"
    arguments = ["-m", module]
    if code:
        arguments = ["-c", f"import sys\n{code}\nfrom {module} import main\nmain(*sys.argv[1:])"]
    return subprocess.Popen(
        [sys.executable, *arguments, str(folder), *map(str, values)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(CHECKOUT)))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: Any) -> Any:
    """What the process printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def object_file(folder: Path, value: int) -> Path:
    (found,) = folder.glob(f"*/{constant(value).name}.o")
    return found


def test_a_second_process_compiles_nothing_and_does_not_import_numba(tmp_path: Path) -> None:
    first, second = (end(start(tmp_path, 1, 2)) for _ in range(2))
    assert first["found"] == second["found"] == [1, 2]
    assert first["compiled"] == ["constant_1", "constant_2"]
    assert second["compiled"] == second["heavy"] == []


def test_kernels_of_different_processes_are_told_apart(tmp_path: Path) -> None:
    """numba's symbols count functions within a process; both of these are the first one."""
    assert end(start(tmp_path, 1))["found"] == [1]
    assert end(start(tmp_path, 2))["found"] == [2]
    assert answers(Store(tmp_path), [1, 2]) == [1, 2]


def test_objects_export_one_symbol() -> None:
    code = compile_kernel(constant(1))
    assert symbol_of("constant_1").encode() in code
    assert undefined_symbols(code) == []


def test_many_processes_race_on_an_empty_cache(tmp_path: Path) -> None:
    running = [start(tmp_path, *values) for values in [(1, 2, 3), (3, 2, 1), (2, 3), (1, 3)]]
    assert [end(each)["found"] for each in running] == [[1, 2, 3], [3, 2, 1], [2, 3], [1, 3]]
    assert not list(tmp_path.rglob("*.partial"))
    assert end(start(tmp_path, 1, 2, 3))["compiled"] == []


@pytest.mark.parametrize("place", ["file for folder", "file for key", "no folder can be made"])
def test_where_nothing_can_be_written_code_stays_in_memory(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "cache"
    if place == "file for folder":
        folder.write_text("mine")
    elif place == "file for key":
        folder.mkdir()
        (folder / Store(folder).key).write_text("mine")
    else:
        folder = Path(os.devnull) / "cache"
    made = Store(folder)
    assert answers(made, [1]) == answers(made, [1]) == [1]
    assert not made.stored(constant(1))
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] in ([], ["mine"])


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so the refusal is made: mkstemp is where it would come from.
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "mkstemp", refuse)
    assert answers(Store(tmp_path), [1]) == [1]
    assert not list(tmp_path.rglob("*.o"))


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.Path, "replace", full)
    assert answers(Store(tmp_path), [1]) == [1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("REFINT8_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", homeless)
    assert cache.cache_folder() is None
    made = Store()
    assert made.folder is None
    assert answers(made, [1]) == [1]


def test_where_the_folder_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("REFINT8_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache.cache_folder() == tmp_path / ".cache" / "refint8"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_folder() == tmp_path / "xdg" / "refint8"
    monkeypatch.setenv("REFINT8_CACHE_DIR", str(tmp_path / "named"))
    assert cache.cache_folder() == tmp_path / "named"


def test_without_sources_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SOURCES", ("absent",))
    made = Store(tmp_path)
    assert made.folder is None
    assert answers(made, [1]) == [1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
@pytest.mark.parametrize("moment", ["in the middle of a file", "before it gets its name"])
def test_killed_while_writing(tmp_path: Path, moment: str) -> None:
    die = "os.kill(os.getpid(), signal.SIGKILL)"
    code = f"import os, signal\nfrom refint8.native import cache\ndef die(*_): {die}\n"
    if moment == "before it gets its name":
        code += "cache.Path.replace = die"
    else:
        code += f"""
class Half:
    def __init__(self, handle, mode): self.handle = handle
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def write(self, content): os.write(self.handle, content[:len(content) // 2]); {die}
class Os:
    fdopen = Half
    def __getattr__(self, name): return getattr(os, name)
cache.os = Os()
"""
    killed = start(tmp_path, 1, code=code)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.rglob("*.partial"))) == 1
    assert not list(tmp_path.rglob("*.o"))
    assert answers(Store(tmp_path), [1]) == [1]
    assert cache.clear(tmp_path) == 2
    assert not tmp_path.exists()


def flipped(content: bytes, at: int) -> bytes:
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


DAMAGES: dict[str, Any] = {
    "empty": lambda good, other: b"",
    "header alone": lambda good, other: good[:49],
    "half": lambda good, other: good[: len(good) // 2],
    "last byte missing": lambda good, other: good[:-1],
    "one byte more": lambda good, other: good + b"\0",
    "bit in the format": lambda good, other: flipped(good, 3),
    "bit in the hash": lambda good, other: flipped(good, 20),
    "bit in the code": lambda good, other: flipped(good, 49 + 64 + 5),
    "last bit": lambda good, other: flipped(good, -1),
    "another kernel's": lambda good, other: other,
    "no object at all": lambda good, other: b"\x7fELF" * 100,
    "zeros": lambda good, other: bytes(len(good)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_rebuilt(tmp_path: Path, damage: str) -> None:
    assert answers(Store(tmp_path), [1, 2]) == [1, 2]
    file = object_file(tmp_path, 1)
    good = file.read_bytes()
    assert good.startswith(store.MAGIC)
    bad = DAMAGES[damage](good, object_file(tmp_path, 2).read_bytes())
    file.write_bytes(bad)
    again = Store(tmp_path)
    assert not again.has([constant(1)])
    assert answers(again, [1, 2]) == [1, 2]
    assert file.read_bytes() != bad
    assert Store(tmp_path).has([constant(1), constant(2)])


def test_an_object_of_another_cpu_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {**store.cpu_facts(), "cpu": "another"}
    with monkeypatch.context() as patch:
        patch.setattr(store, "cpu_facts", lambda: facts)
        other = Store(tmp_path)
        assert answers(other, [1]) == [1]
    mine = Store(tmp_path)
    assert mine.key != other.key
    assert mine.folder is not None and other.folder is not None
    shutil.copytree(other.folder, mine.folder)
    assert not mine.has([constant(1)])
    assert answers(mine, [1]) == [1]


def test_intact_code_without_the_symbol_is_rebuilt(tmp_path: Path) -> None:
    made = Store(tmp_path)
    assert made.folder is not None
    code = compile_kernel(constant(2))
    made.folder.mkdir()
    file = made.folder / "constant_1.o"
    file.write_bytes(store.MAGIC + made._hash("constant_1", code) + code)
    assert made.has([constant(1)])
    assert answers(made, [1]) == [1]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that may be edited."""
    target = tmp_path / "root" / "refint8"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__", "data"))
    return target


def test_an_edited_helper_is_compiled_anew(tmp_path: Path, package: Path) -> None:
    """What numba's own cache gets wrong: it stamps the file of the outermost function alone."""
    folder = tmp_path / "cache"
    before = end(start(folder, 1, root=package.parent))
    lang = package / "native" / "lang.py"
    text = lang.read_text("utf-8")
    edited = text.replace(
        "return builder.inttoptr(address, element.as_pointer())",
        "return builder.inttoptr(\n            address, element.as_pointer())",
    )
    assert edited != text
    lang.write_text(edited, "utf-8")
    after = end(start(folder, 1, root=package.parent))
    assert before["key"] != after["key"]
    assert before["compiled"] == after["compiled"] == ["constant_1"]
    assert end(start(folder, 1, root=package.parent))["compiled"] == []
    lang.write_text(text, "utf-8")
    assert end(start(folder, 1, root=package.parent)) == {**before, "compiled": [], "heavy": []}


@pytest.mark.parametrize(
    "path",
    [
        *("native/gemm.py", "native/_gemm_ir.py", "ops/_product_kernel.py", "ops/conv_2d.py"),
        *("numerics/softmax.py", "engine/program.py", "engine/lane.py"),
    ],
)
def test_every_source_counts(package: Path, path: str) -> None:
    before = source_digest(package)
    assert before == source_digest(PACKAGE)
    with (package / path).open("a") as file:
        file.write("#")
    assert source_digest(package) != before


def test_a_new_and_a_renamed_source_count(package: Path) -> None:
    before = source_digest(package)
    (package / "ops" / "_new.py").touch()
    new = source_digest(package)
    (package / "ops" / "_new.py").rename(package / "ops" / "_other.py")
    assert len({before, new, source_digest(package)}) == 3


def imported(path: Path) -> set[str]:
    """Modules of the package that a source imports, as paths without suffix."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("refint8."):
            found.add(str(node.module).removeprefix("refint8.").replace(".", "/"))
    return found


def test_nothing_outside_the_key_can_change_a_kernel() -> None:
    """Kernels are made in the keyed sources, which import nothing else but models and errors."""
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "lang.py"]
    inside = [path for path in sources if path.is_relative_to(PACKAGE / "native")]
    inside += [path for path in sources if path.is_relative_to(PACKAGE / "ops")]
    inside += [path for path in sources if path.is_relative_to(PACKAGE / "numerics")]
    for path in inside:
        for module in imported(path):
            assert module.split("/")[0] in ("native", "ops", "numerics", "model", "errors"), path
    loops = [PACKAGE / "engine" / "lane.py", PACKAGE / "engine" / "program.py"]
    for path in sources:
        text = path.read_text("utf-8")
        makes = "@kernel\n" in text or " Kernel(" in text
        assert not makes or path in (*inside, *loops), f"{path} is not part of the key"


def test_compiler_and_settings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = compiler_facts()
    assert facts["numba"] and facts["llvmlite"] and facts["python"] == list(sys.version_info[:2])
    before = key_of(facts)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert key_of(compiler_facts()) != before
    monkeypatch.delenv("NUMBA_CPU_NAME")
    assert key_of(compiler_facts()) == before


@inlined
def positive(value: int) -> int:
    if value < 0:
        raise ValueError("negative")
    return value


def not_inlined(value: int) -> int:
    return value + 1


def raising(params: int, arena: int) -> None:
    i64(params)[0] = positive(i64(params)[1])


def allocating(params: int, arena: int) -> None:
    i64(params)[0] = np.zeros(i64(params)[1], np.int64).sum()


def dividing(params: int, arena: int) -> None:
    i64(params)[0] = min(i64(params)[1], 4) // i64(params)[2]


def exact(params: int, arena: int) -> None:
    i64(params)[0] = i64(params)[1] // i64(params)[2]


@pytest.mark.parametrize("function", [raising, allocating])
def test_a_kernel_that_needs_numbas_runtime_is_refused(function: Any, tmp_path: Path) -> None:
    kernel = Kernel(function.__name__, lambda: function)
    with pytest.raises(RuntimeError, match=rf"kernel {function.__name__} needs \['"):
        Store(tmp_path).addresses([kernel])
    assert not list(tmp_path.rglob("*.o"))


def test_a_kernel_that_divides_is_not(tmp_path: Path) -> None:
    assert Store(tmp_path).addresses([Kernel("exact", lambda: exact)])


def test_two_kernels_with_one_name_are_refused(tmp_path: Path) -> None:
    made = Store(tmp_path)
    made.addresses([constant(1)])
    with pytest.raises(RuntimeError, match="two kernels are called constant_1"):
        made.addresses([Kernel("constant_1", constant(2).make)])


def test_threads_share_a_store(tmp_path: Path) -> None:
    made = Store(tmp_path)
    compiled: list[str] = []
    barrier = threading.Barrier(8)

    def ask(thread: int) -> dict[str, int]:
        kernels = [constant((thread + k) % 4) for k in range(3)]
        barrier.wait()
        return made.addresses(
            kernels, lambda name, done, count: compiled.append(name) if done < count else None
        )

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert sorted(compiled) == [f"constant_{value}" for value in range(4)]
    for addresses in found:
        for other in found:
            assert all(addresses[name] == other[name] for name in addresses.keys() & other.keys())
    assert answers(made, [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_progress_counts(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    made = Store(tmp_path)
    made.addresses([constant(1), constant(2), constant(1)], lambda *call: said.append(call))
    assert said == [("constant_1", 0, 2), ("constant_2", 1, 2), ("constant_2", 2, 2)]
    made.addresses([constant(1)], lambda *call: said.append(call))
    assert len(said) == 3
    Store(tmp_path).addresses([constant(1)], lambda *call: said.append(call))
    assert len(said) == 3


def make_keys(folder: Path, count: int) -> list[Path]:
    keys = [folder / f"{n:020x}" for n in range(count)]
    for age, key in enumerate(keys):
        key.mkdir(parents=True)
        (key / "kernel.o").write_bytes(b"old")
        os.utime(key, (1_000_000 - age, 1_000_000 - age))
    return keys


def test_a_new_key_removes_those_unused_for_longest(tmp_path: Path) -> None:
    keys = make_keys(tmp_path, cache.MOST_KEYS + 3)
    made = Store(tmp_path)
    assert answers(made, [1]) == [1]
    assert made.folder is not None
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {made.key, *(key.name for key in keys[: cache.MOST_KEYS - 1])}
    assert answers(Store(tmp_path), [1]) == [1]


def test_use_keeps_a_key(tmp_path: Path) -> None:
    made = Store(tmp_path)
    answers(made, [1])
    assert made.folder is not None
    os.utime(made.folder, (1, 1))
    answers(Store(tmp_path), [1])
    assert made.folder.stat().st_mtime > 1_000_000


def test_clearing_touches_only_what_is_ours(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    (key, *_) = make_keys(folder, 3)
    (key / "kernel.o.partial").touch()
    foreign = [folder / "notes.txt", key / "notes.txt", folder / "models" / "kernel.o"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kernel.o").write_text("not ours")
    foreign.append(folder / ("f" * 20) / "kernel.o")
    foreign[2].parent.mkdir()
    foreign[3].parent.symlink_to(outside)
    for path in foreign[:3]:
        path.write_text("not ours")
    assert [len(each.kernels) for each in cache.stored(folder)] == [1, 1, 1]
    assert cache.clear(folder) == 4
    assert all(path.read_text() == "not ours" for path in foreign)
    assert [each.kernels for each in cache.stored(folder)] == [()]
    assert cache.clear(tmp_path / "absent") == 0
