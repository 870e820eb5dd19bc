"""Dot products of bytes, by tier: four uint8 * int8 products added to each 32-bit lane."""

from __future__ import annotations

from typing import Any

from refint8.native.cpu import Tier
from refint8.native.ir import I16, I32, Builder, Value, call, splat, vector


def dot_bytes(b: Builder, tier: Tier, total: Value, x: Value, w: Value) -> Value:
    """total + x . w, x four uint8 and w four int8 a lane; exact while the sums fit int32."""
    return BYTES[tier.name](b, tier.lanes, total, x, w)


def dot_words(b: Builder, tier: Tier, total: Value, x: Value, w: Value) -> Value:
    """total + x . w, both two int16 a lane."""
    return WORDS[tier.name](b, tier.lanes, total, x, w)


def _vnni(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    # The same instruction, vpdpbusd, has one name under AVX512-VNNI and AVX-VNNI.
    return call(b, f"llvm.x86.avx512.vpdpbusd.{lanes * 32}", vector(I32, lanes), total, x, w)


def _vnni_words(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    return call(b, f"llvm.x86.avx512.vpdpwssd.{lanes * 32}", vector(I32, lanes), total, x, w)


def _multiply_add(b: Builder, lanes: int, x: Value, w: Value) -> Value:
    name = "llvm.x86.avx512.pmaddw.d.512" if lanes == 16 else "llvm.x86.avx2.pmadd.wd"
    words = vector(I16, 2 * lanes)
    return call(b, name, vector(I32, lanes), b.bitcast(x, words), b.bitcast(w, words))


def _two_multiply_adds(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    # Even and odd bytes widened in place to 16 bits. Not vpmaddubsw, which saturates at 2*255*127.
    words = vector(I16, 2 * lanes)
    eight = splat(words, 8)
    w_words = b.bitcast(w, words)
    even = b.and_(x, splat(vector(I32, lanes), 0x00FF00FF))
    odd = b.lshr(b.bitcast(x, words), eight)
    w_even = b.ashr(b.shl(w_words, eight), eight)
    w_odd = b.ashr(w_words, eight)
    total = b.add(total, _multiply_add(b, lanes, even, w_even))
    return b.add(total, _multiply_add(b, lanes, odd, w_odd))


def _one_multiply_add(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    return b.add(total, _multiply_add(b, lanes, x, w))


def _plain(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    kind = vector(I32, lanes)
    for byte in range(4):
        x_byte = b.and_(b.lshr(x, splat(kind, 8 * byte)), splat(kind, 255))
        w_byte = b.ashr(b.shl(w, splat(kind, 24 - 8 * byte)), splat(kind, 24))
        total = b.add(total, b.mul(x_byte, w_byte))
    return total


def _plain_words(b: Builder, lanes: int, total: Value, x: Value, w: Value) -> Value:
    kind = vector(I32, lanes)
    sixteen = splat(kind, 16)
    for position in (16, 0):
        shift = splat(kind, position)
        x_word = b.ashr(b.shl(x, shift), sixteen)
        w_word = b.ashr(b.shl(w, shift), sixteen)
        total = b.add(total, b.mul(x_word, w_word))
    return total


BYTES: dict[str, Any] = {
    "avx512vnni": _vnni,
    "avxvnni": _vnni,
    "avx512": _two_multiply_adds,
    "avx2": _two_multiply_adds,
    "generic": _plain,
}
WORDS: dict[str, Any] = {
    "avx512vnni": _vnni_words,
    "avxvnni": _vnni_words,
    "avx512": _one_multiply_add,
    "avx2": _one_multiply_add,
    "generic": _plain_words,
}
