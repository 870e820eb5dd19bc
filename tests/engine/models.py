"""Small models that the engine's tests run."""

from __future__ import annotations

from refint8.model.build import ModelBuilder
from refint8.model.types import Model


def add_and_relu() -> Model:
    """ADD of a constant with a fused RELU, int8 [-1, 8]."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 8), scale=0.5, zero_point=3, shape_signature=(-1, 8))
    six = b.tensor("six", "INT8", (1, 8), scale=0.5, data=[[6] * 8])
    out = b.tensor("out", "INT8", (1, 8), scale=0.25, zero_point=-28, shape_signature=(-1, 8))
    b.operator("ADD", [x, six], [out], version=2, fused_activation_function="RELU")
    b.signature("serving_default", {"x": x}, {"out": out})
    return b.model([x], [out])


def two_signatures() -> Model:
    """Two subgraphs with a signature each: one adds, one multiplies."""
    b = ModelBuilder()
    _, other = b.subgraph("multiply")
    for graph, kind, version in ((b, "ADD", 2), (other, "MUL", 2)):
        x = graph.tensor("x", "INT8", (1, 3), scale=0.5, shape_signature=(-1, 3))
        y = graph.tensor("y", "INT8", (1, 3), scale=0.5, data=[[1, -2, 40]])
        z = graph.tensor("z", "INT8", (1, 3), scale=0.75, zero_point=4, shape_signature=(-1, 3))
        graph.operator(kind, [x, y], [z], version=version)
        graph.close([x], [z])
        b.signature(kind.lower(), {"x": x}, {"z": z}, subgraph=0 if graph is b else 1)
    return b.model([0], [2])


def a_variable() -> Model:
    """A variable tensor beside an ADD; nothing writes it, so only set and reset change it."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2), scale=0.5)
    state = b.tensor("state", "INT8", (1, 2), scale=0.5, zero_point=-5, is_variable=True)
    out = b.tensor("out", "INT8", (1, 2), scale=2.0)
    b.operator("ADD", [x, state], [out], version=2)
    return b.model([x], [out])
