"""A batch of samples on two threads, each model in a child process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.corpora import Subject
from benchmarks.latency import TIME_LIMIT, in_child
from benchmarks.timing import interleaved

SAMPLES: Final = 256
THREADS: Final = 2

SAME_ENGINE: Final = ("xnnpack loop", "xnnpack resized")
"""The ways of XNNPACK with its own threads; "xnnpack each" is the user's threading."""


@dataclass
class Throughput:
    """Median seconds for the whole batch by way, see `batches.WAYS`.

    `equal`: refint8 on two threads gave the same bytes as on one.
    """

    label: str
    samples: int = SAMPLES
    threads: int = THREADS
    seconds: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    equal: bool | None = None

    def best(self, *ways: str) -> float | None:
        """The fastest of some ways."""
        known = [self.seconds[way] for way in ways if way in self.seconds]
        return min(known, default=None)

    def ratio(self) -> float | None:
        """XNNPACK with its own threads, the faster way, over refint8."""
        theirs, ours = self.best(*SAME_ENGINE), self.seconds.get("refint8")
        return None if theirs is None or ours is None else theirs / ours


def measure(subject: Subject, seconds: float = 3.0, samples: int = SAMPLES) -> Throughput:
    """The throughput of a model; a way that kills the process takes the others with it."""
    from benchmarks.batches import WAYS

    request: dict[str, Any] = {
        "label": subject.label,
        "path": str(subject.path),
        "seconds": seconds,
        "samples": samples,
    }
    for ways in (list(WAYS), ["refint8", "xnnpack loop"]):
        reply = in_child(
            "benchmarks.throughput", {**request, "ways": ways}, TIME_LIMIT + 9 * seconds
        )
        if not isinstance(reply, str):
            return Throughput(**reply)
    return Throughput(subject.label, refused={"all": str(reply)})


def compare(
    subject: Subject, ways: list[str], seconds: float, samples: int = SAMPLES
) -> Throughput:
    """Measure in this process."""
    import numpy as np

    from benchmarks.batches import WAYS, refint8
    from refint8.model.reader import read_model
    from refint8.oracle.random_inputs import random_inputs

    result = Throughput(subject.label, samples)
    model = read_model(subject.path)
    graph = model.subgraphs[0]
    if len(graph.inputs) != 1 or graph.tensors[graph.inputs[0]].shape[:1] != (1,):
        result.refused["all"] = "not one input of one sample"
        return result
    sets = random_inputs(model, min(samples, 16), 0)
    few = np.concatenate([given[graph.inputs[0]] for given in sets])
    batch = np.ascontiguousarray(np.resize(few, (samples, *few.shape[1:])))
    functions: dict[str, Callable[[], object]] = {}
    for name in ways:
        try:
            run = WAYS[name](subject.path, THREADS)
            made = run(batch)
        except Exception as error:  # whatever an engine raises is its answer
            result.refused[name] = f"{type(error).__name__}: {error}"
            continue
        if name == "refint8":
            result.equal = made.tobytes() == refint8(subject.path, 1)(batch).tobytes()
        functions[name] = lambda run=run: run(batch)  # type: ignore[misc]
    if functions:
        result.seconds = interleaved(functions, seconds)
    return result


def main() -> None:
    """The child, as in `latency`."""
    request = json.loads(sys.argv[1])
    subject = Subject(request["label"], Path(request["path"]))
    result = compare(subject, request["ways"], request["seconds"], request["samples"])
    sys.stdout.flush()
    print("\n" + json.dumps(asdict(result)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
