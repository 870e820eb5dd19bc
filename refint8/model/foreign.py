"""What a file that is not a .tflite model looks like, and what to do about it."""

from __future__ import annotations

import re
from typing import Final

from refint8.model.schema import IDENTIFIER

MIN_SIZE: Final = 16
"""Root offset, identifier, one table: no model is smaller."""

_BEGINNINGS: Final = (
    (b"version https://git-lfs", "a Git LFS pointer", "run `git lfs pull` in its repository"),
    (b"\x89HDF\r\n", "a Keras .h5 file", "convert it with tf.lite.TFLiteConverter"),
    (b"PK\x03\x04", "a zip archive (.zip, .keras, .task)", "unpack it, or convert the model in it"),
    (b"\x1f\x8b", "a gzip file", "decompress it first"),
    (b"BZh", "a bzip2 file", "decompress it first"),
    (b"\x7fELF", "an ELF program", ""),
    (b"GGUF", "a GGUF model", ""),
    (b"LITERTLM", "a LiteRT-LM bundle", "extract the .tflite section in it"),
    (b"\x93NUMPY", "a NumPy array", ""),
    (b"\x80\x02", "a Python pickle", ""),
    (b"\x89PNG", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
)
_HTML: Final = re.compile(rb"\s*<(!doctype|html|head|\?xml)", re.IGNORECASE)
_C_SOURCE: Final = re.compile(
    rb"\s*(//|/\*|#include|#ifdef|#ifndef|(const |static |alignas|unsigned ))"
)
_ONNX: Final = re.compile(rb"\x08[\x01-\x20]\x12.{1,64}?[\x1a\x22\x2a\x3a]", re.DOTALL)


def describe(data: bytes) -> tuple[str, str] | None:
    """What `data` looks like instead of a model, and a hint; None when it may be a model."""
    if not data:
        return "an empty file", "the download or the copy failed"
    head = data[:512]
    if len(data) >= MIN_SIZE and data[4:8] == IDENTIFIER:
        return None
    for beginning, kind, hint in _BEGINNINGS:
        if head.startswith(beginning):
            return kind, hint
    if _HTML.match(head):
        return "an HTML or XML page", "download the file itself, not the page that shows it"
    if _C_SOURCE.match(head):
        return "C source", "read the .tflite file that it was made from"
    if head.lstrip()[:1] == b"{":
        return "JSON text", ""
    if _ONNX.match(head):
        return "an ONNX model", "convert it to .tflite first"
    if len(data) < MIN_SIZE:
        return f"a fragment of {len(data)} bytes", "the download or the copy was cut short"
    if data[8:12] == IDENTIFIER:
        return "a size-prefixed flatbuffer", "drop its first 4 bytes"
    identifier = data[4:8]
    if identifier.isalnum() and int.from_bytes(data[:4], "little") < len(data):
        return f"a flatbuffer with identifier {identifier.decode()!r}, not 'TFL3'", ""
    return "no .tflite model: bytes 4 to 8 are not 'TFL3'", ""
