"""What the reader makes of sound files."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from refint8.errors import ModelError, UsageError
from refint8.model import NUMPY_DTYPE
from refint8.model.encode import encode
from refint8.model.reader import read_model
from tests.model.files import quantization, read, tree, with_operator, with_subgraph, with_tensor
from tests.model.seeds import convolution, loop, miscellany, state


def test_a_convolution() -> None:
    content = convolution()
    model = read_model(content, "conv.tflite")
    assert (model.name, model.content, model.version) == ("conv.tflite", content, 3)
    assert model.description == "convolution"
    assert model.metadata == {"min_runtime_version": b"1.5.0\0\0\0"}
    assert model.oddities == ()
    (graph,) = model.subgraphs
    assert (graph.index, graph.name, graph.inputs, graph.outputs) == (0, "main", (0,), (4,))
    x, w, bias, _, z = graph.tensors
    assert (x.index, x.name, x.dtype, x.shape) == (0, "x", "INT8", (1, 4, 4, 3))
    assert x.shape_signature == (-1, 4, 4, 3)
    assert x.data is None and x.buffer == 0 and not x.is_variable and x.has_rank
    assert x.quantization is not None and not x.quantization.per_channel
    assert x.quantization.scales.tolist() == [0.5]
    assert x.quantization.zero_points.tolist() == [3]
    assert w.quantization is not None and w.quantization.per_channel
    assert w.quantization.scales.dtype == np.float32
    assert w.quantization.zero_points.dtype == np.int64
    assert w.quantization.scales.tolist() == [0.015625, 0.03125, 0.0625, 0.125, 0.25]
    assert w.quantization.zero_points.tolist() == [0] * 5
    assert w.data is not None and w.data.dtype == np.int8 and w.data.shape == (5, 1, 1, 3)
    assert w.data.ravel().tolist() == [-2, -1, 0, 1] * 3 + [-2, -1, 0]
    assert bias.data is not None and bias.data.tolist() == [0, 10, 20, 30, 40]
    assert w.shape_signature == w.shape
    conv, softmax = graph.operators
    assert (conv.name, conv.version, conv.inputs, conv.outputs) == ("CONV_2D", 3, (0, 1, 2), (3,))
    assert conv.options == {
        "padding": "VALID",
        "stride_w": 1,
        "stride_h": 1,
        "fused_activation_function": "NONE",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }
    assert (softmax.name, softmax.options) == ("SOFTMAX", {"beta": 1.0})
    (signature,) = model.signatures
    assert (signature.key, signature.subgraph) == ("serving_default", 0)
    assert (signature.inputs, signature.outputs) == ({"x": 0}, {"z": z.index})


def test_constants_are_read_only_views_of_the_content() -> None:
    model = read_model(convolution())
    _, w, bias, *_ = model.subgraphs[0].tensors
    content = np.frombuffer(model.content, np.uint8)
    for constant in (w, bias):
        assert constant.data is not None
        assert np.shares_memory(constant.data, content)
        assert not constant.data.flags.writeable
        assert constant.data.ctypes.data - content.ctypes.data == model.content.find(
            constant.data.tobytes()
        )
    assert w.quantization is not None
    assert np.shares_memory(w.quantization.scales, content)


def test_several_subgraphs_and_signatures() -> None:
    model = read_model(loop())
    assert [g.name for g in model.subgraphs] == ["main", "condition", "body"]
    assert model.subgraphs[0].operators[0].options == {
        "cond_subgraph_index": 1,
        "body_subgraph_index": 2,
    }
    assert [s.key for s in model.signatures] == ["run", "again"]
    ten = model.subgraphs[1].tensors[1].data
    assert ten is not None and ten.shape == () and ten == 10


def test_variables_optional_inputs_and_intermediates() -> None:
    (graph,) = read_model(state()).subgraphs
    (svdf,) = graph.operators
    assert svdf.inputs == (0, 1, 2, -1, 3)
    assert svdf.intermediates == (5,)
    assert graph.tensors[3].is_variable
    assert svdf.options["fused_activation_function"] == "RELU"


def test_every_kind_of_option_and_constant() -> None:
    model = read_model(miscellany())
    reshape, custom, gather, handle = model.subgraphs[0].operators
    assert reshape.options == {"new_shape": (3, 2)}
    assert (custom.name, custom.title, custom.custom_code) == ("CUSTOM", "CUSTOM:Mine", "Mine")
    assert (custom.custom_options, custom.inputs) == (b"\x01\x02\x03", (1, -1))
    assert gather.options["offset_dims"] == (1,) and gather.options["indices_are_sorted"] is True
    assert handle.options == {"container": "c", "shared_name": "s"}
    named = {t.name: t for t in model.subgraphs[0].tensors}
    expected = {
        "int4": [-8, 7, 3],
        "uint4": [0, 15, 9],
        "int2": [-2, 1, -1, 0, 1],
        "float": [1.5, -0.25],
        "half": [1.5, -0.25],
        "flags": [True, False, True],
        "": [2**63],
    }
    for name, values in expected.items():
        data = named[name].data
        assert data is not None and data.tolist() == values
        assert data.dtype == NUMPY_DTYPE[named[name].dtype]
        assert not data.flags.writeable
    text = named["text"].data
    assert text is not None and text.tobytes()[-2:] == b"hi" and text.dtype == np.uint8
    assert named["v"].data is None


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (28, "ADD", "TANH"),
        (28, "TANH", "TANH"),
        (127, "CUMSUM", "CUMSUM"),
        (0, "QUANTIZE", "QUANTIZE"),
        (0, "ADD", "ADD"),
        (127, "BUILTIN_300", "BUILTIN_300"),
        (-3, "BUILTIN_-4", "BUILTIN_-3"),
    ],
)
def test_the_greater_code_field_counts(old: int, new: str, name: str) -> None:
    model = read(with_operator({"deprecated_builtin_code": old, "builtin_code": new}))
    assert model.subgraphs[0].operators[0].name == name


def test_fields_left_out_of_an_options_table_have_the_schemas_defaults() -> None:
    code = {"builtin_code": "ADD"}
    model = read(with_operator(code, builtin_options=("AddOptions", {})))
    options = {"fused_activation_function": "NONE", "pot_scale_int16": True}
    assert model.subgraphs[0].operators[0].options == options


def test_without_an_options_table_every_field_is_zero_as_in_the_engines() -> None:
    model = read(with_operator({"builtin_code": "ADD"}))
    options = {"fused_activation_function": "NONE", "pot_scale_int16": False}
    assert model.subgraphs[0].operators[0].options == options
    gelu = read(with_operator({"builtin_code": "LEAKY_RELU"})).subgraphs[0].operators[0]
    assert gelu.options == {"alpha": 0.0} and isinstance(gelu.options["alpha"], float)


def test_buffers_behind_the_flatbuffer() -> None:
    model = tree(buffers=[{}, {"offset": 1 << 20, "size": 2}])
    size = len(encode("Model", model))
    model["buffers"][1] = {"offset": size + 3, "size": 2}
    assert len(encode("Model", model)) == size
    data = read(model, b"abc\x05\xfb").subgraphs[0].tensors[2].data
    assert data is not None and data.tolist() == [5, -5]
    with pytest.raises(ModelError, match=rf"buffers\[1\].offset: its 2 bytes at {size + 3} leave"):
        read(model, b"abc\x05")


def test_misaligned_constants_are_copied_into_place() -> None:
    model = with_tensor(type="INT32", shape=(2,))
    model["buffers"][1] = {"offset": 1 << 20, "size": 8}
    size = len(encode("Model", model))
    model["buffers"][1] = {"offset": size + 1, "size": 8}
    data = read(model, b"_" + np.array([7, -9], "<i4").tobytes()).subgraphs[0].tensors[2].data
    assert data is not None and data.tolist() == [7, -9]
    assert data.flags.aligned and not data.flags.writeable


def test_offset_one_is_a_placeholder() -> None:
    model = tree(buffers=[{}, {"offset": 1, "size": 1}])
    assert read(model).subgraphs[0].tensors[2].data is None


def test_large_custom_options_behind_the_flatbuffer() -> None:
    code = {"builtin_code": "CUSTOM", "custom_code": "C"}
    place = {"large_custom_options_offset": 1 << 20, "large_custom_options_size": 3}
    size = len(encode("Model", with_operator(code, **place)))
    place["large_custom_options_offset"] = size
    operator = read(with_operator(code, **place), b"xyz").subgraphs[0].operators[0]
    assert operator.custom_options == b"xyz"
    with pytest.raises(ModelError, match="large_custom_options_offset: its 3 bytes"):
        read(with_operator(code, **place), b"xy")


def test_tensors_share_a_buffer_without_a_copy() -> None:
    same = {"shape": (2,), "type": "INT4", "buffer": 1}
    model = with_subgraph(tensors=[same, {**same, "shape": (1, 2)}, same])
    model["buffers"][1] = {"data": b"\x8f"}
    a, b, _ = read(model).subgraphs[0].tensors
    assert a.data is not None and b.data is not None
    assert a.data.tolist() == [-1, -8] and b.data.shape == (1, 2)
    assert np.shares_memory(a.data, b.data)


def test_empty_buffers_are_no_constants_unless_the_tensor_is_empty() -> None:
    empty = {"buffers": [{}, {"data": b""}]}
    assert read(with_tensor() | empty).subgraphs[0].tensors[2].data is None
    data = read(with_tensor(shape=(0, 3)) | empty).subgraphs[0].tensors[2].data
    assert data is not None and data.shape == (0, 3)
    assert read(with_tensor(shape=(0, 3), buffer=0) | empty).subgraphs[0].tensors[2].data is None


def test_a_sparse_tensor_keeps_its_stored_values() -> None:
    model = with_tensor(shape=(100, 100), sparsity={"traversal_order": [0, 1]})
    sparse = read(model).subgraphs[0].tensors[2]
    assert sparse.sparse and sparse.shape == (100, 100)
    assert sparse.data is not None and sparse.data.tolist() == [1, -1]


def test_a_huge_declared_shape_costs_nothing() -> None:
    model = with_tensor(shape=(2**31 - 1, 2**20), buffer=0)
    assert read(model).subgraphs[0].tensors[2].shape == (2**31 - 1, 2**20)


def test_bool_bytes_become_proper_bools() -> None:
    model = with_tensor(type="BOOL")
    model["buffers"][1] = {"data": b"\x02\x00"}
    data = read(model).subgraphs[0].tensors[2].data
    assert data is not None and data.view(np.uint8).tolist() == [1, 0]


def test_names_that_are_not_utf8_are_escaped() -> None:
    model = encode("Model", with_tensor(name="abcd")).replace(b"abcd", b"ab\xff\xfe")
    assert read_model(model).subgraphs[0].tensors[2].name == r"ab\xff\xfe"


def test_scales_on_a_scalar_tensor() -> None:
    scalar = read(with_tensor(shape=(), buffer=0, quantization=quantization()))
    assert scalar.subgraphs[0].tensors[2].quantization is not None
    assert scalar.oddities == ()


def test_from_paths_and_buffers(tmp_path: Path) -> None:
    content = convolution()
    path = tmp_path / "net.tflite"
    path.write_bytes(content)
    assert read_model(path).name == "net.tflite"
    assert read_model(str(path), "mine").name == "mine"
    assert read_model(bytearray(content)).name == "<bytes>"
    assert read_model(memoryview(content)).content == content


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*none.tflite: no such file") as missing:
        read_model(tmp_path / "none.tflite")
    assert missing.value.exit_code == 2
    with pytest.raises(UsageError, match="is a directory"):
        read_model(tmp_path)
    with pytest.raises(UsageError, match="cannot read"):
        read_model("a\0b")


def test_a_model_can_be_pickled() -> None:
    model = read_model(loop())
    assert pickle.loads(pickle.dumps(model)).subgraphs[2].operators[0].name == "ADD"


def test_reading_does_not_import_the_whole_schema_package() -> None:
    import subprocess

    program = (
        "import sys; from refint8.model.reader import read_model; read_model(sys.argv[1]);"
        "assert 'tflite' not in sys.modules and 'numba' not in sys.modules"
    )
    from refint8 import model as package

    path = Path(package.__file__).parents[2]
    file = path / "refint8" / "demo" / "data" / "mnist_int8.tflite"
    subprocess.run([sys.executable, "-c", program, str(file)], check=True, cwd=path)
