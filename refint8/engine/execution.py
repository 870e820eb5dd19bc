"""One subgraph of an interpreter: the shapes asked for, the session, the current values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from refint8.engine.environment import SharedEnvironment
from refint8.engine.machine import array_dtype
from refint8.engine.session import Session
from refint8.errors import StateError, UsageError
from refint8.model.types import Model, Tensor
from refint8.native.compiling import Compiling
from refint8.numerics.profiles import Profile
from refint8.ops._op import Array, Shape

NOT_ALLOCATED = "call allocate_tensors() first"


class Execution:
    """Mutable by design: it is what `set_tensor`, `invoke` and `get_tensor` act on."""

    def __init__(
        self, model: Model, profile: Profile, subgraph: int, environment: SharedEnvironment
    ) -> None:
        self.model = model
        self.profile = profile
        self._environment = environment
        self.graph = model.subgraphs[subgraph]
        self.session: Session | None = None
        self._shapes: dict[int, Shape] = {}
        self._invoked = False

    def tensor(self, index: Any) -> Tensor:
        """The declaration. Raises UsageError for an index outside, TypeError for no integer."""
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise TypeError(f"a tensor index is an integer, not {type(index).__name__}")
        if not 0 <= index < len(self.graph.tensors):
            raise UsageError(
                f"Invalid tensor index {index} exceeds max tensor index {len(self.graph.tensors)}",
                hint="take indexes from get_input_details() or get_tensor_details()",
            )
        return self.graph.tensors[int(index)]

    def shape(self, tensor: Tensor) -> Shape | None:
        """The actual shape, None while only an invoke can know it."""
        if self.session is None:
            return self._shapes.get(tensor.index, tensor.shape)
        planned = self.session.plan.shapes[tensor.index]
        if planned is None and self._invoked:
            return self.session.view(tensor.index).shape
        return planned

    def dtype(self, tensor: Tensor) -> str:
        """The actual dtype; an operator may overrule the declared one."""
        return tensor.dtype if self.session is None else self.session.plan.dtypes[tensor.index]

    def resize(self, index: int, shape: Sequence[int], strict: bool) -> None:
        """Ask for another input shape; takes effect with the next `allocate`.

        Raises UsageError for a tensor that is no graph input or a negative dimension, StateError
        when `strict` and a known dimension would change.
        """
        tensor = self.tensor(index)
        wanted = tuple(int(d) for d in np.asarray(shape).reshape(-1))
        if tensor.index not in self.graph.inputs:
            raise UsageError(f"tensor {index} '{tensor.name}' is not an input of the model")
        if min(wanted, default=0) < 0:
            raise UsageError(f"a dimension of {wanted} is negative")
        if strict:
            signature = tensor.shape_signature
            fits = len(signature) == len(wanted) and all(
                declared in (-1, d) for declared, d in zip(signature, wanted, strict=True)
            )
            if not fits:
                raise StateError(
                    f"{wanted} changes more than the unknown dimensions of {signature}",
                    hint="resize without strict=True",
                )
        self._shapes[tensor.index] = wanted
        self.session = None

    def allocate(self) -> None:
        """Plan for the shapes asked for and fill the inputs with zeros."""
        if self.session is not None:
            return
        self._environment.forget(self.graph.index)
        self.session = Session(
            self.model,
            self.profile,
            self._shapes,
            self.graph.index,
            progress=Compiling(),
            environment=self._environment,
        )
        self._invoked = False

    def set(self, index: int, value: Any) -> None:
        """Copy a value into a tensor. Raises UsageError for dtype, rank, shape or a constant."""
        tensor = self.tensor(index)
        array = np.asarray(value)
        dtype = array_dtype(tensor.dtype)
        place = f"input {index}, name: {tensor.name}"
        if array.dtype != dtype:
            raise UsageError(
                f"Cannot set tensor: Got value of type {array.dtype.name.upper()} but expected"
                f" type {tensor.dtype} for {place}",
                hint="quantize first: refint8.quantize(x, details) rounds and clips;"
                " astype alone wraps",
            )
        shape = self._expected_shape(tensor)
        if array.ndim != len(shape):
            raise UsageError(
                f"Cannot set tensor: Dimension mismatch. Got {array.ndim} but expected"
                f" {len(shape)} for {place}"
            )
        for axis, (got, expected) in enumerate(zip(array.shape, shape, strict=True)):
            if got != expected:
                raise UsageError(
                    f"Cannot set tensor: Dimension mismatch. Got {got} but expected {expected}"
                    f" for dimension {axis} of {place}"
                )
        if tensor.data is not None:
            raise UsageError(f"tensor {index} '{tensor.name}' is a constant of the model")
        if self.session is None:
            raise UsageError(f"tensor {index} has no memory yet", hint=NOT_ALLOCATED)
        with suppress(KeyError):  # a tensor without memory of its own may be set, to no effect
            self.session.view(tensor.index)[...] = array

    def _expected_shape(self, tensor: Tensor) -> Shape:
        shape = self.shape(tensor)
        return tensor.shape if shape is None else shape

    def invoke(self) -> None:
        """Run. Raises StateError before `allocate`, DomainError where undefined."""
        if self.session is None:
            raise StateError("Invoke called on model that is not ready", hint=NOT_ALLOCATED)
        self.session.invoke()
        self._invoked = True

    def view(self, index: int) -> Array:
        """The current value itself, writable for inputs. Raises UsageError while there is none."""
        tensor = self.tensor(index)
        if self.session is None:
            if tensor.data is not None:
                return tensor.data
            raise UsageError("Tensor data is null", hint=NOT_ALLOCATED)
        readable = self._invoked or tensor.is_variable or tensor.index in self._before_invoke
        if readable:
            with suppress(KeyError):
                return self.session.view(tensor.index)
        raise UsageError(
            f"tensor {index} '{tensor.name}' has no value before invoke()",
            hint="call invoke(), or check that an operator writes this tensor",
        )

    @property
    def _before_invoke(self) -> frozenset[int]:
        """Tensors with a value of their own: inputs, constants, what follows from shapes."""
        known = self.session.plan.values if self.session else {}
        return frozenset((*self.graph.inputs, *known))

    def reset_variables(self) -> None:
        """Variables to their initial values."""
        if self.session is None:
            raise StateError("the model is not ready", hint=NOT_ALLOCATED)
        self.session.reset()
