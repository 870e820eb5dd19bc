"""A model under one profile: set inputs, invoke, look at every tensor.

Small models answer from the specs at first, because compiling or even loading kernels takes longer
than that; a model that is run again, or is large, becomes a compiled program. The bits are the
same. REFINT8_FAST=0 stays with the specs, REFINT8_FAST=1 compiles at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from refint8.engine.environment import SharedEnvironment
from refint8.engine.machine import Machine, SpecMachine, array_dtype, reset_variables
from refint8.engine.macs import plan_macs
from refint8.engine.plan import Plan, all_subgraphs
from refint8.engine.samples import HOW_TO_GIVE
from refint8.errors import UsageError
from refint8.model.types import Model, Tensor
from refint8.native.store import Progress
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile, profile
from refint8.ops._op import Array, Shape

SPEC_RUNS = 2
"""How many runs of a small model the specs answer before the program takes over."""

SPEC_MACS = 20_000_000
"""Multiply-accumulates up to which a model counts as small: some 50 ms of specs."""

SPEC_ELEMENTS = 2_000_000
"""Elements of all tensors up to which a model counts as small."""


class Session:
    """A model planned for given input shapes, with the state of its variable tensors.

    Resource variables live in the `environment`, which sessions of one interpreter share.
    """

    def __init__(
        self,
        model: Model,
        profile_name: str | Profile = DEFAULT_PROFILE,
        input_shapes: Mapping[int, Shape] | None = None,
        subgraph: int = 0,
        *,
        fast: bool | None = None,
        progress: Progress | None = None,
        environment: SharedEnvironment | None = None,
    ) -> None:
        """Plan the model. Raises UnsupportedError, DomainError, UsageError (profile).

        `fast` False runs specs only, True compiles before the first run, None decides by size.
        `progress` is called while kernels are compiled.
        """
        self.profile = profile(profile_name)
        if environment is None:
            environment = SharedEnvironment(all_subgraphs(model, self.profile.rules))
        self._environment = environment
        self.plan: Plan = environment.subgraphs.plan(subgraph, input_shapes or {})
        self._progress = progress
        self._machine: Machine = SpecMachine(self.plan, environment)
        wanted = _wanted() if fast is None else fast
        # Runs that are still left to the specs; None: the machine is settled.
        self._spec_runs: int | None = None
        if wanted is None:
            self._spec_runs = SPEC_RUNS if _small(self.plan) else 0
        elif wanted:
            self._spec_runs = 0

    @property
    def compiled(self) -> bool:
        """Whether the program runs, not the specs."""
        return not isinstance(self._machine, SpecMachine)

    def reset(self) -> None:
        """Set every variable tensor to its initial value, and resource variables as the rule
        `reset` says. What operators keep by themselves is forgotten.
        """
        reset_variables(self.plan, self._machine)
        self._environment.memories.clear()
        self._environment.reset_variable_tensors()
        if self.profile.rules.reset == "resources":
            self._environment.reset_resource_variables()

    def restart(self) -> None:
        """Set everything that a run leaves behind to its start, resource variables as well."""
        reset_variables(self.plan, self._machine)
        self._environment.restart()

    def view(self, index: int) -> Array:
        """A tensor's current memory, writable for inputs and variables.

        Constants and what follows from shapes can be read before `invoke`, all else after it.
        Raises KeyError while there is nothing to see.
        """
        known = self.plan.values.get(index)
        return self._machine.view(index) if known is None else known

    def invoke(self) -> None:
        """Run once over the inputs' memory. Raises DomainError where undefined."""
        if self._spec_runs is not None:
            self._settle()
        self._machine.invoke()

    def run(self, inputs: Mapping[int, Array]) -> dict[int, Array]:
        """Run once. `inputs` by tensor index, of the tensor's dtype and the planned shape.

        Returns copies of every graph input, variable and operator output by tensor index.
        Raises UsageError for a wrong input, DomainError where the arithmetic is not defined.
        """
        graph = self.plan.subgraph
        for index in graph.inputs:
            value = self._checked(graph.tensors[index], inputs.get(index))
            self._machine.view(index)[...] = value
        self.invoke()
        seen = [*graph.inputs, *(t.index for t in graph.tensors if t.is_variable)]
        seen += [index for step in self.plan.steps for index in step.operator.outputs]
        return {index: self.view(index).copy() for index in seen}

    def _settle(self) -> None:
        """Count a run of the specs, or replace them by the program."""
        assert self._spec_runs is not None
        if self._spec_runs > 0:
            self._spec_runs -= 1
            return
        self._spec_runs = None
        from refint8.engine.runner import compiled_machine

        machine = compiled_machine(self.plan, self._environment, self._progress)
        if machine is not None:
            graph = self.plan.subgraph
            for tensor in graph.tensors:
                if tensor.is_variable or tensor.index in graph.inputs:
                    machine.view(tensor.index)[...] = self._machine.view(tensor.index)
            self._machine = machine

    def _checked(self, tensor: Tensor, value: Array | None) -> Array:
        name = f"input '{tensor.name}' (tensor {tensor.index})"
        if value is None:
            raise UsageError(f"{name} was not given")
        shape, dtype = self.plan.shapes[tensor.index], array_dtype(tensor.dtype)
        if value.dtype != dtype:
            raise UsageError(
                f"{name} is {dtype.name}, not {value.dtype.name}",
                hint=HOW_TO_GIVE,
            )
        if value.shape != shape:
            raise UsageError(f"{name} has shape {shape}, not {value.shape}")
        return value


def left_to_specs(plan: Plan, runs: int) -> bool:
    """Whether the specs answer so many runs, none of which needs the state of another."""
    wanted = _wanted()
    return runs <= SPEC_RUNS and _small(plan) if wanted is None else not wanted


def _wanted() -> bool | None:
    return {"0": False, "1": True}.get(os.environ.get("REFINT8_FAST", ""))


def _small(plan: Plan) -> bool:
    known = [shape for shape in plan.shapes.values() if shape is not None]
    elements = sum(int(np.prod(shape, dtype=np.int64)) for shape in known)
    return elements <= SPEC_ELEMENTS and plan_macs(plan) <= SPEC_MACS
