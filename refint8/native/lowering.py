"""What an operator sees when it is lowered: where its tensors lie, and a list to append to.

`Record.lower(site)` appends instructions. It raises NotFastError when no kernel is proved exact
for its record; the engine then runs the operator's spec between two stretches of the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from refint8.native.cpu import Tier
from refint8.native.lang import Kernel
from refint8.native.memory import Constants, round_up


class NotFastError(Exception):
    """No kernel is proved exact for these constants; the spec has to run."""


@dataclass(frozen=True, eq=False)
class Place:
    """A tensor in the arena: byte offset, shape and dtype. `data` is a constant's value."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data: NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Number of bytes."""
        return self.size * self.dtype.itemsize


@dataclass(eq=False)
class Label:
    """A place among the instructions of a program; its number is known when they are linked."""


@dataclass(frozen=True, eq=False)
class Instruction:
    """A kernel with its parameter words; `macs` is for reports only.

    The words at the positions `targets` become the numbers of the instructions at labels.
    """

    kernel: Kernel
    words: NDArray[np.int64]
    macs: int = 0
    targets: Mapping[int, Label] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Held:
    """A resource variable in the arena: its value, and the offset of an int64 that says whether
    the program has one (0: not; 1: as the run began; 2: assigned since).
    """

    state: int
    value: Place


@dataclass(frozen=True, eq=False)
class Landing:
    """A subgraph as those see it that call it: where its tensors lie and its instructions begin.

    It returns to the instruction whose number is the int64 at the arena offset `back`.
    """

    entry: Label
    back: int
    inputs: Sequence[Place]
    outputs: Sequence[Place]


class Around(Protocol):
    """The program around an operator that reaches beyond its tensors. All raise NotFastError."""

    @property
    def loop_limit(self) -> int:
        """Arena offset of an int64, how many turns a loop may take."""
        ...

    def counter(self) -> int:
        """Arena offset of an int64 of the operator's own."""
        ...

    def held(self, position: int) -> Held:
        """The variable whose handle is the input at a position."""
        ...

    def once(self, subgraph: int) -> int:
        """Arena offset of an int64 that is not 0 once a subgraph has run."""
        ...

    def landing(self, subgraph: int, first: int) -> Landing:
        """A subgraph for inputs of the shapes that the operator's have from `first` on."""
        ...


@dataclass(eq=False)
class Site:
    """One operator being lowered. An absent optional input is None."""

    tier: Tier
    inputs: Sequence[Place | None]
    outputs: Sequence[Place]
    constants: Constants
    alarm: int
    """Arena offset of an int64 that is 0. A kernel that meets data outside its domain sets it, and
    the operator's spec runs instead, which reports the data or gives the answer."""
    scratch_start: int
    instructions: list[Instruction] = field(default_factory=list)
    scratch_size: int = 0
    resident: list[Place] = field(default_factory=list)
    program: Around | None = None
    marks: dict[Label, int] = field(default_factory=dict)
    """What labels mean: how many of the instructions come before."""

    @property
    def around(self) -> Around:
        """The program. Raises NotFastError where the operator is lowered by itself."""
        if self.program is None:
            raise NotFastError("there is no program around the operator")
        return self.program

    def input(self, position: int) -> Place:
        """An input that is there, for its shape and dtype, or to be packed."""
        place = self.inputs[position] if position < len(self.inputs) else None
        assert place is not None
        return place

    def read(self, position: int) -> Place:
        """An input that a kernel reads where it lies; a constant is copied to its place."""
        place = self.input(position)
        if place.data is not None:
            self.resident.append(place)
        return place

    def optional_input(self, position: int) -> Place | None:
        """An input that may be absent."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def output(self) -> Place:
        """The first output."""
        return self.outputs[0]

    def constant_input(self, position: int) -> NDArray[Any]:
        """The value of a constant input, to be packed. Raises NotFastError if it is computed."""
        data = self.input(position).data
        if data is None:
            raise NotFastError(f"input {position} is not a constant")
        return data

    def optional_constant(self, position: int) -> NDArray[Any] | None:
        """constant_input, or None for an absent input."""
        return None if self.optional_input(position) is None else self.constant_input(position)

    def constant(self, array: NDArray[Any]) -> int:
        """Keep an array beside the program; returns its address."""
        return self.constants.add(array)

    def scratch(self, nbytes: int) -> int:
        """Arena offset of memory that lives until the operator's last instruction."""
        start = self.scratch_start + self.scratch_size
        self.scratch_size += round_up(nbytes)
        return start

    def call(self, kernel: Kernel, *words: int | Label, macs: int = 0) -> None:
        """Append an instruction; a label stands for the number of an instruction."""
        targets = {at: word for at, word in enumerate(words) if isinstance(word, Label)}
        numbers = [0 if isinstance(word, Label) else word for word in words]
        self.instructions.append(Instruction(kernel, np.array(numbers, np.int64), macs, targets))

    def mark(self, label: Label) -> None:
        """Let a label mean the next instruction."""
        self.marks[label] = len(self.instructions)
