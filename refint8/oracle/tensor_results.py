"""One tensor over all input sets, ours against theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from refint8.model.types import Operator, Tensor
from refint8.oracle.compare import TensorDiff, compare_arrays
from refint8.oracle.diff_map import diff_map
from refint8.oracle.findings import TensorResult
from refint8.oracle.targets import Array


def tensor_result(
    tensor: Tensor,
    operator: Operator,
    mine: Sequence[Mapping[int, Array]],
    theirs: Sequence[Mapping[int, Array]],
) -> TensorResult:
    """The comparison of a tensor that all of `mine` have; it differs where theirs lack it."""
    index = tensor.index
    diffs = []
    pairs: list[tuple[int, Array, Array]] = []
    for number, given in enumerate(mine):
        ours = given[index]
        other = theirs[number].get(index) if number < len(theirs) else None
        if other is None:
            diffs.append(TensorDiff(index, ours.size, ours.size, problem="not given"))
        else:
            diffs.append(compare_arrays(index, ours, other))
            pairs.append((number, ours, other))
    sample = next((n for n, diff in enumerate(diffs) if not diff.equal), 0)
    return TensorResult(
        tensor=index,
        name=tensor.name,
        operator=operator.index,
        operator_name=operator.title,
        elements=sum(diff.elements for diff in diffs),
        differing=sum(diff.differing for diff in diffs),
        largest=max(diff.largest for diff in diffs),
        sample=sample,
        diff=diffs[sample],
        map=diff_map(pairs) if any(diff.differing for diff in diffs) else None,
    )
