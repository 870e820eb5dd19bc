"""docs/OPERATORS.md is what tools/make_ops_page.py writes."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from refint8.ops import REGISTRY
from tests.conftest import CHECKOUT


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = CHECKOUT / "tools" / "make_ops_page.py"
    spec = importlib.util.spec_from_file_location("make_ops_page", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_operator_has_a_section(tool: ModuleType) -> None:
    page = tool.page()
    for name, registration in REGISTRY.items():
        assert f"\n## {name}\n" in page
        assert f"[{name}](#{name.lower()})" in page
        assert registration.documentation.strip() in page


def test_the_committed_page_is_current(tool: ModuleType) -> None:
    assert tool.PAGE.read_text("utf-8") == tool.page(), "run python tools/make_ops_page.py"


@pytest.mark.parametrize(
    "name", ["CONV_2D", "conv_2d", "SignalRfft", "signalrfft", "CUSTOM:SignalRfft"]
)
def test_one_operator_is_found_however_it_is_spelled(cli, name: str) -> None:
    title = name.upper().removeprefix("CUSTOM:")
    assert cli("ops", name).out.upper().startswith(f"{title}: ")
