"""refint8's side of a crosscheck: planned and run once per profile, when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refint8.engine.session import Session
from refint8.errors import DomainError, Refint8Error, UnsupportedError, UsageError
from refint8.model.extract import OneOperator, one_operator
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Model, Operator
from refint8.oracle.inputs import InputSet


@dataclass(frozen=True, eq=False)
class Single:
    """An operator ready to be run alone: its model, and its inputs by that model's indexes."""

    operator: Operator
    made: OneOperator
    inputs: list[InputSet]


class Ours:
    """The tensors that refint8 computes. Threads may share it; one computes at a time."""

    def __init__(
        self,
        model: Model,
        sets: Sequence[InputSet],
        input_shapes: Mapping[int, tuple[int, ...]] | None,
        stream: bool,
    ) -> None:
        self._model, self._sets, self._input_shapes = model, sets, input_shapes
        self._stream = stream
        self._lock = threading.RLock()
        self._sessions: dict[str, Session | Refint8Error] = {}
        self._results: dict[str, list[InputSet] | Refint8Error] = {}
        self._singles: dict[tuple[str, int], Single | str] = {}
        self._alone: dict[tuple[str, int], list[InputSet] | Refint8Error] = {}

    def refusal(self, profile: str) -> Refint8Error | None:
        """Why the model cannot be planned under the profile; None when it can."""
        with self._lock:
            if profile not in self._sessions:
                try:
                    self._sessions[profile] = Session(self._model, profile, self._input_shapes)
                except (UnsupportedError, DomainError) as error:
                    self._sessions[profile] = error
            session = self._sessions[profile]
            return session if isinstance(session, Refint8Error) else None

    def results(self, profile: str) -> list[InputSet] | Refint8Error:
        """The tensors of every input set, or why there are none."""
        with self._lock:
            if (refusal := self.refusal(profile)) is not None:
                return refusal
            if profile not in self._results:
                session = self._sessions[profile]
                assert isinstance(session, Session)
                try:
                    self._results[profile] = _runs(session, self._sets, self._stream)
                except (UnsupportedError, DomainError) as error:
                    self._results[profile] = error
            return self._results[profile]

    def single(self, profile: str, operator: Operator) -> Single | str:
        """The operator alone with the values it gets in the model, or why it cannot be."""
        key = (profile, operator.index)
        with self._lock:
            if key not in self._singles:
                mine = self.results(profile)
                assert isinstance(mine, list), "asked for after the model ran"
                self._singles[key] = _single(self._model, operator, mine)
            return self._singles[key]

    def alone(self, profile: str, single: Single) -> list[InputSet] | Refint8Error:
        """What refint8 itself computes of the operator alone, by the whole model's indexes."""
        key = (profile, single.operator.index)
        with self._lock:
            if key not in self._alone:
                try:
                    session = Session(read_model(single.made.content), profile)
                    results = _runs(session, single.inputs, self._stream)
                    outputs = single.made.outputs.items()
                    self._alone[key] = [
                        {old: made[new] for old, new in outputs} for made in results
                    ]
                except Refint8Error as error:
                    self._alone[key] = error
            return self._alone[key]


def _runs(session: Session, sets: Sequence[InputSet], stream: bool) -> list[InputSet]:
    session.restart()
    results = []
    for given in sets:
        if not stream:
            session.restart()
        results.append(session.run(given))
    return results


def _single(model: Model, operator: Operator, mine: Sequence[InputSet]) -> Single | str:
    graph = model.subgraphs[0]
    shapes = {index: value.shape for index, value in mine[0].items()}
    try:
        made = one_operator(model, operator, shapes)
    except UsageError as error:
        return error.reason
    for index in made.inputs:
        tensor = graph.tensors[index]
        values = [results.get(index) for results in mine]
        if any(value is None for value in values):
            return f"nothing is known of tensor {index} '{tensor.name}'"
        if any(value is not None and value.shape != shapes[index] for value in values):
            return f"tensor {index} '{tensor.name}' changes its shape between input sets"
        if any(
            value is not None and value.dtype != NUMPY_DTYPE.get(tensor.dtype) for value in values
        ):
            return f"tensor {index} '{tensor.name}' is not of the dtype that the file says"
    inputs = [{new: results[old] for old, new in made.inputs.items()} for results in mine]
    return Single(operator, made, inputs)
