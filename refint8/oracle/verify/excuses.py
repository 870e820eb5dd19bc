"""Waivers applied to what differs."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from refint8.oracle.verify.verdicts import OperatorVerdict, TensorVerdict
from refint8.oracle.verify.waivers import Waiver, WaiverUse, uses


def excuse(
    operators: Sequence[OperatorVerdict],
    inputs: Sequence[tuple[int, ...]],
    waivers: Sequence[Waiver],
    today: datetime.date,
) -> tuple[list[OperatorVerdict], tuple[WaiverUse, ...]]:
    """The operators with the verdicts of waived tensors, and what became of every waiver.

    `inputs` are the tensors that each operator reads. A tensor with problems is never waived.
    """
    excused: dict[int, Waiver] = {}
    refused: dict[int, tuple[Waiver, ...]] = {}
    carried: dict[int, Waiver] = {}
    differing = {t.tensor.index for o in operators for t in o.tensors if t.differs}
    made = []
    for operator, read in zip(operators, inputs, strict=True):
        from_waived = _follows(read, differing, carried)
        tensors = []
        for judged in operator.tensors:
            tensor, index = judged, judged.tensor.index
            waiver = None
            if tensor.verdict == "differs":
                covering = tuple(w for w in waivers if w.covers(tensor.tensor, operator.name))
                waiver = _allowing(tensor, covering, today)
                if waiver is None and operator.role == "inherited":
                    waiver = from_waived
                if waiver is None and covering:
                    refused[index] = covering
            if waiver is not None:
                excused[index] = waiver
                tensor = replace(tensor, verdict="waived", waiver=waiver)
            follows = waiver or (from_waived if tensor.result is None else None)
            if follows is not None and follows.inherited:
                carried[index] = follows
            tensors.append(tensor)
        made.append(replace(operator, tensors=tuple(tensors)))
    return made, uses(waivers, excused, refused, today)


def _allowing(
    tensor: TensorVerdict, covering: Sequence[Waiver], today: datetime.date
) -> Waiver | None:
    assert tensor.result is not None
    largest = tensor.result.largest
    return next((w for w in covering if not w.expired(today) and w.allows(largest)), None)


def _follows(read: Sequence[int], differing: set[int], carried: dict[int, Waiver]) -> Waiver | None:
    """The waiver that everything wrong among the inputs comes under; None where there is none."""
    wrong = [index for index in read if index in differing or index in carried]
    if wrong and all(index in carried for index in wrong):
        return carried[wrong[0]]
    return None
