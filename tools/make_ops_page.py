"""Writes docs/OPERATORS.md from the registry: `python tools/make_ops_page.py [--check]`.

With --check nothing is written; the exit code is 1 when the page is not what it would be.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from refint8.numerics.rules import CATALOGUE
from refint8.report.operators import heading, operator_documents, versions

PAGE = Path(__file__).resolve().parents[1] / "docs" / "OPERATORS.md"

HEAD = """\
# Operators

Made by `tools/make_ops_page.py` from the operators themselves; do not edit. The same from the
command line: `refint8 ops` and `refint8 ops CONV_2D`.

A dtype row reads `inputs -> outputs`; `|` separates alternatives, `?` marks an optional input, `*`
any number of inputs. C1, C2, ... are the labels that a refusal names: `error: [C2] ...`. Rules are
the places where implementations differ (`refint8 rules`).
"""


def page() -> str:
    """The whole page."""
    documents = operator_documents()
    overview = [
        "| operator | versions | dtype rows | conditions | kernel | meaning |",
        "| --- | --- | --: | --: | --- | --- |",
        *(_overview(document) for document in documents),
    ]
    parts = [HEAD, "\n".join(overview), *(_section(document) for document in documents)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _overview(document: dict[str, Any]) -> str:
    name = document["name"]
    cells = (
        f"[{name}](#{name.lower()})",
        versions(document),
        len(document["dtypes"]),
        len(document["conditions"]),
        "yes" if document["kernel"] else "no",
        _escaped(heading(document)),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _section(document: dict[str, Any]) -> str:
    rules = {rule.name: rule for rule in CATALOGUE}
    rows = ", ".join(f"`{row}`" for row in document["dtypes"])
    lines = [
        f"## {document['name']}",
        "",
        "```text",
        document["documentation"].strip(),
        "```",
        "",
        f"Versions {versions(document)}. Dtypes: {rows}",
    ]
    if document["rules"]:
        lines += ["", "Rules:", ""]
        lines += [f"- `{name}`: {_escaped(rules[name].meaning)}" for name in document["rules"]]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text("utf-8") if PAGE.exists() else ""
        print(f"{PAGE.name} is {'current' if current == text else 'not current'}")
        return int(current != text)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, "utf-8")
    print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
