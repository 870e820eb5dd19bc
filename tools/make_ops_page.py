"""Writes docs/OPERATORS.md from the registry: `python tools/make_ops_page.py [--check]`.

With --check nothing is written; the exit code is 1 when the page is not what it would be.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from refint8.numerics.rules import CATALOGUE
from refint8.report.operators import heading, operator_documents, versions

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
PAGE: Final = DOCS / "OPERATORS.md"
PROVEN: Final = DOCS / "proven.csv"

HEAD = """\
# Operators

Made by `tools/make_ops_page.py` from the operators themselves; do not edit. The same from the
command line: `refint8 ops` and `refint8 ops CONV_2D`.

A dtype row reads `inputs -> outputs`; `|` separates alternatives, `?` marks an optional input, `*`
any number of inputs. C1, C2, ... are the labels that a refusal names: `error: [C2] ...`. Rules are
the places where implementations differ (`refint8 rules`).

"Compared" are the tensors that an operator wrote in the operator corpus and the models of the
test suite, here under an engine's profile and on the engine itself, bit for bit. The table behind
it is `proven.csv`, which `tools/prove_operators.py` makes by running them.
"""

Row = Mapping[str, str]
"""A line of `proven.csv`."""


def page() -> str:
    """The whole page."""
    documents = operator_documents()
    proven = evidence()
    overview = [
        "| operator | versions | dtype rows | conditions | kernel | compared with | meaning |",
        "| --- | --- | --: | --: | --- | --- | --- |",
        *(_overview(document, proven.get(document["name"], ())) for document in documents),
    ]
    sections = (_section(document, proven.get(document["name"], ())) for document in documents)
    parts = [HEAD, "\n".join(overview), *sections]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def evidence() -> dict[str, list[Row]]:
    """The lines of `proven.csv` by operator."""
    with PROVEN.open(newline="") as file:
        lines = list(csv.DictReader(file))
    found: dict[str, list[Row]] = {}
    for line in lines:
        found.setdefault(line["operator"].removeprefix("CUSTOM:"), []).append(line)
    return found


def _overview(document: dict[str, Any], proven: Sequence[Row]) -> str:
    name = document["name"]
    cells = (
        f"[{name}](#{name.lower()})",
        versions(document),
        len(document["dtypes"]),
        len(document["conditions"]),
        "yes" if document["kernel"] else "no",
        ", ".join(dict.fromkeys(_short(row["engine"]) for row in proven)) or "-",
        _escaped(heading(document)),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _short(engine: str) -> str:
    """The target in "package version (target)"."""
    return f"`{engine.partition('(')[2].rstrip(')')}`"


def _compared(proven: Sequence[Row]) -> list[str]:
    if not proven:
        return ["", "Compared with no engine: none runs a model with numbers from it."]
    numbers = ("models", "tensors", "elements", "differing")
    lines = [
        "| compared dtypes | engine | models | tensors | elements | differing |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for row in proven:
        cells = (f"`{row['dtypes']}`", row["engine"], *(f"{int(row[n]):,}" for n in numbers))
        lines.append(f"| {' | '.join(cells)} |")
    return ["", *lines]


def _section(document: dict[str, Any], proven: Sequence[Row]) -> str:
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
    return "\n".join([*lines, *_compared(proven)])


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
