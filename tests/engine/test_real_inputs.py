"""Real numbers given to integer inputs: what they become, and that batches agree bit for bit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import refint8
from refint8.engine.batch import Batch, run_batch
from refint8.engine.session import Session
from refint8.engine.widen import WIDTH
from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.types import Model
from tests.engine.test_batch import dense, two_inputs

RANGES = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def copying(dtype: str, scale: float, zero_point: int, rest: int = 3) -> Model:
    """An operator over [1, rest] that changes nothing: the output is the input's steps."""
    b = ModelBuilder()
    shape = (1, rest)
    x = b.tensor("x", dtype, shape, scale=scale, zero_point=zero_point)
    y = b.tensor("y", dtype, shape, scale=scale, zero_point=zero_point)
    low = b.tensor("low", dtype, (1,), scale=scale, zero_point=zero_point, data=[RANGES[dtype][0]])
    b.operator("MAXIMUM", [x, low], [y], version=2)
    return b.model([x], [y])


def details(dtype: str, scale: float, zero_point: int) -> dict[str, Any]:
    return {"name": "x", "dtype": np.dtype(dtype.lower()).type, "quantization": (scale, zero_point)}


def around_every_step(dtype: str, scale: float, zero_point: int) -> Any:
    """Values whose quotients are whole, half, or next to these, and far outside the dtype."""
    low, high = RANGES[dtype]
    steps = np.unique(np.linspace(low - 3, high + 3, 700).round()) - zero_point
    at = np.concatenate([(steps + part) * np.float32(scale) for part in (0, 0.5)])
    at = at.astype(np.float32)
    near = [np.nextafter(at, np.float32(side)) for side in (-np.inf, np.inf)]
    far = np.array([1e30, -1e30, np.inf, -np.inf, np.nan, 0, -0.0, 1e-40], np.float32)
    return np.concatenate([at, *near, far]).astype(np.float32)


CASES = [
    ("INT8", 1 / 255, -128),
    ("INT8", 0.0371, 5),
    ("UINT8", 1 / 255, 0),
    ("UINT8", 0.1, 131),
    ("INT16", 3e-5, 0),
    ("INT16", 0.5, 0),
]


@pytest.mark.parametrize("rounding", ["nearest", "truncate"])
@pytest.mark.parametrize("dtype, scale, zero_point", CASES)
def test_batches_quantize_as_the_function_does(
    dtype: str, scale: float, zero_point: int, rounding: str
) -> None:
    scale = float(np.float32(scale))
    x = around_every_step(dtype, scale, zero_point)
    x = x[: x.size // 3 * 3].reshape(-1, 3)
    model = copying(dtype, scale, zero_point)
    want = refint8.quantize(x, details(dtype, scale, zero_point), rounding)
    for threads in (1, 3):
        found = run_batch(model, x, threads=threads, quantize=rounding)["y"]
        assert found.dtype == want.dtype
        assert np.array_equal(found, want)
    assert np.array_equal(refint8.run(model, x[:1], quantize=rounding)["y"], want[:1])
    assert np.array_equal(refint8.trace(model, x[:1], quantize=rounding)["x"], want[:1])


@pytest.mark.parametrize("dtype, scale, zero_point", CASES)
def test_truncation_is_numpys_cast_where_that_is_defined(
    dtype: str, scale: float, zero_point: int
) -> None:
    scale = float(np.float32(scale))
    x = around_every_step(dtype, scale, zero_point)
    with np.errstate(all="ignore"):
        steps = x / scale + zero_point
        assert steps.dtype == np.float32
        low, high = RANGES[dtype]
        x, steps = (a[(steps > low - 1) & (steps < high + 1)] for a in (x, steps))
    found = refint8.quantize(x, details(dtype, scale, zero_point), "truncate")
    assert np.array_equal(found, steps.astype(found.dtype))
    for value, step in zip(x[::97], found[::97], strict=True):
        quotient = np.float32(value / np.float32(scale))
        total = Fraction(float(np.float32(quotient + np.float32(zero_point))))
        assert int(step) == min(max(int(total), low), high)


def test_what_truncates_to_another_step_than_it_rounds_to() -> None:
    one = details("UINT8", float(np.float32(1 / 255)), 0)
    x = np.arange(256, dtype=np.float32) / np.float32(255)
    nearest, truncated = refint8.quantize(x, one), refint8.quantize(x, one, "truncate")
    assert np.array_equal(nearest, np.arange(256))
    assert set((nearest - truncated).tolist()) == {0, 1}
    special = refint8.quantize([np.nan, np.inf, -np.inf, 1e9, -0.99], one, "truncate")
    assert special.tolist() == [0, 255, 0, 255, 0]


@pytest.mark.parametrize("count", [3, WIDTH, 2 * WIDTH + 5])
def test_several_samples_at_once(count: int) -> None:
    model = dense()
    x = np.random.default_rng(1).normal(0, 2, (count, 20)).astype(np.float32)
    steps = refint8.quantize(x, details("INT8", float(np.float32(0.05)), -7))
    for threads in (1, 2):
        found = run_batch(model, x, threads=threads, quantize="nearest")["y"]
        assert np.array_equal(found, run_batch(model, steps)["y"])


def test_integers_and_real_numbers_side_by_side_and_in_turn() -> None:
    model = two_inputs()
    rng = np.random.default_rng(2)
    x = rng.normal(0, 30, (400, 3))  # float64 is made float32 first
    y = rng.integers(-128, 128, (400, 3)).astype(np.int8)
    steps = refint8.quantize(x, details("INT8", 0.5, 0))
    batch = Batch(model, threads=2, quantize="nearest")
    want = batch([steps, y])["z"]
    assert np.array_equal(batch([x, y])["z"], want)
    assert np.array_equal(batch([steps, y])["z"], want)
    assert np.array_equal(batch([x[::-1], y[::-1]])["z"].reshape(-1, 2, 3)[::-1, ::-1],
                          want.reshape(-1, 2, 3))  # fmt: skip


@pytest.mark.parametrize("fast", ["0", "1"])
def test_specs_between_kernels(monkeypatch: pytest.MonkeyPatch, fast: str) -> None:
    from refint8.native.lowering import NotFastError
    from refint8.ops.add import Add

    def lower(self: Add, site: Any) -> None:
        raise NotFastError("tested without")

    monkeypatch.setattr(Add, "lower", lower)
    monkeypatch.setenv("REFINT8_FAST", fast)
    x = np.random.default_rng(2).normal(0, 30, (40, 3)).astype(np.float32)
    steps = refint8.quantize(x, details("INT8", 0.5, 0))
    other = refint8.quantize(x, details("INT8", 0.75, 4))
    found = run_batch(two_inputs(), [x, x], quantize="nearest")["z"]
    assert np.array_equal(found, run_batch(two_inputs(), [steps, other])["z"])


def test_refusals() -> None:
    x = np.zeros((4, 20), np.float32)
    for call in (run_batch, refint8.run):
        with pytest.raises(UsageError, match="INT8, not float32") as error:
            call(dense(), x)
        assert 'quantize="nearest"' in str(error.value)
        with pytest.raises(UsageError, match="no rounding 'floor'"):
            call(dense(), x, quantize="floor")
        with pytest.raises(UsageError, match="INT8, not int16"):
            call(dense(), x.astype(np.int16), quantize="nearest")
    with pytest.raises(UsageError, match="not float32"):
        Session(dense(), fast=False).run({0: x[:1]})
    with pytest.raises(UsageError, match="no rounding"):
        refint8.quantize(x, details("INT8", 1.0, 0), "floor")


def test_inputs_without_one_scale_stay_integers() -> None:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4))
    y = b.tensor("y", "INT8", (1, 4))
    shape = b.tensor("shape", "INT32", (2,), data=[1, 4])
    b.operator("RESHAPE", [x, shape], [y])
    with pytest.raises(UsageError, match="INT8, not float32"):
        run_batch(b.model([x], [y]), np.zeros((3, 4), np.float32), quantize="nearest")
