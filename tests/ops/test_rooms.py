"""The house: every operator's room has its corners, every condition is refused by a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from refint8.numerics.rules import CATALOGUE
from refint8.ops import REGISTRY, Record
from refint8.ops._delegation import TAKES
from tests.ops.reading import rules_read, source, strings

NAMES = sorted(REGISTRY)
LABEL = re.compile(r"C\d+")
RULES = {rule.name: rule for rule in CATALOGUE}

READ_FOR_OTHERS = {
    # (operator, rule): why a shared function's read of the rule never concerns the operator.
    ("ADD", "shift_domain"): "only a difference's output multiplier can exceed 1",
    ("DEPTHWISE_CONV_2D", "convolution_int16"): "int16 is summed in 64 bits",
}

every_operator = pytest.mark.parametrize("name", NAMES)


EVERYONE = ("*",)


def lists(rule, name):
    """Whether the rule lists the operator."""
    return RULES[rule].operators == EVERYONE or name in RULES[rule].operators


def module_of(name):
    return REGISTRY[name].record.__module__


def test_there_are_operators():
    assert len(NAMES) >= 18


@every_operator
def test_one_operator_one_file_of_its_name(name):
    assert module_of(name) == f"refint8.ops.{name.lower()}"


@every_operator
def test_docstring_says_what_it_is_how_and_by_whom(name):
    text = REGISTRY[name].documentation
    title, _, rest = text.partition("\n")
    assert title.startswith(f"{name}: "), title
    formula, _, origin = rest.partition("\nSemantics: ")
    formula = re.split(r"^C\d+  ", formula, maxsplit=1, flags=re.MULTILINE)[0]
    assert "=" in formula, "no formula before the conditions"
    assert re.search(r"\d+\.(\d+|dev\d+)|NUMERICS|CORRECTIONS", origin), (
        "no engine, version or sheet"
    )


@every_operator
def test_conditions_are_numbered_and_are_those_of_the_code(name):
    labels = sorted(REGISTRY[name].conditions, key=lambda label: int(label[1:]))
    assert labels == [f"C{number}" for number in range(1, len(labels) + 1)]
    used = set(filter(LABEL.fullmatch, strings(source(module_of(name)).tree)))
    assert used <= set(labels), "a label without a condition"


def refusals_of(name):
    """Functions of tests/ops/test_<op>.py whose names begin with test_refuses."""
    path = Path(__file__).with_name(f"test_{name.lower()}.py")
    assert path.exists(), f"{path.name} is missing"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [function for function in functions if function.name.startswith("test_refuses")]


@every_operator
def test_every_condition_is_refused_by_a_test_that_ends_with_its_label(name):
    proven = {
        label
        for function in refusals_of(name)
        if (label := function.name.rpartition("_")[2]) in strings(function)
    }
    assert set(REGISTRY[name].conditions) <= proven


@every_operator
def test_versions_and_dtypes_are_refused_by_a_test(name):
    asserted = set().union(*(strings(function) for function in refusals_of(name)))
    assert {"version", "dtype"} <= asserted


@every_operator
def test_the_record_has_prepare_and_spec(name):
    record = REGISTRY[name].record
    homes = {
        corner: next(cls for cls in record.__mro__ if corner in vars(cls))
        for corner in ("prepare", "spec")
    }
    assert all(home is not Record for home in homes.values())


@every_operator
def test_versions_start_at_1(name):
    assert REGISTRY[name].versions.start == 1


def test_rules_list_operators_that_exist():
    listed = {name for r in CATALOGUE if r.operators != EVERYONE for name in r.operators}
    assert sorted(listed - set(NAMES)) == []


def test_no_rule_lists_an_operator_twice():
    for rule in CATALOGUE:
        assert len(rule.operators) == len(set(rule.operators)) > 0, rule.name


@every_operator
def test_rules_read_exist(name):
    assert rules_read(module_of(name)) <= set(RULES)


@every_operator
def test_rules_read_in_ops_list_the_operator(name):
    read = rules_read(module_of(name), within=("refint8.ops.",))
    others = {rule for operator, rule in READ_FOR_OTHERS if operator == name}
    assert others <= read, "an exception that is none"
    assert sorted(rule for rule in read - others if not lists(rule, name)) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_listed_operators_can_read_the_rule(rule):
    listed = [name for name in NAMES if lists(rule, name)]
    if rule == "delegation":  # read before an operator is prepared
        assert all(listed == sorted(takes) for takes in TAKES.values())
    elif rule == "reset":  # read by the session that is reset, for those that keep something
        assert listed == ["ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE"]
    elif rule == "declared_dtype":  # read by the planner, for the operators registered so
        assert listed == [name for name in NAMES if REGISTRY[name].dtype_of is not None]
    else:
        assert [name for name in listed if rule not in rules_read(module_of(name))] == []
