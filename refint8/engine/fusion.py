"""Two operators in one, in programs whose intermediate tensors nobody looks at."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from refint8.engine.plan import Plan, Step
from refint8.ops._pooled_convolution import PooledConvolution


def fused(plan: Plan) -> Plan:
    """The same plan, in fewer steps where a tensor has one writer, one reader and no other use."""
    graph = plan.subgraph
    readers = Counter(i for step in plan.steps for i in step.operator.inputs)
    writers = Counter(i for step in plan.steps for i in step.operator.outputs)
    pinned = {*graph.inputs, *graph.outputs, *plan.values}
    variables = {tensor.index for tensor in graph.tensors if tensor.is_variable}
    made = {i: k for k, step in enumerate(plan.steps) for i in step.operator.outputs}
    steps: list[Step | None] = list(plan.steps)
    for number, step in enumerate(plan.steps):
        between = step.operator.inputs[0] if step.operator.inputs else -1
        before = made.get(between, number)
        first = steps[before]
        if between < 0 or before >= number or between in pinned or first is None:
            continue
        if readers[between] != 1 or writers[between] != 1 or len(first.operator.outputs) != 1:
            continue
        # Nothing may change what the first reads until the second runs.
        seen = {between, *first.operator.inputs, *step.operator.outputs}
        if seen & variables or any(writers[i] > 1 for i in seen):
            continue
        if (record := PooledConvolution.of(first.record, step.record)) is not None:
            operator = replace(first.operator, outputs=step.operator.outputs)
            steps[number] = replace(first, operator=operator, record=record)
            steps[before] = None
    return replace(plan, steps=tuple(step for step in steps if step is not None))
