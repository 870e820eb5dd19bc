"""Bytes as lines of hexadecimal words, the first byte in the lowest bits of the first word."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.formats.dumping import CannotReadError, little, of_bytes, wrong_length
from refint8.oracle.golden.contents import TensorInfo
from refint8.oracle.targets.outcome import Array


def lines_of(data: bytes, width: int) -> str:
    """The data as words of `width` bytes, one a line, lower case; zeros fill up the last."""
    if not data:
        return ""
    padded = np.frombuffer(data + bytes(-len(data) % width), np.uint8).reshape(-1, width)
    digits = padded[:, ::-1].tobytes().hex().encode()
    rows = np.frombuffer(digits, np.uint8).reshape(-1, 2 * width)
    ends = np.full((len(rows), 1), ord("\n"), np.uint8)
    return np.concatenate([rows, ends], axis=1).tobytes().decode()


def of_words(words: Sequence[str], tensor: TensorInfo, golden: Array) -> Array:
    """The array that hexadecimal words hold; what fills up the last word is not looked at.

    Raises CannotReadError.
    """
    if not words:
        return of_bytes(b"", tensor, golden)
    digits = len(words[0])
    if len(set(map(len, words))) > 1:
        bad = next(i for i, word in enumerate(words) if len(word) != digits)
        raise CannotReadError(
            f"word {bad} has {len(words[bad])} digits, those before it {digits}: is it cut off?"
        )
    text = "".join(words)
    if re.fullmatch(r"[0-9a-fA-F]+", text) is None:
        _refuse(words)
    if digits % 2:
        raise CannotReadError(f"words of {digits} digits are no whole bytes")
    width = digits // 2
    item = NUMPY_DTYPE[tensor.dtype].itemsize
    if len(words) != -(-golden.size * item // width):
        raise CannotReadError(_wrong_count(len(words), width, tensor, golden.size))
    stored = np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, width)
    data = stored[:, ::-1].tobytes()[: golden.size * item]
    _check_lanes(data, stored, item, golden)
    return of_bytes(data, tensor, golden)


def _refuse(words: Sequence[str]) -> None:
    at = next(i for i, w in enumerate(words) if re.fullmatch(r"[0-9a-fA-F]+", w) is None)
    word = words[at][:40]
    if re.fullmatch(r"[0-9a-fA-FxXzZ]+", word):
        raise CannotReadError(f"word {at} is {word!r}: the design never drove all of its bits")
    raise CannotReadError(f"word {at} is {word!r}, which is not hexadecimal")


def _wrong_count(count: int, width: int, tensor: TensorInfo, size: int) -> str:
    item = NUMPY_DTYPE[tensor.dtype].itemsize
    expected = -(-size * item // width)
    said = f"{count} words of {8 * width} bits, {size} elements of {tensor.dtype} are {expected}"
    if count == size and width > item:
        return f"{said}: one element stands in each word, {width // item} are expected"
    return f"{said}: {wrong_length(count * width, tensor, size).split(': ')[-1]}"


def _check_lanes(data: bytes, stored: Array, item: int, golden: Array) -> None:
    """Refuse the golden's own words written from the other end: the values would be right."""
    wanted = little(golden)
    if data == wanted or stored.shape[1] == 1:
        return
    padded = np.frombuffer(wanted + bytes(stored.size - len(wanted)), np.uint8)
    reversed_bytes = np.array_equal(stored.reshape(-1), padded)
    lanes = stored.reshape(len(stored), -1, min(item, stored.shape[1]))[:, :, ::-1]
    if reversed_bytes or np.array_equal(lanes.reshape(-1), padded):
        raise CannotReadError(
            "every word is the golden's written from its other end: the first element belongs in"
            " the lowest bits"
        )
