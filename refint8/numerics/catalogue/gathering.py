"""Operators that combine or move elements: reductions, resizing, borders, look-ups."""

from __future__ import annotations

from dataclasses import dataclass

from refint8.numerics.catalogue.entry import rule


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Gathering:
    """Operators that combine or move elements: reductions, resizing, borders, look-ups."""

    mean_image: str = rule(
        "general",
        "MEAN over height and width of an 8-bit image whose dimensions are kept",
        "MEAN",
        general="like any other",
        vectors="multiplier and offset from float32 ratios; ties up in whole vectors of 16"
        " channels, away from zero in the others",
    )
    reduction: str = rule(
        "general",
        "MEAN and SUM on 8 bits to output scale",
        "MEAN SUM",
        general="as the rules mean_image, sum and requantize say",
        float32="the raw sum times a float32, plus a float32, rounded half to even",
    )
    sum: str = rule(
        "correct",
        "SUM on int8 and int16",
        "SUM",
        correct="sums the values of their own dtype",
        uint8_bytes="reads the input's bytes as uint8 and clamps to 0..255",
        float32="sums the values of their own dtype and rescales in float32",
    )
    running_sum: str = rule(
        "zero",
        "where the sums of ADD_N and CUMSUM on int8 start",
        "ADD_N CUMSUM",
        zero="at 0",
        zero_point="at minus the input's zero point",
    )
    product_of_one: str = rule(
        "requantized",
        "REDUCE_PROD with scales over axes of size 1",
        "REDUCE_PROD",
        requantized="like any other product",
        copied="the input's values, whatever the scales",
    )
    resize_weights: str = rule(
        "one_by_one",
        "the weights of RESIZE_BILINEAR on uint8",
        "RESIZE_BILINEAR",
        one_by_one="a pixel times one weight, then times the other",
        product="a pixel times the rounded product of both weights",
    )
    resize_bilinear: str = rule(
        "by_dtype",
        "RESIZE_BILINEAR on 8 bits",
        "RESIZE_BILINEAR",
        by_dtype="int8 in integers with 10 fractional bits, uint8 in float32",
        eleven_bits="float32 positions, blended with weights of 11 bits, ties up",
    )
    resize_nearest_uint8: str = rule(
        "float32",
        "the source pixels of RESIZE_NEAREST_NEIGHBOR on uint8 without options",
        "RESIZE_NEAREST_NEIGHBOR",
        float32="floor(i * in / out) in float32, as on other dtypes",
        fixed_point="(i * (in * 2^16 / out + 1)) / 2^16 in integers",
    )
    pad_value: str = rule(
        "zero_point",
        "what PAD puts around a quantized input",
        "PAD",
        zero_point="the output's zero point",
        zero_for_int16="the output's zero point, but 0 for int16 whatever its zero point",
        zero="0, whatever the zero point",
    )
    space_to_batch_pad: str = rule(
        "zero_point",
        "what SPACE_TO_BATCH_ND puts around an 8-bit input",
        "SPACE_TO_BATCH_ND",
        zero_point="the output's zero point",
        zero="0, whatever the zero point",
    )
    embedding_scales: str = rule(
        "per_row",
        "a table of EMBEDDING_LOOKUP with a scale for each row",
        "EMBEDDING_LOOKUP",
        per_row="each row has its own",
        first="the first one serves all rows",
    )
    embedding_uint8: str = rule(
        "unsigned",
        "a UINT8 table of EMBEDDING_LOOKUP that is turned into real numbers",
        "EMBEDDING_LOOKUP",
        unsigned="0 to 255",
        signed="its bytes are read as int8",
    )
    detection_order: str = rule(
        "index",
        "classes of a box with equal scores, where a detection names several",
        "TFLite_Detection_PostProcess",
        index="by rising index",
        heap="as the heap of std::partial_sort (GNU) leaves them",
        refused="several classes for a box: not run, the engine writes them past the output's end",
    )
