"""Devices with one bug each: the operator to blame, what its difference looks like, which rule."""

from __future__ import annotations

import pytest

from refint8.numerics.rules import CATALOGUE
from refint8.oracle.verify.run import verify
from tests.oracle.verify import wrong_devices
from tests.oracle.verify.devices import Device, golden

RULES = {rule.name: rule.alternatives for rule in CATALOGUE}

BUGS = [
    (wrong_devices.Truncates, 1, "off by one", "always one lower", "requantize=floor"),
    (
        wrong_devices.PadsAtTheStart,
        0,
        "shifted",
        "one row too early and one col",
        "same_padding=start",
    ),
    (wrong_devices.PadsWithZeros, 1, None, "outermost rows and columns", "padding_taps=zero"),
    (
        wrong_devices.OneMultiplier,
        2,
        "scale",
        "another factor in each channel",
        "channel_scales=first",
    ),
    (wrong_devices.Wraps, 3, "saturation", "wrapped modulo", None),
    (wrong_devices.NarrowRegister, 6, "saturation", "", "product_register=bits24"),
    (wrong_devices.ForgetsZeroPoint, 3, "zero point", "21 was not added", None),
    (
        wrong_devices.StridesOnce,
        4,
        "parameter",
        "stride_h 2 taken as 1 and stride_w 2 taken as 1",
        None,
    ),
    (wrong_devices.SwapsChannels, 1, "channel order", "channels 2 and 5 swapped", None),
    (wrong_devices.ForgetsRelu6, 0, "clamp missing", "-100 and 100 are exceeded", None),
    (
        wrong_devices.StaleScores,
        6,
        "stale",
        "in sample 1 it has the golden's values of sample 0",
        None,
    ),
    (wrong_devices.StuckBit, 2, "stuck bit", "bit 3 is always 1", None),
    (wrong_devices.DeadPool, 4, "constant", "every element is 0", None),
    (wrong_devices.Unsigned, 5, "sign", "off by 128", None),
    (wrong_devices.ShiftsRows, 2, "shifted", "by +1 row", None),
]


def test_the_right_device_is_equal():
    report = verify(golden(), Device().dump())
    assert report.outcome == "equal"
    assert report
    assert report.elements == sum(a.size for s in golden().samples for a in s.values())
    assert report.first is None
    assert {operator.role for operator in report.operators} == {"equal"}


@pytest.mark.parametrize(
    ("bug", "operator", "kind", "said", "rule"), BUGS, ids=[bug[0].__name__ for bug in BUGS]
)
def test_blames_the_operator_and_says_how(bug, operator, kind, said, rule):
    report = verify(golden(), bug().dump())
    assert report.outcome == "differs"
    assert report.exit_code == 1
    assert report.first is not None
    assert report.first.operator == operator
    assert [cause.operator for cause in report.causes] == [operator]
    first = report.first
    assert (first.kinds[0].name if first.kinds else None) == kind
    assert said in (first.kinds[0].detail if first.kinds else first.location)
    later = [o for o in report.operators if o.operator > operator]
    assert {o.role for o in later} <= {"inherited", "equal"}
    name, _, alternative = (rule or "").partition("=")
    if alternative in RULES.get(name, ()):
        assert str(first.fit) == rule
    else:
        assert first.fit is None


@pytest.mark.parametrize("with_inputs", [False, True])
def test_a_dump_in_another_layout_is_one_finding(with_inputs):
    dumped = range(9999) if with_inputs else {t.index for t in golden().tensors} - {0}
    report = verify(golden(), wrong_devices.DumpsChannelsFirst().dump(only=dumped))
    first = report.first
    assert first is not None
    assert first.operator == (-1 if with_inputs else 0)
    assert first.role == ("input" if with_inputs else "cause")
    assert [kind.name for kind in first.kinds][:1] == ["layout"]
    assert first.kinds[0].detail == "written in NCHW order"
    roles = [operator.role for operator in report.operators if operator.operator > 0]
    # ADD of two tensors in one order is ADD in that order.
    assert roles == ["repeated", "repeated", "inherited", "repeated", "equal", "equal"]
    assert any("the device be right" in note for note in report.notes)


def test_two_bugs_are_two_causes():
    class Both(wrong_devices.ForgetsZeroPoint, wrong_devices.PadsWithZeros):
        pass

    report = verify(golden(), Both().dump())
    assert [cause.operator for cause in report.causes] == [1, 3]
    second = report.causes[1]
    assert second.isolated is not None
    assert second.isolated.verdict == "different"
    assert second.kinds[0].name == "zero point"
    # Against the golden the difference of ADD is not just the zero point.
    assert second.tensors[0].result.differing != second.isolated.tensors[0].differing


def test_cumulative_mode_runs_nothing():
    report = verify(golden(), wrong_devices.PadsWithZeros().dump(), mode="cumulative")
    roles = [operator.role for operator in report.operators if operator.operator >= 1]
    assert roles == ["cause", *["downstream"] * 5]
    assert report.first.operator == 1
    assert not report.first.rules


def test_isolated_mode_takes_every_operator_for_fed_with_the_golden():
    report = verify(golden(), wrong_devices.PadsWithZeros().dump(), mode="isolated")
    differing = [o.operator for o in report.operators if any(t.differs for t in o.tensors)]
    assert [cause.operator for cause in report.causes] == differing
    assert len(differing) > 1
