"""Where hardware departs from every engine: narrow registers, wrong borders."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Hardware:
    """Where hardware departs from every engine: narrow registers, wrong borders."""

    product_register: str = rule(
        "bits32",
        "the register that sums products where a bias of int32 is added (no engine has a smaller)",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        bits32="32 bits, as the rule accumulator says",
        bits24="keeps its low 24 bits",
        bits20="keeps its low 20 bits",
        bits16="keeps its low 16 bits",
    )
    saturation: str = rule(
        "clamp",
        "an output step outside its dtype",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        clamp="becomes the dtype's lowest or highest value",
        wrap="keeps its low bits (no engine: hardware)",
    )
    channel_scales: str = rule(
        "own",
        "the multiplier of each output channel",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        own="from the channel's own weight scale",
        first="the first channel's for all (no engine: hardware)",
    )
    padding_taps: str = rule(
        "zero_point",
        "what a tap outside the image holds",
        "CONV_2D DEPTHWISE_CONV_2D",
        zero_point="the input's zero point, so that it adds nothing",
        zero="0, so that it adds minus the zero point times the weight (no engine: hardware)",
    )
    same_padding: str = rule(
        "end",
        "the odd row or column of SAME padding",
        "CONV_2D DEPTHWISE_CONV_2D AVERAGE_POOL_2D MAX_POOL_2D",
        end="below, or on the right",
        start="above, or on the left (no engine: hardware)",
    )
