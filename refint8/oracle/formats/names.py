"""Names of files, array keys and C identifiers for tensors, whose own names may be anything.

A tensor's name can be empty, repeated, hundreds of characters long, a path, or not a name at all.
What is made of it here is ASCII, stays inside its folder on every system, and belongs to one tensor
because the tensor's index is part of it wherever the name alone would not do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from refint8.oracle.golden.contents import Golden, TensorInfo

LONGEST: Final = 80
"""Characters of a name that are kept."""

_STEM: Final = re.compile(r"(?P<index>\d+)(?:_(?P<name>.*))?")
_PLAIN_PART: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_:;.-]*(?:/[A-Za-z0-9_:;-][A-Za-z0-9_:;.-]*)*")
_RESERVED: Final = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)\d")
"""What Windows takes for a device."""


def safe(name: str) -> str:
    """The name with everything but ASCII letters, digits, _ and - replaced by _."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST]


def stem(tensor: TensorInfo) -> str:
    """The name of a tensor's file without its suffix: "0007_conv1_Relu"; "0007" without a name."""
    name = safe(tensor.name)
    return f"{tensor.index:04d}_{name}" if name else f"{tensor.index:04d}"


def identifier(name: str) -> str:
    """A C or Verilog identifier; of a stem it is as unambiguous as the stem."""
    made = re.sub(r"\W", "_", name, flags=re.ASCII)
    return made if made[:1].isalpha() or made[:1] == "_" else f"t{made}"


def comment(text: str) -> str:
    """The text as it may stand in a comment of C or Verilog: one line, nothing that ends it."""
    return re.sub(r"[^A-Za-z0-9_./:;,+ -]", "_", text)[:LONGEST]


def folders(golden: Golden) -> Mapping[int, str]:
    """A relative folder for every tensor: its name where that is a plain path and nobody else's.

    Otherwise the index goes in front of the last part: "model/0007_Relu".
    """

    def plain(name: str) -> bool:
        parts = name.split("/")
        fits = len(name) <= LONGEST and all(map(_PLAIN_PART.fullmatch, parts))
        return fits and not any(map(_RESERVED.fullmatch, parts))

    def other(tensor: TensorInfo) -> str:
        # A part like "..", "7" or "" cannot stay: only the plain ones lead to the numbered one.
        *above, last = tensor.name.split("/")
        kept = [part for part in above if _PLAIN_PART.fullmatch(part)] if len(above) < 20 else []
        kept = [part for part in kept if len(part) < LONGEST and not _RESERVED.fullmatch(part)]
        name = safe(last)
        return "/".join([*kept, f"{tensor.index:04d}_{name}" if name else f"{tensor.index:04d}"])

    return _unambiguous(golden, plain, other)


def keys(golden: Golden) -> Mapping[int, str]:
    """A key in an .npz for every tensor: its name where that is harmless and nobody else's.

    Members of a zip are paths, so a name that leaves the folder or is a path in itself is not.
    """

    def plain(name: str) -> bool:
        fits = (
            len(name) < 500 and _PLAIN_KEY.fullmatch(name) is not None and not name.endswith(".npy")
        )
        return fits and ".." not in name and name != "__meta__"

    return _unambiguous(golden, plain, stem)


def named(golden: Golden, name: str) -> TensorInfo:
    """The tensor that a stem, a bare index or the whole name stands for.

    Raises LookupError with the reason.
    """
    match = _STEM.fullmatch(name) if len(name) < 1000 else None
    same = [tensor for tensor in golden.tensors if tensor.name == name]
    indexed = None
    if match is not None and len(match["index"]) < 10:
        indexed = next((t for t in golden.tensors if t.index == int(match["index"])), None)
        if indexed is not None and match["name"] in (None, safe(indexed.name)):
            return indexed
    if len(same) == 1:
        return same[0]
    if match is None or len(match["index"]) > 9:
        raise LookupError(f"{name[:LONGEST]!r} is no tensor of the golden")
    if indexed is None:
        raise LookupError(f"the golden has no tensor {int(match['index'])}")
    raise LookupError(
        f"tensor {indexed.index} of the golden is called {indexed.name[:LONGEST]!r},"
        f" not {match['name'][:LONGEST]!r}: is this another model's dump?"
    )


def _unambiguous(
    golden: Golden, plain: Callable[[str], bool], other: Callable[[TensorInfo], str]
) -> Mapping[int, str]:
    # Some systems take "A" and "a" for the same file.
    count = Counter(tensor.name.lower() for tensor in golden.tensors)
    return {
        tensor.index: tensor.name
        if count[tensor.name.lower()] == 1 and plain(tensor.name)
        else other(tensor)
        for tensor in golden.tensors
    }
