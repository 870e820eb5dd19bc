"""The kernel corner of SELECT and SELECT_V2: one pass over condition and both values."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from refint8.native.lowering import Site
from refint8.native.select import select, select_runs
from refint8.ops._copy_kernel import View, copy

SHORTEST_RUN = 8
"""Bytes from which on a run that one condition decides over is copied as one."""


def choose(site: Site, condition: View, x: View, y: View) -> None:
    """Append output = x where the condition is not 0, else y; views of one shape."""
    out = View.of(site.output)
    shape = x.shape
    rank, together = len(shape), 1
    while rank and (condition.steps[rank - 1] == 0 or condition.shape[rank - 1] == 1):
        rank -= 1
        together *= shape[rank]
    runs = together * out.size >= SHORTEST_RUN
    if runs:
        condition = replace(condition, shape=shape[:rank], steps=condition.steps[:rank])
    dense = [written_out(site, view) for view in (condition, x, y)]
    words = [word for view in dense for word in (view.offset, int(not view.absolute))]
    if not site.output.size:
        return
    if runs:
        count = site.output.size // together
        site.call(select_runs, *words, out.offset, count, together * out.size)
    else:
        site.call(select(out.size), *words, out.offset, site.output.size)


def written_out(site: Site, x: View) -> View:
    """The elements side by side: the view itself, or a copy in scratch memory."""
    steps = tuple(x.size * prod(x.shape[axis + 1 :]) for axis in range(len(x.shape)))
    axes = zip(x.shape, x.steps, steps, strict=True)
    if all(step == dense or size == 1 for size, step, dense in axes) or 0 in x.shape:
        return x
    made = replace(x, offset=site.scratch(x.size * prod(x.shape)), steps=steps, absolute=False)
    copy(site, x, made)
    return made
