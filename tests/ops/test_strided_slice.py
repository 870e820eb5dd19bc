"""STRIDED_SLICE: every mask against Python's own indexing, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.nodes import constant, node, operand, refused, run


def bits(entries, name):
    return sum(1 << e for e, entry in enumerate(entries) if name in entry[3:])


def strided(shape, entries, dtype="INT16", offset=False, version=1, **masks):
    """`entries` are (begin, end, stride, name of a mask bit...)."""
    vectors = [constant("INT32", np.array([e[k] for e in entries], np.int32)) for k in range(3)]
    options = {
        f"{name}_mask": masks.get(name, bits(entries, name))
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    inputs = [operand(dtype, shape), *vectors]
    return node(
        "STRIDED_SLICE", inputs, operand(dtype, (1,)), offset=offset, version=version, **options
    )


def sliced(x, entries, **changes):
    return run(strided(x.shape, entries, **changes), x, None, None, None)


def in_python(x, entries):
    """The same entries as Python's indexing means them."""
    index = []
    for begin, end, stride, *masks in entries:
        if "ellipsis" in masks:
            index.append(...)
        elif "new_axis" in masks:
            index.append(None)
        elif "shrink_axis" in masks:
            index.append(begin)
        else:
            start = None if "begin" in masks else begin
            stop = None if "end" in masks else end
            index.append(slice(start, stop, stride))
    return x[tuple(index)]


def numbered(*shape):
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def test_literal():
    x = np.array([10, 11, 12, 13, 14], np.int16)
    assert sliced(x, [(1, 4, 1)]).tolist() == [11, 12, 13]
    assert sliced(x, [(0, 5, 2)]).tolist() == [10, 12, 14]
    assert sliced(x, [(-1, -6, -2)]).tolist() == [14, 12, 10]
    assert sliced(x, [(3, 1, 1)]).tolist() == []
    assert sliced(x, [(-2, 0, 1, "shrink_axis")]).tolist() == 13


def test_one_axis_exhaustively():
    x = numbered(4)
    for begin in range(-7, 8):
        for end in range(-7, 8):
            for stride in (-5, -2, -1, 1, 2, 5):
                for masks in ((), ("begin",), ("end",), ("begin", "end")):
                    entries = [(begin, end, stride, *masks)]
                    assert sliced(x, entries).tolist() == in_python(x, entries).tolist(), entries


ENTRIES = [
    [(0, 1, 1)],
    [(0, 0, 1, "ellipsis"), (1, 2, 1)],
    [(1, 2, 1), (0, 0, 1, "ellipsis")],
    [(0, 0, 1, "ellipsis"), (0, 0, 1, "new_axis")],
    [(0, 0, 1, "new_axis"), (0, 0, 1, "ellipsis"), (1, 3, 1)],
    [(1, 0, 1, "shrink_axis"), (0, 0, 1, "new_axis"), (2, -4, -1, "end")],
    [(0, 0, 1, "ellipsis"), (0, 0, 0, "new_axis"), (1, 0, 2, "shrink_axis")],
    [(-1, 0, 1, "shrink_axis"), (0, 0, 1, "ellipsis"), (-1, 0, 1, "shrink_axis")],
    [(0, 0, 1, "new_axis"), (0, 0, 1, "new_axis")],
    [(0, 0, 1, "ellipsis")],
    [],
]
SHAPES = [(2, 3, 4), (2, 3), (2, 2, 3, 2, 3, 2)]


@pytest.mark.parametrize(
    "shape, entries",
    [
        (shape, entries)
        for shape in SHAPES
        for entries in ENTRIES
        if sum("new_axis" not in entry for entry in entries) <= len(shape)
    ],
)
def test_masks_together(shape, entries):
    x = numbered(*shape)
    expected = in_python(x, entries)
    out = sliced(x, entries)
    assert out.shape == expected.shape
    assert out.tolist() == expected.tolist()


def test_random_masks_against_python():
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(900):
        x = numbered(*rng.integers(1, 5, rng.integers(1, 6)))
        entries = []
        for _axis in x.shape:
            kind = rng.choice(["range", "range", "begin", "end", "new_axis", "shrink_axis"])
            begin, end = (int(v) for v in rng.integers(-6, 7, 2))
            stride = int(rng.choice([-2, -1, 1, 1, 3]))
            if kind == "shrink_axis":
                begin, stride = int(rng.choice([0, -1])), 1
            entries.append((begin, end, stride, *([] if kind == "range" else [str(kind)])))
        if rng.random() < 0.3:
            entries[rng.integers(0, len(entries))] = (0, 0, 1, "ellipsis")
        expected = in_python(x, entries)
        out = sliced(x, entries)
        assert (out.shape, out.tolist()) == (expected.shape, expected.tolist()), entries
        compared += out.size
    assert compared > 1000


def test_an_ellipsis_takes_at_least_one_axis():
    # Python's x[..., 0, 1] of a matrix is one element; the engine's drops the last entry.
    x = numbered(2, 3)
    entries = [(0, 0, 1, "ellipsis"), (0, 0, 1, "shrink_axis"), (1, 0, 1, "shrink_axis")]
    assert sliced(x, entries).tolist() == x[:, 0].tolist()


def test_which_mask_wins():
    x = numbered(2, 3)
    both = [(0, 0, 1, "ellipsis", "new_axis"), (1, 0, 1, "shrink_axis")]
    assert sliced(x, both).tolist() == x[:, 1].tolist()
    both = [(0, 0, 1, "new_axis", "shrink_axis")]
    assert sliced(x, both).tolist() == [x.tolist()]


def test_an_index_below_the_axis_is_clamped():
    assert sliced(numbered(4), [(-7, 0, 1, "shrink_axis")]).tolist() == 0


def test_an_offset_is_a_length():
    x = numbered(6)
    assert sliced(x, [(1, 3, 1)], offset=True).tolist() == [1, 2, 3]
    assert sliced(x, [(-4, 3, 1)], offset=True).tolist() == [2, 3, 4]
    assert sliced(x, [(1, 4, 3)], offset=True).tolist() == [1, 4]
    assert sliced(x, [(5, -3, -2)], offset=True).tolist() == [5, 3]
    assert sliced(x, [(2, 0, 1)], offset=True).tolist() == []
    new = [(0, 1, 1, "new_axis"), (2, 2, 1)]
    assert sliced(x, new, offset=True).tolist() == [[2, 3]]


def test_rank_0_and_empty():
    assert sliced(numbered(), []).tolist() == 0
    assert sliced(numbered(), [(0, 0, 1, "new_axis")]).tolist() == [0]
    assert sliced(numbered(0, 3), [(0, 2, 1), (1, 3, 1)]).shape == (0, 2)


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT64", "BOOL", "UINT8", "COMPLEX64"])
def test_moves_every_dtype(dtype):
    x = operand(dtype, (3,), data=[0, 1, 0]).value
    assert sliced(x, [(1, 3, 1)], dtype=dtype).tolist() == [1, 0]


def test_refuses_vectors_of_other_lengths_C1():
    good = strided((4,), [(0, 1, 1)])
    for position in (1, 2, 3):
        inputs = list(good.inputs)
        inputs[position] = constant("INT32", [0, 1])
        assert refused(node("STRIDED_SLICE", inputs, good.outputs, **good.options)) == "C1"
        inputs[position] = constant("INT32", 1)
        assert refused(node("STRIDED_SLICE", inputs, good.outputs, **good.options)) == "C1"
    assert refused(strided((4,), [(0, 0, 1, "new_axis")] * 32)) == "C1"


def test_refuses_strides_of_0_C2():
    assert refused(strided((4,), [(0, 1, 0)])) == "C2"
    assert refused(strided((4,), [(0, 1, -(1 << 31))])) == "C2"


def test_refuses_masks_without_a_meaning_C3():
    two = [(0, 0, 1, "ellipsis"), (0, 1, 1), (0, 0, 1, "ellipsis")]
    assert refused(strided((2, 3, 4), two)) == "C3"
    assert refused(strided((4,), [(0, 1, 1)], new_axis=0b10)) == "C3"
    cut_off = [(0, 1, 1), (0, 1, 1), (0, 0, 1, "new_axis")]
    assert refused(strided((4,), cut_off)) == "C3"


def test_refuses_a_shrunk_axis_without_its_element_C4():
    assert refused(strided((4,), [(4, 0, 1, "shrink_axis")])) == "C4"
    assert refused(strided((4,), [(1, 0, -1, "shrink_axis")])) == "C4"
    assert refused(strided((0,), [(0, 0, 1, "shrink_axis")])) == "C4"


def test_refuses_offsets_that_leave_the_input_C5():
    assert refused(strided((4,), [(2, 3, 1)], offset=True)) == "C5"
    assert refused(strided((4,), [(2, -3, -1)], offset=True)) == "C5"
    assert refused(strided((4,), [(1, 2, 1, "end")], offset=True)) == "C5"
    assert refused(strided((4, 4), [(1, 2, 1)], offset=True)) == "C5"
    assert refused(strided((4,), [(0, 0, 1, "new_axis"), (1, 2, 1)], offset=True)) == "C5"


def test_refuses_versions_and_dtypes():
    assert refused(strided((4,), [(0, 1, 1)], version=9)) == "version"
    assert refused(strided((4,), [(0, 1, 1)], "INT4")) == "dtype"
