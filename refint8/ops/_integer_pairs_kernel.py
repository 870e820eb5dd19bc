"""The kernel corner of operators on two integer tensors."""

from __future__ import annotations

from refint8.native.guards import none_equals
from refint8.native.integer_pairs import integer_pairs
from refint8.native.lowering import Site
from refint8.ops._broadcast_kernel import broadcast_runs


def lower_integer_pairs(site: Site, name: str) -> None:
    """Append an operation of `native.integer_pairs` on the operands as they are."""
    dtype, out = (place.dtype.name.upper() for place in (site.input(0), site.output))
    for runs in broadcast_runs(site):
        site.call(integer_pairs(name, dtype, out, runs.scalar), *runs.words)


def lower_divisor_check(site: Site, value: int) -> None:
    """Append a look at the second operand, which raises the alarm where it is `value`."""
    x = site.read(1)
    site.call(none_equals(x.dtype.name.upper()), x.offset, x.size, value, site.alarm)
