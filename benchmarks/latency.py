"""One model in all engines, in one process, in turns. The process is a child: engines abort."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.corpora import CHECKOUT, Subject
from benchmarks.engines import ENGINES, Loaded
from benchmarks.timing import interleaved, pinned
from refint8.oracle.inputs import InputSet

TIME_LIMIT: Final = 300.0
"""Seconds past the measuring time after which a child is given up."""

TWO_THREADS: Final = "xnnpack 2"
"""Measured after the others, on all CPUs: its threads would spin on the others' core."""


@dataclass
class Latency:
    """Median seconds a run by engine; `refused` has an engine's reason for having none.

    `equal` says whether refint8 (litert-ref) and LiteRT's reference kernels gave the same bytes,
    None when one of them did not run. `interludes` counts the operators that run in Python.
    `taken` is the share of the time that the CPU was given to others.
    """

    label: str
    macs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    equal: bool | None = None
    elements: int = 0
    interludes: dict[str, int] = field(default_factory=dict)
    pinned: bool = False
    taken: float = 0.0

    def ratio(self, engine: str, own: str = "refint8") -> float | None:
        """How many times as long the engine takes; None when one did not run."""
        if engine not in self.seconds or own not in self.seconds:
            return None
        return self.seconds[engine] / self.seconds[own]


def measure(
    subject: Subject,
    engines: Sequence[str] = tuple(ENGINES),
    seconds: float = 2.0,
    **environment: str,
) -> Latency:
    """The latency of a model; engines that kill the process are found out and left out."""
    found = _child(subject, engines, seconds, environment)
    if isinstance(found, Latency):
        return found
    refused = {}
    for engine in engines:
        alone = _child(subject, [engine], 0.0, environment)
        if isinstance(alone, str):
            refused[engine] = alone
    rest = [engine for engine in engines if engine not in refused]
    again = _child(subject, rest, seconds, environment) if rest else Latency(subject.label)
    if isinstance(again, str):
        return Latency(subject.label, refused=dict.fromkeys(engines, again))
    again.refused.update(refused)
    return again


def _child(
    subject: Subject, engines: Sequence[str], seconds: float, environment: Mapping[str, str]
) -> Latency | str:
    """What a child process measured, or how it died."""
    request = {
        "label": subject.label,
        "path": str(subject.path),
        "engines": list(engines),
        "seconds": seconds,
    }
    limit = TIME_LIMIT + seconds * len(engines)
    reply = in_child("benchmarks.latency", request, limit, **environment)
    return reply if isinstance(reply, str) else Latency(**reply)


def in_child(
    module: str, request: dict[str, Any], time_limit: float, **environment: str
) -> dict[str, Any] | str:
    """Run a module's `main` on a request in a process of its own: its reply, or how it died."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, json.dumps(request)],
            cwd=CHECKOUT,
            env={**os.environ, "REFINT8_FAST": "1", "OPENBLAS_NUM_THREADS": "1", **environment},
            capture_output=True,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {time_limit:.0f} s"
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    # Engines write to stdout too; the reply is the last line.
    if done.returncode != 0 or not lines:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return " ".join([f"exit code {done.returncode}", *said])
    reply: dict[str, Any] = json.loads(lines[-1])
    return reply


def compare(subject: Subject, engines: Sequence[str], seconds: float) -> Latency:
    """Measure in this process."""
    from refint8.model.reader import read_model
    from refint8.oracle.random_inputs import random_inputs

    result = Latency(subject.label)
    model = read_model(subject.path)
    inputs = random_inputs(model, 1, 0)[0]
    describe(subject, result)
    with pinned() as result.pinned:
        loaded: dict[str, Loaded] = {}
        for engine in (engine for engine in engines if engine != TWO_THREADS):
            _load(engine, subject, inputs, result, loaded)
        _check(result, loaded)
        if loaded:
            functions = {name: one.invoke for name, one in loaded.items()}
            start, used = time.perf_counter(), time.process_time()
            result.seconds = interleaved(functions, seconds)
            used, elapsed = time.process_time() - used, time.perf_counter() - start
            result.taken = max(0.0, 1 - used / elapsed)
        loaded.clear()
    if TWO_THREADS in engines:
        _load(TWO_THREADS, subject, inputs, result, loaded)
        for name, two in loaded.items():
            result.seconds |= interleaved({name: two.invoke}, seconds / 4)
    return result


def _load(
    engine: str, subject: Subject, inputs: InputSet, result: Latency, loaded: dict[str, Loaded]
) -> None:
    try:
        loaded[engine] = ENGINES[engine](subject.path, inputs)
    except Exception as error:  # whatever an engine raises is its answer
        result.refused[engine] = f"{type(error).__name__}: {error}"


def describe(subject: Subject, result: Latency) -> None:
    """Fill in multiplications and interludes, as far as refint8 can say."""
    from refint8.engine.macs import plan_macs
    from refint8.engine.program import Interlude, lower
    from refint8.engine.session import Session
    from refint8.errors import Refint8Error
    from refint8.model.reader import read_model
    from refint8.native.cpu import tier

    try:
        plan = Session(read_model(subject.path), fast=False).plan
    except Refint8Error:
        return
    result.macs = plan_macs(plan)
    program = lower(plan, tier())
    if program is None:
        result.interludes = {"all": len(plan.steps)}
        return
    for part in program.parts:
        if isinstance(part, Interlude):
            name = part.step.operator.title
            result.interludes[name] = result.interludes.get(name, 0) + 1


def _check(result: Latency, loaded: dict[str, Loaded]) -> None:
    ours, theirs = loaded.get("refint8 litert-ref"), loaded.get("litert ref")
    if ours is None or theirs is None:
        return
    pairs = [(ours.output(i), theirs.output(i)) for i in range(theirs.outputs)]
    result.equal = all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs
    )
    result.elements = int(sum(np.size(b) for _, b in pairs))


def main() -> None:
    """The child: a request as the only argument, the reply on the last line of stdout."""
    request = json.loads(sys.argv[1])
    subject = Subject(request["label"], Path(request["path"]))
    result = compare(subject, request["engines"], request["seconds"])
    sys.stdout.flush()
    print("\n" + json.dumps(asdict(result)), flush=True)
    os._exit(0)  # an engine's destructors may crash after the work is done


if __name__ == "__main__":
    main()
