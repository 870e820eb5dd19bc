"""Bundles of real models: written, read, checked, and the same bytes by specs and by kernels."""

from __future__ import annotations

import pytest

from refint8.errors import DomainError, UnsupportedError
from refint8.model.reader import read_model
from refint8.oracle.golden import check_bundle, make_golden, read_bundle, write_bundle
from tests.crosscheck.corpus import MODELS, entries, quick

COVERED = {entry.path for entry in entries()}
QUICK = {entry.path for entry in sorted(quick(entries()), key=lambda entry: entry.name)[::12]}

FILES = [
    pytest.param(
        path, id=str(path.relative_to(MODELS)), marks=() if path in QUICK else pytest.mark.long
    )
    for path in sorted(MODELS.rglob("*.tflite"))
]


@pytest.mark.parametrize("path", FILES or [pytest.param(None, id="absent")])
def test_written_read_and_checked(path, corpora, tmp_path, monkeypatch):
    model = read_model(path)
    monkeypatch.setenv("REFINT8_FAST", "0" if path in QUICK else "1")
    try:
        golden = make_golden(model, samples=2)
    except (UnsupportedError, DomainError) as error:
        # Of the models that the default profile has every operator for, one has a scale of 0.
        if path in COVERED and error.label != "scale":
            raise
        pytest.skip(f"refint8 does not run it: {error.reason[:80]}")
    write_bundle(golden, tmp_path / "g")
    read = read_bundle(tmp_path / "g")
    assert (read.tensors, read.operators) == (golden.tensors, golden.operators)
    for found, expected in zip(read.samples, golden.samples, strict=True):
        for index, array in expected.items():
            assert found[index].tobytes() == array.tobytes()
    monkeypatch.setenv("REFINT8_FAST", "1" if path in QUICK else "")
    checked = check_bundle(tmp_path / "g")
    assert checked
    assert checked.records == ()
    assert checked.tensors == 2 * len(golden.tensors)
