"""`refint8 ops`: the operators that run, and the whole definition of one."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

import typer

from refint8.cli._console import result, result_json
from refint8.cli._options import AsJson
from refint8.errors import UsageError
from refint8.numerics.rules import CATALOGUE
from refint8.ops import REGISTRY
from refint8.report.operators import heading, operator_document, operator_documents, versions
from refint8.report.table import Block, Table, Text

SCHEMA = "refint8-ops-1"


def _operator_names() -> list[str]:
    return sorted(REGISTRY)


def ops(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[OPERATOR]",
            help="One operator: formula, conditions, dtypes, rules.",
            show_default=False,
            autocompletion=_operator_names,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the operators that run, or define one."""
    documents = operator_documents() if name is None else [_operator(name)]
    if as_json:
        result_json(SCHEMA, {"operators": documents})
    elif name is None:
        result(_all(documents))
    else:
        result(_one(documents[0]))


def _operator(name: str) -> dict[str, Any]:
    found = REGISTRY.get(name.upper())
    if found is None:  # custom ones are written as their authors did
        known = {each.upper(): each for each in REGISTRY}
        found = REGISTRY.get(known.get(name.upper().removeprefix("CUSTOM:"), ""))
    if found is None:
        close = [known[each] for each in difflib.get_close_matches(name.upper(), known)]
        hint = f"did you mean {' or '.join(close)}?" if close else "`refint8 ops` lists all"
        raise UsageError(f"there is no operator {name!r}", hint=hint)
    return operator_document(found)


def _all(documents: list[dict[str, Any]]) -> list[Block]:
    rows = [
        (
            document["name"],
            versions(document),
            str(len(document["dtypes"])),
            str(len(document["conditions"])),
            "yes" if document["kernel"] else "no",
            heading(document),
        )
        for document in documents
    ]
    headers = ("operator", "versions", "dtype rows", "conditions", "kernel", "meaning")
    return [
        Table(headers, rows, frozenset({2, 3})),
        Text(f"\n{len(rows)} operators; `refint8 ops CONV_2D` defines one"),
    ]


def _one(document: dict[str, Any]) -> list[Block]:
    kernel = "spec and compiled kernel" if document["kernel"] else "spec"
    blocks: list[Block] = [
        Text(document["documentation"].strip()),
        Text(f"\nVersions: {versions(document)}. Twins: {kernel}."),
        Text("\nDtypes (a ? marks an optional input, a * any number):"),
        Text("\n".join(f"  {row}" for row in document["dtypes"])),
    ]
    read = [rule for rule in CATALOGUE if rule.name in document["rules"]]
    if read:
        rows = [(f"  {rule.name}", " | ".join(rule.alternatives), rule.meaning) for rule in read]
        blocks += [Text(""), Table(("Rules:", "alternatives", "meaning"), rows)]
    return blocks
