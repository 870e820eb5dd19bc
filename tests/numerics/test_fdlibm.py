"""tanh and erfc with a C library's last bits: literal bits, and close to the real functions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refint8.numerics import elementary, fdlibm

LITERAL = {
    # Arguments whose value in glibc 2.36 is not the correctly rounded one, with both.
    "tanh": [
        (0x3F0C8B9C, 0x3EFFE26A, 0x3EFFE26B),
        (0x3EB126ED, 0x3EAA67D6, 0x3EAA67D7),
        (0xBF63C481, 0xBF3614BD, 0xBF3614BE),
        (0xBECFF601, 0xBEC53B6E, 0xBEC53B6D),
        (0x3D319151, 0x3D3174DD, 0x3D3174DC),
        (0x3F8B099F, 0x3F4BA5C8, 0x3F4BA5C9),
        (0xBE00556A, 0xBDFF54F8, 0xBDFF54F7),
        (0x3E34A88B, 0x3E32CE9C, 0x3E32CE9B),
        (0x3E757E1D, 0x3E70E526, 0x3E70E525),
        (0x3E747BE1, 0x3E6FF124, 0x3E6FF125),
    ],
    "erfc": [
        (0xBEEAA238, 0x3FBDD558, 0x3FBDD559),
        (0x3F8FA891, 0x3DE6534C, 0x3DE6534B),
        (0x3F8C7315, 0x3DF73B84, 0x3DF73B83),
        (0x3FE38312, 0x3C43C195, 0x3C43C196),
        (0x3FEABCD9, 0x3C1BA6B1, 0x3C1BA6B0),
        (0x3FE5B5EA, 0x3C36ADC8, 0x3C36ADC9),
        (0x4072A692, 0x33B0DFD3, 0x33B0DFD2),
        (0x40BD8B96, 0x247AD1FC, 0x247AD1FB),
        (0x40877CFC, 0x31122C9C, 0x31122C9B),
        (0xBF796148, 0x3FEA74B4, 0x3FEA74B3),
    ],
}
FUNCTIONS = {
    "tanh": (fdlibm.tanh, elementary.tanh, math.tanh),
    "erfc": (fdlibm.erfc, elementary.erfc, math.erfc),
}


def bits(value):
    return int(np.float32(value).view(np.uint32))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_last_bits_of_glibc(name):
    function, rounded, _ = FUNCTIONS[name]
    for argument, expected, correct in LITERAL[name]:
        x = np.array([argument], np.uint32).view(np.float32)
        assert bits(function(x)[0]) == expected
        assert bits(rounded(x)[0]) == correct


@pytest.mark.parametrize("name", FUNCTIONS)
def test_close_to_the_real_function(name):
    function, _, real = FUNCTIONS[name]
    x = np.linspace(-9, 9, 20_001).astype(np.float32)
    expected = np.array([real(v) for v in x.tolist()])
    assert (abs(function(x) - expected) <= 3e-7 * abs(expected)).all()


def test_ends():
    x = np.array([0, -0.0, 30, -30, np.inf, -np.inf, np.nan, 1e-30], np.float32)
    assert fdlibm.tanh(x).tolist()[:6] == [0, 0, 1, -1, 1, -1]
    assert np.signbit(fdlibm.tanh(x))[:2].tolist() == [False, True]
    assert fdlibm.tanh(x)[7] == x[7]
    assert fdlibm.erfc(x).tolist()[:6] == [1, 1, 0, 2, 0, 2]
    assert np.isnan([fdlibm.tanh(x)[6], fdlibm.erfc(x)[6]]).all()
