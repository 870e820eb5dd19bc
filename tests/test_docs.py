"""The pages that promise so: their Python blocks run, one after the other, and assert."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from refint8.ops import _custom

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "page, least",
    [
        ("CUSTOM_OPERATORS.md", 5),
        ("RAW_LAYER.md", 5),
        ("CROSSCHECK.md", 2),
        ("FORMATS.md", 1),
        ("GOLDEN.md", 3),
    ],
)
def test_blocks_run_in_order(page, least, monkeypatch):
    monkeypatch.setattr(_custom, "_REGISTERED", {})
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) >= least
    assert sum("assert " in block for block in blocks) >= least - 1
    namespace = {"__name__": f"docs_{Path(page).stem.lower()}"}
    for block in blocks:
        line = text[: text.index(block)].count("\n")
        source = "\n" * line + block
        exec(compile(source, page, "exec", dont_inherit=True), namespace)
