"""Nodes for operator tests, without a model around them.

`operand` declares a tensor, `node` an operator over them, `run` prepares it and applies the spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import refint8.ops  # noqa: F401  (fills the registry)
from refint8.errors import UnsupportedError
from refint8.model.types import NUMPY_DTYPE, Quantization
from refint8.numerics.profiles import profile
from refint8.numerics.rules import Rules
from refint8.ops._op import Node, Operand, prepare


def operand(
    dtype: str,
    shape: Sequence[int],
    scale: ArrayLike | None = None,
    zero_point: ArrayLike = 0,
    axis: int = 0,
    data: ArrayLike | None = None,
    name: str = "t",
) -> Operand:
    """A tensor; `scale` may be a list (per channel along `axis`); `data` makes it a constant."""
    quantization = None
    if scale is not None:
        scales = np.atleast_1d(np.asarray(scale, np.float32))
        zero_points = np.broadcast_to(np.asarray(zero_point, np.int64), scales.shape)
        quantization = Quantization(scales, np.array(zero_points), axis)
    value = None if data is None else np.asarray(data, NUMPY_DTYPE[dtype]).reshape(shape)
    return Operand(0, name, dtype, tuple(shape), quantization, value)


def constant(dtype: str, data: ArrayLike) -> Operand:
    """An unquantized constant, such as axes or a shape."""
    value = np.asarray(data, NUMPY_DTYPE[dtype])
    return Operand(0, "c", dtype, value.shape, None, value)


def node(
    name: str,
    inputs: Sequence[Operand | None],
    outputs: Operand | Sequence[Operand],
    *,
    rules: str | Rules = "tflite",
    version: int = 1,
    **options: Any,
) -> Node:
    """An operator under rules, or those of the profile that `rules` names."""
    outs = (outputs,) if isinstance(outputs, Operand) else tuple(outputs)
    assigned = profile(rules).rules if isinstance(rules, str) else rules
    return Node(name, tuple(inputs), outs, assigned, options, version)


def run(operator: Node, *arrays: NDArray[Any] | None) -> NDArray[Any]:
    """Prepare and apply the spec; checks that the one output has the derived shape."""
    record = prepare(operator)
    result = record.spec(*arrays)
    out = result[0] if isinstance(result, tuple) else result
    assert out.shape == record.shapes[0]
    assert out.dtype == NUMPY_DTYPE[operator.output.dtype]
    return out


def run_all(operator: Node, *arrays: NDArray[Any] | None) -> tuple[NDArray[Any], ...]:
    """Like `run`, for an operator of several outputs; checks shape and dtype of each."""
    record = prepare(operator)
    outs: tuple[NDArray[Any], ...] = record.spec(*arrays)
    assert tuple(out.shape for out in outs) == record.shapes
    assert [out.dtype for out in outs] == [NUMPY_DTYPE[o.dtype] for o in operator.outputs]
    return outs


def refused(operator: Node) -> str:
    """The label under which prepare refuses the operator; fails when it does not."""
    try:
        prepare(operator)
    except UnsupportedError as error:
        return error.label
    raise AssertionError(f"{operator.name} was accepted")
