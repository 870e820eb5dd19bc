"""CMSIS-NN's golden vectors of pad and transpose through records made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.ops._padding import Border
from refint8.ops.pad import Pad
from refint8.ops.transpose import Transpose
from tests.crosscheck.cmsis_nn import cases

TRANSPOSES = {
    # Case to input shape and permutation: `#define`s with braces, which the archives left out.
    "transpose_3dim": ((5, 4, 20), (0, 2, 1)),
    "transpose_chwn": ((5, 4, 12, 17), (3, 1, 2, 0)),
    "transpose_matrix": ((5, 20), (1, 0)),
    "transpose_ncwh": ((5, 4, 3, 9), (0, 3, 2, 1)),
    "transpose_nwhc": ((1, 19, 3, 64), (0, 2, 1, 3)),
}


@pytest.fixture(scope="module")
def pads(corpora):
    return cases(corpora, "pad_s8")


@pytest.fixture(scope="module")
def transposes(corpora):
    return cases(corpora, "transpose_s8")


def test_pads(pads):
    assert len(pads) == 2
    for case in pads:
        inner, before, after = (
            tuple(case.number(f"{prefix}_{axis}") for axis in "NHWC")
            for prefix in ("INPUT", "PRE_PAD", "POST_PAD")
        )
        border = Border(inner, before, after)
        record = Pad(shapes=(border.shape,), border=border, fill=case.number("PAD_VALUE"))
        out = record.spec(case.image("input_tensor", inner), None)
        assert np.array_equal(out.reshape(-1), case.array("output")), case.name


def test_transposes(transposes):
    assert {case.name.split("/")[1] for case in transposes} == set(TRANSPOSES)
    for case in transposes:
        shape, permutation = TRANSPOSES[case.name.split("/")[1]]
        assert np.prod(shape) == case.number("SIZE")
        moved = tuple(shape[axis] for axis in permutation)
        record = Transpose(shapes=(moved,), permutation=permutation)
        out = record.spec(case.image("input_tensor", shape), None)
        assert out.shape == moved
        assert np.array_equal(out.reshape(-1), case.array("output")), case.name
