"""Dumps larger than what is kept in memory read the same."""

from __future__ import annotations

import numpy as np
import pytest

from refint8.oracle.formats import format_of, store
from refint8.oracle.verify.run import verify
from tests.oracle.verify.devices import golden


@pytest.mark.parametrize("limit", [0, 1000, 1 << 20])
def test_arrays_come_back(monkeypatch, limit):
    monkeypatch.setattr(store, "IN_MEMORY", limit)
    rng = np.random.default_rng(1)
    arrays = [
        rng.integers(0, 100, shape).astype(dtype)
        for shape in ((), (0, 3), (7,), (20, 5), (1, 3, 3, 40))
        for dtype in (np.int8, np.int64, np.bool_, np.float32)
    ]
    arrays.append(arrays[-1].transpose(0, 3, 1, 2))
    keeper = store.Store()
    sample = store.StoredSample(dict(enumerate(keeper.keep(array) for array in arrays)))
    del keeper
    assert len(sample) == len(arrays)
    assert list(sample) == list(range(len(arrays)))
    assert 0 in sample
    assert len(arrays) not in sample
    for index, array in reversed(list(enumerate(arrays))):
        assert sample[index].dtype == array.dtype
        assert np.array_equal(sample[index], array)


@pytest.mark.parametrize("name", ["npz", "npy", "c", "hex", "signature", "csv", "raw"])
def test_every_format_through_a_file(monkeypatch, tmp_path, name):
    monkeypatch.setattr(store, "IN_MEMORY", 500)
    format_of(name).write(golden(), tmp_path)
    report = verify(golden(), format_of(name).read(tmp_path, golden()))
    assert report.outcome == "equal"
