"""Profiles: one assignment of an alternative to every rule, proven equal to an engine.

A profile never changes in place: a new behaviour is a new name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from refint8.errors import UsageError
from refint8.numerics.rules import Rule, Rules


@dataclass(frozen=True)
class Profile:
    """A named assignment.

    `engine` says whose arithmetic it is, `version` of which release, `proven` what the two were
    found equal on, one sentence each.
    """

    name: str
    summary: str
    engine: str
    rules: Rules
    version: str = ""
    proven: tuple[str, ...] = ()

    def delegated(self, rule: Rule) -> str:
        """The alternative for operators that the rule `delegation` hands on; else the profile's."""
        chosen: str = getattr(self.rules.delegated or self.rules, rule.name)
        return chosen


TFLITE: Final = Profile(
    name="tflite",
    summary="integer-only, double rounding everywhere; undefined arithmetic is refused",
    engine="TFLite's reference kernels",
    version="as shipped through TF 2.19: ai-edge-litert 1.2.0 and tflite-runtime 2.14.0, x86-64",
    rules=Rules(),
    proven=("the golden vectors of CMSIS-NN (134 cases) and of TFLM's seanet (76 cases)",),
)

LITERT_REF: Final = Profile(
    name="litert-ref",
    summary="LiteRT's reference kernels, bugs included",
    engine="LiteRT, OpResolverType.BUILTIN_REF",
    version="ai-edge-litert 2.3.0, x86-64",
    proven=(
        "every tensor of 293 third-party models: 913,230,301 elements, none different",
        "every recorded tensor of the operator corpus",
    ),
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

LITERT_OPT: Final = Profile(
    name="litert-opt",
    summary="LiteRT's optimised kernels, without a delegate",
    engine="LiteRT, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, one thread",
    version="ai-edge-litert 2.3.0, x86-64",
    proven=(
        "every tensor of 293 third-party models: 188,440,691 elements, none different",
        "every output of the operator corpus: 4,149 models, 11,635,106 elements, none different",
        "4,320 one-operator models made of ties and odd tails, none different",
    ),
    rules=replace(
        LITERT_REF.rules,
        convolution="double_up",
        convolution_int16="double_up",
        depthwise_uint8="general",
        grouped_convolution="general",
        convolution_lanes="vectors",
        fully_connected="float64_reference",
        fully_connected_scale="mixed",
        addition="vectors",
        mean_image="vectors",
        quantize_float="vectors",
        quantize_lanes="vectors",
        dequantize="vectors",
        sigmoid_int16="gemmlowp",
        softmax_int8="float32",
        resize_weights="product",
        resize_nearest_uint8="fixed_point",
        product_of_one="copied",
        sum="float32",
    ),
)

TFLM: Final = Profile(
    name="tflm",
    summary="TensorFlow Lite for Microcontrollers, reference kernels",
    engine="TFLM's reference kernels",
    version="tflite-micro 0.dev20261023, x86-64",
    proven=("every tensor of 275 third-party models: 462,816,693 elements, none different",),
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

XNNPACK: Final = Profile(
    name="xnnpack",
    summary="LiteRT's default: XNNPACK where it takes an operator, else the optimised kernels",
    engine="LiteRT, OpResolverType.BUILTIN, one thread",
    version="ai-edge-litert 2.3.0, x86-64",
    proven=(
        "the outputs of 327 third-party models: 11,648,880 elements, none different",
        "every output of the operator corpus: 4,145 models, 22,238,099 elements, none different",
        "which operators are delegated: 7,500 in these models",
    ),
    rules=replace(
        LITERT_OPT.rules,
        delegation="static_8bit",
        delegated=replace(
            LITERT_OPT.rules,
            delegation="static_8bit",
            convolution="float32",
            depthwise_uint8="convolution",
            grouped_convolution="convolution",
            product="float32",
            square="table",
            addition="common_shift",
            leaky_relu="eight_bits",
            quantize_8bit="eight_bits",
            quantize_float="reciprocal",
            dequantize="product",
            reduction="float32",
            resize_bilinear="eleven_bits",
            logistic_int8="table_float64",
            table_rounding="half_even",
            activation_bounds="half_even",
        ),
    ),
)

CMSIS_NN: Final = Profile(
    name="cmsis-nn",
    summary="CMSIS-NN's kernels under TFLM",
    engine="CMSIS-NN as it is built by default",
    version="7.0.0 and after (99f736a)",
    rules=TFLM.rules,
    proven=(
        "its golden vectors: 134 cases, none different",
        "its C code compiled for the host: s8 convolutions, FULLY_CONNECTED, ADD and MUL at ties,"
        " 683,324 elements, none different",
    ),
)

CMSIS_NN_SINGLE: Final = Profile(
    name="cmsis-nn-single",
    summary="CMSIS-NN's kernels under TFLM, both built with a single rounding",
    engine="CMSIS-NN with CMSIS_NN_USE_SINGLE_ROUNDING, TFLM with TFLITE_SINGLE_ROUNDING",
    version="7.0.0 and after (99f736a)",
    rules=replace(TFLM.rules, requantize="single"),
    proven=(
        "its C code compiled for the host: s8 convolutions, FULLY_CONNECTED, ADD and MUL at ties,"
        " 662,289 elements, none different; not on Helium, whose predicated tails round twice",
    ),
)

PROFILES: Final = {
    profile.name: profile
    for profile in (TFLITE, LITERT_REF, LITERT_OPT, XNNPACK, TFLM, CMSIS_NN, CMSIS_NN_SINGLE)
}
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
