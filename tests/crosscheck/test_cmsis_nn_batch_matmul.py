"""CMSIS-NN's golden vectors of batched matrix products, through records made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics.accumulator import Accumulator
from refint8.numerics.profiles import profile
from refint8.numerics.requantize import ready_requantizer
from refint8.ops._elementwise import Finish
from refint8.ops.batch_matmul import BatchMatmul
from tests.crosscheck.cmsis_nn import cases


def operand(case, side):
    axes = ("BATCH", "HEIGHT", "ROWS", "COLS")
    shape = tuple(case.number(f"{side}_{axis}") for axis in axes)
    return case.image(f"{side.lower()}_input_tensor", shape)


@pytest.mark.parametrize("suite, count", [("batch_matmul_s8", 3), ("batch_matmul_s16", 3)])
def test_batch_matmul(corpora, suite, count):
    found = cases(corpora, suite)
    assert len(found) == count
    for case in found:
        expected = case.array("output_ref")
        wide = expected.dtype == np.int16
        shape = tuple(case.number(f"OUTPUT_{axis}") for axis in ("BATCH", "HEIGHT", "ROWS", "COLS"))
        record = BatchMatmul(
            shapes=(shape,),
            transposed=(bool(case.number("ADJ_X")), bool(case.number("ADJ_Y"))),
            zero_points=(-case.number("LHS_OFFSET"), -case.number("RHS_OFFSET")),
            accumulator=None if wide else Accumulator(),
            requantize=ready_requantizer(
                np.int64(case.number("OUTPUT_MULTIPLIER")),
                np.int64(case.number("OUTPUT_SHIFT")),
                profile("cmsis-nn").rules,
                wide=wide,
            ),
            finish=Finish(
                case.number("OUTPUT_OFFSET"),
                case.pair("ACTIVATION_MIN", "ACTIVATION_MAX"),
                "INT16" if wide else "INT8",
            ),
        )
        out = record.spec(operand(case, "LHS"), operand(case, "RHS"))
        assert out.shape == shape
        assert out.dtype == expected.dtype
        assert np.array_equal(out.reshape(-1), expected), case.name
