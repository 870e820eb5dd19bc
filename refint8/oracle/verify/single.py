"""One operator of a golden's model, run alone by refint8 on any values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from refint8.engine.session import Session
from refint8.errors import Refint8Error, UsageError
from refint8.model.extract import one_operator
from refint8.model.reader import read_model
from refint8.model.types import Model, Operator
from refint8.numerics.profiles import Profile
from refint8.oracle.compare import compare_arrays
from refint8.oracle.golden.contents import Golden
from refint8.oracle.targets.outcome import Array

Values = Mapping[int, Array]
"""Arrays by the whole model's tensor indexes."""


FEW = 8
"""Samples that specs answer sooner than kernels are compiled."""


class SingleOperator:
    """The operator with its constants. `inputs` are the tensors it has to be given.

    Raises UsageError, when made, where it means nothing without the other operators.
    """

    def __init__(self, golden: Golden, model: Model, profile: Profile, index: int) -> None:
        self._golden, self._model, self.profile = golden, model, profile
        self.operator: Operator = model.subgraphs[0].operators[index]
        self._shapes = {tensor.index: tensor.shape for tensor in golden.tensors}
        made = one_operator(model, self.operator, self._shapes)
        self._made = made
        self._alone = read_model(made.content)
        self.inputs = tuple(made.inputs)
        kept = {tensor.index for tensor in golden.tensors}
        self.outputs = tuple(i for i in made.outputs if i in kept)
        if lacking := [i for i in self.inputs if i not in kept]:
            raise UsageError(f"nothing is known of tensor {lacking[0]}, which it reads")

    @property
    def name(self) -> str:
        """The operator's name."""
        return self.operator.title

    @property
    def options(self) -> Mapping[str, Any]:
        """The operator's options."""
        return self.operator.options

    def zero_point(self, index: int) -> int:
        """The only zero point of a tensor; 0 with none or several."""
        points = self._golden.tensor(index).zero_points
        return points[0] if len(points) == 1 else 0

    def check(self) -> None:
        """Raise UsageError where it computes something else alone than in the model.

        Under some profiles an operator's arithmetic depends on its neighbours.
        """
        first = self._golden.samples[0]
        (mine,) = self.run([first])
        for index in self.outputs:
            if not compare_arrays(index, first[index], mine[index]).equal:
                raise UsageError("alone refint8 computes it otherwise than in the model")

    def run(
        self,
        samples: Sequence[Values],
        profile: Profile | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[dict[int, Array]]:
        """The outputs for each sample, on fresh state, by the whole model's indexes.

        `options` replace some of the operator's. Their shapes may then differ. Raises
        Refint8Error where that cannot be computed.
        """
        alone = self._alone
        if options:
            changed = replace(alone.subgraphs[0].operators[0], options={**self.options, **options})
            first = replace(alone.subgraphs[0], operators=(changed,))
            alone = replace(alone, subgraphs=(first, *alone.subgraphs[1:]))
        session = Session(
            alone, profile or self.profile, fast=None if len(samples) > FEW else False
        )
        results = []
        for given in samples:
            session.restart()
            made = session.run({new: given[old] for old, new in self._made.inputs.items()})
            results.append({old: made[new] for old, new in self._made.outputs.items()})
        return results


def single_operator(
    golden: Golden, model: Model, profile: Profile, index: int
) -> SingleOperator | str:
    """The operator ready to be run and checked, or why it cannot be."""
    try:
        single = SingleOperator(golden, model, profile, index)
        single.check()
    except Refint8Error as error:
        return error.reason
    return single
