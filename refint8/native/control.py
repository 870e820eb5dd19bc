"""Instructions that decide what runs next, and those that keep resource variables.

A jump writes -1 - n, n the number of the next instruction, to the program's alarm word: the loop
that runs the program looks there anyway. A subgraph returns to the number in a word of its own,
which is enough because none calls itself.
"""

from __future__ import annotations

from typing import Final

from refint8.native.lang import i32, i64, inlined, kernel, u8

LOADED: Final = 1
ASSIGNED: Final = 2
"""States of a variable in the arena (`Held`)."""


@inlined
def copy_exactly(target: int, source: int, count: int) -> None:
    """`count` bytes and no more."""
    to, of = u8(target), u8(source)
    for i in range(count):
        to[i] = of[i]


@kernel
def jump(params: int, arena: int) -> None:
    """Words: alarm, target."""
    p = i64(params)
    i64(arena + p[0])[0] = -1 - p[1]


@kernel
def jump_unless(params: int, arena: int) -> None:
    """Jump where a bool does not hold. Words: alarm, target, bool."""
    p = i64(params)
    if u8(arena + p[2])[0] == 0:
        i64(arena + p[0])[0] = -1 - p[1]


@kernel
def jump_if_set(params: int, arena: int) -> None:
    """Jump where an int64 is not 0. Words: alarm, target, int64."""
    p = i64(params)
    if i64(arena + p[2])[0] != 0:
        i64(arena + p[0])[0] = -1 - p[1]


@kernel
def jump_to_case(params: int, arena: int) -> None:
    """Words: alarm, index (int32), count of targets, targets; other indices take the last."""
    p = i64(params)
    index = i32(arena + p[1])[0]
    if index < 0 or index >= p[2]:
        i64(arena + p[0])[0] = -1 - p[2 + p[2]]
    else:
        i64(arena + p[0])[0] = -1 - p[3 + index]


@kernel
def call_subgraph(params: int, arena: int) -> None:
    """Words: alarm, first instruction, where the return goes, the number to return to."""
    p = i64(params)
    i64(arena + p[2])[0] = p[3]
    i64(arena + p[0])[0] = -1 - p[1]


@kernel
def return_to_caller(params: int, arena: int) -> None:
    """Words: alarm, where the number to return to is."""
    p = i64(params)
    i64(arena + p[0])[0] = -1 - i64(arena + p[1])[0]


@kernel
def copy_tensors(params: int, arena: int) -> None:
    """Words: how many; of each source, 1 where that is relative to the arena (else 0), target,
    bytes.
    """
    p = i64(params)
    at = 1
    for _ in range(p[0]):
        copy_exactly(arena + p[at + 2], p[at] + p[at + 1] * arena, p[at + 3])
        at += 4


@kernel
def set_word(params: int, arena: int) -> None:
    """Words: arena offset of an int64, its value."""
    p = i64(params)
    i64(arena + p[0])[0] = p[1]


@kernel
def count_turn(params: int, arena: int) -> None:
    """One more turn of a loop; the alarm where it is beyond the limit. Words: alarm, counter,
    limit.
    """
    p = i64(params)
    counter = i64(arena + p[1])
    counter[0] += 1
    if counter[0] > i64(arena + p[2])[0]:
        i64(arena + p[0])[0] = 1


@kernel
def read_variable(params: int, arena: int) -> None:
    """Copy a variable; the alarm where it has no value. Words: alarm, state, value, target,
    bytes.
    """
    p = i64(params)
    if i64(arena + p[1])[0] == 0:
        i64(arena + p[0])[0] = 1
    else:
        copy_exactly(arena + p[3], arena + p[2], p[4])


@kernel
def assign_variable(params: int, arena: int) -> None:
    """Words: state, value, source, 1 where that is relative to the arena (else 0), bytes."""
    p = i64(params)
    copy_exactly(arena + p[1], p[2] + p[3] * arena, p[4])
    i64(arena + p[0])[0] = 2
