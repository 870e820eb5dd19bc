"""Every tensor of a dump against the golden."""

from __future__ import annotations

from collections.abc import Mapping

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.compare import TensorDiff, compare_arrays
from refint8.oracle.findings import TensorResult
from refint8.oracle.golden.contents import Dump, DumpProblem, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

INPUTS = "inputs"
"""What the writer of the model's inputs is called."""


def writer(golden: Golden, tensor: TensorInfo) -> str:
    """The name of the operator that writes a tensor."""
    names = {operator.index: operator.name for operator in golden.operators}
    return names.get(tensor.operator, INPUTS)


def sound(golden: Golden, dump: Dump) -> Dump:
    """The dump with everything that is not the golden's turned into a problem.

    Readers of files have done this already; dumps made in memory may hold anything.
    """
    infos = {tensor.index: tensor for tensor in golden.tensors}
    problems = list(dump.problems)
    samples: list[Mapping[int, Array]] = []
    for number, sample in enumerate(dump.samples):
        if number >= len(golden.samples):
            if sample:
                count = len(golden.samples)
                reason = f"there is no sample {number}, the golden has {count}, counted from 0"
                problems.append(DumpProblem(dump.source, reason, None, number))
            continue
        unfit = set()
        for index, array in sample.items():
            reason = _objection(infos.get(index), index, array)
            if reason:
                tensor = index if index in infos else None
                problems.append(DumpProblem(dump.source, reason, tensor, number))
                unfit.add(index)
        # A sample that is right may lie in a file, and stays there.
        samples.append({i: sample[i] for i in sample if i not in unfit} if unfit else sample)
    samples += [{}] * (len(golden.samples) - len(samples))
    return Dump(dump.source, tuple(samples), tuple(problems))


def compared(golden: Golden, dump: Dump) -> tuple[dict[int, TensorResult], set[tuple[int, int]]]:
    """The comparison of every tensor that was dumped, over the samples that have it; and the
    (sample, tensor) that differ. One sample of the golden is in use at a time.
    """
    diffs: dict[int, list[tuple[int, TensorDiff]]] = {t.index: [] for t in golden.tensors}
    equal: dict[int, TensorDiff] = {}
    for number, (mine, theirs) in enumerate(zip(golden.samples, dump.samples, strict=True)):
        for index, array in theirs.items():
            diff = compare_arrays(index, mine[index], array)
            # One object for all samples that are equal: there may be very many of them.
            diffs[index].append((number, equal.setdefault(index, diff) if diff.equal else diff))
        release(mine)
    names = {operator.index: operator.name for operator in golden.operators}
    results = {
        tensor.index: result_of(tensor, names.get(tensor.operator, INPUTS), diffs[tensor.index])
        for tensor in golden.tensors
        if diffs[tensor.index]
    }
    return results, {(n, i) for i, found in diffs.items() for n, diff in found if not diff.equal}


def result_of(
    tensor: TensorInfo, operator_name: str, diffs: list[tuple[int, TensorDiff]]
) -> TensorResult:
    """One tensor over its samples, of which there is at least one."""
    sample, diff = next(((n, d) for n, d in diffs if not d.equal), diffs[0])
    return TensorResult(
        tensor=tensor.index,
        name=tensor.name,
        operator=tensor.operator,
        operator_name=operator_name,
        elements=sum(d.elements for _, d in diffs),
        differing=sum(d.differing for _, d in diffs),
        largest=max(d.largest for _, d in diffs),
        sample=sample,
        diff=diff,
    )


def release(sample: Mapping[int, Array]) -> None:
    """Let go of a sample's memory, where it lies in a file and is read again when needed."""
    let_go = getattr(sample, "release", None)
    if let_go is not None:
        let_go()


def _objection(tensor: TensorInfo | None, index: int, array: Array) -> str:
    if tensor is None:
        return f"the golden has no tensor {index}"
    if array.dtype != NUMPY_DTYPE[tensor.dtype]:
        return f"it holds {array.dtype}, the tensor is {tensor.dtype}"
    if array.shape != tensor.shape:
        return f"its shape is {array.shape}, the tensor's is {tensor.shape}"
    return ""
