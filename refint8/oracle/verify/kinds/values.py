"""Wrong values in the right places: offsets, signs, limits, bits, roundings, constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from refint8.oracle.compare import different
from refint8.oracle.targets.outcome import Array
from refint8.oracle.verify.kinds.evidence import Evidence, Hypothesis

LOST_BITS: Final = 4
"""Low bits that may be missing together."""


def hypotheses(evidence: Evidence) -> Iterator[Hypothesis]:
    """Everything about values."""
    yield from _constant(evidence)
    yield from _cut_off(evidence)
    if not evidence.integers:
        return
    yield _sign(evidence)
    yield from _offset(evidence)
    yield from _limits(evidence)
    yield from _bits(evidence)
    yield _off_by_one(evidence)


def _constant(evidence: Evidence) -> Iterator[Hypothesis]:
    first = evidence.got[0].reshape(-1)[:1]
    same = all(not different(g.reshape(-1), np.repeat(first, g.size)).any() for g in evidence.got)
    varied = any(bool((e != e.reshape(-1)[0]).any()) for e in evidence.expected if e.size)
    if same and varied:
        yield Hypothesis("constant", f"every element is {first[0]}", evidence.differing)


def _cut_off(evidence: Evidence) -> Iterator[Hypothesis]:
    """Right up to some element, and one value from there on."""
    predicted, ends = [], []
    for expected, got, mask in evidence.pairs():
        flat = expected.reshape(-1).copy()
        if mask.any():
            start = int(np.argmax(mask.reshape(-1)))
            rest = got.reshape(-1)[start:]
            if start == 0 or rest.size < 4 or (rest != rest[0]).any():
                return
            flat[start:] = rest[0]
            ends.append((start, rest[0]))
        predicted.append(flat.reshape(expected.shape))
    start, filler = ends[0]
    detail = f"element {start} of {evidence.expected[0].size} and all after it are {filler}"
    yield Hypothesis("cut off", detail, evidence.whole(predicted))


def _sign(evidence: Evidence) -> Hypothesis:
    bits = 8 * evidence.expected[0].dtype.itemsize
    top = np.array(1 << (bits - 1), np.uint64).astype(f"u{bits // 8}").view(evidence.got[0].dtype)
    half = 1 << (bits - 1)
    detail = f"unsigned taken for signed, or the reverse: each is off by {half} (its highest bit)"
    return Hypothesis("sign", detail, evidence.whole([e ^ top for e in evidence.expected]))


def _offset(evidence: Evidence) -> Iterator[Hypothesis]:
    low, high = evidence.limits
    # Where a limit was reached the distance says nothing.
    apart = [(g - e)[(g > low) & (g < high)] for e, g, _ in evidence.wide]
    values, counts = np.unique(np.concatenate(apart), return_counts=True)
    if not values.size:
        return
    constant = int(values[np.argmax(counts)])
    if constant == 0:
        return
    span = high - low + 1
    clipped = [_clipped(e, g, constant, low, high) for e, g, _ in evidence.wide]
    wrapped = [(e + constant - low) % span + low for e, _, _ in evidence.wide]
    zero_point = evidence.zero_point
    for how, flat in (("", clipped), (", modulo 2^bits", wrapped)):
        explained = evidence.whole([p.reshape(evidence.shape) for p in flat])
        if zero_point and constant == -zero_point:
            yield Hypothesis("zero point", f"{zero_point} was not added{how}", explained)
        elif zero_point and constant == zero_point:
            yield Hypothesis("zero point", f"{zero_point} was added twice{how}", explained)
        else:
            yield Hypothesis("offset", f"{constant:+d} in every element{how}", explained)


def _clipped(e: Array, g: Array, constant: int, low: int, high: int) -> Array:
    """The constant, added before the limits were applied: a value at one may have moved less."""
    from_high = (e == high) & (g >= high + constant) & (constant < 0)
    from_low = (e == low) & (g <= low + constant) & (constant > 0)
    return np.where(from_high | from_low, g, np.clip(e + constant, low, high))


def _limits(evidence: Evidence) -> Iterator[Hypothesis]:
    low, high = evidence.clamp or evidence.limits
    bottom, top = evidence.limits
    beyond = at_limits = wrapped = early = 0
    stuck_at = set()
    for e, g, mask in evidence.wide:
        beyond += int(
            np.count_nonzero(mask & (((e == low) & (g < low)) | ((e == high) & (g > high))))
        )
        ends = (e == bottom) | (e == top)
        at_limits += int(np.count_nonzero(mask & ends))
        wrapped += int(np.count_nonzero(mask & ends & ((e == top) == (g < (bottom + top) / 2))))
        hits = mask & ~ends & ((g == bottom) | (g == top))
        early += int(np.count_nonzero(hits))
        stuck_at |= set(np.unique(g[hits]).tolist())
    if beyond and (low, high) != (bottom, top):
        yield Hypothesis(
            "clamp missing", f"the activation's limits {low} and {high} are exceeded", beyond
        )
    if at_limits:
        detail = f"where the right value is the dtype's lowest or highest ({bottom}, {top})"
        if 2 * wrapped > at_limits:
            detail += ", on the other side of the range: wrapped modulo 2^bits"
        yield Hypothesis("saturation", detail, at_limits)
    if early:
        values = " or ".join(map(str, sorted(stuck_at)))
        yield Hypothesis("saturation", f"{values} where the right value is inside the range", early)


def _bits(evidence: Evidence) -> Iterator[Hypothesis]:
    dtype = evidence.expected[0].dtype
    for bit in range(8 * dtype.itemsize):
        one = np.left_shift(np.ones((), f"u{dtype.itemsize}"), bit).astype(f"u{dtype.itemsize}")
        mask = one.view(dtype)
        yield Hypothesis(
            "stuck bit",
            f"bit {bit} is always 1",
            evidence.whole([e | mask for e in evidence.expected]),
        )
        yield Hypothesis(
            "stuck bit",
            f"bit {bit} is always 0",
            evidence.whole([e & ~mask for e in evidence.expected]),
        )
    for count in range(2, min(LOST_BITS, 8 * dtype.itemsize - 1) + 1):
        mask = np.array((1 << count) - 1, dtype)
        cleared = evidence.whole([e & ~mask for e in evidence.expected])
        yield Hypothesis("stuck bit", f"the lowest {count} bits are always 0", cleared)


def _off_by_one(evidence: Evidence) -> Hypothesis:
    ups = downs = inward = 0
    zero = evidence.zero_point
    for e, g, mask in evidence.wide:
        step = (g - e)[mask]
        ups += int(np.count_nonzero(step == 1))
        downs += int(np.count_nonzero(step == -1))
        nearer = np.abs(g[mask] - zero) < np.abs(e[mask] - zero)
        inward += int(np.count_nonzero(nearer & (np.abs(step) == 1)))
    count = ups + downs
    if count and downs == count:
        way = "always one lower: truncated, or ties rounded down"
    elif count and ups == count:
        way = "always one higher: ties rounded up"
    elif count and inward == count:
        way = "always nearer to the zero point: truncated towards it"
    elif count and inward == 0:
        way = "always farther from the zero point"
    else:
        way = f"{ups} higher, {downs} lower: rounding"
    return Hypothesis("off by one", way, count)
