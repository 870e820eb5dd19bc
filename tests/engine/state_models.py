"""Models that remember: variable tensors, resource variables, subgraphs."""

from __future__ import annotations

from refint8.model.build import ModelBuilder, SubgraphBuilder
from refint8.model.types import Model


def int8(b: SubgraphBuilder, name: str, shape, scale=0.5, zero_point=3, **more) -> int:
    return b.tensor(name, "INT8", shape, scale=scale, zero_point=zero_point, **more)


def svdf_with_bias() -> Model:
    """The same with a bias of 0, without which TFLM does not run."""
    return svdf(bias=True)


def svdf(*, bias: bool = False) -> Model:
    """SVDF whose output is the sum of the last three inputs, then a RELU."""
    b = ModelBuilder()
    x = int8(b, "x", (1, 1), 1.0, 0)
    features = int8(b, "features", (1, 1), 1.0, 0, data=[[1]])
    times = b.tensor("times", "INT16", (1, 3), scale=1.0, data=[[1, 1, 1]])
    state = b.tensor("state", "INT16", (1, 3), scale=1.0, is_variable=True)
    y, out = int8(b, "y", (1, 1), 1.0, 0), int8(b, "out", (1, 1), 1.0, 0)
    zero = b.tensor("bias", "INT32", (1,), scale=1.0, data=[0]) if bias else -1
    inputs = [x, features, times, zero, state]
    b.operator("SVDF", inputs, [y], version=3, rank=1, fused_activation_function="RELU")
    b.operator("RELU", [y], [out], version=2)
    return b.model([x], [out])


def accumulator(zero_point: int = 0, *, initialize: bool = True) -> Model:
    """A resource variable to which every input is added; CALL_ONCE sets it to 1, 2, 3."""
    b = ModelBuilder()
    once, init = b.subgraph("init")
    handle = init.tensor("handle", "RESOURCE", ())
    start = int8(init, "start", (1, 3), zero_point=zero_point, data=[[1, 2, 3]])
    init.operator("VAR_HANDLE", [], [handle], shared_name="sum")
    init.operator("ASSIGN_VARIABLE", [handle, start], [])
    if initialize:
        b.operator("CALL_ONCE", [], [], init_subgraph_index=once)
    x = int8(b, "x", (1, 3), zero_point=zero_point)
    handle = b.tensor("handle", "RESOURCE", ())
    before, after = (int8(b, n, (1, 3), zero_point=zero_point) for n in ("before", "after"))
    b.operator("VAR_HANDLE", [], [handle], shared_name="sum")
    b.operator("READ_VARIABLE", [handle], [before])
    b.operator("ADD", [before, x], [after], version=2)
    b.operator("ASSIGN_VARIABLE", [handle, after], [])
    return b.model([x], [after])


def choice(condition_shape=()) -> Model:
    """IF: x + y or x * y; the result is requantized."""
    b = ModelBuilder()
    condition = b.tensor("condition", "BOOL", condition_shape)
    x, y = int8(b, "x", (2, 3)), int8(b, "y", (2, 3))
    branches = []
    for kind in ("ADD", "MUL"):
        index, g = b.subgraph(kind.lower())
        p, q = int8(g, "p", (2, 3)), int8(g, "q", (2, 3))
        r = int8(g, "r", (2, 3), 0.25, -7)
        g.operator(kind, [p, q], [r], version=2)
        g.close([p, q], [r])
        branches.append(index)
    chosen, out = int8(b, "chosen", (2, 3), 0.25, -7), int8(b, "out", (2, 3), 0.3, 0)
    b.operator(
        "IF",
        [condition, x, y],
        [chosen],
        then_subgraph_index=branches[0],
        else_subgraph_index=branches[1],
    )
    b.operator("QUANTIZE", [chosen], [out], version=2)
    return b.model([condition, x, y], [out])


def loop(*, grow: bool = False) -> Model:
    """WHILE n < 4: x is doubled in value, or (`grow`) in length."""
    b = ModelBuilder()
    n, x = b.tensor("n", "INT32", ()), int8(b, "x", (1, 3))
    on, ox = b.tensor("on", "INT32", ()), int8(b, "ox", (1, 3))
    condition, g = b.subgraph("condition")
    i, j = g.tensor("n", "INT32", ()), int8(g, "x", (1, 3))
    limit, less = g.tensor("limit", "INT32", (), data=4), g.tensor("less", "BOOL", ())
    g.operator("LESS", [i, limit], [less])
    g.close([i, j], [less])
    body, g = b.subgraph("body")
    i, j = g.tensor("n", "INT32", ()), int8(g, "x", (1, 3))
    one, more = g.tensor("one", "INT32", (), data=1), g.tensor("more", "INT32", ())
    g.operator("ADD", [i, one], [more])
    if grow:
        twice = int8(g, "twice", (2, 3))
        g.operator("CONCATENATION", [j, j], [twice], version=2, axis=0)
    else:
        twice = int8(g, "twice", (1, 3))
        g.operator("ADD", [j, j], [twice], version=2)
    g.close([i, j], [more, twice])
    b.operator("WHILE", [n, x], [on, ox], cond_subgraph_index=condition, body_subgraph_index=body)
    out = int8(b, "out", (1, 3), 0.3, 0)
    b.operator("QUANTIZE", [ox], [out], version=2)
    return b.model([n, x], [on, out])


def unknown_operator_inside() -> Model:
    """CALL of a subgraph with an operator that does not exist."""
    b = ModelBuilder()
    index, g = b.subgraph("inner")
    p, q = int8(g, "p", (1, 3)), int8(g, "q", (1, 3))
    g.operator("CUSTOM", [p], [q], custom_code="Nobody")
    g.close([p], [q])
    x, y = int8(b, "x", (1, 3)), int8(b, "y", (1, 3))
    b.operator("CALL", [x], [y], subgraph=index)
    return b.model([x], [y])


def endless_recursion() -> Model:
    """Subgraph 1 calls subgraph 2, which calls subgraph 1."""
    b = ModelBuilder()
    x, y = int8(b, "x", (1, 3)), int8(b, "y", (1, 3))
    b.operator("CALL", [x], [y], subgraph=1)
    for other in (2, 1):
        _, g = b.subgraph("inner")
        p, q = int8(g, "p", (1, 3)), int8(g, "q", (1, 3))
        g.operator("CALL", [p], [q], subgraph=other)
        g.close([p], [q])
    return b.model([x], [y])


def division_by_zero_inside() -> Model:
    """CALL of a subgraph whose DIV is not defined for every input."""
    b = ModelBuilder()
    index, g = b.subgraph("inner")
    p, q = int8(g, "p", (1, 3)), int8(g, "q", (1, 3))
    r = g.tensor("r", "UINT8", (1, 3), scale=0.5, zero_point=3)
    s = g.tensor("s", "UINT8", (1, 3), scale=0.5, zero_point=3)
    g.operator("QUANTIZE", [p], [r])
    g.operator("DIV", [r, r], [s])
    g.operator("QUANTIZE", [s], [q])
    g.close([p], [q])
    x, y = int8(b, "x", (1, 3)), int8(b, "y", (1, 3))
    b.operator("CALL", [x], [y], subgraph=index)
    return b.model([x], [y])
