"""expf and logf with glibc's last bits: literal bits, the bound, and the ends."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.numerics import elementary, glibc

LITERAL = {
    # Arguments whose value in glibc 2.36 is not the correctly rounded one, with both.
    "expf": [
        (0xC0766C50, 0x3CAE42BE, 0x3CAE42BD),
        (0xBDA35144, 0x3F6C60CB, 0x3F6C60CA),
        (0xBC743376, 0x3F7C3671, 0x3F7C3670),
        (0xBC0E4DE0, 0x3F7DC940, 0x3F7DC93F),
        (0xBBF75318, 0x3F7E1337, 0x3F7E1336),
        (0xBD5D985E, 0x3F7284AD, 0x3F7284AE),
        (0xBB2E6EE0, 0x3F7F51CD, 0x3F7F51CC),
        (0xC0DC8DE5, 0x3A851C56, 0x3A851C55),
    ],
    "logf": [
        (0x401BB77C, 0x3F639FB1, 0x3F639FB2),
        (0x4110700B, 0x400CD10D, 0x400CD10C),
        (0x3F83D76D, 0x3CF23D45, 0x3CF23D46),
        (0x3FA3C777, 0x3E7C6786, 0x3E7C6787),
        (0x403B9983, 0x3F89A798, 0x3F89A799),
        (0x40DAEAC4, 0x3FF62375, 0x3FF62374),
        (0x3FA227B8, 0x3E72332D, 0x3E72332C),
        (0x41BBF028, 0x404A06E6, 0x404A06E7),
    ],
}
FUNCTIONS = {"expf": (glibc.expf, elementary.exp), "logf": (glibc.logf, elementary.log)}


def floats(bits):
    return np.array(bits, np.uint32).view(np.float32)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_last_bits(name):
    arguments, expected, correct = zip(*LITERAL[name], strict=True)
    function, rounded = FUNCTIONS[name]
    assert function(floats(arguments)).view(np.uint32).tolist() == list(expected)
    assert rounded(floats(arguments)).view(np.uint32).tolist() == list(correct)


@pytest.mark.parametrize(
    ("name", "x"),
    [("expf", np.linspace(-86, 86, 5001)), ("logf", np.geomspace(1e-40, 1e38, 5001))],
)
def test_is_within_its_bound(name, x):
    function, rounded = FUNCTIONS[name]
    x = x.astype(np.float32)
    difference = function(x).view(np.int32) - rounded(x).view(np.int32)
    assert abs(difference).max() <= 1


def test_tiny_and_huge():
    bits = [0x00000001, 0x00400000, 0x00800000, 0x3F331000, 0x7F7FFFFF]
    expected = [0xC2CE8ED0, 0xC2B00F34, 0xC2AEAC50, 0xBEB702B5, 0x42B17218]
    assert glibc.logf(floats(bits)).view(np.uint32).tolist() == expected
    small = np.array([-95.99, -103.5, -104.2], np.float32)
    assert glibc.expf(small).tolist() == [float.fromhex("0x1.6ep-139"), 2.0**-149, 0]


def test_ends():
    x = np.array([0, -0.0, np.inf, 1, -np.inf, -1, np.nan], np.float32)
    assert glibc.logf(x).tolist()[:4] == [-np.inf, -np.inf, np.inf, 0]
    assert np.isnan(glibc.logf(x)[4:]).all()
    assert glibc.expf(x).tolist()[:5] == [1, 1, np.inf, glibc.expf(x)[3], 0]
    assert np.isnan(glibc.expf(x)[6])
    assert glibc.logf(np.float32(2)).shape == ()
