"""The lists of wrong variants in tools/variants fit the tree; running them is for the tool."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tool():
    path = CHECKOUT / "tools" / "plant_variants.py"
    spec = importlib.util.spec_from_file_location("plant_variants", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def variant(tool, tmp_path):
    (tmp_path / "a.py").write_text("x = 1 + 2\ny = 1 + 3\n", "utf-8")
    (tmp_path / "test_a.py").write_text(
        "from a import x\n\n\ndef test_x():\n    assert x == 3\n", "utf-8"
    )

    def make(text, wrong, tests=("test_a.py",)):
        return tool.Variant("a variant", "a.py", text, wrong, tests)

    return make


def test_every_variant_can_be_planted(tool):
    listed = tool.variants()
    assert len(listed) > 330
    assert not tool.unfit(listed)


@pytest.mark.parametrize(
    ("text", "wrong", "reason"),
    [
        ("z = 1", "z = 2", "0 times"),
        ("1 +", "1 -", "2 times"),
        ("x = 1 + 2", "x = 1 +", "no Python"),
        ("x = 1 + 2", "x = (1 + 2)", "changes nothing"),
    ],
)
def test_a_list_that_no_longer_fits_is_an_error(tool, variant, tmp_path, text, wrong, reason):
    (found,) = tool.unfit([variant(text, wrong)], tmp_path)
    assert reason in found
    outcome = tool.plant(variant(text, wrong), tmp_path)
    assert outcome.verdict == tool.UNTRIED and reason in outcome.detail


def test_names_are_distinct_and_tests_exist(tool, variant, tmp_path):
    one, other = variant("1 + 2", "1 - 2"), variant("1 + 3", "1 - 3", ("test_b.py",))
    twice, missing = tool.unfit([one, other], tmp_path)
    assert "twice" in twice and "no test_b.py" in missing


@pytest.mark.parametrize(
    ("text", "wrong", "verdict"),
    [
        ("1 + 2", "1 - 2", "caught"),
        ("1 + 3", "1 - 3", "survived"),
        ("1 + 2", "1 + two", "not tried"),
    ],
)
def test_only_a_test_that_ran_and_failed_catches(tool, variant, tmp_path, text, wrong, verdict):
    before = (tmp_path / "a.py").read_bytes()
    outcome = tool.plant(variant(text, wrong), tmp_path)
    assert outcome.verdict == verdict, outcome.detail
    assert (tmp_path / "a.py").read_bytes() == before
    if verdict == "caught":
        assert outcome.detail == "test_a.py::test_x"


@pytest.mark.parametrize(
    ("code", "said", "verdict"),
    [
        (1, "FAILED tests/a.py::test_b[1] - AssertionError: assert 1 == 2", "caught"),
        (1, "FAILED tests/a.py::test_b - NameError: name 'x' is not defined", "not tried"),
        (1, "FAILED tests/a.py::test_b - numba.core.errors.TypingError: no", "not tried"),
        (2, "ERROR tests/a.py", "not tried"),
        (5, "no tests ran", "not tried"),
        (-11, "", "not tried"),
        (0, "3 passed", "survived"),
    ],
)
def test_what_a_run_of_pytest_proves(tool, code, said, verdict):
    assert tool.judged(code, said)[0] == verdict
