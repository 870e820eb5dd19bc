"""What every target has in common: run a model's bytes, say what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from numpy.typing import NDArray

Array = NDArray[Any]

Status = Literal["ran", "refused", "aborted", "crashed", "timed out", "malformed", "missing"]
"""ran; refused: the engine said no in good order (an exception, an exit code); aborted: it gave
itself up (abort(), exit() in the middle of a run); crashed: a signal ended it; timed out;
malformed: what it answered are not the tensors of the model; missing: it is not installed."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine made of a model: one dict of tensors per input set, or why there is none.

    `tensors` are keyed by tensor index of subgraph 0. `complete` says that every tensor asked for
    could be read; engines do not always keep the ones between operators. `detail` is in the
    engine's own words. `delegated` are the operators that a delegate ran, by index in subgraph 0;
    None where the engine does not say.
    """

    status: Status
    tensors: tuple[dict[int, Array], ...] = ()
    complete: bool = False
    detail: str = ""
    seconds: float = 0.0
    delegated: frozenset[int] | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One model to run: the arguments of `Target.run`."""

    content: bytes
    inputs: Sequence[Mapping[int, Array]]
    tensors: Sequence[int] = ()
    input_shapes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class Target(Protocol):
    """Something that runs a .tflite model and whose tensors can be compared with ours."""

    @property
    def name(self) -> str:
        """What the user calls it: "litert:ref"."""
        ...

    @property
    def profile(self) -> str:
        """The profile it is compared with unless told: proven equal, or else nearest."""
        ...

    def describe(self) -> str:
        """Engine and version, or "missing: ..."."""
        ...

    def run(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        *,
        tensors: Sequence[int] | None = None,
        input_shapes: Mapping[int, tuple[int, ...]] | None = None,
        time_limit: float = 60.0,
        stream: bool = False,
    ) -> Outcome:
        """Run the model once per input set; never raises for the engine.

        Every set runs on fresh state, or with `stream` on what the one before left behind.

        `inputs` map tensor indexes of subgraph 0 to arrays. `tensors` are the indexes to read
        besides the graph's outputs (default: none). `input_shapes` resizes inputs.
        """
        ...


@runtime_checkable
class BatchTarget(Protocol):
    """A target that has a cheaper way to run many small models than one after the other."""

    def run_cases(
        self,
        cases: Sequence[Case],
        *,
        time_limit: float = 60.0,
        stream: bool = False,
        fresh: bool = False,
    ) -> list[Outcome]:
        """See the function `run_cases`."""
        ...


def run_cases(
    one: Target,
    cases: Sequence[Case],
    *,
    time_limit: float = 60.0,
    stream: bool = False,
    fresh: bool = False,
) -> list[Outcome]:
    """Run many models on a target, each with its own outcome, whatever the others do to it.

    `time_limit` is for each case. Cases may share a process; one in which a case died is not used
    again, and `fresh` gives every case a process of its own from the start.
    """
    if isinstance(one, BatchTarget):
        return one.run_cases(cases, time_limit=time_limit, stream=stream, fresh=fresh)
    return [run_case(one, case, time_limit=time_limit, stream=stream) for case in cases]


def run_case(one: Target, case: Case, *, time_limit: float = 60.0, stream: bool = False) -> Outcome:
    """Run one model on a target; a target of the user's that raises has refused."""
    try:
        return one.run(
            case.content,
            case.inputs,
            tensors=case.tensors,
            input_shapes=case.input_shapes,
            time_limit=time_limit,
            **({"stream": True} if stream else {}),
        )
    except Exception as error:
        return Outcome("refused", detail=f"{type(error).__name__}: {error}")


class Clock:
    """Seconds since it was made, and what is left of a limit."""

    def __init__(self, limit: float = 0.0) -> None:
        self._start, self._limit = time.perf_counter(), limit

    @property
    def seconds(self) -> float:
        """Seconds gone."""
        return time.perf_counter() - self._start

    @property
    def left(self) -> float:
        """Seconds left of the limit, never negative."""
        return max(0.0, self._limit - self.seconds)
