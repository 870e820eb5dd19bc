"""Files that claim to hold more than they do, and honest ones: time and memory stay small."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refint8.errors import ModelError
from refint8.model import flatbuffer
from refint8.model.build import ModelBuilder
from refint8.model.encode import encode
from refint8.model.flatbuffer import File, View
from refint8.model.reader import read_model
from tests.model.files import Tree, quantization, tensor, tree, with_subgraph
from tests.model.seeds import seed_models

MANY = 10_000
LONG = 12_500
CLAIM = r"offsets alias: it holds far more than its \d+ bytes could"


def measured(data: bytes, reason: str | None) -> tuple[float, int]:
    """CPU seconds and peak bytes of one read, which is refused if `reason` is given."""
    tracemalloc.start()
    began = time.process_time()
    try:
        if reason is None:
            read_model(data)
        else:
            with pytest.raises(ModelError, match=reason):
                read_model(data)
    finally:
        seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return seconds, peak


def alias(model: Tree, tables: Callable[[View], list[View]], name: str) -> bytes:
    """The file, with field `name` of all these tables pointing where that of the first does."""
    data = bytearray(encode("Model", model))
    root = File.of(bytes(data), "m").root()
    root.file.budget = 1 << 60
    first, *others = tables(root)
    at = first.place(name)
    target = at + struct.unpack_from("<I", data, at)[0]
    for other in others:
        struct.pack_into("<I", data, other.place(name), target - other.place(name))
    return bytes(data)


def alias_elements(model: Tree, holder: Callable[[View], View], name: str) -> bytes:
    """The file, with all elements of a vector of tables being its first one."""
    data = bytearray(encode("Model", model))
    root = File.of(bytes(data), "m").root()
    root.file.budget = 1 << 60
    start, count = holder(root).span(name)
    target = start + struct.unpack_from("<I", data, start)[0]
    for at in range(start, start + 4 * count, 4):
        struct.pack_into("<I", data, at, target - at)
    return bytes(data)


def graph(root: View) -> View:
    return root.children("subgraphs")[0]


def tensors(root: View) -> list[View]:
    return list(graph(root).children("tensors"))


def many_tensors(first: Tree, other: Tree) -> Tree:
    return with_subgraph(tensors=[first, *[other] * MANY])


def aliased_shapes() -> bytes:
    model = many_tensors(tensor(shape=[1] * LONG), tensor())
    return alias(model, tensors, "shape")


def aliased_scales() -> bytes:
    long = quantization(scale=[1.0] * LONG, zero_point=[0] * LONG)
    model = many_tensors(tensor(shape=(LONG,), quantization=long), tensor(shape=(LONG,)))
    for other in model["subgraphs"][0]["tensors"]:
        other.setdefault("quantization", {})
    return alias(model, tensors, "quantization")


def aliased_names() -> bytes:
    return alias(many_tensors(tensor(name="n" * 4 * LONG), tensor()), tensors, "name")


def aliased_operators() -> bytes:
    operators = [{"inputs": [0] * LONG, "outputs": [1]}, *[{"inputs": [0], "outputs": [1]}] * MANY]
    model = with_subgraph(operators=operators)
    return alias(model, lambda root: list(graph(root).children("operators")), "inputs")


def aliased_subgraphs() -> bytes:
    one = many_tensors(tensor(), tensor())["subgraphs"][0]
    return alias_elements(tree(subgraphs=[one, *[{}] * MANY]), lambda root: root, "subgraphs")


def overlapping_int4() -> bytes:
    buffers = [{}, *[{"offset": 100 + i, "size": LONG} for i in range(MANY)]]
    shared = [tensor(type="INT4", shape=(2 * LONG,), buffer=1 + i) for i in range(MANY)]
    return encode("Model", with_subgraph(tensors=shared) | {"buffers": buffers})


def overlapping_metadata() -> bytes:
    buffers = [{}, *[{"offset": 100 + i, "size": LONG} for i in range(MANY)]]
    metadata = [{"name": f"m{i}", "buffer": 1 + i} for i in range(MANY)]
    return encode("Model", tree(metadata=metadata, buffers=buffers, subgraphs=[{}]))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (aliased_shapes, "rank 12500 is beyond 32"),
        (aliased_scales, CLAIM),
        (aliased_names, CLAIM),
        (aliased_operators, CLAIM),
        (aliased_subgraphs, CLAIM),
        (overlapping_int4, CLAIM),
        (overlapping_metadata, CLAIM),
    ],
)
def test_aliased_files_are_refused_early(make: Callable[[], bytes], reason: str) -> None:
    data = make()
    assert len(data) < 1_500_000
    seconds, peak = measured(data, reason)
    assert seconds < 5  # tracemalloc slows it about threefold
    assert peak < 40 * len(data)


def test_one_table_for_all_tensors_is_sharing_not_a_claim() -> None:
    data = alias_elements(many_tensors(tensor(), tensor()), graph, "tensors")
    assert len(read_model(data).subgraphs[0].tensors) == MANY + 1


def test_many_tensors_may_share_one_constant() -> None:
    shared = tensor(shape=(4 * LONG,), buffer=1)
    model = with_subgraph(tensors=[shared] * MANY) | {"buffers": [{}, {"data": bytes(4 * LONG)}]}
    assert measured(encode("Model", model), None)[1] < 40 << 20


def test_a_constant_is_not_copied() -> None:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1,), scale=1.0)
    b.tensor("w", "INT8", (4 << 20,), scale=1.0, data=np.zeros(4 << 20, np.int8))
    assert measured(b.to_bytes([x], [x]), None)[1] < 100_000


def test_sub_byte_constants_cost_what_they_unpack_to() -> None:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1,), scale=1.0)
    b.tensor("w", "INT2", (4 << 20,), data=np.zeros(4 << 20, np.int8))
    data = b.to_bytes([x], [x])
    assert len(data) < (1 << 20) + 2000
    assert measured(data, None)[1] < (4 << 20) + 100_000


def test_a_thousand_operators_read_fast() -> None:
    b = ModelBuilder()
    last = first = b.tensor("t", "INT8", (1, 8, 8, 16), scale=0.5)
    for i in range(1000):
        w = b.tensor(
            f"w{i}", "INT8", (16, 1, 1, 16), scale=[0.5] * 16, data=np.ones((16, 1, 1, 16))
        )
        out = b.tensor(f"t{i}", "INT8", (1, 8, 8, 16), scale=0.5)
        b.operator("CONV_2D", [last, w, -1], [out], stride_w=1, stride_h=1)
        last = out
    data = b.to_bytes([first], [last])
    seconds = []
    for _ in range(5):
        began = time.process_time()
        read_model(data)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.1


def cost(data: bytes) -> float:
    """What reading `data` costs, per byte."""
    spent: list[int] = []
    original = View.spend

    def spend(self: View, field_name: str, cost: int) -> None:
        spent.append(cost)
        original(self, field_name, cost)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(View, "spend", spend)
        read_model(data)
    return sum(spent) / len(data)


def test_honest_files_stay_far_from_the_budget() -> None:
    for data in seed_models().values():
        assert cost(data) < flatbuffer.BUDGET_PER_BYTE / 1.9


def test_real_files_stay_far_from_the_budget(corpora: Path) -> None:
    files = sorted((corpora / "models" / "dev").rglob("*.tflite"))
    assert files
    assert max(cost(file.read_bytes()) for file in files) < flatbuffer.BUDGET_PER_BYTE / 1.9
