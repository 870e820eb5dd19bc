"""c: C headers, in a folder for each sample, as CMSIS-NN's unit tests have them.

    config_data.h      sizes; for the kit of an operator its geometry, offsets and clamps
    input_data.h       NAME_input             weights_data.h, biases_data.h, constant_data.h,
    output_ref_data.h  NAME_output_ref        output_mult_data.h, output_shift_data.h: kits only
    inner_data.h       NAME_t0007_conv1_Relu, every tensor between operators
    test_data.h        includes all

One array for each tensor, row-major. BOOL is uint8_t, a real number the unsigned integer of its
bits (see `integers`). C has no empty arrays: an empty tensor is one element 0, its _SIZE is 0.

A dump is any headers with such arrays, under these names or those of `c_names.by_name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from refint8.oracle.formats.c_names import arrays, by_name, prefix
from refint8.oracle.formats.cmsis_config import defines, requantization
from refint8.oracle.formats.dumping import CannotReadError, Gathered
from refint8.oracle.formats.integers import integer_dtype, integers, of_integers
from refint8.oracle.formats.layout import located, relative
from refint8.oracle.formats.names import comment
from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.targets.outcome import Array

SUMMARY = "C headers as CMSIS-NN's unit tests include (.h)"
SUFFIXES = (".h",)

LONGEST: Final = 1 << 30
"""Bytes of a header that is read."""

_LIMITS: Final = {
    "INT64_MIN": str(-(1 << 63)),
    "INT32_MIN": str(-(1 << 31)),
    "INT16_MIN": str(-(1 << 15)),
    "INT8_MIN": str(-(1 << 7)),
}

_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", flags=re.DOTALL)
_ARRAY: Final = re.compile(
    r"\b(?P<type>\w+)\s+(?P<name>\w+)\s*(?:\[\s*\w*\s*\])+[^={};]*=\s*\{(?P<values>[^{}]*)(?P<end>\}?)"
)
_LITERAL: Final = re.compile(r"[A-Za-z]")
_SPACED: Final = re.compile(r"[^\s,]\s+[^\s,]")
"""Two words with no comma between."""


def write(golden: Golden, directory: Path) -> None:
    """Write one folder for each sample."""
    for number, sample in enumerate(golden.samples):
        folder = directory / str(number)
        folder.mkdir()
        headers = _headers(golden, sample)
        headers["test_data.h"] = [f'#include "{name}"\n' for name in sorted(headers)]
        for name, lines in headers.items():
            text = "".join([*_provenance(golden, number), *lines])
            (folder / name).write_text(text, encoding="ascii", newline="\n")


def read(path: Path, golden: Golden) -> Dump:
    """Read a dump. Raises UsageError where there is nothing to read."""
    gathered = Gathered(golden, path)
    tensors = by_name(golden)
    for file, sample in located(path, golden, SUFFIXES, gathered):
        shown = relative(file, path)
        try:
            text = _text(file)
        except CannotReadError as error:
            gathered.problem(shown, str(error), None, sample)
            continue
        for match in _ARRAY.finditer(text):
            tensor = tensors.get(match["name"])
            where = f"{shown}:{match['name']}"
            if tensor is None and match["name"].endswith(("_output_mult", "_output_shift")):
                continue
            if tensor is None:
                gathered.problem(where, "no tensor of the golden has this name", None, sample)
                continue

            def read_one(
                golden_array: Array, match: re.Match[str] = match, tensor: TensorInfo = tensor
            ) -> Array:
                return _decode(match, tensor, golden_array)

            gathered.add(where, sample, tensor, read_one)
    return gathered.dump()


def _headers(golden: Golden, sample: Mapping[int, Array]) -> dict[str, list[str]]:
    name = prefix(golden)
    sizes: list[str] = []
    config: list[str] = []
    contents: dict[str, list[str]] = {}
    for index, array in arrays(golden).items():
        tensor = golden.tensor(index)
        values = integers(sample[index], tensor)
        lines = contents.setdefault(array.header, ["#pragma once\n#include <stdint.h>\n"])
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        lines.append(f"\n/* tensor {index} {comment(tensor.name)}, {tensor.dtype} {shape} */\n")
        lines += _array(_c_type(tensor), array.name, values)
        sizes.append(f"#define {array.name.upper()}_SIZE {len(values)}\n")
    if len(golden.operators) == 1:
        own = defines(golden)
        config = [f"#define {name.upper()}_{key} {_literal(v)}\n" for key, v in own.items()]
        # NAME_INPUT_SIZE is CMSIS-NN's: of one batch.
        sizes = [line for line in sizes if line.split()[1] not in {d.split()[1] for d in config}]
        for array_name, numbers in requantization(golden).items():
            contents[f"{array_name}_data.h"] = [
                "#pragma once\n#include <stdint.h>\n\n",
                *_array("int32_t", f"{name}_{array_name}", numbers),
            ]
    contents["config_data.h"] = ["#pragma once\n", *config, *sizes]
    return contents


def _provenance(golden: Golden, sample: int) -> Iterator[str]:
    model = comment(golden.model_name)
    yield f"/* Made by refint8 {golden.version}, profile {comment(golden.profile)}.\n"
    yield f"   {model}, SHA-256 {golden.model_sha256}, sample {sample}. */\n"


def _array(c_type: str, name: str, values: list[int]) -> Iterator[str]:
    yield f"const {c_type} {name}[{max(1, len(values))}] = {{"
    for start in range(0, len(values), 16):
        row = ", ".join(_literal(value) for value in values[start : start + 16])
        yield f"\n    {row}," if start + 16 < len(values) else f"\n    {row}"
    yield "\n};\n" if values else "0};\n"


def _literal(value: int) -> str:
    if value == -(1 << 63):
        return "INT64_MIN"
    if value == -(1 << 31):
        return "INT32_MIN"
    return f"{value}u" if value >= 1 << 63 else str(value)


def _c_type(tensor: TensorInfo) -> str:
    return f"{integer_dtype(tensor).name}_t"


def _text(file: Path) -> str:
    """The header without comments and preprocessor lines."""
    try:
        if (size := file.stat().st_size) > LONGEST:
            raise CannotReadError(f"{size} bytes are too long for a header")
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise CannotReadError(f"cannot be read: {error.strerror}") from None
    text = _COMMENT.sub(" ", text)
    if "/*" in text:
        raise CannotReadError("a comment has no end: is the file cut off?")
    text = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
    if text.strip() and _ARRAY.search(text) is None:
        raise CannotReadError("there is no array in it: is the file cut off?")
    return text


def _decode(match: re.Match[str], tensor: TensorInfo, golden: Array) -> Array:
    declared = match["type"]
    if declared in ("float", "double"):
        raise CannotReadError(f"it is {declared}: write the bits as {_c_type(tensor)}")
    wanted = _c_type(tensor)
    if re.fullmatch(r"u?int\d+_t", declared) and declared != wanted:
        raise CannotReadError(f"it is {declared}, the tensor's type is {wanted}")
    if not match["end"]:
        raise CannotReadError("the array has no closing brace: is the file cut off?")
    values = "".join(match["values"].split()) if not _SPACED.search(match["values"]) else ""
    words = values.split(",") if values else match["values"].split(",")
    if not values or _LITERAL.search(values):
        words = [_integer(" ".join(word.split())) for word in words]
    if words and words[-1] == "":
        words.pop()
    if golden.size == 0 and words in ([], ["0"]):
        words = []
    return of_integers(words, tensor, golden)


def _integer(word: str) -> str:
    """A C literal in decimal, as far as it is one."""
    bare = _LIMITS.get(word, word)
    bare = re.sub(r"(?<=[0-9a-fA-F])[uUlL]+$", "", bare)
    if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F]{1,20}", bare):
        return str(int(bare, 16))
    return bare
