"""Notes what is odd about a subgraph as a whole: names, and the order of reads and writes."""

from __future__ import annotations

from collections import Counter

from refint8.model.notes import Notes
from refint8.model.types import Subgraph


def note_graph(subgraph: Subgraph, path: str, notes: Notes) -> None:
    """Add the oddities of one subgraph, each kind once with a count or once per operator."""
    _note_names(subgraph, path, notes)
    _note_order(subgraph, path, notes)


def _note_names(subgraph: Subgraph, path: str, notes: Notes) -> None:
    counts = Counter(tensor.name for tensor in subgraph.tensors)
    unnamed = counts.pop("", 0)
    if unnamed:
        notes.add(f"{path}.tensors", f"{unnamed} of {len(subgraph.tensors)} have no name")
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        name = repeated[0]
        text = (
            f"{len(repeated)} names are used more than once, first '{name}' ({counts[name]} times)"
        )
        notes.add(f"{path}.tensors", text)


def _note_order(subgraph: Subgraph, path: str, notes: Notes) -> None:
    """One note per tensor that has two writers, no writer, or a reader before its writer."""
    tensors = subgraph.tensors
    writers: dict[int, int] = {}
    for operator in subgraph.operators:
        for output in operator.outputs:
            first = writers.setdefault(output, operator.index)
            if first != operator.index:
                where = f"{path}.operators[{operator.index}].outputs"
                notes.add(where, f"tensor {output} was already written by operator {first}")
                writers[output] = operator.index
    # A variable keeps what the last run left, so reading it first is its purpose.
    settled = {-1, *subgraph.inputs}
    settled.update(t.index for t in tensors if t.data is not None or t.is_variable or 0 in t.shape)
    for operator in subgraph.operators:
        for tensor in operator.inputs:
            if tensor in settled:
                continue
            settled.add(tensor)
            where = f"{path}.operators[{operator.index}].inputs"
            writer = writers.get(tensor)
            if writer is None:
                notes.add(where, f"tensor {tensor} is read, but nothing writes it")
            elif writer >= operator.index:
                notes.add(where, f"tensor {tensor} is read before operator {writer} writes it")
