"""A model of one TANH on int8, which two profiles compute differently."""

from __future__ import annotations

from refint8.model.build import ModelBuilder


def tanh_model():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 300), scale=0.03, zero_point=4)
    y = b.tensor("y", "INT8", (1, 300), scale=1 / 128)
    b.operator("TANH", [x], [y], version=2)
    return b.to_bytes([x], [y])
