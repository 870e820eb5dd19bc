"""Targets without a process of their own: a Python callable, and refint8 under a profile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from refint8.engine.session import Session
from refint8.errors import ModelError, Refint8Error
from refint8.model.reader import read_model
from refint8.numerics.profiles import DEFAULT_PROFILE, profile
from refint8.oracle.targets.answers import MalformedError, called
from refint8.oracle.targets.outcome import Array, Clock, Outcome


class FunctionTarget:
    """A callable of this process: `function(model, inputs)` for every input set.

    `model` is the .tflite file's bytes and `inputs` a list of arrays in the order of the model's
    inputs; the answer is an array, a sequence of all outputs, or a mapping of outputs and other
    tensors (see `answers.tensors_by_index`). An exception is a refusal. It runs in a thread, which
    is left behind when its time is over, and a crash in it is a crash of this process: what may
    crash is better named as "py:MODULE:FUNCTION".
    """

    def __init__(
        self, function: Callable[..., Any], name: str = "", profile: str = DEFAULT_PROFILE
    ) -> None:
        self.name = name or getattr(function, "__name__", type(function).__name__)
        self.profile = profile
        self._function = function

    def describe(self) -> str:
        """The function's name."""
        return f"Python function {self.name}"

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
        """See `Target.run`. Whether input sets start on fresh state is the function's affair."""
        answers: list[Outcome] = []
        arguments = (content, inputs, tensors or (), answers)
        clock = Clock()
        thread = threading.Thread(target=self._answer, args=arguments, daemon=True)
        thread.start()
        thread.join(time_limit)
        if not answers:
            return Outcome("timed out", seconds=clock.seconds)
        (answer,) = answers
        return Outcome(answer.status, answer.tensors, answer.complete, answer.detail, clock.seconds)

    def _answer(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        tensors: Sequence[int],
        answers: list[Outcome],
    ) -> None:
        try:
            graph = read_model(content).subgraphs[0]
            results = tuple(called(self._function, content, given, graph) for given in inputs)
        except MalformedError as error:
            answers.append(Outcome("malformed", detail=str(error)))
        except BaseException as error:
            # Whatever a user's function raises, SystemExit too, is its answer.
            answers.append(Outcome("refused", detail=f"{type(error).__name__}: {error}"))
        else:
            complete = all(set(tensors) <= found.keys() for found in results)
            answers.append(Outcome("ran", results, complete))


class ProfileTarget:
    """refint8 itself under a profile: `refint8:tflm`, to hold two profiles against each other.

    It is compared with the default profile unless told. Raises UsageError for an unknown profile.
    """

    def __init__(self, name: str) -> None:
        self._profile = profile(name)
        self.name = f"refint8:{name}"
        self.profile = DEFAULT_PROFILE

    def describe(self) -> str:
        """The profile."""
        return f"refint8 under {self._profile.name}"

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
        """See `Target.run`; there is no time limit."""
        clock = Clock()
        try:
            session = Session(read_model(content), self._profile, input_shapes)
            results = []
            for given in inputs:
                if not stream:
                    session.restart()
                made = session.run(given)
                values = session.plan.values
                graph = session.plan.subgraph
                made |= {i: values[i] for i in graph.outputs if i not in made}
                results.append(
                    {i: made[i] for i in (*graph.outputs, *(tensors or ())) if i in made}
                )
        except (Refint8Error, ModelError) as error:
            return Outcome("refused", detail=str(error), seconds=clock.seconds)
        complete = all(set(tensors or ()) <= found.keys() for found in results)
        return Outcome("ran", tuple(results), complete, seconds=clock.seconds)
