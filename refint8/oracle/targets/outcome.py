"""What every target has in common: run a model's bytes, say what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]

Status = Literal["ran", "refused", "crashed", "timed out", "missing"]
"""ran; refused: the engine said no; crashed: its process died; missing: it is not installed."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine made of a model: one dict of tensors per input set, or why there is none.

    `tensors` are keyed by tensor index of subgraph 0. `complete` says that every tensor asked for
    could be read; engines do not always keep the ones between operators. `detail` is in the
    engine's own words.
    """

    status: Status
    tensors: tuple[dict[int, Array], ...] = ()
    complete: bool = False
    detail: str = ""
    seconds: float = 0.0


class Target(Protocol):
    """Something that runs a .tflite model and whose tensors can be compared with ours."""

    @property
    def name(self) -> str:
        """What the user calls it: "litert:ref"."""
        ...

    @property
    def profile(self) -> str:
        """The profile it is compared with unless told: proven equal, or else nearest."""
        ...

    def describe(self) -> str:
        """Engine and version, or "missing: ..."."""
        ...

    def run(
        self,
        content: bytes,
        inputs: Sequence[Mapping[int, Array]],
        *,
        tensors: Sequence[int] | None = None,
        input_shapes: Mapping[int, tuple[int, ...]] | None = None,
        time_limit: float = 60.0,
        stream: bool = False,
    ) -> Outcome:
        """Run the model once per input set; never raises for the engine.

        Every set runs on fresh state, or with `stream` on what the one before left behind.

        `inputs` map tensor indexes of subgraph 0 to arrays. `tensors` are the indexes to read
        besides the graph's outputs (default: none). `input_shapes` resizes inputs.
        """
        ...
