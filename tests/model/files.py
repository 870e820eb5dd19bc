"""Files from nested mappings, for what the builder refuses to build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refint8.model.encode import encode
from refint8.model.reader import read_model
from refint8.model.types import Model

Tree = dict[str, Any]


def tensor(**fields: Any) -> Tree:
    """A Tensor table: INT8, shape (2,), no data."""
    return {"name": "t", "shape": (2,), "type": "INT8", **fields}


def quantization(**fields: Any) -> Tree:
    """A QuantizationParameters table: one scale."""
    return {"scale": [0.5], "zero_point": [0], **fields}


def tree(**fields: Any) -> Tree:
    """A Model: x -> TANH -> y, one unused constant c in buffer 1, one signature."""
    return {
        "version": 3,
        "operator_codes": [{"deprecated_builtin_code": 28, "builtin_code": "TANH"}],
        "subgraphs": [
            {
                "tensors": [tensor(name="x"), tensor(name="y"), tensor(name="c", buffer=1)],
                "inputs": [0],
                "outputs": [1],
                "operators": [{"inputs": [0], "outputs": [1]}],
            }
        ],
        "buffers": [{}, {"data": b"\x01\xff"}],
        "signature_defs": [{"signature_key": "serving_default"}],
        **fields,
    }


def with_subgraph(**fields: Any) -> Tree:
    """tree() with fields of its subgraph replaced."""
    model = tree()
    model["subgraphs"][0] |= fields
    return model


def with_tensor(**fields: Any) -> Tree:
    """tree() with fields of tensor 2, the constant, replaced."""
    model = tree()
    model["subgraphs"][0]["tensors"][2] |= fields
    return model


def with_operator(code: Mapping[str, Any] | None = None, **fields: Any) -> Tree:
    """tree() with fields of its operator, and perhaps its operator code, replaced."""
    model = tree()
    model["subgraphs"][0]["operators"][0] |= fields
    if code is not None:
        model["operator_codes"] = [code]
    return model


def read(model: Tree, behind: bytes = b"") -> Model:
    """Read a tree as a file, with `behind` appended to it."""
    return read_model(encode("Model", model) + behind, "m.tflite")


def notes(model: Model) -> list[tuple[str, str, tuple[str, ...]]]:
    """The oddities as plain tuples."""
    return [(o.path, o.text, o.refused_by) for o in model.oddities]
