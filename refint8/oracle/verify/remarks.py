"""What is to be said of a dump as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from refint8.oracle.golden.contents import Dump, Golden
from refint8.oracle.verify.verdicts import OperatorVerdict


def remarks(golden: Golden, dump: Dump, operators: Sequence[OperatorVerdict]) -> tuple[str, ...]:
    """One sentence each."""
    said = []
    empty = [n for n, sample in enumerate(dump.samples) if not sample]
    if empty and len(empty) < len(golden.samples):
        which = ", ".join(map(str, empty[:6])) + (", ..." if len(empty) > 6 else "")
        said.append(f"samples {which} were not dumped" if len(empty) > 1
                    else f"sample {which} was not dumped")  # fmt: skip
    repeated = [operator for operator in operators if operator.role == "repeated"]
    causes = [operator for operator in operators if operator.role in ("cause", "input")]
    if repeated and len(causes) == 1:
        said.append(
            f"{len(repeated) + 1} operators differ in the same way, which leaves their values what"
            " they are: the dump may be written otherwise, and the device be right"
        )
    within = [operator for operator in operators if operator.role == "within"]
    if len(within) > 1 and not causes:
        shared = sorted(set.intersection(*(set(operator.suspects) for operator in within)))
        if shared:
            names = ", ".join(f"#{index}" for index in shared[:8])
            more = ", ..." if len(shared) > 8 else ""
            said.append(f"a fault in one of {names}{more} alone would explain all {len(within)}")
    others = [o for o in operators if any(t.differs for t in o.tensors)]
    if len(others) > 3 and all(_garbage(operator) for operator in others):
        said.append("nothing in the dump resembles the golden: is it of the same model and inputs?")
    return tuple(said)


def _garbage(operator: OperatorVerdict) -> bool:
    if operator.role == "inherited":
        return False
    return bool(operator.kinds) and operator.kinds[0].name == "garbage"
