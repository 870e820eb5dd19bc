"""One op, one room: what the rooms share.

An operator is a frozen dataclass, its **integer record**: everything the arithmetic needs, derived
once by `prepare` from scales, options and rules. `spec` is a method of the record and reads
nothing else, so a record can also be made by hand (multiplier and shift given, no scales): that is
the raw layer. Every op file has the same corners in the same order:

1. the module's docstring: the integer formula, its conditions C1, C2, ..., its source;
2. `@operator(...)`: builtin name, versions, dtype rows;
3. the record's fields and `prepare(node)`, which checks the conditions by label;
4. `spec(...)`: NumPy, whole arrays, the definition;
5. `kernel`: the compiled twin (none yet).

Most operators are functions of their inputs. One with **state** declares the inputs that it
rewrites (`Record.state`) and returns their new values behind its outputs. One that reaches beyond
its tensors (`_surroundings.py`: resource variables, other subgraphs) says so by
`needs_environment`, and its spec takes the environment before the arrays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from refint8.errors import DomainError, UnsupportedError, Where
from refint8.model.types import Quantization, Sparsity, Tensor
from refint8.native.lowering import NotFastError, Site
from refint8.numerics.activation import ACTIVATION_BOUNDS, activation_range
from refint8.numerics.fixedpoint import Ints
from refint8.numerics.rules import Rules
from refint8.ops._registry import Registry
from refint8.ops._surroundings import NOTHING_AROUND, Environment, Place, Surroundings

Array = NDArray[Any]
Shape = tuple[int, ...]

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Operand:
    """A tensor as one operator sees it: declaration, actual shape, and its value if known.

    `data` is the value of a constant, or of a tensor that the planner could compute beforehand
    (a shape computed from static shapes); None when only `invoke` will know it. A sparse constant's
    is dense here; `sparsity` tells how it is stored. `is_computed` says that a value is not the
    file's, `declared_dtype` which dtype the file has. `degenerate_scale` is the rule of that name:
    "refused", or "used" as an engine does.
    """

    index: int
    name: str
    dtype: str
    shape: Shape
    quantization: Quantization | None = None
    data: Array | None = None
    degenerate_scale: str = "refused"
    is_variable: bool = False
    sparsity: Sparsity | None = None
    is_computed: bool = False
    declared_dtype: str = ""

    @classmethod
    def of(
        cls,
        tensor: Tensor,
        rules: Rules,
        *,
        shape: Shape | None = None,
        dtype: str = "",
        data: Array | None = None,
    ) -> Operand:
        """The operand of a declared tensor, with its actual shape, dtype and value if known."""
        return cls(
            index=tensor.index,
            name=tensor.name,
            dtype=dtype or tensor.dtype,
            shape=tensor.shape if shape is None else shape,
            quantization=tensor.quantization,
            data=tensor.data if data is None and not tensor.sparse else data,
            degenerate_scale=rules.degenerate_scale,
            is_variable=tensor.is_variable,
            sparsity=tensor.sparsity,
            is_computed=tensor.data is None,
            declared_dtype=tensor.dtype,
        )

    @property
    def quantized(self) -> bool:
        """True when the tensor carries at least one scale."""
        return self.quantization is not None and self.quantization.scales.size > 0

    @property
    def per_channel(self) -> bool:
        """True when the tensor carries several scales."""
        return self.quantization is not None and self.quantization.per_channel

    @property
    def scale(self) -> float:
        """The one scale. Raises UnsupportedError without one, DomainError if degenerate."""
        scales = self.scales
        if scales.size > 1:
            raise UnsupportedError(
                f"tensor {self.index} '{self.name}' has {scales.size} scales where the operator"
                " reads one",
                label="scale",
                hint="convert the model with per-tensor quantization for this tensor",
            )
        return float(scales[0])

    @property
    def scales(self) -> NDArray[np.float32]:
        """All scales, float32. Raises as `scale` does."""
        if self.quantization is None or not self.quantization.scales.size:
            raise UnsupportedError(
                f"tensor {self.index} '{self.name}' ({self.dtype}) has no quantization",
                label="scale",
                hint="the model is not fully quantized here; convert it with a representative"
                " data set",
            )
        scales = self.quantization.scales
        bad = ~(np.isfinite(scales) & (scales >= SMALLEST_NORMAL))
        if bad.any() and self.degenerate_scale == "refused":
            raise DomainError(
                f"tensor {self.index} '{self.name}' has the degenerate scale"
                f" {float(scales[bad][0])}",
                label="scale",
                hint="the converter saw a constant or overflowing range; calibrate again",
            )
        return scales

    @property
    def zero_point(self) -> int:
        """The one zero point; 0 without quantization or with several scales."""
        if self.quantization is None or self.quantization.zero_points.size != 1:
            return 0
        return int(self.quantization.zero_points[0])

    @property
    def zero_points(self) -> Ints:
        """All zero points, int64; empty without quantization."""
        if self.quantization is None:
            return np.zeros(0, np.int64)
        return self.quantization.zero_points

    @property
    def value(self) -> Array:
        """The known value; the planner guarantees it for the inputs named by `values`."""
        if self.data is None:
            raise UnsupportedError(
                f"tensor {self.index} '{self.name}' is computed by the model, the operator needs"
                " it as a constant",
                label="constant",
            )
        return self.data

    def integers(self) -> tuple[int, ...]:
        """The known value, flattened, as Python integers."""
        return tuple(int(v) for v in self.value.reshape(-1))


@dataclass(frozen=True, eq=False)
class Node:
    """What `prepare` is given: operands, options and rules. An absent optional input is None.

    `intermediates` are tensors that only lend their quantization (LSTM). A custom operator has
    `custom_options` instead of options. `surroundings` is the model around the operator, `place`
    where in it the operator is.
    """

    name: str
    inputs: tuple[Operand | None, ...]
    outputs: tuple[Operand, ...]
    rules: Rules
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    intermediates: tuple[Operand | None, ...] = ()
    custom_options: bytes = b""
    surroundings: Surroundings = NOTHING_AROUND
    place: Place = (0, 0)

    def input(self, position: int) -> Operand:
        """A required input; the dtype rows have established that it is there."""
        operand = self.inputs[position]
        assert operand is not None
        return operand

    def optional_input(self, position: int) -> Operand | None:
        """An optional input, None when absent."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def output(self) -> Operand:
        """The first output."""
        return self.outputs[0]

    def clamp(self, activation: str = "") -> tuple[int, int]:
        """Lowest and highest output step: the fused activation's, or that of `activation`."""
        name = activation or self.options.get("fused_activation_function", "NONE")
        check(name in ACTIVATION_BOUNDS, "activation", f"the fused activation {name} is not known")
        out = self.output
        return activation_range(name, out.dtype, out.scale, out.zero_point)


def check(condition: object, label: str, reason: str, hint: str = "") -> None:
    """Refuse the operator under a condition's label unless the condition holds."""
    if not condition:
        refuse(label, reason, hint)


def refuse(label: str, reason: str, hint: str = "") -> NoReturn:
    """Refuse the operator under a condition's label."""
    raise UnsupportedError(reason, label=label, hint=hint)


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """Base of all integer records. `shapes` are the outputs' shapes."""

    shapes: tuple[Shape, ...]

    registration: ClassVar[Registration]
    spec: ClassVar[Callable[..., Any]]
    """The record's arrays in, output array (or tuple of them) out, of the declared dtypes."""
    same_bytes: ClassVar[bool] = False
    """Whether the first output holds the first input's bytes unchanged (RESHAPE)."""
    always_folded: ClassVar[bool] = False
    """Whether the outputs of constants are computed while planning, however large (DENSIFY)."""
    state: ClassVar[tuple[int, ...]] = ()
    """Inputs that a run rewrites: spec returns their new values, in this order, after outputs."""
    needs_environment: ClassVar[bool] = False
    """Whether spec takes an Environment before the arrays."""
    passed_from: ClassVar[int] = 0
    """The first of the inputs that subgraphs are given."""

    @property
    def subgraphs(self) -> tuple[int, ...]:
        """The subgraphs that the operator runs, each perhaps."""
        return ()

    def stopped(self, environment: Environment) -> None:
        """Before spec answers for a kernel that has set the alarm. May raise DomainError."""

    @property
    def open_shapes(self) -> bool:
        """Whether only a run knows the outputs' shapes; `shapes` is then empty."""
        return False

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Check the conditions and derive the record. Raises UnsupportedError, DomainError."""
        raise NotImplementedError

    def lower(self, site: Site) -> None:
        """Append the kernels' instructions. Raises NotFastError where only the spec is exact."""
        raise NotFastError("the operator has no kernel")

    def known_outputs(self) -> tuple[Array, ...] | None:
        """The outputs' values where they follow from shapes alone (SHAPE), else None."""
        return None


@dataclass(frozen=True)
class Row:
    """One dtype row: "INT8,INT8,INT32?->INT8".

    Inputs are separated by commas; `A|B` allows either, a trailing `?` marks an optional input,
    a trailing `*` any number of inputs (the last one only).
    """

    text: str
    inputs: tuple[frozenset[str], ...]
    required: frozenset[int]
    variadic: bool
    outputs: tuple[frozenset[str], ...]
    outputs_variadic: bool

    @classmethod
    def parse(cls, text: str) -> Row:
        """Read the notation above."""
        left, right = text.split("->")
        inputs = left.split(",") if left else []
        outputs = right.split(",") if right else []
        return cls(
            text=text,
            inputs=tuple(frozenset(item.rstrip("?*").split("|")) for item in inputs),
            required=frozenset(i for i, item in enumerate(inputs) if item[-1] not in "?*"),
            variadic=bool(inputs) and inputs[-1].endswith("*"),
            outputs=tuple(frozenset(item.rstrip("*").split("|")) for item in outputs),
            outputs_variadic=bool(outputs) and outputs[-1].endswith("*"),
        )

    def accepts(self, inputs: Sequence[str | None], outputs: Sequence[str]) -> bool:
        """Whether dtypes (None for an absent input) fit the row."""
        return _fits(inputs, self.inputs, self.required, self.variadic) and _fits(
            outputs, self.outputs, frozenset(range(len(self.outputs))), self.outputs_variadic
        )


def _fits(
    dtypes: Sequence[str | None],
    allowed: tuple[frozenset[str], ...],
    required: frozenset[int],
    variadic: bool,
) -> bool:
    if len(dtypes) > len(allowed) and not variadic:
        return any(dtypes[len(allowed) :]) is False and _fits(
            dtypes[: len(allowed)], allowed, required, variadic
        )
    present = {position for position, dtype in enumerate(dtypes) if dtype is not None}
    if not required <= present:
        return False
    pairs = zip(dtypes, (*allowed, *allowed[-1:] * len(dtypes)), strict=False)
    return all(dtype is None or dtype in options for dtype, options in pairs)


@dataclass(frozen=True)
class Registration:
    """Corner 2 of a room: what the registry knows of an operator."""

    name: str
    versions: range
    rows: tuple[Row, ...]
    values: tuple[int, ...]
    dtype_of: int | None
    record: type[Record]
    documentation: str
    custom: bool = False
    sparse: tuple[int, ...] = ()

    @property
    def conditions(self) -> dict[str, str]:
        """Label to text, from the docstring: lines that begin with C1, C2, ..."""
        found = re.findall(
            r"^(C\d+)\s+(.*(?:\n {4,}\S.*)*)", self.documentation, flags=re.MULTILINE
        )
        return {label: " ".join(text.split()) for label, text in found}

    def check_node(self, node: Node) -> None:
        """Refuse an unknown version ("version") or a dtype combination without a row ("dtype")."""
        check(
            node.version in self.versions,
            "version",
            f"{self.name} version {node.version} is not known; versions"
            f" {self.versions[0]} to {self.versions[-1]} are",
            "convert the model with an older converter, or report it",
        )
        inputs = [None if operand is None else operand.dtype for operand in node.inputs]
        outputs = [operand.dtype for operand in node.outputs]
        if not any(row.accepts(inputs, outputs) for row in self.rows):
            refuse_dtypes(self, inputs, outputs)


def refuse_dtypes(
    registration: Registration, inputs: Sequence[str | None], outputs: Sequence[str]
) -> NoReturn:
    """The refusal of a dtype combination, with what would fit."""
    have = ",".join(dtype or "none" for dtype in inputs) + "->" + ",".join(outputs)
    is_float = any(dtype in ("FLOAT32", "FLOAT16", "FLOAT64") for dtype in (*inputs, *outputs))
    reason = (
        f"{have} is a float operator; refint8 runs integer arithmetic"
        if is_float
        else f"{have} is not among the dtypes of {registration.name}"
    )
    hint = (
        "convert with a representative data set and full-integer operators"
        if is_float
        else "it takes " + "  ".join(row.text for row in registration.rows[:8])
    )
    refuse("dtype", reason, hint)


REGISTRY = Registry()
"""Builtin name to registration."""

R = TypeVar("R", bound=Record)


def operator(
    name: str,
    *,
    versions: Iterable[int],
    dtypes: Iterable[str],
    values: tuple[int, ...] = (),
    dtype_of: int | None = None,
    custom: bool = False,
    sparse: tuple[int, ...] = (),
) -> Callable[[type[R]], type[R]]:
    """Register a record class as the operator of that builtin name, or (`custom`) custom code.

    `versions` are the operator versions whose semantics it has; `dtypes` the rows in Row's
    notation; `values` the positions of inputs whose value `prepare` reads (axes, shapes);
    `dtype_of` the input whose dtype the output takes, whatever the model declares, under the rule
    `declared_dtype`; `sparse` the positions of inputs that may be stored sparsely.
    """

    def register(record: type[R]) -> type[R]:
        import sys

        numbers = sorted(versions)
        record.registration = Registration(
            name=name,
            versions=range(numbers[0], numbers[-1] + 1),
            rows=tuple(Row.parse(text) for text in dtypes),
            values=values,
            dtype_of=dtype_of,
            sparse=sparse,
            record=record,
            documentation=sys.modules[record.__module__].__doc__ or "",
            custom=custom,
        )
        REGISTRY.add(record.registration)
        return record

    return register


def prepare(
    node: Node, where: Where | None = None, registration: Registration | None = None
) -> Record:
    """Look the operator up, check version and dtypes, derive its integer record.

    `registration` is that of a custom operator. Raises UnsupportedError (unknown operator,
    "version", "dtype", a condition's label) and DomainError, both with `where` filled in.
    """
    try:
        registration = registration or REGISTRY.get(node.name)
        if registration is None:
            raise UnsupportedError(
                f"{node.name} is not implemented", label="operator", hint="`refint8 ops` lists all"
            )
        registration.check_node(node)
        return registration.record.prepare(_under_its_rules(node))
    except (UnsupportedError, DomainError) as error:
        raise error.at(where or Where(operator_name=node.name)) from None


def _under_its_rules(node: Node) -> Node:
    if node.rules.delegation == "none":
        return node
    from refint8.ops._delegation import under_its_rules  # its conditions look at nodes

    return under_its_rules(node)
