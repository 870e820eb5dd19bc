"""The operator run otherwise: another stride, padding, activation; inputs moved or exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from refint8.errors import Refint8Error
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis
from refint8.oracle.verify.single import SingleOperator, Values
from refint8.oracle.verify.verdicts import KindName

COUNTED: Final = (
    *("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor"),
    *("filter_height", "filter_width", "num_channels", "block_size"),
)
"""Options that a device may take for one more or one less."""

TOGETHER: Final = (("stride_h", "stride_w"), ("dilation_h_factor", "dilation_w_factor"))
"""Options that are mostly equal, and mostly wrong together."""

ACTIVATIONS: Final = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")

WINDOWS: Final = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"),
)
"""Operators whose window may start elsewhere."""


def hypotheses(
    evidence: Evidence, single: SingleOperator, samples: Sequence[Values]
) -> Iterator[Hypothesis]:
    """What the operator puts out on the samples' inputs under other options, or on moved inputs."""
    index = evidence.tensor.index
    for name, detail, options in _other_options(single.options):
        made = _run(single, samples, options)
        if made:
            yield _overlap(evidence, name, detail, [values[index] for values in made])
    for name, detail, changed in _other_inputs(single, samples):
        made = _run(single, changed, None)
        if made:
            explained = evidence.whole([values[index] for values in made])
            yield Hypothesis(name, detail, explained)
    if single.name in WINDOWS and len(evidence.shape) == 4:
        yield from _other_windows(evidence, single, samples)


def _other_windows(
    evidence: Evidence, single: SingleOperator, samples: Sequence[Values]
) -> Iterator[Hypothesis]:
    """The window one row or column off, which is the input moved under it.

    The rows and columns of the output where the moved input is cut off are left open.
    """
    index, first = evidence.tensor.index, single.inputs[0]
    if samples[0][first].ndim != 4:
        return
    filler = single.zero_point(first)
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1), (-1, -1)):
        changed = [
            {**s, first: _moved(_moved(s[first], 1, down, filler), 2, right, filler)}
            for s in samples
        ]
        made = _run(single, changed, None)
        if not made:
            return
        seen = np.ones(evidence.shape, bool)
        for axis, by in ((1, down), (2, right)):
            if by:
                edge: list[Any] = [slice(None)] * 4
                edge[axis] = -1 if by > 0 else 0
                seen[tuple(edge)] = False
        said = " and ".join(
            f"one {what} too {'early' if by > 0 else 'late'}"
            for what, by in (("row", down), ("column", right))
            if by
        )
        explained = evidence.whole([values[index] for values in made], [seen] * len(made))
        yield Hypothesis("shifted", f"its window starts {said}", explained)


def _other_options(options: Mapping[str, Any]) -> Iterator[tuple[KindName, str, Mapping[str, Any]]]:
    groups = [pair for pair in TOGETHER if all(isinstance(options.get(o), int) for o in pair)]
    for group in (*groups, *((o,) for o in COUNTED if isinstance(options.get(o), int))):
        for by in (-1, 1):
            changed = {option: options[option] + by for option in group}
            if min(changed.values()) > 0:
                said = " and ".join(f"{o} {options[o]} taken as {v}" for o, v in changed.items())
                yield "parameter", said, changed
    padding = options.get("padding")
    if padding in ("SAME", "VALID"):
        other = "VALID" if padding == "SAME" else "SAME"
        yield "parameter", f"padding {padding} taken as {other}", {"padding": other}
    activation = options.get("fused_activation_function")
    if activation in ACTIVATIONS:
        for other in ACTIVATIONS:
            if other != activation:
                name: KindName = "clamp missing" if other == "NONE" else "parameter"
                said = f"the activation {activation} taken as {other}"
                yield name, said, {"fused_activation_function": other}
    beta = options.get("beta")
    if isinstance(beta, float) and beta != 1.0:
        yield "parameter", f"beta {beta:g} taken as 1", {"beta": 1.0}


def _other_inputs(
    single: SingleOperator, samples: Sequence[Values]
) -> Iterator[tuple[KindName, str, list[Values]]]:
    inputs = single.inputs
    if not inputs:
        return
    first = inputs[0]
    shape = samples[0][first].shape
    if len(shape) == 4:
        _, h, w, c = shape

        def nchw(a: Array) -> Array:
            return a.reshape(shape[0], c, h, w).transpose(0, 2, 3, 1)

        if c > 1 and h * w > 1:
            yield (
                "layout",
                "its input read as NCHW",
                [{**s, first: nchw(s[first])} for s in samples],
            )
        if c > 1:
            said = "the channels of its input in reverse"
            yield "channel order", said, [{**s, first: s[first][..., ::-1]} for s in samples]
    if len(inputs) == 2 and samples[0][inputs[1]].shape == shape:
        a, b = inputs
        if samples[0][a].dtype == samples[0][b].dtype:
            yield (
                "parameter",
                "its two inputs exchanged",
                [{**s, a: s[b], b: s[a]} for s in samples],
            )


def _moved(array: Array, axis: int, by: int, filler: int) -> Array:
    """The array shifted along an axis; what comes in is the filler."""
    made = np.full_like(array, filler)
    size = array.shape[axis]
    here = [slice(None)] * array.ndim
    there = [slice(None)] * array.ndim
    here[axis] = slice(max(by, 0), size + min(by, 0))
    there[axis] = slice(max(-by, 0), size + min(-by, 0))
    made[tuple(here)] = array[tuple(there)]
    return made


def _run(
    single: SingleOperator, samples: Sequence[Values], options: Mapping[str, Any] | None
) -> list[dict[int, Array]]:
    try:
        return single.run(samples, options=options)
    except Refint8Error:
        return []


def _overlap(evidence: Evidence, name: KindName, detail: str, made: list[Array]) -> Hypothesis:
    """A result of another shape counts where both have elements."""
    shape = evidence.shape
    if len(made[0].shape) != len(shape):
        return Hypothesis(name, detail, 0)
    common = tuple(slice(0, min(a, b)) for a, b in zip(made[0].shape, shape, strict=True))
    predicted, covered = [], []
    for expected, guess in zip(evidence.expected, made, strict=True):
        whole, seen = expected.copy(), np.zeros(shape, bool)
        whole[common] = guess[common]
        seen[common] = True
        predicted.append(whole)
        covered.append(seen)
    return Hypothesis(name, detail, evidence.whole(predicted, covered))
