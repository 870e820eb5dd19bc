"""An operator's integer record as CMSIS-NN's unit tests have it: #defines and requantization.

Offsets are the negated zero points for inputs and the zero points for outputs, as the library
adds them. The names are those of the test data of CMSIS-NN 7 (CONV_2D, DEPTHWISE_CONV_2D,
FULLY_CONNECTED, pooling, SOFTMAX); other operators get the numbers of their record by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from refint8.oracle.golden.contents import Golden, OperatorInfo

Record = Mapping[str, Any]


def defines(golden: Golden) -> Mapping[str, int]:
    """What config_data.h defines for the golden's one operator, without the prefix."""
    operator = golden.operators[0]
    record = operator.record
    first = next((i for i in operator.inputs if i in _shapes(golden)), None)
    made: dict[str, int] = {}
    if operator.outputs[0] in _shapes(golden):
        made["DST_SIZE"] = _product(_shapes(golden)[operator.outputs[0]])
    if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D") and first is not None:
        return {**made, **_image(golden, operator), **_sum_of_products(record)}
    if operator.name == "FULLY_CONNECTED" and first is not None:
        return {**made, **_matrix(golden, operator), **_sum_of_products(record)}
    if operator.name in ("AVERAGE_POOL_2D", "MAX_POOL_2D") and first is not None:
        return {**made, **_pool(golden, operator)}
    if operator.name == "SOFTMAX" and first is not None and "multiplier" in record.get("rows", {}):
        return {**made, **_softmax(_shapes(golden)[first], record["rows"])}
    return {**made, **dict(_numbers(record, ""))}


def requantization(golden: Golden) -> Mapping[str, list[int]]:
    """Arrays output_mult and output_shift, one value per output channel; {} where there are none.

    A positive shift is to the left.
    """
    operator = golden.operators[0]
    requantize = operator.record.get("requantize")
    if not isinstance(requantize, Mapping) or not {"multiplier", "shift"} <= requantize.keys():
        return {}
    made = {}
    channels = _shapes(golden).get(operator.outputs[0], (1,))[-1:] or (1,)
    for name, key in (("output_mult", "multiplier"), ("output_shift", "shift")):
        value = requantize[key]
        if isinstance(value, int):
            value = [value] * (1 if operator.name == "FULLY_CONNECTED" else channels[0])
        if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
            return {}
        made[name] = value
    return made


def _sum_of_products(record: Record) -> dict[str, int]:
    made = {
        "INPUT_OFFSET": -record["input_zero_point"],
        "FILTER_OFFSET": -record["weights_zero_point"],
        "OUTPUT_OFFSET": record["output_zero_point"],
        "OUT_ACTIVATION_MIN": record["clamp"][0],
        "OUT_ACTIVATION_MAX": record["clamp"][1],
    }
    requantize = record.get("requantize", {})
    if isinstance(requantize.get("multiplier"), int) and isinstance(requantize.get("shift"), int):
        made["OUTPUT_MULTIPLIER"] = requantize["multiplier"]
        made["OUTPUT_SHIFT"] = requantize["shift"]
    return made


def _image(golden: Golden, operator: OperatorInfo) -> dict[str, int]:
    batches, height, width, channels = _shapes(golden)[operator.inputs[0]]
    outputs = _shapes(golden)[operator.outputs[0]]
    window = operator.record["window"]
    made = {
        "OUT_CH": outputs[3],
        "IN_CH": channels,
        "INPUT_W": width,
        "INPUT_H": height,
        "INPUT_SIZE": height * width * channels,
        "INPUT_BATCHES": batches,
        "OUTPUT_W": outputs[2],
        "OUTPUT_H": outputs[1],
    }
    names = {"kernel": "FILTER", "stride": "STRIDE", "pad": "PAD", "dilation": "DILATION"}
    for key, name in names.items():
        made[f"{name}_Y"], made[f"{name}_X"] = window[key]
    if operator.name == "DEPTHWISE_CONV_2D":
        made["CH_MULT"] = outputs[3] // channels
    return made


def _matrix(golden: Golden, operator: OperatorInfo) -> dict[str, int]:
    shapes = _shapes(golden)
    output = shapes[operator.outputs[0]]
    channels = output[-1] if output else 1
    batches = _product(output) // channels if channels else 0
    size = _product(shapes[operator.inputs[0]])
    depth = size // batches if batches else 0
    return {
        "OUT_CH": channels,
        "IN_CH": depth,
        "INPUT_W": 1,
        "INPUT_H": 1,
        "INPUT_SIZE": depth,
        "INPUT_BATCHES": batches,
        "ACCUMULATION_DEPTH": depth,
    }


def _pool(golden: Golden, operator: OperatorInfo) -> dict[str, int]:
    made: dict[str, int] = {}
    for role, index in (("INPUT", operator.inputs[0]), ("OUTPUT", operator.outputs[0])):
        sizes = zip("NHWC", _shapes(golden)[index], strict=True)
        made |= {f"{role}_{axis}": size for axis, size in sizes}
    made["BATCH_SIZE"] = made.pop("OUTPUT_N")
    window = operator.record["window"]
    for key, name in {"kernel": "FILTER", "stride": "STRIDE", "pad": "PADDING"}.items():
        made[f"{name}_H"], made[f"{name}_W"] = window[key]
    made["ACTIVATION_MIN"], made["ACTIVATION_MAX"] = operator.record["clamp"]
    return made


def _softmax(shape: tuple[int, ...], rows: Record) -> dict[str, int]:
    size = shape[-1] if shape else 1
    return {
        "NUM_ROWS": _product(shape) // size if size else 0,
        "ROW_SIZE": size,
        "INPUT_MULT": rows["multiplier"],
        "INPUT_LEFT_SHIFT": rows["left_shift"],
        "DIFF_MIN": rows["smallest_difference"],
    }


def _numbers(value: Any, name: str) -> Iterator[tuple[str, int]]:
    """Every single number of a record under the path that leads to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}_{key}" if name else str(key))
    elif isinstance(value, list) and len(value) <= 8:
        for i, inner in enumerate(value):
            yield from _numbers(inner, f"{name}_{i}")
    elif isinstance(value, int) and -(1 << 31) <= value < 1 << 31:
        yield "".join(c if c.isalnum() else "_" for c in name).upper(), int(value)


def _shapes(golden: Golden) -> dict[int, tuple[int, ...]]:
    return {tensor.index: tensor.shape for tensor in golden.tensors}


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for extent in shape:
        product *= extent
    return product
