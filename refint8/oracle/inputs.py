"""Inputs for a model, from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from refint8.errors import UsageError
from refint8.model.types import NUMPY_DTYPE, Model, Tensor
from refint8.numerics.profiles import profile
from refint8.ops import Node, Operand, prepare
from refint8.ops._op import Array

InputSet = dict[int, Array]
"""One array for every graph input, by tensor index."""

IMAGE_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".webp")


def load_inputs(
    paths: Sequence[Path | str], model: Model, *, float_io: bool = False
) -> list[InputSet]:
    """The input sets in files, in the order given.

    A `.npz` holds arrays under the names or positions ("0", "1", ...) of the inputs. A `.npy` or
    an image is for one input; for a model with several, that many files in a row make one set.
    An array has the input's shape, or that shape without or with a longer leading dimension where
    the model has 1: then it holds one set per row. Its dtype is the input's; with `float_io` real
    values are accepted too and quantized as QUANTIZE does (divide by the scale in float32, round
    half away from zero, add the zero point, saturate).

    An image is scaled to the input's height and width, made grey for one channel and RGB for three;
    a pixel p (0 to 255) goes as p into uint8, p - 128 into int8, 256 * (p - 128) into int16 and
    p / 255 into float32. Raises UsageError naming the file.
    """
    graph = model.subgraphs[0]
    tensors = [graph.tensors[index] for index in graph.inputs]
    sets: list[InputSet] = []
    waiting: list[list[Array]] = []
    for path in map(Path, paths):
        if path.suffix == ".npz":
            sets += _sets_of_npz(path, tensors, float_io)
            continue
        tensor = tensors[len(waiting)]
        array = _image(path, tensor) if path.suffix.lower() in IMAGE_SUFFIXES else _npy(path)
        waiting.append(_samples(array, tensor, path, float_io))
        if len(waiting) == len(tensors):
            sets += _zipped(tensors, waiting, path)
            waiting = []
    if waiting:
        raise UsageError(
            f"the model has {len(tensors)} inputs, the last set of files has {len(waiting)}",
            hint="give one file for each input, in order: "
            + ", ".join(f"'{tensor.name}'" for tensor in tensors),
        )
    return sets


def _sets_of_npz(path: Path, tensors: Sequence[Tensor], float_io: bool) -> list[InputSet]:
    arrays = _read_numpy(path)
    columns = []
    for position, tensor in enumerate(tensors):
        key = tensor.name if tensor.name in arrays else str(position)
        if key not in arrays:
            raise UsageError(
                f"{path} has no array '{tensor.name}' or '{position}'",
                hint="it has " + ", ".join(sorted(arrays)),
            )
        columns.append(_samples(arrays[key], tensor, path, float_io))
    return _zipped(tensors, columns, path)


def _zipped(
    tensors: Sequence[Tensor], columns: Sequence[Sequence[Array]], path: Path
) -> list[InputSet]:
    counts = {len(column) for column in columns}
    if len(counts) > 1:
        raise UsageError(f"{path}: the inputs have different numbers of samples {sorted(counts)}")
    return [
        {tensor.index: value for tensor, value in zip(tensors, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]


def _npy(path: Path) -> Array:
    if path.suffix != ".npy":
        known = ", ".join((".npy", ".npz", *IMAGE_SUFFIXES))
        raise UsageError(f"{path} is no input file", hint=f"give one of {known}")
    return _read_numpy(path)["0"]


def _read_numpy(path: Path) -> dict[str, Array]:
    """The arrays of a .npz by name; the one of a .npy is "0"."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"0": loaded}
            return {name: loaded[name] for name in loaded.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _samples(array: Array, tensor: Tensor, path: Path, float_io: bool) -> list[Array]:
    """The array as one or more arrays of exactly the tensor's dtype and shape."""
    where = f"{path}: input '{tensor.name}'"
    shape = tensor.shape
    if array.shape == shape:
        rows = [array]
    elif shape[:1] == (1,) and array.shape[1:] == shape[1:]:
        rows = [row[None] for row in array]
    elif shape[:1] == (1,) and array.shape == shape[1:]:
        rows = [array[None]]
    else:
        raise UsageError(f"{where} has shape {shape}, not {array.shape}")
    dtype = NUMPY_DTYPE.get(tensor.dtype)
    if array.dtype == dtype:
        return rows
    if float_io and array.dtype.kind == "f":
        return [quantized(row.astype(np.float32), tensor) for row in rows]
    hint = f"save it as {dtype}" if dtype is not None else ""
    if array.dtype.kind == "f" and tensor.quantization is not None:
        hint = "real values are quantized with --float-io"
    raise UsageError(f"{where} is {tensor.dtype}, not {array.dtype}", hint=hint)


def quantized(real: Array, tensor: Tensor) -> Array:
    """Real values (float32) as the tensor's integers, by the same rule as the QUANTIZE operator."""
    source = Operand(-1, tensor.name, "FLOAT32", real.shape, None, None)
    rules = profile().rules
    target = Operand.of(tensor, rules, shape=real.shape)
    record = prepare(Node("QUANTIZE", (source,), (target,), rules))
    result: Array = record.spec(real)
    return result


def _image(path: Path, tensor: Tensor) -> Array:
    """The image as an array of the tensor's shape and dtype."""
    try:
        from PIL import Image
    except ImportError as error:
        raise UsageError(
            f"reading {path} needs pillow", hint="pip install 'refint8[image]', or give a .npy"
        ) from error
    shape = tensor.shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(shape[-1] if shape else 0)
    if len(shape) not in (3, 4) or mode is None or (len(shape) == 4 and shape[0] != 1):
        raise UsageError(f"{path}: input '{tensor.name}' has shape {shape}, which is no image")
    height, width = shape[-3:-1]
    try:
        with Image.open(path) as image:
            pixels = np.asarray(
                image.convert(mode).resize((width, height), Image.Resampling.BILINEAR)
            )
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # SyntaxError is what pillow raises for a broken PNG.
        raise UsageError(f"cannot read {path}: {error}") from error
    return _pixels(pixels.reshape(shape), tensor, path)


def _pixels(p: Array, tensor: Tensor, path: Path) -> Array:
    if tensor.dtype == "UINT8":
        return p
    if tensor.dtype == "INT8":
        return (p.astype(np.int16) - 128).astype(np.int8)
    if tensor.dtype == "INT16":
        return ((p.astype(np.int32) - 128) * 256).astype(np.int16)
    if tensor.dtype == "FLOAT32":
        return p.astype(np.float32) / np.float32(255)
    raise UsageError(f"{path}: no rule from pixels to {tensor.dtype}, the type of '{tensor.name}'")
