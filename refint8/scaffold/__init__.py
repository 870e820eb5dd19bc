"""What `refint8 setup-device` writes: an adapter for a device, and a simulated one to begin with.

The files lie in `files` as they are written, but for the device's name; `readme` has their README.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from refint8.errors import UsageError
from refint8.scaffold.small_model import small_model

HERE: Final = Path(__file__).parent

PLACEHOLDER: Final = "DEVICE_NAME"
"""Stands in the files for the name of the device."""

_SHARED: Final = {"simulated_device.py": "simulated_device.py", "dump.py": "dump.py"}
_C: Final = {name: name for name in ("device.c", "device.h", "tflite.h")}


@dataclass(frozen=True)
class Kind:
    """A way to attach a device. `files` are those of its folder, by what they are called here."""

    summary: str
    files: Mapping[str, str]


KINDS: Final[Mapping[str, Kind]] = {
    "command": Kind(
        "a program over files, started for every input set",
        {**_SHARED, "command.py": "adapter.py", **_C, "command.c": "command.c"},
    ),
    "python": Kind("a Python function", {**_SHARED, "function.py": "adapter.py"}),
    "pipe": Kind(
        "a program that is started once and asked over stdin and stdout",
        {**_SHARED, "pipe.py": "adapter.py", **_C, "pipe.c": "pipe.c"},
    ),
    "dump": Kind("a folder of the tensors that the device computed", _SHARED),
}
"""How a device can be attached."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", flags=re.ASCII)
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", flags=re.IGNORECASE)


def check_name(name: str) -> None:
    """Raise UsageError unless a folder and a C comment can be called so on every system."""
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no name for a device",
            hint="a letter, then up to 63 letters, digits, - and _",
        )


def device_files(name: str, kind: str) -> dict[str, bytes]:
    """The contents of the device's folder by file name. Raises UsageError."""
    check_name(name)
    if kind not in KINDS:
        raise UsageError(f"there is no kind {kind!r}", hint=f"choose one of {', '.join(KINDS)}")
    pages = [HERE / "readme" / f"{part}.md" for part in (kind, "verify", "device")]
    texts = {
        "README.md": "\n".join(page.read_text("utf-8") for page in pages),
        **{
            made: (HERE / "files" / file).read_text("utf-8")
            for file, made in KINDS[kind].files.items()
        },
    }
    files = {file: text.replace(PLACEHOLDER, name).encode() for file, text in texts.items()}
    return {**files, "model.tflite": small_model()}
