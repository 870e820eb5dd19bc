"""Operator by operator against LiteRT's reference kernels, on one-operator models.

One process measures case after case and says so; where it dies, that case is the engine's refusal,
and another process goes on behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.corpora import CHECKOUT, Subject
from benchmarks.latency import TIME_LIMIT, Latency, compare
from benchmarks.operator_case import Case
from benchmarks.operator_models import cases

OWN: Final = "refint8 litert-ref"
THEIRS: Final = "litert ref"
"""Both do the same arithmetic, so their bytes are compared as well."""

AS_FAST: Final = 0.9
"""From which ratio on a kernel counts as fast as the other: copies take both the same time."""

SECONDS: Final = 0.2
"""Of measuring a case; a slow one takes longer."""


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases whose names begin with one of `names`, all without any."""
    return [
        case
        for case in cases()
        if not names or any(case.name.startswith(name.upper()) for name in names)
    ]


def measure(
    wanted: Sequence[Case], seconds: float = SECONDS, say: Callable[[str], None] = lambda _: None
) -> list[Latency]:
    """The latency of every case in both engines."""
    found: list[Latency] = []
    with TemporaryDirectory() as folder:
        subjects = []
        for number, case in enumerate(wanted):
            path = Path(folder) / f"{number}.tflite"
            path.write_bytes(case.model())
            subjects.append(Subject(case.name, path))
        while len(found) < len(subjects):
            died = _go_on(subjects, found, seconds, say)
            if died and len(found) < len(subjects):
                found.append(Latency(subjects[len(found)].label, refused={THEIRS: died}))
    return found


def _go_on(
    subjects: Sequence[Subject], found: list[Latency], seconds: float, say: Callable[[str], None]
) -> str:
    """Measure what is missing in one child, as far as it comes; how it died, or ""."""
    request = {
        "subjects": [[s.label, str(s.path)] for s in subjects[len(found) :]],
        "seconds": seconds,
    }
    environment = {**os.environ, "REFINT8_FAST": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.operators", json.dumps(request)],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if not line.startswith(REPLY):
                continue  # engines write to stdout too
            found.append(Latency(**json.loads(line.removeprefix(REPLY))))
            say(found[-1].label)
        code = child.wait(TIME_LIMIT)
    return f"exit code {code}" if code else ""


REPLY: Final = "refint8-case "
"""What a line begins with that is a reply."""


def main() -> None:
    """The child."""
    request = json.loads(sys.argv[1])
    for label, path in request["subjects"]:
        result = compare(Subject(label, Path(path)), [OWN, THEIRS], request["seconds"])
        print("\n" + REPLY + json.dumps(asdict(result)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
