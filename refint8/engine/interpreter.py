"""`Interpreter`: the interface of tf.lite, so that changing the import is the migration.

Names, argument order, dictionary keys and exception types are those of `ai-edge-litert` 2.3.0.
Beyond it: `profile=` names the arithmetic, and every tensor can be read after `invoke`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from refint8.engine.details import Details, operator_details, tensor_details
from refint8.engine.environment import SharedEnvironment
from refint8.engine.execution import Execution
from refint8.engine.plan import all_subgraphs
from refint8.engine.signature import SignatureRunner
from refint8.errors import UsageError
from refint8.model.reader import read_model
from refint8.model.types import Model
from refint8.numerics.profiles import DEFAULT_PROFILE, Profile, profile
from refint8.ops._custom import registrations
from refint8.ops._op import Array, Record


class OpResolverType(Enum):
    """LiteRT's choice of kernels; each maps to a profile (PROFILE_OF_RESOLVER)."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


PROFILE_OF_RESOLVER = {
    "AUTO": DEFAULT_PROFILE,
    "BUILTIN": "xnnpack",
    "BUILTIN_REF": "litert-ref",
    "BUILTIN_WITHOUT_DEFAULT_DELEGATES": "litert-opt",
}
"""AUTO, the argument's default, is refint8's own default profile; the others name an engine."""

KNOWN_EXPERIMENTS = {
    "experimental_disable_delegate_clustering",
    "experimental_default_delegate_latest_features",
    "experimental_compress_quantization_zero_points",
    "experimental_disable_delegate_node_fusion",
    "experimental_force_delegate_node_profiling",
}
"""Arguments about delegates and speed, accepted because they cannot change a bit here."""


class Interpreter:
    """Run a .tflite model with integer arithmetic.

    Raises UsageError (a ValueError) for arguments and files, UnsupportedError (a ValueError and
    a RuntimeError) from `allocate_tensors` for operators that do not run, DomainError from
    `invoke` where the arithmetic is not defined.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | None = None,
        experimental_delegates: Sequence[Any] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: Any = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        *,
        profile: str | Profile | None = None,
        ops: Sequence[type[Record]] = (),
        **experiments: Any,
    ) -> None:
        """Read the model; `profile` wins over `experimental_op_resolver_type`.

        `ops` are custom operators of one's own (docs/CUSTOM_OPERATORS.md).
        """
        _check_experiments(experiments)
        if experimental_delegates:
            raise UsageError(
                "delegates replace the arithmetic and cannot be loaded here",
                hint="choose the arithmetic with profile=",
            )
        if num_threads is not None:
            if not isinstance(num_threads, int):
                raise UsageError("type of num_threads should be int")
            if num_threads < 1:
                raise UsageError("num_threads should >= 1")
        self._profile = _profile_of(profile, experimental_op_resolver_type)
        self._model = _read(model_path, model_content)
        subgraphs = all_subgraphs(self._model, self._profile.rules, registrations(ops))
        environment = SharedEnvironment(subgraphs)
        self._executions = [
            Execution(self._model, self._profile, graph.index, environment)
            for graph in self._model.subgraphs
        ]

    @property
    def profile(self) -> Profile:
        """The profile in force."""
        return self._profile

    @property
    def model(self) -> Model:
        """The model as it was read."""
        return self._model

    def allocate_tensors(self) -> None:
        """Prepare every operator for the current input shapes. Raises UnsupportedError."""
        self._executions[0].allocate()

    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copy `value` into an input. Raises UsageError for index, dtype or shape."""
        self._executions[0].set(tensor_index, value)

    def invoke(self) -> None:
        """Run the model. Raises StateError before allocate_tensors, DomainError where undefined."""
        self._executions[0].invoke()

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of any tensor's value: inputs, constants and, after invoke, everything."""
        return self._execution(subgraph_index).view(tensor_index).copy()

    def tensor(self, tensor_index: int) -> Callable[[], Array]:
        """A function that returns the tensor's current value without a copy.

        An input's array may be written in place; it lives until the next allocate_tensors.
        """
        return lambda: self._executions[0].view(tensor_index)

    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int], strict: bool = False
    ) -> None:
        """Change an input's shape; call allocate_tensors afterwards. See Execution.resize."""
        self._executions[0].resize(input_index, tensor_size, strict)

    def get_input_details(self) -> list[Details]:
        """One dictionary per model input, in the model's order."""
        return [self._details(self._executions[0], i) for i in self._model.subgraphs[0].inputs]

    def get_output_details(self) -> list[Details]:
        """One dictionary per model output, in the model's order."""
        return [self._details(self._executions[0], i) for i in self._model.subgraphs[0].outputs]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[Details]:
        """One dictionary per tensor of a subgraph."""
        if not 0 <= subgraph_index < self.num_subgraphs():
            raise UsageError(
                f"subgraph_index is out of range: {subgraph_index} for the model, which has"
                f" {self.num_subgraphs()} subgraphs"
            )
        execution = self._executions[subgraph_index]
        return [self._details(execution, t.index) for t in execution.graph.tensors]

    def _get_tensor_details(self, tensor_index: int, subgraph_index: int) -> Details:
        return self._details(self._execution(subgraph_index), tensor_index)

    def _get_ops_details(self) -> list[Details]:
        """Index, name, inputs and outputs of every operator of the first subgraph."""
        graph = self._model.subgraphs[0]
        return [operator_details(operator, graph) for operator in graph.operators]

    def _get_op_details(self, op_index: int) -> Details:
        return self._get_ops_details()[op_index]

    def num_subgraphs(self) -> int:
        """How many subgraphs the model has."""
        return len(self._model.subgraphs)

    def reset_all_variables(self) -> None:
        """Set the variable tensors of a streaming model back to their start.

        Resource variables (VAR_HANDLE) keep their values, as in LiteRT: make another Interpreter.
        Under the profile `tflm` they get their zero points, as `Reset` there does (rule `reset`).
        """
        self._executions[0].reset_variables()
        for execution in self._executions[1:]:
            if execution.session is not None:
                execution.reset_variables()

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Signature key to the names of its inputs and outputs."""
        return {
            signature.key: {
                "inputs": list(signature.inputs),
                "outputs": list(signature.outputs),
            }
            for signature in self._model.signatures
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A callable over named arrays; the key may be left out when there is one signature."""
        signatures = {signature.key: signature for signature in self._model.signatures}
        if signature_key is None:
            if len(signatures) != 1:
                raise UsageError(
                    f"SignatureDef signature_key is None and model has {len(signatures)}"
                    " Signatures. None is only allowed when the model has 1 SignatureDef"
                )
            (signature_key,) = signatures
        if signature_key not in signatures:
            raise UsageError(
                f'Invalid signature_key provided: "{signature_key}"',
                hint=f"the model has {', '.join(signatures) or 'none'}",
            )
        signature = signatures[signature_key]
        return SignatureRunner(signature, self._executions[signature.subgraph])

    def _execution(self, subgraph_index: int) -> Execution:
        if not 0 <= subgraph_index < self.num_subgraphs():
            raise UsageError(
                f"Invalid subgraph index {subgraph_index} exceeds max subgraph index"
                f" {self.num_subgraphs()}"
            )
        return self._executions[subgraph_index]

    @staticmethod
    def _details(execution: Execution, index: int) -> Details:
        tensor = execution.tensor(index)
        return tensor_details(tensor, execution.shape(tensor), execution.dtype(tensor))


def _read(path: str | os.PathLike[str] | None, content: bytes | None) -> Model:
    if path and content:
        raise UsageError("Can't both provide `model_path` and `model_content`")
    if not path and not content:
        raise UsageError("`model_path` or `model_content` must be specified.")
    return read_model(content if content else os.fspath(path or ""))


def _profile_of(name: str | Profile | None, resolver: Any) -> Profile:
    # LiteRT's and TensorFlow's own enums are taken too: only the member's name counts.
    member = getattr(resolver, "name", None)
    if member not in PROFILE_OF_RESOLVER:
        raise UsageError(f"Unrecognized passed in op resolver type: {resolver}")
    return profile(PROFILE_OF_RESOLVER[member] if name is None else name)


def _check_experiments(experiments: dict[str, Any]) -> None:
    for name in experiments:
        if not name.startswith("experimental_"):
            raise TypeError(f"Interpreter() got an unexpected keyword argument '{name}'")
        if name not in KNOWN_EXPERIMENTS:
            warnings.warn(f"{name} is not known to refint8 and has no effect", stacklevel=3)
