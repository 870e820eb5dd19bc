"""Medians of functions that are timed in turns, so that what else the machine does hits all."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

TURN: Final = 0.003
"""Seconds that a turn lasts at least, many steps of any timer."""

FEWEST: Final = 5
"""Turns that every function gets, whatever the time limit."""

FEWEST_SLOW: Final = 3
"""The same where one turn alone takes a tenth of the time limit."""


def once(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def interleaved(
    functions: Mapping[str, Callable[[], object]],
    seconds: float,
    pick: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """Median seconds a call (or what `pick` takes), by name; turns go on for about `seconds`.

    One turn of a function is as many calls as fill TURN, timed together, behind an untimed one
    that finds the caches as another function left them (left out where a call fills a turn).
    """
    calls = {name: _calls(function) for name, function in functions.items()}
    turns: dict[str, list[float]] = {name: [] for name in functions}
    slow: set[str] = set()
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < FEWEST or time.perf_counter() < end:
        waiting = [n for n in functions if n not in slow or rounds < FEWEST_SLOW]
        if not waiting:
            break
        for name in waiting:
            turns[name].append(_turn(functions[name], calls[name]))
            if 10 * turns[name][-1] * (calls[name] + 1) > seconds:
                slow.add(name)
        rounds += 1
    return {name: pick(measured) for name, measured in turns.items()}


def _calls(function: Callable[[], object]) -> int:
    """How many calls make a turn."""
    function()
    fastest = once(function)
    if fastest < TURN:
        fastest = min(fastest, once(function), once(function))
    return max(1, round(TURN / max(fastest, 1e-9)))


def _turn(function: Callable[[], object], calls: int) -> float:
    if calls > 1:
        function()
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


@contextmanager
def pinned() -> Iterator[bool]:
    """Keep the calling thread on the last CPU it may use; False where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, allowed)


def geometric_mean(values: Sequence[float]) -> float | None:
    """The mean of ratios; None of none."""
    return statistics.geometric_mean(values) if values else None
