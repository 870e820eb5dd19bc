"""Run a model through one of its signatures, by names."""

from __future__ import annotations

from typing import Any

import numpy as np

from refint8.engine.details import Details, tensor_details
from refint8.engine.execution import Execution
from refint8.errors import UsageError
from refint8.model.types import Signature
from refint8.ops._op import Array


class SignatureRunner:
    """Callable: `runner(x=array)` gives a dict of arrays by output name."""

    def __init__(self, signature: Signature, execution: Execution) -> None:
        self._signature = signature
        self._execution = execution

    def __call__(self, **inputs: Any) -> dict[str, Array]:
        """Resize to the arrays' shapes, run, read the outputs. Raises UsageError for names."""
        names = self._signature.inputs
        if len(inputs) != len(names):
            raise UsageError(
                "Invalid number of inputs provided for running a SignatureDef, expected"
                f" {len(names)} vs provided {len(inputs)}",
                hint=f"it takes {', '.join(names)}",
            )
        for name, value in inputs.items():
            if name not in names:
                raise UsageError(f"Invalid Input name ({name}) for SignatureDef")
            tensor = self._execution.tensor(names[name])
            if np.shape(value) != self._execution.shape(tensor):
                self._execution.resize(names[name], np.shape(value), strict=False)
        self._execution.allocate()
        for name, value in inputs.items():
            self._execution.set(names[name], value)
        self._execution.invoke()
        outputs = self._signature.outputs
        return {name: self._execution.view(index).copy() for name, index in outputs.items()}

    def get_input_details(self) -> dict[str, Details]:
        """Tensor details by input name."""
        return {name: self._details(index) for name, index in self._signature.inputs.items()}

    def get_output_details(self) -> dict[str, Details]:
        """Tensor details by output name."""
        return {name: self._details(index) for name, index in self._signature.outputs.items()}

    def _details(self, index: int) -> Details:
        tensor = self._execution.tensor(index)
        execution = self._execution
        return tensor_details(tensor, execution.shape(tensor), execution.dtype(tensor))
