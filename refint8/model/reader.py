"""Reads a .tflite file: bytes to a Model, every access checked, every error with its path.

What tool chains write is accepted, also where one engine refuses it; that is then an Oddity. A
file is refused only where it lies about itself: an index out of range, a size that does not fit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from refint8.errors import ModelError, UsageError, Where
from refint8.model import schema
from refint8.model.flatbuffer import File, View
from refint8.model.foreign import describe
from refint8.model.graph import note_graph
from refint8.model.notes import Notes
from refint8.model.operators import Code, read_code, read_operator, tensor_indexes
from refint8.model.tensors import Constants, Stored, read_buffers, read_tensor
from refint8.model.types import Model, Signature, Subgraph


def read_model(
    source: bytes | bytearray | memoryview | str | os.PathLike[str], name: str | None = None
) -> Model:
    """The model in `source`: the file's bytes, or the path of the file.

    `name` is what errors call it; by default the file's name, or "<bytes>". Constants are
    read-only views of the bytes where these are aligned and not packed. Raises UsageError when
    there is no such file, ModelError when its content is not a readable model.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read(bytes(source), name or "<bytes>")
    path = Path(source)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}", hint="give a .tflite file") from error
    return _read(content, name or path.name)


def _read(content: bytes, name: str) -> Model:
    foreign = describe(content)
    if foreign is not None:
        looks_like, hint = foreign
        raise ModelError(f"this is {looks_like}", where=Where(model=name), hint=hint)
    view = File.of(content, name).root()
    version = view.scalar("version")
    if version != schema.SCHEMA_VERSION:
        view.fail("version", f"schema version {version}, only 3 is read")
    notes = Notes()
    codes = tuple(read_code(code, notes) for code in view.children("operator_codes"))
    buffers = read_buffers(view)
    constants = Constants(buffers)
    subgraphs = tuple(
        _read_subgraph(child, index, codes, constants, notes)
        for index, child in enumerate(view.children("subgraphs"))
    )
    if not subgraphs:
        view.fail("subgraphs", "the model has no subgraph")
    return Model(
        name=name,
        content=content,
        version=version,
        description=view.string("description"),
        subgraphs=subgraphs,
        signatures=_read_signatures(view, subgraphs, notes),
        metadata=_read_metadata(view, buffers, notes),
        oddities=tuple(notes.found),
    )


def _read_subgraph(
    view: View, index: int, codes: Sequence[Code], constants: Constants, notes: Notes
) -> Subgraph:
    tensors = tuple(
        read_tensor(child, position, constants, notes)
        for position, child in enumerate(view.children("tensors"))
    )
    operators = tuple(
        read_operator(child, position, codes, len(tensors), notes)
        for position, child in enumerate(view.children("operators"))
    )
    subgraph = Subgraph(
        index=index,
        name=view.string("name"),
        tensors=tensors,
        operators=operators,
        inputs=tensor_indexes(view, "inputs", len(tensors)),
        outputs=tensor_indexes(view, "outputs", len(tensors)),
    )
    note_graph(subgraph, view.path, notes)
    return subgraph


def _read_signatures(
    view: View, subgraphs: Sequence[Subgraph], notes: Notes
) -> tuple[Signature, ...]:
    signatures = []
    for child in view.children("signature_defs"):
        key = child.string("signature_key")
        if not child.has("signature_key"):
            notes.add(child.path, "a signature without a key", ("LiteRT",))
        number = child.scalar("subgraph_index")
        if number >= len(subgraphs):
            child.fail("subgraph_index", f"{number}, but there are {len(subgraphs)} subgraphs")
        count = len(subgraphs[number].tensors)
        inputs = _tensor_map(child, "inputs", count)
        signatures.append(Signature(key, number, inputs, _tensor_map(child, "outputs", count)))
    if not signatures:
        notes.add("Model.signature_defs", "no signature: the model runs by tensor index only")
    return tuple(signatures)


def _tensor_map(view: View, name: str, tensor_count: int) -> Mapping[str, int]:
    found = {}
    for child in view.children(name):
        tensor = child.scalar("tensor_index")
        if tensor >= tensor_count:
            child.fail("tensor_index", f"{tensor}, but the subgraph has {tensor_count} tensors")
        found[child.string("name")] = tensor
    return found


def _read_metadata(view: View, buffers: Sequence[Stored], notes: Notes) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for child in view.children("metadata"):
        buffer = child.scalar("buffer")
        if buffer >= len(buffers):
            child.fail("buffer", f"buffer {buffer}, but the model has {len(buffers)}")
        stored = buffers[buffer]
        child.spend("buffer", stored.size)
        name = child.string("name")
        if name in found:
            notes.add(child.path, f"a second metadata entry {name!r}: the last one counts")
        found[name] = view.file.data[stored.start : stored.start + stored.size]
    return found
