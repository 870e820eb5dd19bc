"""Each kind of difference on arrays that have it, and on arrays that nearly do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from refint8.oracle.golden.contents import Dump, Golden, TensorInfo
from refint8.oracle.verify.kinds.evidence import Evidence
from refint8.oracle.verify.kinds.location import location
from refint8.oracle.verify.kinds.named import kinds

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(-100, 100, (1, 6, 7, 8)).astype(np.int8)
ZERO_POINT = 9


def info(array, zero_point=ZERO_POINT):
    dtype = {"int8": "INT8", "uint8": "UINT8", "int16": "INT16", "int32": "INT32"}.get(
        array.dtype.name, "FLOAT32"
    )
    return TensorInfo(3, "t", dtype, array.shape, (0.5,), (zero_point,), 0, "inner", 2)


def evidence(expected, got, clamp=None):
    return Evidence(info(expected), (expected,), (got.astype(expected.dtype),), clamp)


def named(expected, got, clamp=None, other=None):
    tensor = info(expected)
    rest = {} if other is None else {9: other}
    infos = (tensor, TensorInfo(9, "u", "INT8", (1,), (), (), 0, "inner", 1))
    golden = Golden(b"", "m", "tflite", {}, "0", None, (), infos[: 1 + len(rest)],
                    ({3: expected, **rest},))  # fmt: skip
    held = evidence(expected, got, clamp)
    return kinds(held, golden, Dump("d", ({3: held.got[0]},)), (0,))


def clipped(values):
    return np.clip(values, -128, 127).astype(np.int8)


WIDE = IMAGE.astype(np.int64)
SIXTEEN = RNG.integers(-30000, 30000, (1, 5, 5, 3)).astype(np.int16)


@pytest.mark.parametrize(
    ("got", "name", "detail"),
    [
        (IMAGE.transpose(0, 3, 1, 2).reshape(IMAGE.shape), "layout", "written in NCHW order"),
        (IMAGE.transpose(0, 2, 1, 3).reshape(IMAGE.shape), "layout", "height and width swapped"),
        (IMAGE.transpose(0, 3, 2, 1).reshape(IMAGE.shape), "layout", "the order [0, 3, 2, 1]"),
        (IMAGE.reshape(1, 8, 6, 7).transpose(0, 2, 3, 1), "layout", "taken for NCHW"),
        (
            IMAGE.reshape(1, 6, 7, 2, 4).transpose(0, 3, 1, 2, 4).reshape(IMAGE.shape),
            "layout",
            "in blocks of 4 channels (NC/4HW4)",
        ),
        (
            IMAGE.reshape(1, 6, 7, 2, 4).transpose(0, 1, 3, 2, 4).reshape(IMAGE.shape),
            "layout",
            "in blocks of 4 channels by rows",
        ),
        (IMAGE[:, ::-1], "layout", "axis 1 reversed"),
        (IMAGE.reshape(-1, 4)[:, ::-1].reshape(IMAGE.shape), "layout", "words of 4 elements"),
        (IMAGE[..., ::-1], "channel order", "the last axis reversed"),
        (IMAGE[..., [0, 4, 2, 3, 1, 5, 6, 7]], "channel order", "channels 1 and 4 swapped"),
        (IMAGE[..., [1, 2, 0, 3, 4, 5, 6, 7]], "channel order", "1 at 0, 2 at 1, 0 at 2"),
        (np.roll(IMAGE, 1, axis=1), "shifted", "by +1 row"),
        (np.roll(IMAGE, -2, axis=2), "shifted", "by -2 columns"),
        (np.roll(IMAGE, (1, 1), axis=(1, 2)), "shifted", "by +1 row and +1 column"),
        (np.roll(IMAGE, 1, axis=3), "channel order", "channels in another place"),
        (np.roll(IMAGE.reshape(-1), 3).reshape(IMAGE.shape), "shifted", "by +3 elements in memory"),
        (IMAGE ^ np.int8(-128), "sign", "off by 128"),
        (WIDE - ZERO_POINT, "zero point", "9 was not added"),
        (WIDE + ZERO_POINT, "zero point", "9 was added twice"),
        (clipped(WIDE + 60), "offset", "+60 in every element"),
        ((WIDE + 60 + 128) % 256 - 128, "offset", "+60 in every element, modulo 2^bits"),
        (IMAGE | np.int8(4), "stuck bit", "bit 2 is always 1"),
        (IMAGE & ~np.int8(1), "stuck bit", "bit 0 is always 0"),
        (IMAGE & ~np.int8(7), "stuck bit", "the lowest 3 bits are always 0"),
        (clipped(ZERO_POINT + np.round((WIDE - ZERO_POINT) / 2)), "scale", "times 0.5"),
        (np.zeros_like(IMAGE), "constant", "every element is 0"),
        (np.where(np.arange(336).reshape(IMAGE.shape) < 200, IMAGE, 5), "cut off", "element 200"),
        (np.where(WIDE % 5 == 0, WIDE - 1, WIDE), "off by one", "always one lower"),
        (np.where(WIDE % 5 == 0, WIDE + 1, WIDE), "off by one", "always one higher"),
        (WIDE - np.sign(WIDE - 9), "off by one", "nearer to the zero point"),
        (RNG.integers(-128, 128, IMAGE.shape), "garbage", "unrelated"),
    ],
)
def test_names_the_kind(got, name, detail):
    found = named(IMAGE, got)
    assert found
    assert found[0].name == name
    assert detail in found[0].detail
    assert found[0].share > 0.7


def test_bytes_of_wide_elements():
    found = named(SIXTEEN, SIXTEEN.byteswap())
    assert (found[0].name, found[0].share) == ("byte order", 1.0)


def test_limits():
    extremes = clipped(WIDE * 2)
    ends = (extremes == 127) | (extremes == -128)
    wrapped = np.where(ends, -1 - extremes, extremes)
    assert named(extremes, wrapped)[0].name == "saturation"
    assert "wrapped" in named(extremes, wrapped)[0].detail
    inside = np.where(np.abs(WIDE) > 60, 127, WIDE)
    early = named(IMAGE, inside)
    assert (early[0].name, "127 where the right value" in early[0].detail) == ("saturation", True)


def test_a_missing_clamp():
    relu = np.clip(WIDE, -20, 50).astype(np.int8)
    (first, *_) = named(relu, IMAGE, clamp=(-20, 50))
    assert (first.name, first.share) == ("clamp missing", 1.0)


def test_the_values_of_another_tensor():
    got = RNG.integers(-100, 100, IMAGE.shape).astype(np.int8)
    (first, *_) = named(IMAGE, got, other=got)
    assert (first.name, first.detail) == ("other tensor", "it holds tensor 9 'u'")


def test_no_kind_for_noise_around_the_right_values():
    noise = RNG.integers(2, 9, IMAGE.shape) * RNG.choice([-1, 1], IMAGE.shape)
    assert named(IMAGE, WIDE + noise) == ()


def test_a_few_elements_name_no_place():
    small = np.array([[1, 2, 3, 4]], np.int8)
    found = named(small, small[:, ::-1])
    assert all(kind.name not in ("layout", "channel order", "shifted") for kind in found)


def test_half_of_the_elements_in_another_kind_is_told():
    got = WIDE.copy()
    got[0, :3] += 1
    got[0, 3:] -= 7
    assert all(kind.share <= 0.5 for kind in named(IMAGE, got))


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.int64, np.uint8, np.int32])
def test_every_dtype_can_be_judged(dtype):
    expected = (IMAGE > 0).astype(dtype) if dtype == np.bool_ else IMAGE.astype(dtype)
    got = expected.copy()
    got.reshape(-1)[::3] = expected.reshape(-1)[1]
    named(expected, got)
    named(expected.reshape(-1)[:1], 1 - expected.reshape(-1)[:1].astype(np.int8))


def test_nan_and_infinity_are_judged():
    expected = IMAGE.astype(np.float32)
    found = named(expected, np.full_like(expected, np.nan))
    assert found[0].name == "constant"
    assert isinstance(named(expected, np.full_like(expected, np.inf)), tuple)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ((0, slice(None), slice(None), 3), "only in channel 3"),
        ((0, slice(None), slice(None), 7), "only in channel 7 (the last)"),
        ((0, 5), "only in row 5 (the last)"),
        ((0, [0, 5]), "only in rows 0, 5"),
        ((0, slice(None), slice(0, 7, 6)), "only in columns 0, 6"),
        ((0, 0, 0, 0), "only in row 0; only in column 0; only in channel 0"),
        ((0,), ""),
    ],
)
def test_location(where, said):
    got = IMAGE.copy()
    got[where] += 1
    assert location(evidence(IMAGE, got)) == said


def test_location_at_the_border():
    got = IMAGE + 1
    got[:, 1:-1, 1:-1] = IMAGE[:, 1:-1, 1:-1]
    assert location(evidence(IMAGE, got)) == "only in the outermost rows and columns"


SHAPES = [(), (1,), (2,), (9,), (3, 4), (1, 1, 5), (2, 3, 4), (1, 1, 1, 1), (1, 1, 1, 33),
          (2, 3, 1, 8), (1, 2, 2, 2, 2), (1, 2, 3, 1, 2, 2), (1, 33, 2, 1)]  # fmt: skip
DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "?"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_breaks_a_hypothesis(shape, dtype):
    rng = np.random.default_rng(len(shape))
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    for _ in range(12):
        raw = rng.integers(0, 256 if dtype != "?" else 2, size).astype(np.uint8)
        expected = raw.view(dtype).reshape(shape)
        got = expected.copy()
        flat = got.reshape(-1)
        match rng.integers(4):
            case 0:
                flat[:] = flat[::-1].copy()
            case 1:
                flat[rng.integers(flat.size) :] = flat[0]
            case 2:
                flat[:] = rng.permutation(flat)
            case _:
                flat[0] = ~flat[0] if dtype[0] in "iu?" else 1
        held = evidence(expected, got, (0, 6) if rng.integers(2) else None)
        if held.differing:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = named(expected, got)
            assert all(0.5 <= kind.share <= 1 for kind in found)
            assert len(location(held)) < 300
