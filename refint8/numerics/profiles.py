"""Profiles: one assignment of an alternative to every rule, proven equal to an engine.

A profile never changes in place: a new behaviour is a new name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from refint8.errors import UsageError
from refint8.numerics.rules import Rules


@dataclass(frozen=True)
class Profile:
    """A named assignment; `engine` says whose arithmetic it is and what it was proven on."""

    name: str
    summary: str
    engine: str
    rules: Rules


TFLITE: Final = Profile(
    name="tflite",
    summary="integer-only, double rounding everywhere; undefined arithmetic is refused",
    engine="TFLite's reference kernels as shipped through TF 2.19: ai-edge-litert 1.2.0 and"
    " tflite-runtime 2.14.0, BUILTIN_REF, x86-64",
    rules=Rules(),
)

LITERT_REF: Final = Profile(
    name="litert-ref",
    summary="LiteRT's reference kernels, bugs included",
    engine="ai-edge-litert 2.3.0, OpResolverType.BUILTIN_REF, x86-64",
    rules=Rules(
        degenerate_scale="used",
        accumulator="wrap",
        left_shift="wrap",
        shift_domain="x86",
        float_to_int="x86",
        lut8_overflow="x86_uint8",
        cast_nan="highest",
        bias_width="option",
        filter_zero_point="ignored",
        int16_filter="bytes",
        fully_connected="float64",
        fully_connected_scale="float64",
        detection_order="heap",
        lstm_tanh="input_gate",
        lstm_peephole="outputs",
        lstm_scales="zero",
        svdf_int8_state="refused",
        sum="uint8_bytes",
        far_shift="x86",
        order_int16="raw",
        several_scales="zero",
        gelu="glibc",
        embedding_uint8="signed",
    ),
)

TFLM: Final = Profile(
    name="tflm",
    summary="TensorFlow Lite for Microcontrollers, reference kernels",
    engine="tflite-micro 0.dev20261023, x86-64",
    rules=Rules(
        degenerate_scale="used",
        accumulator="wrap",
        left_shift="wrap",
        shift_domain="x86",
        float_to_int="x86",
        lut8_overflow="x86",
        mul_scale="float64",
        prelu_scale="float64",
        leaky_relu_scale="float64",
        relu_scale="float64",
        quotient_scale="float64",
        relu6="clamp",
        logistic_int8="gemmlowp",
        tanh_int8="gemmlowp",
        softmax_int16_table="float32",
        softmax_int16_scale="float64",
        add_int16_pot="ignored",
        far_shift="x86",
        order_int16="report",
        several_scales="first",
        running_sum="zero_point",
        rsqrt_int16="integer",
        elu="exp",
        pad_value="zero_for_int16",
        space_to_batch_pad="zero",
        embedding_scales="first",
        declared_dtype="trusted",
        unassigned_variable="zero_point",
        detection_order="refused",
        lstm="tables",
        svdf_activation="ignored",
        transpose_conv_int16="wide",
        filter_zero_point="ignored",
        fully_connected_scale="float64",
    ),
)

PROFILES: Final = {profile.name: profile for profile in (TFLITE, LITERT_REF, TFLM)}
"""All profiles by name; the first is the default."""

DEFAULT_PROFILE: Final = TFLITE.name


def profile(name: str | Profile = DEFAULT_PROFILE) -> Profile:
    """The profile of that name (a Profile is returned as it is). Raises UsageError."""
    if isinstance(name, Profile):
        return name
    try:
        return PROFILES[name]
    except KeyError:
        raise UsageError(
            f"there is no profile {name!r}", hint=f"choose one of {', '.join(PROFILES)}"
        ) from None
