"""A model with every operator of control flow, one inside the other."""

from __future__ import annotations

from refint8.model.build import ModelBuilder, SubgraphBuilder
from refint8.model.types import Model
from tests.engine.state_models import int8

SHAPE = (2, 3)


def nested_control() -> Model:
    """WHILE n < 6: IF n is odd: a subgraph, else the same one twice, a CASE, and a variable that
    adds up what it has seen. CALL_ONCE sets it.
    """
    b = ModelBuilder()
    branches = _branches(b, _shared(b), _cases(b))
    condition, body, init = _condition(b), _body(b, branches), _init(b)
    b.operator("CALL_ONCE", [], [], init_subgraph_index=init)
    n, x = b.tensor("n", "INT32", ()), int8(b, "x", SHAPE)
    m, y = b.tensor("m", "INT32", ()), int8(b, "y", SHAPE)
    b.operator("WHILE", [n, x], [m, y], cond_subgraph_index=condition, body_subgraph_index=body)
    handle, seen = b.tensor("handle", "RESOURCE", ()), int8(b, "seen", SHAPE)
    b.operator("VAR_HANDLE", [], [handle], shared_name="seen")
    b.operator("READ_VARIABLE", [handle], [seen])
    return b.model([n, x], [m, y, seen])


def _shared(b: ModelBuilder) -> int:
    index, g = b.subgraph("shared")
    p, q, r = int8(g, "p", SHAPE), int8(g, "q", SHAPE, 0.4, -5), int8(g, "r", SHAPE)
    g.operator("MUL", [p, p], [q], version=2)
    g.operator("QUANTIZE", [q], [r], version=2)
    g.close([p], [r])
    return index


def _cases(b: ModelBuilder) -> list[int]:
    """The last one gives back what it takes."""
    indices = []
    for kind in ("RELU", "TANH", ""):
        index, g = b.subgraph(kind)
        p, q = int8(g, "p", SHAPE), int8(g, "q", SHAPE)
        if kind:
            g.operator(kind, [p], [q], version=2)
        g.close([p], [q if kind else p])
        indices.append(index)
    return indices


def _branches(b: ModelBuilder, shared: int, cases: list[int]) -> list[int]:
    indices = []
    for name in ("once", "twice"):
        index, g = b.subgraph(name)
        n, p, q = g.tensor("n", "INT32", ()), int8(g, "p", SHAPE), int8(g, "q", SHAPE)
        g.operator("CALL", [p], [q], subgraph=shared)
        if name == "twice":
            s, t = int8(g, "s", SHAPE), int8(g, "t", SHAPE)
            g.operator("STABLEHLO_COMPOSITE", [q], [s], decomposition_subgraph_index=shared)
            g.operator("STABLEHLO_CASE", [n, s], [t], branch_subgraph_indices=cases)
            q = _added_up(g, t)
        g.close([n, p], [q])
        indices.append(index)
    return indices


def _added_up(g: SubgraphBuilder, x: int) -> int:
    handle = g.tensor("handle", "RESOURCE", ())
    before, after = int8(g, "before", SHAPE), int8(g, "after", SHAPE)
    g.operator("VAR_HANDLE", [], [handle], shared_name="seen")
    g.operator("READ_VARIABLE", [handle], [before])
    g.operator("ADD", [before, x], [after], version=2)
    g.operator("ASSIGN_VARIABLE", [handle, after], [])
    return after


def _condition(b: ModelBuilder) -> int:
    index, g = b.subgraph("condition")
    n, p = g.tensor("n", "INT32", ()), int8(g, "p", SHAPE)
    limit, less = g.tensor("limit", "INT32", (), data=6), g.tensor("less", "BOOL", ())
    g.operator("LESS", [n, limit], [less])
    g.close([n, p], [less])
    return index


def _body(b: ModelBuilder, branches: list[int]) -> int:
    index, g = b.subgraph("body")
    n, p, q = g.tensor("n", "INT32", ()), int8(g, "p", SHAPE), int8(g, "q", SHAPE)
    one, more = g.tensor("one", "INT32", (), data=1), g.tensor("more", "INT32", ())
    two, rest = g.tensor("two", "INT32", (), data=2), g.tensor("rest", "INT32", ())
    odd = g.tensor("odd", "BOOL", ())
    g.operator("ADD", [n, one], [more])
    g.operator("FLOOR_MOD", [n, two], [rest])
    g.operator("EQUAL", [rest, one], [odd])
    then, otherwise = branches
    g.operator("IF", [odd, n, p], [q], then_subgraph_index=then, else_subgraph_index=otherwise)
    g.close([n, p], [more, q])
    return index


def _init(b: ModelBuilder) -> int:
    index, g = b.subgraph("init")
    handle = g.tensor("handle", "RESOURCE", ())
    start = int8(g, "start", SHAPE, data=[[1, 2, 3], [-4, 5, -128]])
    g.operator("VAR_HANDLE", [], [handle], shared_name="seen")
    g.operator("ASSIGN_VARIABLE", [handle, start], [])
    return index
