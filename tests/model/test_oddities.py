"""What is accepted although some engine or tool dislikes it, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.files import (
    Tree,
    notes,
    quantization,
    read,
    tensor,
    tree,
    with_operator,
    with_subgraph,
    with_tensor,
)

GRAPH = "Model.subgraphs[0]"
TENSOR = f"{GRAPH}.tensors[2]"
SCALES = f"{TENSOR}.quantization"
OPERATOR = f"{GRAPH}.operators[0]"
LITERT = ("LiteRT",)


def test_a_sound_file_has_none() -> None:
    assert notes(read(tree())) == []


@pytest.mark.parametrize(
    ("model", "path", "text", "refused_by"),
    [
        (
            tree(signature_defs=[]),
            "Model.signature_defs",
            "no signature: the model runs by tensor index only",
            (),
        ),
        (
            tree(signature_defs=[{}]),
            "Model.signature_defs[0]",
            "a signature without a key",
            LITERT,
        ),
        (
            with_operator({"deprecated_builtin_code": 0, "builtin_code": "TANH"}),
            "Model.operator_codes[0].deprecated_builtin_code",
            "0 although builtin_code says TANH: a reader of the old field sees ADD",
            (),
        ),
        (
            with_operator({"deprecated_builtin_code": 32, "builtin_code": "CUSTOM"}),
            "Model.operator_codes[0]",
            "a custom operator without a custom code",
            LITERT,
        ),
        (
            with_operator(builtin_options=("AddOptions", {})),
            f"{OPERATOR}.builtin_options",
            "AddOptions on TANH, which has none: ignored",
            (),
        ),
        (
            with_operator({"deprecated_builtin_code": 18, "builtin_code": "MUL"})
            | {"subgraphs": with_operator(builtin_options=("AddOptions", {}))["subgraphs"]},
            f"{OPERATOR}.builtin_options",
            "AddOptions on MUL, which takes MulOptions: ignored",
            (),
        ),
        (
            with_subgraph(tensors=[tensor(name="a"), tensor(name="b"), tensor(name="a")]),
            f"{GRAPH}.tensors",
            "1 names are used more than once, first 'a' (2 times)",
            (),
        ),
        (
            with_subgraph(tensors=[tensor(name="a"), tensor(name=None), tensor(name="")]),
            f"{GRAPH}.tensors",
            "2 of 3 have no name",
            (),
        ),
        (
            with_subgraph(operators=[{"inputs": [2], "outputs": [1]}] * 2, inputs=[0])
            | {"buffers": [{}, {}]},
            f"{OPERATOR}.inputs",
            "tensor 2 is read, but nothing writes it",
            (),
        ),
        (
            with_tensor(is_variable=True),
            TENSOR,
            "a variable tensor with initial data",
            LITERT,
        ),
        (
            with_tensor(external_buffer=1),
            TENSOR,
            "its data is in another file (external_buffer), which is not read",
            (),
        ),
        (
            tree(metadata=[{"name": "m", "buffer": 1}, {"name": "m", "buffer": 0}]),
            "Model.metadata[1]",
            "a second metadata entry 'm': the last one counts",
            (),
        ),
    ],
)
def test_oddities_of_the_model(
    model: Tree, path: str, text: str, refused_by: tuple[str, ...]
) -> None:
    assert (path, text, refused_by) in notes(read(model))


def test_a_tensor_read_before_it_is_written() -> None:
    operators = [{"inputs": [1], "outputs": [2]}, {"inputs": [0], "outputs": [1]}]
    model = with_subgraph(operators=operators) | {"buffers": [{}, {}]}
    text = "tensor 1 is read before operator 1 writes it"
    assert notes(read(model)) == [(f"{OPERATOR}.inputs", text, ())]


def test_a_tensor_written_twice() -> None:
    model = with_subgraph(operators=[{"inputs": [0], "outputs": [1]}] * 2)
    text = "tensor 1 was already written by operator 0"
    assert notes(read(model)) == [(f"{GRAPH}.operators[1].outputs", text, ())]


def test_a_variable_may_be_read_first() -> None:
    tensors = [tensor(name="x"), tensor(name="y"), tensor(name="s", is_variable=True)]
    operators = [{"inputs": [2], "outputs": [1]}]
    assert notes(read(with_subgraph(tensors=tensors, operators=operators))) == []


@pytest.mark.parametrize(
    ("fields", "place", "text", "refused_by"),
    [
        ({"scale": [0.0]}, ".scale", "degenerate scale 0.0", ()),
        ({"scale": [-1.0]}, ".scale", "degenerate scale -1.0", ()),
        ({"scale": [1e-40]}, ".scale", "degenerate scale 9.99994610111476e-41", ()),
        ({"scale": [float("inf")]}, ".scale", "degenerate scale inf", ()),
        ({"scale": [float("nan")]}, ".scale", "degenerate scale nan", ()),
        (
            {"scale": [1.0, 0.0], "zero_point": [0, 0]},
            ".scale",
            "1 degenerate scales, first 0.0 at 1",
            (),
        ),
        ({"zero_point": [200]}, ".zero_point", "zero point 200 is outside INT8", ()),
        ({"zero_point": [-(2**40)]}, ".zero_point", f"zero point {-(2**40)} is outside INT8", ()),
        ({"zero_point": []}, "", "no zero point for 1 scales: 0 for all", LITERT),
        (
            {"scale": [1.0, 2.0], "zero_point": [5]},
            "",
            "one zero point, 5, for 2 scales: 5 for all",
            LITERT,
        ),
        (
            {"details": ("CustomQuantization", {"custom": b"x"})},
            "",
            "CustomQuantization details are ignored",
            (),
        ),
        (
            {"quantized_dimension": 3, "scale": [1.0, 2.0], "zero_point": [0, 0]},
            ".quantized_dimension",
            "3 for a tensor of rank 1: only the number of scales counts",
            LITERT,
        ),
        (
            {"quantized_dimension": -1},
            ".quantized_dimension",
            "-1 for a tensor of rank 1: only the number of scales counts",
            LITERT,
        ),
    ],
)
def test_oddities_of_quantization(
    fields: dict[str, Any], place: str, text: str, refused_by: tuple[str, ...]
) -> None:
    model = read(with_tensor(quantization=quantization(**fields)))
    assert notes(model) == [(SCALES + place, text, refused_by)]
    found = model.subgraphs[0].tensors[2].quantization
    assert found is not None
    assert found.scales.size == found.zero_points.size
    assert found.quantized_dimension == fields.get("quantized_dimension", 0)


def test_scales_along_another_dimension_than_the_one_named() -> None:
    scales = quantization(scale=[1.0, 2.0], zero_point=[0, 0])
    model = read(with_tensor(shape=(1, 2), quantization=scales))
    text = "0, where shape [1, 2] has 1, not 2 scales"
    assert notes(model) == [(f"{SCALES}.quantized_dimension", text, LITERT)]


def test_a_single_zero_point_is_spread_over_the_channels() -> None:
    scales = quantization(scale=[1.0, 2.0], zero_point=[5])
    found = read(with_tensor(quantization=scales)).subgraphs[0].tensors[2].quantization
    assert found is not None and found.zero_points.tolist() == [5, 5]


def test_no_scales_is_no_quantization() -> None:
    model = read(with_tensor(quantization={"min": [0.0], "max": [1.0]}))
    assert model.subgraphs[0].tensors[2].quantization is None
    assert notes(model) == []
