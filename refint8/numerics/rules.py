"""The rule catalogue: every place where integer implementations differ, by name.

`Rules` is one assignment. A field is a rule, its default the alternative of the profile `tflite`;
its metadata holds the one-line meaning, the alternatives and the operators that read it. The
catalogue is data: `refint8 rules` prints it, and an operator reads only the field it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from refint8.errors import UsageError


class Rule(NamedTuple):
    """One rule of the catalogue."""

    name: str
    meaning: str
    default: str
    alternatives: Mapping[str, str]
    operators: tuple[str, ...]


def _rule(default: str, meaning: str, operators: str, /, **alternatives: str) -> Any:
    if default not in alternatives:
        raise AssertionError(f"{default} is not among the alternatives of: {meaning}")
    metadata = {
        "meaning": meaning,
        "alternatives": alternatives,
        "operators": tuple(operators.split()),
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Rules:
    """An alternative for every rule. Raises UsageError for an unknown alternative."""

    requantize: str = _rule(
        "double",
        "32-bit accumulator to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED ADD SUB MUL MEAN SUM PRELU"
        " LEAKY_RELU RELU RELU6 QUANTIZE SOFTMAX LOGISTIC TANH ABS SQUARED_DIFFERENCE"
        " BATCH_MATMUL RELU_N1_TO_1 RELU_0_TO_1 ADD_N CUMSUM"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        double="31-bit multiplier, high half with ties up, then a shift with ties away from zero",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
        single="31-bit multiplier, one rounding with ties up",
        float32="times a float32, ties to even",
    )
    convolution: str = _rule(
        "general",
        "32-bit accumulator of the convolutions and FULLY_CONNECTED on 8 bits to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        general="as the rule requantize says",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
        float32="times a float32 (scales combined in float32), ties to even",
    )
    convolution_int16: str = _rule(
        "general",
        "32-bit accumulator of the convolutions and FULLY_CONNECTED on int16 to output scale",
        "CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        general="as the rule requantize says",
        double_up="31-bit multiplier, high half with ties up, then a shift with ties up",
    )
    depthwise_uint8: str = _rule(
        "convolution",
        "32-bit accumulator of DEPTHWISE_CONV_2D on uint8 to output scale",
        "DEPTHWISE_CONV_2D",
        convolution="as the rule convolution says",
        general="as the rule requantize says",
    )
    requantize_wide: str = _rule(
        "q15",
        "64-bit accumulator to output scale",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED BATCH_MATMUL REDUCE_PROD"
        " UNIDIRECTIONAL_SEQUENCE_LSTM",
        q15="multiplier rounded to 16 bits, one rounding with ties up",
    )
    accumulator: str = _rule(
        "report",
        "a sum of products, or a difference from a zero point, that leaves int32",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED MEAN SUM AVERAGE_POOL_2D"
        " QUANTIZE LOGISTIC TANH BATCH_MATMUL L2_NORMALIZATION ADD_N CUMSUM"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        report="refused: exit code 4",
        wrap="keeps its low 32 bits",
    )
    left_shift: str = _rule(
        "report",
        "an accumulator that leaves int32 when a multiplier above 1 shifts it left",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED MUL PRELU LEAKY_RELU RELU"
        " RELU6 QUANTIZE MEAN SUM SOFTMAX ABS SQUARED_DIFFERENCE BATCH_MATMUL RSQRT"
        " RELU_N1_TO_1 RELU_0_TO_1"
        " SVDF LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        report="refused: exit code 4",
        wrap="keeps its low 32 bits; a count above 31 is taken modulo 32",
    )
    shift_domain: str = _rule(
        "report",
        "a rounding right shift by a count outside 0..31",
        "SUB",
        report="refused: exit code 4",
        x86="the count wraps to 0..31, in vectors it fills with the sign; 1 is added when x >= 0",
    )
    degenerate_scale: str = _rule(
        "refused",
        "a scale of 0, a denormal or an infinite one, or NaN",
        "*",
        refused="refused: exit code 4",
        used="goes into the arithmetic, which may still refuse what comes out",
    )
    declared_dtype: str = _rule(
        "overruled",
        "an output declared with another dtype than the operator's inputs",
        "ADD SUB MAXIMUM MINIMUM PRELU EXPAND_DIMS GATHER SPLIT SPLIT_V RESIZE_BILINEAR"
        " RESIZE_NEAREST_NEIGHBOR DIV SQUARED_DIFFERENCE NEG ADD_N FLOOR_DIV FLOOR_MOD POW"
        " RIGHT_SHIFT BITWISE_XOR GATHER_ND SELECT SELECT_V2 FILL ZEROS_LIKE RANGE"
        " ONE_HOT SCATTER_ND DYNAMIC_UPDATE_SLICE SPARSE_TO_DENSE MATRIX_DIAG MATRIX_SET_DIAG"
        " DENSIFY STABLEHLO_SHIFT_LEFT",
        overruled="the output takes the inputs' dtype",
        trusted="the declared dtype stands, and the operator has to have a row for it",
    )
    float_to_int: str = _rule(
        "saturate",
        "a float outside int32, or NaN, cast to int32",
        "QUANTIZE FULLY_CONNECTED LOGISTIC TANH CONCATENATION SQRT",
        saturate="clamped; NaN gives 0",
        x86="gives -2^31",
    )
    lut8_overflow: str = _rule(
        "saturate",
        "an 8-bit table's entry outside int32, before it is clamped",
        "LOGISTIC TANH EXP LOG GELU ELU",
        saturate="clamped",
        x86="becomes -2^31",
        x86_uint8="becomes -2^31 in tables of uint8, is clamped in those of int8",
    )
    cast_nan: str = _rule(
        "zero",
        "a NaN that CAST turns into an integer; what is out of range saturates",
        "CAST",
        zero="gives 0",
        highest="gives the dtype's highest value (LiteRT >= 2.3)",
    )
    bias_width: str = _rule(
        "tensor",
        "whether int16 activations are summed in 32 or 64 bits",
        "CONV_2D TRANSPOSE_CONV FULLY_CONNECTED",
        tensor="as wide as the bias; without one as quantized_bias_type says",
        option="as quantized_bias_type says; a bias of the other width is misread: refused",
    )
    transpose_conv_int16: str = _rule(
        "bias_width",
        "whether TRANSPOSE_CONV on int16 sums in 32 or 64 bits",
        "TRANSPOSE_CONV",
        bias_width="as the rule bias_width says",
        wide="in 64 bits; a 32-bit bias is misread: refused",
    )
    filter_zero_point: str = _rule(
        "refused",
        "a zero point of int8 weights where the kernel subtracts none",
        "DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="not run",
        ignored="not subtracted",
    )
    int16_filter: str = _rule(
        "refused",
        "convolution weights of int16, which a converter writes when they are computed",
        "CONV_2D DEPTHWISE_CONV_2D",
        refused="not run",
        bytes="as many of their bytes as there are weights, each read as int8",
    )
    grouped_convolution: str = _rule(
        "convolution",
        "32-bit accumulator of CONV_2D in several groups to output scale",
        "CONV_2D",
        convolution="as without groups",
        general="as the rule requantize says",
    )
    convolution_lanes: str = _rule(
        "all",
        "the channels whose ties double_up takes up (rules convolution, convolution_int16)",
        "DEPTHWISE_CONV_2D TRANSPOSE_CONV",
        all="all",
        vectors="whole vectors of 8; TRANSPOSE_CONV on uint8: elements in whole vectors of 16;"
        " the others as by double",
    )
    fully_connected: str = _rule(
        "integer",
        "FULLY_CONNECTED's accumulator to output scale",
        "FULLY_CONNECTED",
        integer="like a convolution, by the accumulator's width",
        float64="times a double, rounded half away from zero (LiteRT >= 1.3)",
        float64_reference="so (with scales in double) on int16 where sums have 64 bits or the"
        " weights a zero point, which are left to the reference kernel; else like a convolution",
    )
    fully_connected_scale: str = _rule(
        "mixed",
        "input scale * weight scale / output scale of per-tensor FULLY_CONNECTED",
        "FULLY_CONNECTED",
        mixed="product in float32, division in double",
        float64="all in double",
    )
    mean_image: str = _rule(
        "general",
        "MEAN over height and width of an 8-bit image whose dimensions are kept",
        "MEAN",
        general="like any other",
        vectors="multiplier and offset from float32 ratios; ties up in whole vectors of 16"
        " channels, away from zero in the others",
    )
    quantize_float: str = _rule(
        "divide",
        "QUANTIZE from float32 with one scale",
        "QUANTIZE",
        divide="x / scale in float32, ties away from zero",
        vectors="x * (1 / scale) in float32 with ties to even in whole vectors of 8 elements;"
        " x / scale in double with ties away from zero in the others",
        reciprocal="on 8 bits x * (1 / scale) in float32, ties to even; what is outside saturates",
    )
    quantize_lanes: str = _rule(
        "general",
        "QUANTIZE between 8-bit tensors",
        "QUANTIZE",
        general="as the rule requantize says",
        vectors="ties up in whole vectors of 16 elements, away from zero in the others",
    )
    dequantize: str = _rule(
        "product",
        "DEQUANTIZE with one scale",
        "DEQUANTIZE",
        product="scale * (x - zero point), rounded once",
        vectors="f32(scale * x) + f32(-zero point * scale) in whole vectors of 8 elements",
    )
    mul_scale: str = _rule(
        "float32",
        "scale1 * scale2 / output scale of MUL",
        "MUL",
        float32="both steps in float32",
        float64="all in double",
    )
    prelu_scale: str = _rule(
        "float32",
        "input scale (* alpha scale) / output scale of PRELU",
        "PRELU",
        float32="every step in float32",
        float64="all in double",
    )
    leaky_relu_scale: str = _rule(
        "float32",
        "input scale (* alpha) / output scale of LEAKY_RELU",
        "LEAKY_RELU",
        float32="every step in float32",
        float64="all in double",
    )
    relu_scale: str = _rule(
        "float32",
        "input scale / output scale of RELU and its kin as operators of their own",
        "RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1",
        float32="in float32",
        float64="in double",
    )
    quotient_scale: str = _rule(
        "float32",
        "the real multiplier of ABS, DIV and RSQRT",
        "ABS DIV RSQRT",
        float32="every step in float32",
        float64="all in double",
    )
    resize_weights: str = _rule(
        "one_by_one",
        "the weights of RESIZE_BILINEAR on uint8",
        "RESIZE_BILINEAR",
        one_by_one="a pixel times one weight, then times the other",
        product="a pixel times the rounded product of both weights",
    )
    relu6: str = _rule(
        "rescale",
        "RELU6 as an operator of its own",
        "RELU6",
        rescale="requantizes from input to output scale, then clamps",
        clamp="clamps the raw input, whatever the output's scale",
    )
    logistic_int8: str = _rule(
        "table",
        "LOGISTIC on 8 bits",
        "LOGISTIC",
        table="256 entries computed in float32",
        table_float64="256 entries with e^x / (1 + e^x) computed in double, then float32",
        gemmlowp="gemmlowp's fixed-point logistic on 4 integer bits",
    )
    tanh_int8: str = _rule(
        "table",
        "TANH on 8 bits",
        "TANH",
        table="256 entries computed in float32",
        gemmlowp="gemmlowp's fixed-point tanh on 4 integer bits",
    )
    sigmoid_int16: str = _rule(
        "table",
        "LOGISTIC and TANH on int16 with a scale of 2^-12 (TANH: or 2^-11)",
        "LOGISTIC TANH",
        table="interpolated in a table, as with other scales",
        gemmlowp="gemmlowp's fixed-point function on 3 integer bits",
    )
    softmax_int8: str = _rule(
        "fixed_point",
        "SOFTMAX and LOG_SOFTMAX on 8 bits",
        "SOFTMAX LOG_SOFTMAX",
        fixed_point="gemmlowp's fixed point",
        float32="a table of 256 exponentials, then everything in float32",
    )
    softmax_int16_table: str = _rule(
        "float64",
        "construction of SOFTMAX's two 513-entry tables for int16",
        "SOFTMAX",
        float64="in double",
        float32="in float32",
    )
    softmax_int16_scale: str = _rule(
        "float32",
        "input scale * beta of SOFTMAX on int16",
        "SOFTMAX",
        float32="product in float32, division by the table's step in double",
        float64="all in double",
    )
    addition: str = _rule(
        "general",
        "ADD and SUB on quantized tensors, but for int16 with power-of-two scales",
        "ADD SUB",
        general="each input is multiplied and rounded, then shifted and rounded",
        vectors="so, but in ADD an input's shift does not round inside whole vectors of elements",
        common_shift="on 8 bits both inputs times 21-bit factors of one exponent, one rounding,"
        " ties up",
    )
    add_int16_pot: str = _rule(
        "honoured",
        "ADD and SUB on int16 with power-of-two scales and `pot_scale_int16` set",
        "ADD SUB",
        honoured="shifts only, the addition saturates",
        ignored="the general path with three multipliers",
    )
    far_shift: str = _rule(
        "exact",
        "a rounding right shift by a count outside 0..31 where the exact result is known",
        "DIV EQUAL NOT_EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL",
        exact="shifts as far as it says",
        report="refused: exit code 4",
        x86="the count wraps to 0..31, and 1 is added when x >= 0",
    )
    order_int16: str = _rule(
        "scaled",
        "which of two int16 values with scales is the larger",
        "GREATER GREATER_EQUAL LESS LESS_EQUAL",
        scaled="the one that stands for the larger real value",
        raw="the larger integer, whatever the scales",
        report="refused: exit code 4 (TFLM reads parameters that nothing has set)",
    )
    several_scales: str = _rule(
        "refused",
        "an operand with several scales where the kernel reads one",
        "BATCH_MATMUL",
        refused="not run",
        zero="scale and zero point 0 (LiteRT), so that every output is its zero point",
        first="the first scale and zero point",
    )
    running_sum: str = _rule(
        "zero",
        "where the sums of ADD_N and CUMSUM on int8 start",
        "ADD_N CUMSUM",
        zero="at 0",
        zero_point="at minus the input's zero point",
    )
    product_of_one: str = _rule(
        "requantized",
        "REDUCE_PROD with scales over axes of size 1",
        "REDUCE_PROD",
        requantized="like any other product",
        copied="the input's values, whatever the scales",
    )
    resize_nearest_uint8: str = _rule(
        "float32",
        "the source pixels of RESIZE_NEAREST_NEIGHBOR on uint8 without options",
        "RESIZE_NEAREST_NEIGHBOR",
        float32="floor(i * in / out) in float32, as on other dtypes",
        fixed_point="(i * (in * 2^16 / out + 1)) / 2^16 in integers",
    )
    rsqrt_int16: str = _rule(
        "table",
        "RSQRT on int16",
        "RSQRT",
        table="513 entries computed in float32, interpolated",
        integer="Newton's iteration in integers, as on int8",
    )
    gelu: str = _rule(
        "rounded",
        "tanh and erfc in GELU's tables",
        "GELU",
        rounded="correctly rounded to float32",
        glibc="as glibc computes them, off by a last bit now and then",
    )
    elu: str = _rule(
        "expm1",
        "e^x - 1 in ELU's table",
        "ELU",
        expm1="rounded once",
        exp="e^x rounded, then the difference",
    )
    pad_value: str = _rule(
        "zero_point",
        "what PAD puts around a quantized input",
        "PAD",
        zero_point="the output's zero point",
        zero_for_int16="the output's zero point, but 0 for int16 whatever its zero point",
        zero="0, whatever the zero point",
    )
    lstm: str = _rule(
        "gemmlowp",
        "the arithmetic of UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        gemmlowp="gemmlowp's functions on int16, products of the cell divided by powers of two",
        tables="as FULLY_CONNECTED, MUL, and LOGISTIC and TANH on int16 compute",
    )
    lstm_tanh: str = _rule(
        "refused",
        "the cell's tanh in LSTM where its scale is not 2^-15 to 2^-9 (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="refused: exit code 4",
        input_gate="left out; the input gate stands in its place, and without one: refused",
    )
    lstm_peephole: str = _rule(
        "every_cell",
        "the cells that a peephole of LSTM looks at (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        every_cell="all",
        outputs="as many as there are outputs, which are fewer with a projection",
    )
    lstm_scales: str = _rule(
        "refused",
        "scales from which no parameters of LSTM can be derived (gemmlowp)",
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM",
        refused="not run",
        zero="every multiplier is 0, and nothing is said",
    )
    svdf_activation: str = _rule(
        "refused",
        "an activation of SVDF that is not RELU",
        "SVDF",
        refused="not run",
        ignored="ignored, as RELU is",
    )
    svdf_int8_state: str = _rule(
        "computed",
        "SVDF with a state of int8",
        "SVDF",
        computed="like one of int16",
        refused="not run: the engine writes past its end",
    )
    detection_order: str = _rule(
        "index",
        "classes of a box with equal scores, where a detection names several",
        "TFLite_Detection_PostProcess",
        index="by rising index",
        heap="as the heap of std::partial_sort (GNU) leaves them",
        refused="several classes for a box: not run, the engine writes them past the output's end",
    )
    unassigned_variable: str = _rule(
        "refused",
        "a resource variable that is read before anything is assigned to it",
        "READ_VARIABLE",
        refused="refused: exit code 4",
        zero_point="its zero point in every byte",
    )
    space_to_batch_pad: str = _rule(
        "zero_point",
        "what SPACE_TO_BATCH_ND puts around an 8-bit input",
        "SPACE_TO_BATCH_ND",
        zero_point="the output's zero point",
        zero="0, whatever the zero point",
    )
    embedding_scales: str = _rule(
        "per_row",
        "a table of EMBEDDING_LOOKUP with a scale for each row",
        "EMBEDDING_LOOKUP",
        per_row="each row has its own",
        first="the first one serves all rows",
    )
    embedding_uint8: str = _rule(
        "unsigned",
        "a UINT8 table of EMBEDDING_LOOKUP that is turned into real numbers",
        "EMBEDDING_LOOKUP",
        unsigned="0 to 255",
        signed="its bytes are read as int8",
    )
    sum: str = _rule(
        "correct",
        "SUM on int8 and int16",
        "SUM",
        correct="sums the values of their own dtype",
        uint8_bytes="reads the input's bytes as uint8 and clamps to 0..255",
        float32="sums the values of their own dtype and rescales in float32",
    )
    product: str = _rule(
        "general",
        "products of MUL and BATCH_MATMUL on 8 bits to output scale",
        "MUL BATCH_MATMUL",
        general="as the rule requantize says",
        float32="times a float32, ties to even",
    )
    square: str = _rule(
        "product",
        "MUL of an 8-bit tensor with itself",
        "MUL",
        product="like any other product",
        table="256 entries computed in float32",
    )
    leaky_relu: str = _rule(
        "general",
        "LEAKY_RELU on 8 bits to output scale",
        "LEAKY_RELU",
        general="as the rule requantize says",
        eight_bits="factors with 8 fractional bits, one rounding, ties up",
    )
    quantize_8bit: str = _rule(
        "general",
        "QUANTIZE from 8 bits to the same 8-bit dtype",
        "QUANTIZE",
        general="as the rule quantize_lanes says",
        eight_bits="a factor with 8 fractional bits, one rounding, ties up",
    )
    reduction: str = _rule(
        "general",
        "MEAN and SUM on 8 bits to output scale",
        "MEAN SUM",
        general="as the rules mean_image, sum and requantize say",
        float32="the raw sum times a float32, plus a float32, rounded half to even",
    )
    resize_bilinear: str = _rule(
        "by_dtype",
        "RESIZE_BILINEAR on 8 bits",
        "RESIZE_BILINEAR",
        by_dtype="int8 in integers with 10 fractional bits, uint8 in float32",
        eleven_bits="float32 positions, blended with weights of 11 bits, ties up",
    )
    table_rounding: str = _rule(
        "half_away",
        "entries of 8-bit tables computed in float32",
        "LOGISTIC TANH EXP LOG GELU ELU",
        half_away="rounded half away from zero, then the zero point is added",
        half_even="the zero point is added in float32, then rounded half to even",
    )
    activation_bounds: str = _rule(
        "half_away",
        "bounds of a fused activation in output steps",
        "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV FULLY_CONNECTED ADD SUB MUL MAX_POOL_2D",
        half_away="rounded half away from zero, then the zero point is added",
        half_even="the zero point is added in float32, then rounded half to even",
    )
    delegation: str = _rule(
        "none",
        "operators that a second set of kernels takes over, under rules of its own",
        "ADD BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D DEQUANTIZE ELU FULLY_CONNECTED LEAKY_RELU"
        " LOGISTIC MAX_POOL_2D MEAN MUL QUANTIZE RESIZE_BILINEAR SUB SUM TANH TRANSPOSE_CONV",
        none="none; all run under one assignment",
        static_8bit="8 bits per tensor, weights and shapes constant, scales within its kernels'"
        " limits",
    )
    delegated: Rules | None = None
    """The rules of the operators that the rule `delegation` names; no rule itself."""

    def __post_init__(self) -> None:
        for rule in CATALOGUE:
            chosen = getattr(self, rule.name)
            if chosen not in rule.alternatives:
                raise UsageError(
                    f"rule {rule.name} has no alternative {chosen!r}",
                    hint=f"choose one of {', '.join(rule.alternatives)}",
                )

    def assignment(self) -> dict[str, str]:
        """Rule name to the alternative in force, in the catalogue's order."""
        return {rule.name: getattr(self, rule.name) for rule in CATALOGUE}


CATALOGUE: tuple[Rule, ...] = tuple(
    Rule(
        name=f.name,
        meaning=f.metadata["meaning"],
        default=str(f.default),
        alternatives=f.metadata["alternatives"],
        operators=f.metadata["operators"],
    )
    for f in fields(Rules)
    if f.metadata
)
"""All rules, in the order of their declaration."""
