"""Partial dumps, problems, waivers: verdicts, outcomes and exit codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import Profile
from refint8.numerics.rules import Rules
from refint8.oracle.golden.contents import Dump, DumpProblem
from refint8.oracle.golden.make import make_golden
from refint8.oracle.verify.run import verify
from refint8.oracle.verify.waivers import Waiver
from tests.oracle.verify import wrong_devices
from tests.oracle.verify.devices import Device, golden

TODAY = date(2026, 11, 20)
BY_NAME = {tensor.name: tensor.index for tensor in golden().tensors}


def indexes(*names):
    return {BY_NAME[name] for name in names}


def roles(report):
    return {o.name + str(o.operator): o.role for o in report.operators}


def test_only_outputs_is_partial_and_passes():
    report = verify(golden(), Device().dump(only=indexes("scores")))
    assert report.outcome == "partial"
    assert report.exit_code == 0
    assert sum(t.verdict == "missing" for t in report.tensors) == 7


def test_without_the_outputs_it_is_incomplete():
    dump = Device().dump(only=indexes("depthwise"))
    report = verify(golden(), dump)
    assert report.outcome == "incomplete"
    assert report.exit_code == 1
    assert [t.tensor.name for t in report.lacking] == ["scores"]
    assert verify(golden(), dump, require="dumped").outcome == "partial"
    assert verify(golden(), Device().dump(only=indexes("scores")), require="all").exit_code == 1


def test_an_output_missing_in_one_sample_is_incomplete():
    dump = Device().dump()
    samples = (*dump.samples[:2], {})
    report = verify(golden(), replace(dump, samples=samples))
    assert report.outcome == "incomplete"
    assert report.notes == ("sample 2 was not dumped",)
    assert verify(golden(), replace(dump, samples=dump.samples[:2])).outcome == "incomplete"


def test_an_empty_dump_is_unusable():
    assert verify(golden(), Dump("nothing", ())).outcome == "unusable"
    assert verify(golden(), Dump("nothing", ({}, {}, {}))).exit_code == 2


def test_a_cause_among_tensors_that_were_not_dumped_is_narrowed_down():
    dump = wrong_devices.OneMultiplier().dump(only=indexes("depthwise", "pool", "scores"))
    report = verify(golden(), dump)
    first = report.first
    assert first is not None
    assert (first.operator, first.role) == (4, "within")
    assert first.suspects == (2, 3, 4)
    assert not report.causes
    # What follows is still told apart: pool -> flat (not dumped) -> scores.
    assert roles(report)["FULLY_CONNECTED6"] == "inherited"


def test_a_fault_that_two_branches_share_is_said_once():
    # The depthwise convolution is wrong, and what reads it is dumped, it is not.
    dump = wrong_devices.SwapsChannels().dump(
        only=indexes("conv/Relu6", "pointwise", "sum", "scores")
    )
    report = verify(golden(), dump)
    assert [(o.operator, o.suspects) for o in report.operators if o.role == "within"] == [
        (2, (1, 2)),
        (3, (1, 3)),
    ]
    assert "a fault in one of #1 alone would explain all 2" in report.notes


def test_one_operator_between_dumped_tensors_is_a_cause():
    dump = wrong_devices.OneMultiplier().dump(only=indexes("depthwise", "pointwise", "scores"))
    report = verify(golden(), dump)
    assert [cause.operator for cause in report.causes] == [2]
    # Three operators were computed from the dump's own values to say so.
    assert roles(report)["FULLY_CONNECTED6"] == "inherited"


def test_inputs_that_are_not_the_goldens_are_said_first():
    wrong = [dict(sample) for sample in Device().dump().samples]
    for sample in wrong:
        sample[BY_NAME["image"]] = sample[BY_NAME["image"]] ^ np.int8(-128)
    report = verify(golden(), Dump("fed wrongly", tuple(wrong)))
    assert report.first is not None
    assert (report.first.operator, report.first.role) == (-1, "input")
    assert report.first.kinds[0].name == "sign"


def test_a_tensor_dumped_wrongly_does_not_blame_its_readers():
    samples = [dict(sample) for sample in Device().dump().samples]
    for sample in samples:
        sample[BY_NAME["depthwise"]] = np.zeros_like(sample[BY_NAME["depthwise"]])
    report = verify(golden(), Dump("one tensor wrong", tuple(samples)))
    assert [cause.operator for cause in report.causes] == [1]
    assert roles(report)["CONV_2D2"] == "equal"
    notes = [o.note for o in report.operators if o.operator == 2]
    assert "equal, though what it reads differs in the dump" in notes[0]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((1, 6, 6, 8), np.uint8), "it holds uint8, the tensor is INT8"),
        (np.zeros((1, 6, 6, 7), np.int8), "its shape is (1, 6, 6, 7), the tensor's is"),
        (np.zeros((), np.int8), "its shape is ()"),
        (np.zeros((1, 6, 6, 8), object), "it holds object"),
    ],
)
def test_arrays_of_another_kind_are_problems(array, reason):
    samples = [dict(sample) for sample in Device().dump().samples]
    samples[1][BY_NAME["sum"]] = array
    report = verify(golden(), Dump("odd", tuple(samples)))
    assert report.outcome == "differs"
    assert report.first is not None
    assert report.first.operator == 3
    (problem,) = report.first.tensors[0].problems
    assert (problem.sample, reason in problem.reason) == (1, True)
    assert [t.verdict for t in report.tensors].count("problem") == 1


def test_tensors_and_samples_too_many_are_problems():
    dump = Device().dump()
    extra = ({**dump.samples[0], 999: np.zeros(3, np.int8)}, *dump.samples[1:], dump.samples[0])
    report = verify(golden(), Dump("more", extra))
    assert report.outcome == "differs"
    reasons = sorted(problem.reason for problem in report.problems)
    assert reasons == ["the golden has no tensor 999",
                       "there is no sample 3, the golden has 3, counted from 0"]  # fmt: skip


def test_problems_of_the_reader_fail_the_dump():
    dump = replace(Device().dump(), problems=(DumpProblem("x.bin", "cut off", BY_NAME["pool"], 0),))
    report = verify(golden(), dump)
    assert report.outcome == "differs"
    assert {t.tensor.name: t.verdict for t in report.tensors}["pool"] == "problem"


def test_nothing_but_problems_is_unusable():
    report = verify(golden(), Dump("x", ({},), (DumpProblem("x.bin", "no tensor of the golden"),)))
    assert (report.outcome, report.exit_code) == ("unusable", 2)


def test_a_golden_with_rules_of_another_version_is_refused():
    newer = replace(golden(), rules={**golden().rules, "requantize": "quadruple"})
    with pytest.raises(UsageError, match="requantize=quadruple"):
        verify(newer, Device().dump())


def test_the_rule_of_a_device_that_differs_in_one_is_named():
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 40, 3), scale=0.5, zero_point=2)
    y = b.tensor("y", "INT8", (1, 40), scale=2.0, zero_point=-3)
    b.operator("SUM", [x, b.tensor("axis", "INT32", (1,), data=[2])], [y], version=2)
    model = b.model([x], [y])
    one_rule = Profile("device", "", "", replace(Rules(), sum="uint8_bytes"))
    mine, theirs = make_golden(model), make_golden(model, one_rule)
    report = verify(mine, Dump("dump", theirs.samples))
    (cause,) = report.causes
    assert cause.fit is not None
    assert str(cause.fit) == "sum=uint8_bytes"
    assert cause.fit.before == report.differing > 0


def waived(waivers, dump=None):
    return verify(golden(), dump or wrong_devices.Truncates().dump(), waivers=waivers, today=TODAY)


def test_a_waiver_excuses_and_its_heirs_only_where_it_says_so():
    waiver = Waiver("agreed", op="DEPTHWISE_CONV_2D", max_abs=1)
    report = waived([waiver])
    verdicts = {t.tensor.name: t.verdict for t in report.tensors}
    assert verdicts["depthwise"] == "waived"
    assert verdicts["pointwise"] == "differs"
    assert report.exit_code == 1
    assert report.first.operator == 2
    report = waived([replace(waiver, inherited=True)])
    assert report.outcome == "waived"
    assert report.exit_code == 0
    (use,) = report.waivers
    assert use.state == "used"
    assert len(use.tensors) == 5


def test_heirs_of_what_is_not_waived_are_not_excused():
    class Both(wrong_devices.Truncates, wrong_devices.ForgetsZeroPoint):
        pass

    waiver = Waiver("agreed", op="DEPTHWISE_CONV_2D", max_abs=1, inherited=True)
    report = waived([waiver], Both().dump())
    verdicts = {t.tensor.name: t.verdict for t in report.tensors}
    assert verdicts["pointwise"] == "waived"
    assert verdicts["sum"] == "differs"
    assert verdicts["pool"] == "differs"


@pytest.mark.parametrize(
    ("waiver", "state"),
    [
        (Waiver("r", tensor="depthwise", max_abs=0), "exceeded"),
        (Waiver("r", tensor="depthwise", until=date(2026, 11, 19)), "expired"),
        (Waiver("r", tensor="depthwise", until=TODAY), "used"),
        (Waiver("r", tensor="depth*"), "used"),
        (Waiver("r", tensor=str(BY_NAME["depthwise"])), "used"),
        (Waiver("r", op="1"), "used"),
        (Waiver("r", tensor="scores"), "unused"),
        (Waiver("r", tensor="depthwise", op="CONV_2D"), "unused"),
        (Waiver("r", tensor="nobody", until=date(2020, 1, 1)), "expired"),
    ],
)
def test_what_becomes_of_waivers(waiver, state):
    report = waived([waiver])
    (use,) = report.waivers
    assert use.state == state
    verdicts = {t.tensor.name: t.verdict for t in report.tensors}
    assert (verdicts["depthwise"] == "waived") == (state == "used")
    assert report.exit_code == 1
