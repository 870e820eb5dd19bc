"""No floating point in compiled kernels, but for those that a rule gives it and whose names say so.

Read is the machine code, as assembly. What counts as floating point is arithmetic: adding,
comparing, converting, rounding. Loads, stores, shuffles and bitwise logic with a floating-point
name (vmovups, vxorps, vpermps) move bits and are how LLVM moves integers too.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from refint8.demo import DATA
from refint8.engine.lane import run_samples
from refint8.engine.plan import make_plan
from refint8.engine.program import lower
from refint8.engine.widen import widened
from refint8.errors import Refint8Error
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.model.types import Model
from refint8.native.compile import assembly, compile_kernel
from refint8.native.cpu import TIERS, Tier, runnable
from refint8.native.lang import Kernel, f32, i64
from refint8.numerics.profiles import PROFILES
from tests.engine.operator_seeds import operator_models

FLOAT_KERNELS = (
    r"(gemm|depthwise)_.*_float64(_wide)?_.*",  # LiteRT's FULLY_CONNECTED: rounds in double
    r"(gemm|depthwise|product)_.*float32_.*",  # XNNPACK: rounds in float32
    r"(de)?quantize_float_.*",  # the edges of a model, real numbers in and out
    r"requantize_sums_float_.*|multiply_packed_float32",  # MEAN, SUM, BATCH_MATMUL of XNNPACK
)
"""All kernels with floating point, by what their names match."""

MOVES = re.compile(
    r"v?(mov|lddqu|and|andn|or|xor|shuf|unpck|perm|blend|broadcast|insert|extract|maskmov|gather"
    r"|scatter|compress|expand|align|test)"
)
"""x86 instructions on packed or scalar floating point that only move bits or combine them."""


def is_float(mnemonic: str) -> bool:
    """Whether an instruction of x86 or Arm does floating-point arithmetic.

    On x86: conversions; x87; and what ends like a floating-point instruction (single, double or
    half, scalar or packed) and is neither a MOVES nor one of the vector integer instructions,
    which all begin with p. On Arm: all that begin with f but moves, and conversions to it.
    """
    if re.match(
        r"v?cvt|[su]cvtf$|vn?f?m?(fn?m)?(add|sub|mul|div|sqrt)(ss|sd|ps|pd|sh|ph)", mnemonic
    ):
        return True
    if re.match(r"f(?!mov)", mnemonic):
        return True
    return bool(
        re.search(r"[sp][sdh]$|bf16$", mnemonic)
        and not re.match("v?p", mnemonic)
        and not MOVES.match(mnemonic)
    )


def float_instructions(text: str) -> set[str]:
    """The floating-point arithmetic in assembly."""
    mnemonics = {
        m[1] for m in re.finditer(r"^\t(?:\{\w+\} )?(?:rep\w* |lock )?([a-z]\w*)", text, re.M)
    }
    return {mnemonic for mnemonic in mnemonics if is_float(mnemonic)}


@pytest.mark.parametrize(
    "mnemonic",
    [
        *("addss", "vaddpd", "vmulsd", "vdivps", "vsqrtpd", "vcvtdq2pd", "vcvttpd2dq", "cvtsi2sd"),
        *("vfmadd213pd", "vfnmsub231ss", "ucomiss", "vcomisd", "vrndscalepd", "vroundsd", "vminps"),
        *("vcmplepd", "vcmppd", "vaddph", "vscalefpd", "fld", "faddp", "fadd", "fcvtzs", "scvtf"),
        *("fmla", "vrcp14ps", "vdpbf16ps", "vgetexpss", "vreduceps", "vhaddps"),
    ],
)
def test_arithmetic_is_told(mnemonic: str) -> None:
    assert is_float(mnemonic)


@pytest.mark.parametrize(
    "mnemonic",
    [
        *("movaps", "vmovups", "vmovss", "vmovsd", "vxorps", "andnps", "vorpd", "vpermps"),
        *("vpermt2pd", "vblendps", "vblendvps", "vbroadcastss", "vinsertps", "vextractps"),
        *("vunpcklps", "vshufps", "vpdpbusd", "vpdpwssd", "vpmaddwd", "vpmaxsd", "vpabsd"),
        *("addq", "imulq", "pushq", "vpsrlvq", "vpmovsxbd", "sarxq", "vpsadbw", "vpternlogd"),
        *("vmaskmovps", "vcompressps", "fmov", "sdot", "smull", "sqadd", "vzeroupper", "kmovd"),
        *("vinsertf128", "vextractf64x4", "vbroadcastf128", "vpgatherdd", "vtestps"),
    ],
)
def test_moves_and_integers_are_not(mnemonic: str) -> None:
    assert not is_float(mnemonic)


def half(params: int, arena: int) -> None:
    f32(params)[1] = f32(params)[0] * np.float32(0.5)


def rounded(params: int, arena: int) -> None:
    i64(params)[1] = i64(params)[0] / 3


@pytest.mark.parametrize("function", [half, rounded])
def test_a_kernel_with_floating_point_is_found_and_refused(function: Any) -> None:
    assert float_instructions(assembly(Kernel("any", lambda: function)))
    with pytest.raises(RuntimeError, match="kernel any is to be integer-only but has"):
        compile_kernel(Kernel("any", lambda: function))
    assert compile_kernel(Kernel("any_float", lambda: function))


def network(dtype: str) -> Model:
    """Convolutions of several widths, depthwise ones, pooling, a dense layer, softmax."""
    b = ModelBuilder()
    rng = np.random.default_rng(1)
    signed = dtype != "UINT8"
    zero_point = {"INT8": -3, "UINT8": 128, "INT16": 0}[dtype]
    weights_dtype = "UINT8" if dtype == "UINT8" else "INT8"
    version = {"INT8": 3, "UINT8": 1, "INT16": 5}[dtype]

    def activation(shape: tuple[int, ...], scale: float = 0.05) -> int:
        return b.tensor("x", dtype, shape, scale=scale, zero_point=zero_point)

    def weighted(name: str, x: int, kernel: tuple[int, ...], out: tuple[int, ...], **o: Any) -> int:
        low, high = (-127, 128) if signed else (0, 256)
        w = b.tensor(
            "w",
            weights_dtype,
            kernel,
            scale=0.01,
            zero_point=0 if signed else 120,
            data=rng.integers(low, high, kernel),
        )
        channels = kernel[3] if name == "DEPTHWISE_CONV_2D" else kernel[0]
        bias_dtype = "INT64" if dtype == "INT16" else "INT32"
        data = rng.integers(-500, 500, channels)
        bias = b.tensor("b", bias_dtype, (channels,), data=data)
        y = activation(out)
        b.operator(name, [x, w, bias], [y], version=o.pop("version", version), **o)
        return y

    window = {"padding": "SAME", "dilation_h_factor": 1, "dilation_w_factor": 1}
    one, two = ({**window, "stride_h": s, "stride_w": s} for s in (1, 2))
    first = x = activation((1, 9, 9, 3))
    x = weighted("CONV_2D", x, (72, 3, 3, 3), (1, 9, 9, 72), **one)
    x = weighted("DEPTHWISE_CONV_2D", x, (1, 3, 3, 72), (1, 9, 9, 72), **one, depth_multiplier=1)
    x = weighted("DEPTHWISE_CONV_2D", x, (1, 3, 3, 72), (1, 5, 5, 72), **two, depth_multiplier=1)
    x = weighted(
        *("CONV_2D", x, (24, 1, 1, 72), (1, 5, 5, 24)), **one, fused_activation_function="RELU"
    )
    pooled = activation((1, 1, 1, 24))
    pool = {"padding": "VALID", "filter_height": 5, "filter_width": 5}
    b.operator("AVERAGE_POOL_2D", [x], [pooled], version=2, **pool, stride_h=1, stride_w=1)
    shape = b.tensor("shape", "INT32", (2,), data=[1, 24])
    flat = activation((1, 24))
    b.operator("RESHAPE", [pooled, shape], [flat])
    x = weighted("FULLY_CONNECTED", flat, (70, 24), (1, 70), version=4 if signed else 1)
    scale = {"INT8": 1 / 256, "UINT8": 1 / 256, "INT16": 1 / 32768}[dtype]
    end = {"INT8": -128, "UINT8": 0, "INT16": 0}[dtype]
    y = b.tensor("y", dtype, (1, 70), scale=scale, zero_point=end)
    b.operator("SOFTMAX", [x], [y], version=3 if dtype == "INT16" else 2, beta=1.0)
    return b.model([first], [y])


def models() -> Iterator[Model]:
    for path in sorted(DATA.glob("*.tflite")):
        yield read_model(path)
    for content in operator_models():
        yield read_model(content)
    for dtype in ("INT8", "UINT8", "INT16"):
        yield network(dtype)


@cache
def kernels(tier: Tier) -> dict[str, Kernel]:
    """What the models need under all profiles, one sample at a time and many."""
    found = {run_samples.name: run_samples}
    for model in models():
        for profile in PROFILES.values():
            try:
                plan = make_plan(model, profile.rules)
            except Refint8Error:
                continue
            program = lower(plan, tier)
            wide = widened(program, tier) if program else None
            for each in (program, wide):
                found |= {kernel.name: kernel for kernel in (each.kernels if each else [])}
    return found


def check(tier: Tier) -> None:
    if platform.machine().lower() not in ("x86_64", "amd64", "aarch64", "arm64"):
        pytest.skip(f"no rule that tells floating point on {platform.machine()}")
    unlisted, wrong = [], {}
    for name, kernel in kernels(tier).items():
        found = float_instructions(assembly(kernel))
        listed = any(re.fullmatch(pattern, name) for pattern in FLOAT_KERNELS)
        if listed != ("float" in name):
            unlisted.append(name)
        if bool(found) != listed:
            wrong[name] = sorted(found)
    assert not unlisted, "FLOAT_KERNELS does not say what the names of these do"
    assert not wrong, "floating point in integer kernels, or none where it is listed"


RUNNABLE = [tier for tier in TIERS if runnable(tier)]


def test_the_compiled_code_of_every_integer_kernel() -> None:
    assert len(kernels(RUNNABLE[0])) > 20
    check(RUNNABLE[0])


@pytest.mark.long
@pytest.mark.parametrize("tier", RUNNABLE[1:], ids=lambda tier: tier.name)
def test_the_compiled_code_of_every_integer_kernel_under_lower_tiers(tier: Tier) -> None:
    check(tier)
