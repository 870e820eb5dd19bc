"""Real models with state: fresh and as streams, every tensor equal to the engines."""

from __future__ import annotations

import csv

import pytest

from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from tests.conftest import installed
from tests.crosscheck.corpus import MODELS

KINDS = ("VAR_HANDLE", "LSTM", "SVDF", "TFLite_Detection_PostProcess", "SpectralSubtraction")
SAMPLES = 6

NOT_COMPARED = {
    # LiteRT takes the int8 state for int16 and writes past its end.
    ("litert:ref", "keyword_scrambled_8bit.tflite"): "C5",
    # A layer normalization, which TFLM has not, and does not notice in time.
    ("tflm", "unidirectional_sequence_lstm_quantized.bin.tflite"): "C8",
    # uint8, which TFLM's LOGISTIC has not.
    ("tflm", "traffic_model.tflite"): "C3",
}
"""By target and file: the condition under which refint8 refuses."""


def catalogued():
    """The catalogue's rows of models with state, by path; none when the corpus is absent."""
    catalogue = MODELS / "catalogue.csv"
    if not catalogue.exists():
        return {}
    with catalogue.open(newline="") as file:
        rows = csv.DictReader(file)
        return {row["path"]: row for row in rows if any(kind in row["ops"] for kind in KINDS)}


ROWS = catalogued()
RUNS = {"litert:ref": "ref_runs", "tflm": "tflm_runs"}
"""The catalogue's column that says whether a target runs a model."""


@pytest.fixture(params=["litert:ref", "tflm"])
def engine(request, corpora):
    installed(request.param)
    return request.param


@pytest.mark.parametrize("stream", [False, True], ids=["fresh", "stream"])
@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.long if "traffic" in p else ()) for p in ROWS]
    or [pytest.param(None, id="absent")],
)
def test_every_tensor_equals_the_engines(path, engine, stream):
    model = read_model(MODELS / path)
    (found,) = crosscheck(model, engine, samples=SAMPLES, stream=stream).comparisons
    if label := NOT_COMPARED.get((engine, path.rpartition("/")[2])):
        assert found.verdict == "unsupported"
        assert f"[{label}]" in found.detail
        return
    if found.verdict == "refused" and ROWS[path][RUNS[engine]] != "1":
        pytest.skip(f"{found.engine} does not run it: {found.detail.splitlines()[0]}")
    assert found.verdict == "equal", found.first or found.detail
    assert len(found.tensors) == found.expected > 0
    assert found.differing == 0


def test_the_models_are_the_ones_expected(corpora):
    assert len(ROWS) >= 24
