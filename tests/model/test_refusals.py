"""Every way in which a file is refused: the path, the byte offset, the reason."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from refint8.errors import ModelError
from refint8.model.encode import encode
from refint8.model.flatbuffer import File, View
from refint8.model.foreign import describe
from refint8.model.reader import read_model
from tests.model.files import (
    Tree,
    quantization,
    read,
    tensor,
    tree,
    with_operator,
    with_subgraph,
    with_tensor,
)

TENSOR = r"^Model\.subgraphs\[0\]\.tensors\[2\]"
OPERATOR = r"^Model\.subgraphs\[0\]\.operators\[0\]"


def refuse(model: Tree, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as refused:
        read(model)
    assert refused.value.where.model == "m.tflite"
    assert refused.value.exit_code == 2
    assert "(byte " in refused.value.reason


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (tree(version=2), r"^Model\.version: schema version 2, only 3 is read"),
        (tree(subgraphs=[]), r"^Model\.subgraphs: the model has no subgraph"),
        (tree(buffers=[]), TENSOR + r"\.buffer: buffer 1, but the model has 0"),
        (with_tensor(buffer=2), TENSOR + r"\.buffer: buffer 2, but the model has 2"),
        (with_tensor(type="TensorType(99)"), TENSOR + r"\.type: there is no TensorType\(99\)"),
        (
            with_tensor(shape=(3,)),
            TENSOR + r"\.buffer: INT8 of shape \[3\] takes 3 bytes, but .* 2",
        ),
        (with_tensor(shape=()), TENSOR + r"\.buffer: INT8 of shape \[\] takes 1 bytes"),
        (with_tensor(shape=(0,)), TENSOR + r"\.buffer: INT8 of shape \[0\] takes 0 bytes"),
        (with_tensor(type="INT4", shape=(5,)), TENSOR + r"\.buffer: INT4 .* takes 3 bytes"),
        (with_tensor(type="INT2", shape=(4,)), TENSOR + r"\.buffer: INT2 .* takes 1 bytes"),
        (
            with_tensor(shape=(-1, 2)),
            TENSOR + r"\.shape: negative dimension in \[-1, 2\]; .* 1 here",
        ),
        (with_tensor(shape_signature=(-2,)), TENSOR + r"\.shape_signature: negative dimension"),
        (with_tensor(shape=[1] * 33), TENSOR + r"\.shape: rank 33 is beyond 32"),
        (with_tensor(shape=[2**31 - 1] * 3), TENSOR + r"\.shape: .* more elements than any memory"),
        (with_tensor(shape=[0] + [2**31 - 1] * 3), TENSOR + r"\.shape: .* more elements"),
        (
            with_tensor(type="INT32", sparsity={}),
            TENSOR + r"\.buffer: 2 bytes are no whole number of INT32",
        ),
        (
            with_tensor(quantization=quantization(scale=[1.0] * 3)),
            TENSOR + r"\.quantization\.scale: 3 scales, which fit no dimension of shape \[2\]",
        ),
        (
            with_tensor(quantization=quantization(zero_point=[0, 1])),
            TENSOR + r"\.quantization\.zero_point: 2 zero points for 1 scales",
        ),
        (
            with_subgraph(inputs=[3]),
            r"^Model\.subgraphs\[0\]\.inputs\[0\]: tensor 3, but .* 3 tens",
        ),
        (with_subgraph(outputs=[0, -1]), r"^Model\.subgraphs\[0\]\.outputs\[1\]: tensor -1"),
        (
            with_operator(opcode_index=1),
            OPERATOR + r"\.opcode_index: 1, but the model has 1 operat",
        ),
        (with_operator(inputs=[0, 3]), OPERATOR + r"\.inputs\[1\]: tensor 3"),
        (with_operator(inputs=[-2]), OPERATOR + r"\.inputs\[0\]: tensor -2"),
        (with_operator(outputs=[-1]), OPERATOR + r"\.outputs\[0\]: tensor -1"),
        (with_operator(intermediates=[9]), OPERATOR + r"\.intermediates\[0\]: tensor 9"),
        (
            tree(signature_defs=[{"signature_key": "s", "subgraph_index": 1}]),
            r"^Model\.signature_defs\[0\]\.subgraph_index: 1, but there are 1 subgraphs",
        ),
        (
            tree(signature_defs=[{"outputs": [{"name": "y", "tensor_index": 3}]}]),
            r"^Model\.signature_defs\[0\]\.outputs\[0\]\.tensor_index: 3, but",
        ),
        (
            tree(metadata=[{"name": "m", "buffer": 2}]),
            r"^Model\.metadata\[0\]\.buffer: buffer 2, but the model has 2",
        ),
    ],
)
def test_a_file_that_contradicts_itself(model: Tree, reason: str) -> None:
    refuse(model, reason)


def sound() -> tuple[bytearray, View]:
    """A sound file, and the view of its constant's tensor."""
    model = with_tensor(quantization=quantization())
    data = encode("Model", model)
    (graph,) = File.of(data, "sound").root().children("subgraphs")
    return bytearray(data), graph.children("tensors")[2]


def broken(data: bytearray, at: int, word: int, reason: str) -> None:
    struct.pack_into("<I", data, at, word)
    with pytest.raises(ModelError, match=reason):
        read_model(bytes(data))


def test_an_offset_out_of_the_file() -> None:
    data, view = sound()
    at = view.place("name")
    size = len(data)
    reason = rf"{TENSOR}\.name: its vector would begin at byte {at + size}, .*\(byte {at} of {size}"
    broken(data, at, size, reason)


def test_a_vector_out_of_the_file() -> None:
    data, view = sound()
    start, count = view.span("shape")
    assert count == 1
    reason = rf"{TENSOR}\.shape: its 4294967295 elements of 4 bytes leave .*\(byte {start - 4} of"
    broken(data, start - 4, 0xFFFFFFFF, reason)


def test_a_table_out_of_the_file() -> None:
    data, view = sound()
    at = view.place("quantization")
    reason = rf"{TENSOR}\.quantization: the table would begin at byte {at + 0x7FFFFFFF}"
    broken(data, at, 0x7FFFFFFF, reason)


def test_the_root_out_of_the_file() -> None:
    data, _ = sound()
    broken(data, 0, len(data), r"^Model: the table would begin at byte")


@pytest.mark.parametrize("distance", [0x7FFFFFFF, 0x80000000])
def test_a_vtable_out_of_the_file(distance: int) -> None:
    data, view = sound()
    broken(data, view.at, distance, TENSOR + r": its vtable would be at byte -?\d+, outside")


@pytest.mark.parametrize("word", [0, 0xFFFFFFFF, 0x00040003, 0x00000004])
def test_a_vtable_of_impossible_sizes(word: int) -> None:
    data, view = sound()
    vtable = view.at - struct.unpack_from("<i", data, view.at)[0]
    broken(data, vtable, word, r": its vtable at byte \d+ has impossible sizes")


def test_a_field_beyond_its_table() -> None:
    data, view = sound()
    vtable = view.at - struct.unpack_from("<i", data, view.at)[0]
    slot = view.desc.fields["name"].slot
    struct.pack_into("<H", data, vtable + 4 + 2 * slot, view.size - 3)
    with pytest.raises(ModelError, match=r"\.name: the field lies beyond its table"):
        read_model(bytes(data))


def test_a_unions_member_beyond_its_table() -> None:
    data = bytearray(encode("Model", with_operator(builtin_options=("AddOptions", {}))))
    (graph,) = File.of(bytes(data), "m").root().children("subgraphs")
    (view,) = graph.children("operators")
    vtable = view.at - struct.unpack_from("<i", data, view.at)[0]
    slot = view.desc.fields["builtin_options"].slot - 1
    for offset in (view.size, 0xFFFE):
        struct.pack_into("<H", data, vtable + 4 + 2 * slot, offset)
        with pytest.raises(ModelError, match=r"\.builtin_options: the field lies beyond its table"):
            read_model(bytes(data))


def test_a_table_beyond_the_file() -> None:
    data, view = sound()
    vtable = view.at - struct.unpack_from("<i", data, view.at)[0]
    struct.pack_into("<H", data, vtable + 2, 0xFFFF)
    with pytest.raises(ModelError, match=r"the table's 65535 bytes leave the file"):
        read_model(bytes(data))


def test_every_truncation_is_refused() -> None:
    data, _ = sound()
    for size in range(len(data)):
        with pytest.raises(ModelError):
            read_model(bytes(data[:size]))


ONNX = b"\x08\x07\x12\x07pytorch\x1a\x032.1:\x80\x01\x0a\x04conv"
FOREIGN = {
    "an empty file": b"",
    "an HTML or XML page": b"\n<!DOCTYPE html><html><body>Not found</body></html>",
    "a zip archive": b"PK\x03\x04" + bytes(60),
    "an ONNX model": ONNX + bytes(60),
    "a gzip file": b"\x1f\x8b\x08" + bytes(60),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "a Keras .h5 file": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "a flatbuffer with identifier 'ARTT'": b"\x10\0\0\0ARTT" + bytes(60),
    "C source": b"#include <cstdint>\nalignas(16) const unsigned char g_model[] = {0x1c, 0x00};",
    "JSON text": b'{"version": 3, "operator_codes": []}',
    "a fragment of 8 bytes": b"\x1c\0\0\0TFL3",
    "a size-prefixed flatbuffer": b"\x40\0\0\0\x1c\0\0\0TFL3" + bytes(60),
    "no .tflite model: bytes 4 to 8 are not 'TFL3'": bytes(range(64)),
}


@pytest.mark.parametrize(("looks_like", "content"), FOREIGN.items())
def test_foreign_files_are_named(looks_like: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError) as refused:
        read_model(path)
    assert refused.value.reason.startswith(f"this is {looks_like}")
    assert refused.value.where.model == "x.tflite"


def test_a_model_is_not_foreign_whatever_its_first_bytes() -> None:
    data = encode("Model", tree())
    assert describe(data) is None
    assert describe(b"PK\x03\x04" + data[4:]) is None


def test_the_error_says_where_in_words() -> None:
    with pytest.raises(ModelError) as refused:
        read(with_subgraph(tensors=[tensor(), tensor(buffer=7)]))
    text = str(refused.value)
    assert text.startswith("Model.subgraphs[0].tensors[1].buffer: buffer 7, but the model has 2")
    assert "where: m.tflite" in text
