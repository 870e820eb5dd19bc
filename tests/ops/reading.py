"""What an operator's source can reach, read off the syntax trees of `ops` and `numerics`.

From the definitions of an operator's file every name is followed, into the underscore modules and
into `numerics`, to the definition it is imported from. What is reached need not run: a shared
function may read a rule for one of its operators only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

FOLLOWED = ("refint8.ops.", "refint8.numerics.")

Place = tuple[str, str]
"""(module, name of a top-level definition)."""


class Source(NamedTuple):
    tree: ast.Module
    definitions: dict[str, ast.AST]
    imports: dict[str, Place]


@cache
def source(module: str) -> Source:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    definitions: dict[str, ast.AST] = {}
    imports: dict[str, Place] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (
                t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name)
            )
            definitions.update(dict.fromkeys(names, node))
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.update({a.asname or a.name: (node.module, a.name) for a in node.names})
    return Source(tree, definitions, imports)


def reached(module: str) -> dict[Place, ast.AST]:
    """Every definition that those of the module can reach, its own included."""
    found: dict[Place, ast.AST] = {}
    waiting: list[Place] = [(module, name) for name in source(module).definitions]
    while waiting:
        place = waiting.pop()
        home, name = place
        if place in found or name not in source(home).definitions:
            continue
        found[place] = source(home).definitions[name]
        for node in ast.walk(found[place]):
            if isinstance(node, ast.Name):
                target = source(home).imports.get(node.id, (home, node.id))
                if target[0].startswith(FOLLOWED):
                    waiting.append(target)
    return found


def rule_names(tree: ast.AST) -> Iterator[str]:
    """x of every `rules.x` and `<anything>.rules.x`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base = node.value
            if (isinstance(base, ast.Name) and base.id == "rules") or (
                isinstance(base, ast.Attribute) and base.attr == "rules"
            ):
                yield node.attr


def rules_read(module: str, within: tuple[str, ...] = FOLLOWED) -> set[str]:
    """The rules that the module can read, in definitions of the given packages."""
    return {
        name
        for (home, _), tree in reached(module).items()
        if home.startswith(within)
        for name in rule_names(tree)
    }


def strings(tree: ast.AST) -> set[str]:
    """All string constants."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}
