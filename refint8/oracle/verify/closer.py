"""A closer look at a verdict, for reports: where its tensors differ, and why their first elements.

The arrays are read again, one tensor at a time; what is kept is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refint8.model.reader import read_model
from refint8.oracle.diff_map import DiffMap, Element, diff_map
from refint8.oracle.explained import ELEMENTS, FEWER, TENSORS, Explained, Runs, explained_tensor
from refint8.oracle.golden.recorded import recorded_profile
from refint8.oracle.verify.comparison import release
from refint8.oracle.verify.verdicts import OperatorVerdict, VerifyReport

RANK: Final = ("input", "cause", "within", "repeated", "downstream", "inherited", "equal")
"""Roles, the more telling first."""


def difference_maps(report: VerifyReport, most: int) -> Mapping[int, DiffMap]:
    """Where tensors differ from the golden, at most `most` of them, the more telling first."""
    operators = sorted(report.operators, key=rank)
    wanted = [t.tensor.index for o in operators for t in o.tensors if t.differs]
    found = {}
    for index in wanted[:most]:
        pairs = []
        for number, (mine, theirs) in enumerate(
            zip(report.golden.samples, report.dump.samples, strict=False)
        ):
            if index in theirs:
                pairs.append((number, mine[index], theirs[index]))
        if (told := diff_map(pairs)) is not None:
            found[index] = told
        for mine in report.golden.samples:
            release(mine)
    return found


def explained_verdicts(
    report: VerifyReport, maps: Mapping[int, DiffMap]
) -> Mapping[int, Explained]:
    """The arithmetic of causes that were fed with the golden's values: at most TENSORS tensors.

    Where a device's inputs differ already, the golden's elements are not what it should have had.
    """
    golden = report.golden
    model = read_model(golden.model, golden.model_name)
    profile = recorded_profile(golden)
    causes = [o for o in report.operators if o.role == "cause" and o.isolated is None]
    elements: dict[int, tuple[Element, ...]] = {}
    for index in [t.tensor.index for o in causes for t in o.tensors if t.tensor.index in maps]:
        if len(elements) < TENSORS:
            elements[index] = maps[index].first[: FEWER if elements else ELEMENTS]
    inputs = model.subgraphs[0].inputs
    samples = {element.sample for listed in elements.values() for element in listed}
    runs = Runs(model, {n: {i: golden.samples[n][i] for i in inputs} for n in samples})
    told = {
        index: explained_tensor(runs, index, listed, profile) for index, listed in elements.items()
    }
    return {index: each for index, each in told.items() if each is not None}


def rank(operator: OperatorVerdict) -> int:
    """How far down its role stands."""
    return RANK.index(operator.role) if operator.role in RANK else len(RANK)
