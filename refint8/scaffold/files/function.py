"""DEVICE_NAME as a Python function: py:adapter.py:run.

It is called once for every input set, in a process of its own, with the model's bytes and a list of
arrays. It returns arrays by name: "t" and a tensor's index, or an output's position. An exception
is a refusal.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import simulated_device


def run(model: bytes, inputs: Sequence[Any]) -> Any:
    """The device."""
    return simulated_device.run(model, inputs)


def run_with_bug(model: bytes, inputs: Sequence[Any]) -> Any:
    """The device with a fault, to see what is said of it."""
    return simulated_device.run(model, inputs, bug=True)
