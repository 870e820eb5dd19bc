"""`probe` names the arithmetic of runtimes that were made wrong on purpose, and of the engines."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.numerics.profiles import PROFILES
from refint8.oracle.probe import probe
from refint8.oracle.probe.candidates import Candidate, Predictions
from refint8.oracle.probe.suite import cases, suite
from refint8.oracle.targets import Outcome
from tests.oracle import wrong_runtimes

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
PRODUCTS = (*CONVOLUTIONS, "FULLY_CONNECTED")


def judged(runtime, operators=PRODUCTS):
    report = probe(runtime, operators=operators)
    return {case.case: case for case in report.judged}, report


def test_a_right_runtime_fits_the_default_profile_alone_where_engines_part():
    found, report = judged(wrong_runtimes.Runtime())
    assert "tflite" in report.best
    assert not report.unexplained
    assert found.keys() == {f"{name} int8" for name in PRODUCTS}
    assert "litert-ref" not in found["FULLY_CONNECTED int8"].profiles
    assert "litert-opt" not in found["CONV_2D int8"].profiles


@pytest.mark.parametrize(
    ("runtime", "change", "affected"),
    [
        (wrong_runtimes.Truncates, {"requantize": "floor"}, PRODUCTS),
        (wrong_runtimes.PadsAtTheStart, {"same_padding": "start"}, CONVOLUTIONS),
        (wrong_runtimes.PadsWithZeros, {"padding_taps": "zero"}, CONVOLUTIONS),
        (wrong_runtimes.OneMultiplier, {"channel_scales": "first"}, PRODUCTS),
        (wrong_runtimes.Wraps, {"saturation": "wrap"}, CONVOLUTIONS),
        (wrong_runtimes.NarrowRegister, {"product_register": "bits24"}, PRODUCTS),
    ],
)
def test_a_wrong_runtime_is_the_default_profile_with_the_one_rule_changed(
    runtime, change, affected
):
    found, report = judged(runtime())
    assert report.unexplained == ()
    for name in affected:
        case = found[f"{name} int8"]
        assert (case.profiles, case.changes) == ((), change), name
        finding = next(f for f in case.rules if f.rule == next(iter(change)))
        assert finding.fits == tuple(change.values())
        assert all(count > 0 for count in finding.contradicted.values())
    for name in set(PRODUCTS) - set(affected):
        assert "tflite" in found[f"{name} int8"].profiles, name


class Answers:
    """A target that answers with what it is told to."""

    name, profile = "told", "tflite"

    def __init__(self, outcome):
        self.outcome = outcome

    def describe(self):
        return "told"

    def run(self, content, inputs, **_):
        return self.outcome(content)


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (Outcome("refused", detail="no such operator\nat all"), "refused: no such operator"),
        (Outcome("timed out"), "timed out"),
        (Outcome("ran", ({},)), "answered without the output"),
    ],
)
def test_a_target_that_gives_nothing_is_a_row_that_says_so(outcome, problem):
    report = probe(Answers(lambda _: outcome), operators=["PAD"])
    (case,) = report.cases
    assert (case.ran, case.problems) == (0, (problem,))
    assert report.judged == report.best == ()


def test_an_answer_of_another_shape_or_dtype_is_a_row_that_says_so():
    (one,) = (e for e in suite() if e.operator == "PAD")
    shape = one.model.subgraphs[0].tensors[one.output].shape
    for answer, words in (
        (np.zeros((3,), np.int8), f"answered with shape (3,), not {shape}"),
        (np.zeros(shape, np.float32), "answered with float32, not int8"),
    ):
        given = Outcome("ran", ({one.output: answer},))
        report = probe(Answers(lambda _, given=given: given), operators=["PAD"])
        assert report.cases[0].problems == (words,)


def test_a_callable_is_a_target():
    def framed(model, inputs):
        (x,) = inputs
        out = np.full((1, 7, 8, 3), -17, np.int8)
        out[:, 1:5, 2:7] = x
        return out

    report = probe(framed, operators=["PAD"])
    assert report.target == "framed"
    assert "tflite" in report.best


def test_an_operator_without_experiments_is_refused():
    with pytest.raises(UsageError, match="RESHAPE"):
        probe(wrong_runtimes.Runtime(), operators=["RESHAPE"])


TOLD = {
    "CONV_2D int8": {"requantize", "convolution", "same_padding", "padding_taps", "saturation"},
    "DEPTHWISE_CONV_2D int8": {"requantize", "convolution", "padding_taps", "same_padding"},
    "FULLY_CONNECTED int8": {"requantize", "fully_connected", "fully_connected_scale"},
    "MUL int8": {"requantize", "mul_scale"},
    "PRELU int8": {"requantize", "prelu_scale"},
    "LEAKY_RELU int8": {"requantize", "leaky_relu_scale"},
    "RELU int8": {"relu_scale"},
    "RELU6 int8": {"relu6"},
    "ABS int8": {"quotient_scale"},
    "ADD int8": {"requantize"},
    "ADD int16": {"add_int16_pot"},
    "QUANTIZE int8": {"requantize"},
    "MEAN int8": {"requantize"},
    "SOFTMAX int16": {"softmax_int16_table"},
}
"""Rules that the suite has to tell apart: each alternative contradicts another by an element."""


@pytest.mark.parametrize("case", TOLD)
def test_the_suite_tells_the_alternatives_apart(case):
    experiments = cases(suite())[case]
    base = Candidate("tflite", PROFILES["tflite"].rules)
    ours = Predictions(experiments, [])
    answers = ours.outputs(base)
    predictions = Predictions(experiments, answers)
    assert predictions.differing(base) == 0
    for rule in TOLD[case]:
        (entry,) = (r for r in predictions.rules_of(experiments[0].operator) if r.name == rule)
        parted = [
            predictions.differing(base.with_rule(rule, alternative))
            for alternative in entry.alternatives
        ]
        assert any(parted), rule
