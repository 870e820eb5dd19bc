"""Steps of a derivation in words."""

from __future__ import annotations

from fractions import Fraction

from refint8.numerics.recording import Step
from refint8.oracle.explanation.parting import Pair


def operands_text(step: Step) -> str:
    """What the step started from."""
    return ", ".join(f"{name} {number(value)}" for name, value in step.operands.items())


def result_text(step: Step) -> str:
    """What it gave."""
    several = step.result if isinstance(step.result, tuple) else (step.result,)
    return ", ".join(number(value) for value in several)


def number(value: float) -> str:
    """An integer in full, a real number so that it can be read back."""
    return str(value) if isinstance(value, int) else repr(float(value))


def dropped_text(dropped: Fraction | None) -> str:
    """The part of a step that a rounding left out."""
    if dropped is None:
        return ""
    if abs(dropped) == Fraction(1, 2):
        return f"{'+' if dropped > 0 else '-'}1/2, a tie"
    return "0" if dropped == 0 else f"{float(dropped):+.6g}"


def pair_text(pair: Pair, names: tuple[str, str]) -> str:
    """A line for each side of a pair, and the steps inside where the sides go different ways."""
    inside = [[step.name for step in one.steps] if one else [] for one in (pair.a, pair.b)]
    lines = []
    for name, step in zip(names, (pair.a, pair.b), strict=True):
        if step is None:
            lines.append(f"  {name}: no such step")
            continue
        lines.append(f"  {name}: {_line(step)}")
        lines += [
            f"    {part.name}: {_line(part)}" for part in step.steps if inside[0] != inside[1]
        ]
    return "\n".join(lines)


def _line(step: Step) -> str:
    of = f" of {operands_text(step)}" if step.operands else ""
    dropped = f", dropped {dropped_text(step.dropped)}" if step.dropped is not None else ""
    return f"{step.formula}{of} = {result_text(step)}{dropped}"
