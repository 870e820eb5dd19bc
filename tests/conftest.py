"""Fixtures for the whole suite.

A test that needs an engine or the third-party corpora asks for it here. Where it is missing the
test is skipped with the reason; under CI, which has everything, it fails instead.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from refint8.oracle.targets import Target, target

CHECKOUT = Path(__file__).resolve().parents[1]


def missing(reason: str) -> None:
    """Skip, or fail under CI, because something that matters is not there."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must have it", pytrace=False)
    pytest.skip(reason)


def installed(name: str) -> Target:
    """The engine a test compares with, by its target's name (`litert:ref`, `tflm`)."""
    engine = target(name)
    if engine.describe().startswith("missing"):
        missing(f"{name} is {engine.describe()}")
    return engine


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The third-party models and goldens that lie beside the checkout, not in it."""
    path = Path(os.environ.get("REFINT8_CORPORA", CHECKOUT.parent / "shared"))
    if not (path / "models" / "dev" / "catalogue.csv").exists():
        missing("third-party models and goldens are absent; REFINT8_CORPORA names their folder")
    return path


@pytest.fixture(scope="session")
def litert() -> None:
    """ai-edge-litert is installed (extra `litert`)."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        missing("ai-edge-litert is not installed")


@pytest.fixture(scope="session")
def tflm() -> None:
    """tflite-micro is installed (extra `tflm`)."""
    if importlib.util.find_spec("tflite_micro") is None:
        missing("tflite-micro is not installed")
