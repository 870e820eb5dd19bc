"""`probe` recognises the engines: all cases explained, and by their own profile."""

from __future__ import annotations

import pytest

from refint8.oracle.probe import probe
from tests.conftest import installed


@pytest.mark.parametrize(
    ("name", "cases", "others"),
    [
        ("litert:ref", 68, {"tflite", "litert-opt", "xnnpack", "tflm"}),
        ("litert:opt", 69, {"tflite", "litert-ref", "xnnpack", "tflm"}),
        ("litert:xnnpack", 69, {"tflite", "litert-ref", "litert-opt", "tflm"}),
        ("tflm", 43, {"tflite", "litert-ref", "litert-opt", "xnnpack"}),
    ],
)
def test_an_engine_fits_its_own_profile_in_every_case_and_no_other_does(name, cases, others):
    engine = installed(name)
    report = probe(engine)
    assert len(report.judged) == cases
    assert report.unexplained == ()
    assert report.fitting[engine.profile] == cases
    assert engine.profile in report.best
    assert not others & set(report.best)
