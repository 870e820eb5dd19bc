"""Whole processes: import, first result with an empty and with a filled cache, peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.corpora import CHECKOUT, Subject

RUNS: Final = 5

TIME_LIMIT: Final = 120.0
"""Seconds that one process may take."""

REPORT: Final = """
import json, resource, sys
def peak():
    try:
        lines = open("/proc/self/status").read().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most
heavy = [name for name in ("numba", "llvmlite", "rich") if name in sys.modules]
print(json.dumps({"seconds": seconds, "memory": peak(), "heavy": heavy}), flush=True)
import os
os._exit(0)
"""
"""The end of every process. ru_maxrss would count the parent's memory too on Linux."""

IMPORT: Final = """
import time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
"""

RUN_INTERPRETER: Final = """
import time
start = time.perf_counter()
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
{load}
interpreter.allocate_tensors()
for detail in interpreter.get_input_details():
    interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
interpreter.invoke()
result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
seconds = time.perf_counter() - start
"""

RUN_TFLM: Final = """
import time
start = time.perf_counter()
import sys
import numpy as np
from tflite_micro.python.tflite_micro.runtime import Interpreter
interpreter = Interpreter.from_file(sys.argv[1], arena_size=1 << 29)
detail = interpreter.get_input_details(0)
interpreter.set_input(np.zeros(detail["shape"], detail["dtype"]), 0)
interpreter.invoke()
result = interpreter.get_output(0)
seconds = time.perf_counter() - start
"""


def _litert(resolver: str) -> str:
    return RUN_INTERPRETER.format(
        load="from ai_edge_litert.interpreter import Interpreter, OpResolverType\n"
        "interpreter = Interpreter(sys.argv[1], num_threads=1,"
        f" experimental_op_resolver_type=OpResolverType.{resolver})"
    )


REFINT8: Final = RUN_INTERPRETER.format(
    load="from refint8 import Interpreter\ninterpreter = Interpreter(sys.argv[1])"
)

PROGRAMS: Final[Mapping[str, str]] = {
    "refint8": REFINT8,
    "xnnpack": _litert("BUILTIN"),
    "litert": _litert("BUILTIN_WITHOUT_DEFAULT_DELEGATES"),
    "litert ref": _litert("BUILTIN_REF"),
    "tflm": RUN_TFLM,
}


@dataclass(frozen=True)
class Process:
    """One process: seconds outside and inside, peak memory, which heavy packages it imported."""

    whole: float
    inside: float
    memory: int
    heavy: tuple[str, ...]


@dataclass
class Startup:
    """Median seconds: the bare interpreter, imports, and whole processes to a first result."""

    label: str
    bare: float = 0.0
    imports: dict[str, float] = field(default_factory=dict)
    heavy: dict[str, list[str]] = field(default_factory=dict)
    whole: dict[str, float] = field(default_factory=dict)


def run_process(
    program: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Process | None:
    """Run a program to its report; None when it fails."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program + REPORT, *arguments],
            cwd=CHECKOUT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    whole = time.perf_counter() - start
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode != 0 or not lines:
        return None
    told: dict[str, Any] = json.loads(lines[-1])
    return Process(whole, told["seconds"], told["memory"], tuple(told["heavy"]))


def measure(subject: Subject) -> Startup:
    """Everything about one model. A fresh folder stands for the cache."""
    result = Startup(subject.label)
    result.bare = statistics.median(
        process.whole for _ in range(RUNS) if (process := run_process("seconds = 0.0"))
    )
    for module in ("refint8", "ai_edge_litert.interpreter", "numpy"):
        processes = [run_process(IMPORT.format(module=module)) for _ in range(RUNS)]
        found = [process for process in processes if process]
        if found:
            result.imports[module] = statistics.median(process.inside for process in found)
            result.heavy[f"import {module}"] = list(found[0].heavy)
    path = str(subject.path)
    kinds = {"as it decides": {}, "compiled": {"REFINT8_FAST": "1"}}
    for kind, environment in kinds.items():
        with tempfile.TemporaryDirectory(prefix="refint8-cache-") as cache:
            settings = {"REFINT8_CACHE_DIR": cache, "REFINT8_FAST": "", **environment}
            _note(result, f"refint8, empty cache, {kind}", [path], settings, 1)
            fill = {**settings, "REFINT8_FAST": "1"}
            run_process(REFINT8, [path], fill)
            _note(result, f"refint8, filled cache, {kind}", [path], settings, RUNS)
    for name, program in PROGRAMS.items():
        if name != "refint8":
            _note(result, name, [path], {}, RUNS, program)
    return result


def _note(
    result: Startup,
    name: str,
    arguments: list[str],
    environment: Mapping[str, str],
    runs: int,
    program: str = REFINT8,
) -> None:
    processes = [run_process(program, arguments, environment) for _ in range(runs)]
    found = [process for process in processes if process]
    if found:
        result.whole[name] = statistics.median(process.whole for process in found)
        result.heavy[name] = list(found[-1].heavy)


def peak_memory(subject: Subject) -> dict[str, int]:
    """Bytes at the peak of a process that gives one result, by engine; kernels are stored."""
    found = {}
    for name, program in PROGRAMS.items():
        process = run_process(program, [str(subject.path)], {"REFINT8_FAST": "1"})
        if process and name == "refint8":  # once more: compiling takes memory of its own
            process = run_process(program, [str(subject.path)], {"REFINT8_FAST": "1"})
        if process:
            found[name] = process.memory
    return found
