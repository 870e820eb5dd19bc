"""hex: one file for each tensor for Verilog's $readmemh: SAMPLE/STEM.hex, and tensors.svh.

One word a line, lower case, two's complement. "hex" has one element in a word; "hex8" to "hex128"
have words of that many bits: several elements in a word, the first in the lowest bits (lane 0),
zeros behind the last; or, where the element is wider, its lowest word first. A comment on top says
what the file holds. tensors.svh has the sizes as localparams, to be included in a module.

A dump may come from $writememh or a $display of one's own: comments, underscores and addresses
are understood, words of any width up to 128 bits, which the number of digits tells. The suffix may
be .mem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from refint8.model.types import NUMPY_DTYPE
from refint8.oracle.formats.dumping import CannotReadError, little
from refint8.oracle.formats.layout import read_files, write_files
from refint8.oracle.formats.names import comment, identifier, stem
from refint8.oracle.formats.words import lines_of, of_words
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "hexadecimal words for Verilog's $readmemh (.hex); hex8 to hex128 pack elements"
SUFFIXES = (".hex", ".mem")

WIDTHS: Final = (8, 16, 32, 64, 128)
"""The widths of a word in bits."""

_SIZES: Final = re.compile(rb"(?m)^// \d+ words of (\d{1,4}) bits$")
"""The line of the header that `write` makes."""

_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", flags=re.DOTALL)


@dataclass(frozen=True)
class Readmemh:
    """The format with words of `width` bits; 0 for the width of an element."""

    width: int = 0

    @property
    def SUMMARY(self) -> str:  # noqa: N802  (the protocol's name)
        """One line for help texts."""
        return f"hexadecimal words of {self.width} bits for Verilog's $readmemh (.hex)"

    def write(self, golden: Golden, directory: Path) -> None:
        """Write one file for each tensor of each sample, and tensors.svh."""

        def encode(array: Array, tensor: TensorInfo) -> bytes:
            return (self._header(tensor) + lines_of(little(array), self._bytes(tensor))).encode()

        write_files(golden, directory, ".hex", encode)
        text = "".join(self._parameters(golden))
        (directory / "tensors.svh").write_text(text, encoding="ascii", newline="\n")

    def read(self, path: Path, golden: Golden) -> Dump:
        """Read a dump. Raises UsageError where there is nothing to read."""
        return read(path, golden)

    def _bytes(self, tensor: TensorInfo) -> int:
        """Bytes in a word."""
        return self.width // 8 or _item(tensor)

    def _words(self, tensor: TensorInfo) -> int:
        return -(-_size(tensor) * _item(tensor) // self._bytes(tensor))

    def _header(self, tensor: TensorInfo) -> str:
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        return (
            f"// tensor {tensor.index} {comment(tensor.name)}\n"
            f"// {tensor.dtype} {shape}, row-major, first element in the lowest bits\n"
            f"// {self._words(tensor)} words of {8 * self._bytes(tensor)} bits\n"
        )

    def _parameters(self, golden: Golden) -> Iterator[str]:
        yield f"// sizes of the tensors of {comment(golden.model_name)}, refint8\n"
        yield f"localparam SAMPLES = {len(golden.samples)};\n"
        for tensor in golden.tensors:
            name = identifier(f"t{stem(tensor)}").upper()
            zero = tensor.zero_points[0] if len(tensor.zero_points) == 1 else 0
            yield f"\nlocalparam {name}_ELEMENTS = {_size(tensor)};\n"
            yield f"localparam {name}_ELEMENT_BITS = {8 * _item(tensor)};\n"
            yield f"localparam {name}_WORDS = {self._words(tensor)};\n"
            yield f"localparam {name}_WORD_BITS = {8 * self._bytes(tensor)};\n"
            if -(1 << 31) <= zero < 1 << 31:
                yield f"localparam {name}_ZERO_POINT = {zero};\n"


def write(golden: Golden, directory: Path) -> None:
    """Write one file for each tensor of each sample, an element in a word, and tensors.svh."""
    Readmemh().write(golden, directory)


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump of any width. Raises UsageError where there is nothing to read."""
    return read_files(path, golden, SUFFIXES, _decode)


def _decode(content: bytes, tensor: TensorInfo, golden: Array) -> Array:
    text = _COMMENT.sub(" ", content.decode("latin-1"))
    if "/" in text:
        raise CannotReadError("a comment has no end: is the file cut off?")
    words = text.split() if "@" not in text and "_" not in text else list(_addressed(text))
    if words and len(set(map(len, words))) == 1 and 4 * len(words[0]) not in WIDTHS:
        known = ", ".join(map(str, WIDTHS))
        raise CannotReadError(f"words of {4 * len(words[0])} bits, known are {known}")
    if words and (said := _SIZES.search(content)) and int(said[1]) != 4 * len(words[0]):
        raise CannotReadError(
            f"words of {4 * len(words[0])} bits, its first lines say {int(said[1])}"
        )
    return of_words(words, tensor, golden)


def _addressed(text: str) -> Iterator[str]:
    """The words of a text with addresses and underscores. Raises CannotReadError."""
    count = 0
    for word in text.split():
        if not word.startswith("@"):
            count += 1
            yield word.replace("_", "")
        elif re.fullmatch(r"@[0-9a-fA-F]{1,15}", word) is None or int(word[1:], 16) != count:
            raise CannotReadError(
                f"address {word[:20]!r} after {count} words: only words in order without a hole"
                " are read"
            )


def _item(tensor: TensorInfo) -> int:
    return NUMPY_DTYPE[tensor.dtype].itemsize


def _size(tensor: TensorInfo) -> int:
    size = 1
    for extent in tensor.shape:
        size *= extent
    return size
