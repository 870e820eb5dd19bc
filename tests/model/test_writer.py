"""What is written reads back the same; the builder's checks; LiteRT loads what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model import Model
from refint8.model.build import ModelBuilder
from refint8.model.options import OPTIONS_OF
from refint8.model.reader import read_model
from refint8.model.schema import table
from refint8.model.writer import write_model
from tests.model.equality import assert_same
from tests.model.files import read, with_tensor
from tests.model.seeds import convolution, loop, seed_models


@pytest.mark.parametrize("name", seed_models())
def test_round_trip_of_built_models(name: str) -> None:
    model = read_model(seed_models()[name])
    again = write_model(model)
    assert_same(read_model(again), model)
    assert write_model(read_model(again)) == again


def test_round_trip_of_real_models(corpora: Path) -> None:
    files = sorted((corpora / "models" / "dev").rglob("*.tflite"))
    assert files
    for file in files:
        model = read_model(file)
        again = read_model(write_model(model))
        assert_same(again, model)


def every_option(operator: str) -> dict[str, Any]:
    """A value unlike the default for every option."""
    values: dict[str, Any] = {}
    for field in table(OPTIONS_OF[operator]).fields.values():
        if field.kind == "enum":
            names = {"TensorType": "INT16", "Padding": "VALID", "ActivationFunctionType": "RELU6"}
            values[field.name] = names.get(field.type, f"{field.type}(99)")
        elif field.kind == "string":
            values[field.name] = "text"
        elif field.kind == "vector":
            element: Any = 3
            if field.type == "bool":
                element = True
            elif field.type == "float32":
                element = 0.5
            elif field.type != field.storage:
                element = f"{field.type}(99)"
            values[field.name] = b"\x03\x04" if field.type == "uint8" else (element, element)
        elif field.type == "bool":
            values[field.name] = not field.default
        else:
            values[field.name] = 0.5 if field.type == "float32" else 7
    return values


@pytest.mark.parametrize("operator", sorted(OPTIONS_OF))
def test_every_option_of_every_operator_survives(operator: str) -> None:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1,))
    options = every_option(operator)
    b.operator(operator, [x], [b.tensor("y", "INT8", (1,))], version=9, options=options)
    found = b.model([x], [x]).subgraphs[0].operators[0]
    assert (found.name, found.version, found.options) == (operator, 9, options)


def test_both_code_fields_are_written() -> None:
    import tflite

    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1,))
    for name in ("TANH", "CUMSUM", "TANH"):
        b.operator(name, [x], [x])
    codes = tflite.Model.GetRootAs(b.to_bytes([x], [x]))
    assert codes.OperatorCodesLength() == 2
    tanh, cumsum = codes.OperatorCodes(0), codes.OperatorCodes(1)
    assert (tanh.DeprecatedBuiltinCode(), tanh.Version()) == (28, 1)
    assert (cumsum.DeprecatedBuiltinCode(), cumsum.BuiltinCode()) == (127, 128)


@pytest.mark.parametrize("size", range(1, 40))
def test_constants_are_16_byte_aligned(size: int) -> None:
    b = ModelBuilder("d" * (size % 5))
    for i in range(3):
        b.tensor("w" * size, "UINT8", (size,), data=np.full(size, 200 + i))
    content = b.to_bytes([0], [0])
    for tensor in read_model(content).subgraphs[0].tensors:
        assert tensor.data is not None
        assert content.index(tensor.data.tobytes()) % 16 == 0


def test_the_same_model_gives_the_same_bytes() -> None:
    assert convolution() == convolution()
    assert loop() == loop()


def test_metadata_goes_behind_the_tensors_buffers() -> None:
    model = read_model(convolution())
    more = replace(model, metadata={"a": b"1", "b": b""})
    again = read_model(write_model(more))
    assert again.metadata == {"a": b"1", "b": b""}
    assert [t.buffer for t in again.subgraphs[0].tensors] == [0, 1, 2, 0, 0]


def test_data_in_buffer_0_is_refused() -> None:
    model = read_model(convolution())
    graph = model.subgraphs[0]
    tensors = (*graph.tensors[:1], replace(graph.tensors[1], buffer=0), *graph.tensors[2:])
    broken = replace(model, subgraphs=(replace(graph, tensors=tensors),))
    with pytest.raises(UsageError, match="tensor 1 has data, but buffer 0 must stay empty"):
        write_model(broken)


def test_a_sparse_tensor_keeps_its_tables() -> None:
    levels = [
        {"format": "DENSE", "dense_size": 3},
        {
            "format": "SPARSE_CSR",
            "array_segments": ("Uint8Vector", {"values": [0, 1, 1, 2]}),
            "array_indices": ("Uint16Vector", {"values": [3, 0]}),
        },
    ]
    tables = {"traversal_order": [0, 1], "block_map": [], "dim_metadata": levels}
    for sparsity in (tables, {}):
        model = read(with_tensor(shape=(3, 4), sparsity=sparsity))
        assert_same(read_model(write_model(model)), model)


@pytest.mark.parametrize(
    ("dtype", "data", "reason"),
    [
        ("INT8", [128, 0], "data of 'w' does not fit INT8"),
        ("INT4", [8, 0], "data of 'w' does not fit INT4"),
        ("INT2", [0, -3], "data of 'w' does not fit INT2"),
        ("UINT4", [16, 0], "data of 'w' does not fit UINT4"),
        ("INT8", [0.5, 0], "data of 'w' does not fit INT8"),
        ("INT8", [1, 2, 3], r"data of 'w' has shape \(3,\), not \(2,\)"),
    ],
)
def test_the_builder_refuses_data_that_does_not_fit(
    dtype: str, data: list[float], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        ModelBuilder().tensor("w", dtype, (2,), data=data)


def test_the_builder_refuses_names_it_does_not_know() -> None:
    b = ModelBuilder()
    with pytest.raises(UsageError, match="there is no operator CONV2D"):
        b.operator("CONV2D", [], [])
    with pytest.raises(UsageError, match="SOFTMAX has no option gamma") as refused:
        b.operator("SOFTMAX", [], [], gamma=1.0)
    assert refused.value.hint == "it has: beta"
    with pytest.raises(UsageError, match="TANH has no option x"):
        b.operator("TANH", [], [], x=1)
    with pytest.raises(UsageError, match="'INT5' is not a member of TensorType"):
        b.tensor("t", "INT5", (1,))


def test_what_is_not_checked_can_be_written_anyway() -> None:
    b = ModelBuilder()
    b.operator("BUILTIN_300", [7], [8])
    spec = b.spec([0], [0])
    assert isinstance(spec, Model) and spec.content == b""
    assert b.to_bytes([0], [0])[4:8] == b"TFL3"


LITERT = """
import json, sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
answers = {}
for path in sys.argv[1:]:
    reference = OpResolverType.BUILTIN_REF
    it = Interpreter(model_path=path, experimental_op_resolver_type=reference)
    it.allocate_tensors()
    it.set_tensor(it.get_input_details()[0]["index"],
        np.load(path + ".npy"))
    it.invoke()
    answers[path] = it.get_tensor(it.get_output_details()[0]["index"]).ravel().tolist()
print(json.dumps(answers))
"""


@pytest.mark.usefixtures("litert")
def test_litert_runs_what_is_written(tmp_path: Path) -> None:
    x = (np.arange(48) - 24).astype(np.int8).reshape(1, 4, 4, 3)
    cases = {"int8": (convolution(), x), "int4": (convolution("INT4"), x), "loop": (loop(), 3)}
    for name, (content, feed) in cases.items():
        (tmp_path / name).write_bytes(content)
        np.save(tmp_path / f"{name}.npy", np.asarray(feed, np.int8 if name != "loop" else np.int32))
    ran = subprocess.run(
        [sys.executable, "-c", LITERT, *[str(tmp_path / name) for name in cases]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers = json.loads(ran.stdout)
    assert answers[str(tmp_path / "loop")] == [10]
    probabilities = answers[str(tmp_path / "int8")]
    assert len(probabilities) == 80
    # The two files hold the same weights, once as bytes and once as nibbles.
    assert probabilities == answers[str(tmp_path / "int4")]
    assert len(set(probabilities)) > 10
