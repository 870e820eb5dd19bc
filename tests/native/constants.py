"""Kernels that write a constant: cheap to compile, and anyone can tell which one ran.

As a program, it asks a store for some of them and prints what happened:
`python -m tests.native.constants FOLDER VALUE...`
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from refint8.engine.runner import NativeCall
from refint8.native.lang import Kernel, i64
from refint8.native.store import Store


@cache
def constant(value: int) -> Kernel:
    """The kernel that writes `value` to its first parameter word."""

    def make() -> Any:
        def write(params: int, arena: int) -> None:
            i64(params)[0] = value

        return write

    return Kernel(f"constant_{value}", make)


def written(address: int) -> int:
    """What the kernel at the address writes."""
    words = np.zeros(1, np.int64)
    NativeCall(address)(words.ctypes.data, 0)
    return int(words[0])


def answers(store: Store, values: list[int]) -> list[int]:
    """What the kernels for the values write; the values, if all is well."""
    addresses = store.addresses([constant(value) for value in values])
    return [written(addresses[constant(value).name]) for value in values]


def main(folder: str, *values: str) -> None:
    """See the module."""
    compiled: list[str] = []

    def progress(name: str, done: int, count: int) -> None:
        if done < count:
            compiled.append(name)

    wanted = [int(value) for value in values]
    store = Store(Path(folder))
    store.addresses([constant(value) for value in wanted], progress)
    found = answers(store, wanted)
    heavy = sorted({"numba", "rich", "importlib.metadata"} & set(sys.modules))
    print(json.dumps({"found": found, "compiled": compiled, "heavy": heavy, "key": store.key}))


if __name__ == "__main__":
    main(*sys.argv[1:])
