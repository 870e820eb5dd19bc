"""The rule catalogue: every place where integer implementations differ, by name.

`Rules` is one assignment. A field is a rule, its default the alternative of the profile `tflite`;
its metadata holds the one-line meaning, the alternatives and the operators that read it. The
catalogue is data: `refint8 rules` prints it, and an operator reads only the field it needs. The
fields are declared family by family in `catalogue/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from refint8.errors import UsageError
from refint8.numerics.catalogue.accumulators import Accumulators
from refint8.numerics.catalogue.edges import Edges
from refint8.numerics.catalogue.elementwise import Elementwise
from refint8.numerics.catalogue.entry import rule
from refint8.numerics.catalogue.functions import Functions
from refint8.numerics.catalogue.gathering import Gathering
from refint8.numerics.catalogue.hardware import Hardware
from refint8.numerics.catalogue.products import Products
from refint8.numerics.catalogue.recurrent import Recurrent


class Rule(NamedTuple):
    """One rule of the catalogue."""

    name: str
    meaning: str
    default: str
    alternatives: Mapping[str, str]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Rules(Recurrent, Gathering, Functions, Elementwise, Edges, Hardware, Products, Accumulators):
    """An alternative for every rule. Raises UsageError for an unknown alternative.

    Fields of base classes come in reverse order: those of Accumulators stand first.
    """

    delegation: str = rule(
        "none",
        "operators that a second set of kernels takes over, under rules of its own",
        "ADD BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D DEQUANTIZE ELU FULLY_CONNECTED LEAKY_RELU"
        " LOGISTIC MAX_POOL_2D MEAN MUL QUANTIZE RESIZE_BILINEAR SUB SUM TANH TRANSPOSE_CONV",
        none="none; all run under one assignment",
        static_8bit="8 bits per tensor, weights and shapes constant, scales within its kernels'"
        " limits",
    )
    delegated: Rules | None = None
    """The rules of the operators that the rule `delegation` names; no rule itself."""

    def __post_init__(self) -> None:
        for each in CATALOGUE:
            chosen = getattr(self, each.name)
            if chosen not in each.alternatives:
                raise UsageError(
                    f"rule {each.name} has no alternative {chosen!r}",
                    hint=f"choose one of {', '.join(each.alternatives)}",
                )

    def changed(self, rule: str, alternative: str) -> Rules:
        """The same with one rule changed, for delegated operators as well."""
        values: dict[str, Any] = {**self.assignment(), rule: alternative}
        if self.delegated is not None:
            values["delegated"] = self.delegated.changed(rule, alternative)
        return Rules(**values)

    def assignment(self) -> dict[str, str]:
        """Rule name to the alternative in force, in the catalogue's order."""
        return {each.name: getattr(self, each.name) for each in CATALOGUE}


CATALOGUE: tuple[Rule, ...] = tuple(
    Rule(
        name=f.name,
        meaning=f.metadata["meaning"],
        default=str(f.default),
        alternatives=f.metadata["alternatives"],
        operators=f.metadata["operators"],
    )
    for f in fields(Rules)
    if f.metadata
)
"""All rules, in the order of their declaration."""
