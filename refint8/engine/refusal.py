"""Why a model cannot run: everything at once, with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from refint8.errors import UnsupportedError, Where
from refint8.model.types import Model, Operator

COMPILED_FOR = {
    "edgetpu-custom-op": "an Edge TPU",
    "ethos-u": "an Arm Ethos-U",
    "neutron": "an NXP Neutron NPU",
    "vsinpu": "a VeriSilicon NPU",
    "xc_": "an XMOS xcore",
    "akida": "a BrainChip Akida",
    "qnn": "a Qualcomm NPU",
    "dispatch_op": "an NPU",
    "hailo": "a Hailo NPU",
    "cvi": "a Sophgo TPU",
}
"""Beginnings of custom operator names that NPU compilers write (after lowering the case)."""


def refuse_custom(operator: Operator) -> UnsupportedError:
    """A custom operator: of an NPU's compiler, of TensorFlow (Flex), or somebody's own."""
    code = operator.custom_code
    for beginning, device in COMPILED_FOR.items():
        if code.lower().startswith(beginning):
            return UnsupportedError(
                f"'{code}' is a compiled binary for {device}, not a quantized operator",
                label="npu",
                hint="take the .tflite file as it was before the NPU's compiler ran",
            )
    if code.startswith("Flex"):
        return UnsupportedError(
            f"'{code}' is a TensorFlow operator and computes in float",
            label="custom",
            hint="convert without SELECT_TF_OPS",
        )
    return UnsupportedError(
        f"the custom operator '{code}' is not known", label="custom", hint="`refint8 ops` lists all"
    )


def refuse_all(refusals: Sequence[UnsupportedError], model: Model) -> UnsupportedError:
    """One error that lists every refused operator, those with the same reason together."""
    if len(refusals) == 1:
        return refusals[0]
    counts: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], UnsupportedError] = {}
    for error in refusals:
        key = (error.where.operator_name, error.label, error.reason)
        counts[key] += 1
        first.setdefault(key, error)
    lines = []
    for key, count in counts.items():
        name, label, reason = key
        times = f" ({count} times, first at operator" if count > 1 else " (operator"
        lines.append(f"\n  {name}{times} {first[key].where.operator}): [{label}] {reason}")
    hints = list(dict.fromkeys(error.hint for error in first.values() if error.hint))
    return UnsupportedError(
        f"{len(refusals)} of the model's operators cannot run:" + "".join(lines),
        where=Where(model=model.name),
        hint="; ".join(hints),
    )
