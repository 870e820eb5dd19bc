"""The operator corpus: what an engine's runs were recorded to give, for thousands of small models.

A quick run takes at most 10 cases of an operator and mode (`tier` 1 of the manifest) and of these
every fourth; `pytest -m long` all.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from zipfile import ZipFile

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.model.reader import read_model

RECORDED = {"litert-opt": "opt_out"}
"""By profile: what the names of an engine's recorded outputs begin with."""

CASES, MODELS = "manifest.json", 4149
EVERY = 4


@pytest.fixture(scope="module")
def archive(corpora):
    with ZipFile(corpora / "optests" / "dev.zip") as opened:
        yield opened


def arrays(archive, name):
    with np.load(io.BytesIO(archive.read(name))) as stored:
        return {key: stored[key] for key in stored.files}


def outputs(archive, case, profile):
    """(refint8's output, the recorded one) for every output that was recorded."""
    model = read_model(archive.read(f"{case['id']}/model.tflite"))
    graph = model.subgraphs[0]
    given = arrays(archive, f"{case['id']}/inputs.npz")
    inputs = {t: given[f"in{i}"] for i, t in enumerate(graph.inputs) if f"in{i}" in given}
    shapes = {t: x.shape for t, x in inputs.items()} if case.get("resized_inputs") else None
    found = Session(model, profile, shapes).run(inputs)
    stored = arrays(archive, f"{case['id']}/ref.npz")
    for i, index in enumerate(graph.outputs):
        if (name := f"{RECORDED[profile]}{i}") in stored:
            yield found.get(index, graph.tensors[index].data), stored[name]


def differing(archive, cases, profile):
    """Elements that differ, by case; how many were compared."""
    wrong: Counter[str] = Counter()
    compared = 0
    for case in cases:
        for got, want in outputs(archive, case, profile):
            assert got.shape == want.shape, case["id"]
            compared += want.size
            same = got == want
            if got.dtype.kind == "f":
                same |= np.isnan(got) & np.isnan(want)
            wrong[case["id"]] += int(np.count_nonzero(~same))
    return {name: count for name, count in wrong.items() if count}, compared


@pytest.mark.parametrize("profile", RECORDED)
def test_some_recorded_outputs_are_equal(archive, profile):
    cases = [c for c in json.loads(archive.read(CASES))["cases"] if c.get("tier") == 1]
    wrong, compared = differing(archive, cases[::EVERY], profile)
    assert wrong == {}
    assert compared > 10_000


@pytest.mark.long
@pytest.mark.parametrize("profile", RECORDED)
def test_all_recorded_outputs_are_equal(archive, profile):
    cases = json.loads(archive.read(CASES))["cases"]
    assert len(cases) == MODELS
    wrong, compared = differing(archive, cases, profile)
    assert wrong == {}
    assert compared > 11_000_000
