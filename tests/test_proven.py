"""docs/proven.csv: a table of this package's operators, and what the tool counts for it."""

from __future__ import annotations

import csv
import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest

from refint8.model.build import ModelBuilder
from refint8.ops import REGISTRY
from refint8.oracle.compare import TensorDiff
from refint8.oracle.crosscheck import Comparison, TensorResult
from tests.conftest import CHECKOUT, installed


@pytest.fixture(scope="module")
def tool():
    path = CHECKOUT / "tools" / "prove_operators.py"
    spec = importlib.util.spec_from_file_location("prove_operators", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(tool):
    with tool.TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def test_lines_are_of_this_package(tool, table):
    keys = [(line["operator"], line["dtypes"], line["engine"]) for line in table]
    assert keys == sorted(set(keys))
    assert tuple(table[0]) == tool.COLUMNS
    for line in table:
        registration = REGISTRY[line["operator"].removeprefix("CUSTOM:")]
        inputs, outputs = (part.split(",") for part in line["dtypes"].split("->"))
        given = [None if d == "none" else d.rstrip("*") for d in inputs if d]
        made = [d for d in outputs if d]
        assert any(_accepts(row, given, made) for row in registration.rows), line


def _accepts(row, inputs, outputs):
    # Equal outputs are written once, and so are the inputs of some operators.
    return any(row.accepts(inputs, outputs * count) for count in range(1, 5)) or row.accepts(
        inputs * 2, outputs
    )


def test_engines_and_profiles_agree_on_everything_counted(table):
    assert len(table) > 200
    for line in table:
        models, tensors, elements = (int(line[n]) for n in ("models", "tensors", "elements"))
        assert 0 < models <= tensors and elements >= 0
        assert line["differing"] == "0", line


def test_most_operators_were_compared(table):
    compared = {line["operator"].removeprefix("CUSTOM:") for line in table}
    assert len(compared) >= 100
    assert {"CONV_2D", "FULLY_CONNECTED", "LSTM", "LOG_SOFTMAX"} <= compared


def graph():
    """Two additions, one after the other; of the second only a run knows the shape."""
    builder = ModelBuilder()
    x = builder.tensor("x", "INT8", (2, 3), scale=0.5)
    y = builder.tensor("y", "INT8", (2, 3), scale=0.5)
    z = builder.tensor("z", "INT8", (1, 1), scale=0.5)
    builder.operator("ADD", [x, x], [y])
    builder.operator("CONCATENATION", [y, y], [z], axis=0)
    return builder.model([x], [z], "two")


def result(tensor, operator, name, differing=0, problem=""):
    diff = TensorDiff(tensor, 12, differing, problem=problem)
    return TensorResult(tensor, "", operator, name, 12, differing, 0, 0, diff)


def test_counting(tool):
    case = tool.Case(graph(), [{0: np.zeros((2, 3), np.int8)}])
    comparison = Comparison(
        *("tflm", "engine 1", "tflm", "different"),
        expected=2,
        tensors=(result(1, 0, "ADD"), result(2, 1, "CONCATENATION", differing=5)),
    )
    found = tool.Tally()
    found.add(case, comparison)
    found.add(case, comparison)
    assert list(found.lines()) == [
        ("ADD", "INT8,INT8->INT8", "engine 1 (tflm)", "1", "2", "24", "0"),
        ("CONCATENATION", "INT8*->INT8", "engine 1 (tflm)", "1", "2", "24", "10"),
    ]
    only = tool.Tally()
    only.add(replace(case, only=frozenset({"ADD"})), comparison)
    assert [line[0] for line in only.lines()] == ["ADD"]


def test_a_run_over_declared_shapes_is_not_counted(tool):
    case = tool.Case(graph(), [{0: np.zeros((2, 3), np.int8)}])
    wrong = result(2, 1, "CONCATENATION", 12, problem="shape (4, 3) against (1, 1)")
    comparison = Comparison("tflm", "engine 1", "tflm", "different", 1, (wrong,))
    found = tool.Tally()
    found.add(case, comparison)
    assert not list(found.lines())
    assert found.verdicts == {("tflm", "took declared shapes for actual ones"): 1}


def test_runs_here_and_on_the_engine(tool):
    engine = installed("litert:ref")
    case = tool.Case(graph(), [{0: np.arange(6, dtype=np.int8).reshape(2, 3)}], ("litert:ref",))
    name = f"{engine.describe()} (litert:ref)"
    assert list(tool.tally(iter([case])).lines()) == [
        ("ADD", "INT8,INT8->INT8", name, "1", "1", "6", "0"),
        ("CONCATENATION", "INT8*->INT8", name, "1", "1", "12", "0"),
    ]
