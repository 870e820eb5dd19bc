"""JSON as its page describes it, and JUnit XML."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.plain import plain
from refint8.oracle.targets import Outcome
from refint8.report.json_report import SCHEMA, crosscheck_json
from refint8.report.junit import junit_xml
from refint8.report.table import plain as drawn
from refint8.report.text import crosscheck_blocks
from tests.oracle.test_alone import GIVEN, Runtime, chain
from tests.oracle.test_crosscheck import Stub

PAGE = Path(__file__).resolve().parents[2] / "docs" / "CROSSCHECK.md"


class Dead(Stub):
    def __init__(self, status, detail=""):
        super().__init__(outcome=Outcome(status, detail=detail), name=status)


@pytest.fixture(scope="module")
def report():
    targets = [
        Runtime(),
        Runtime(error=0, refuses=("ADD",), name="small"),
        Dead("crashed", "SIGSEGV\nat \x00\x1b[1m"),
        Dead("refused", "no kernel"),
    ]
    return crosscheck(chain(), targets, mode="both", inputs=GIVEN)


def documented():
    """Fields by object, from the table of the page."""
    fields = defaultdict(list)
    name = ""
    table = PAGE.read_text(encoding="utf-8").split("| object | field | meaning |")[1]
    for line in table.splitlines()[2:]:
        row = re.match(r"\| (\w*) ?\| `(\w+)` \|", line)
        if row is None:
            break
        name = row[1] or name
        fields[name].append(row[2])
    return fields


def test_the_page_describes_every_field(report):
    document = plain(crosscheck_json([report], {"x": "no"}, 1))
    fields = documented()
    (model,) = document["models"]
    comparison = model["comparisons"][0]
    cause = comparison["operators"][1]
    found = {
        "report": {"schema": SCHEMA, **document},
        "model": model,
        "comparison": comparison,
        "count": comparison["alone"],
        "total": comparison["totals"][0],
        "operator": cause,
        "alone": cause["alone"],
        "tensor": comparison["tensors"][0],
    }
    for name, made in found.items():
        assert sorted(fields.pop(name)) == sorted(made), name
    assert not fields
    assert SCHEMA in PAGE.read_text(encoding="utf-8")


def test_json_tells_causes_from_heirs(report):
    document = json.loads(json.dumps(plain(crosscheck_json([report], {}, report.exit_code))))
    wrong, refusing, crashed, refused = document["models"][0]["comparisons"]
    assert wrong["causes"] == [1]
    assert [each["role"] for each in wrong["operators"]] == ["equal", "cause", "inherited"]
    assert wrong["alone"] == {"tensors": 3, "elements": 48, "differing": 2, "largest": 1}
    assert [each["alone"]["verdict"] for each in refusing["operators"]] == [
        *("equal", "refused", "equal")
    ]
    assert (crashed["verdict"], crashed["cumulative"]) == ("crashed", "crashed")
    assert [each["role"] for each in refused["operators"]] == ["unknown"] * 3


def test_junit(report):
    root = ElementTree.fromstring(junit_xml([report], {"broken.tflite": "no model"}))
    suites = root.findall("testsuite")
    counts = [
        tuple(suite.get(k) for k in ("tests", "failures", "errors", "skipped")) for suite in suites
    ]
    assert counts == [
        ("3", "2", "0", "0"),  # cause and heir
        ("4", "0", "0", "2"),  # the model and ADD are refused
        ("4", "0", "4", "0"),
        ("4", "0", "0", "4"),
        ("1", "0", "1", "0"),
    ]
    failures = suites[0].findall("testcase/failure")
    assert [failure.get("type") for failure in failures] == ["cause", "inherited"]
    assert failures[0].text.splitlines()[0].startswith("in the model: tensor 3 'y': 2 of 16 elem")
    assert "alone: tensor 3 'y'" in failures[0].text
    assert [case.get("name") for case in suites[0].findall("testcase")][1] == "#1 ADD"
    properties = {p.get("name"): p.get("value") for p in suites[0].iter("property")}
    assert properties["engine"] == "runtime 1.0"
    assert properties["mode"] == "both"
    assert suites[2].find("testcase/error").get("type") == "crashed"
    assert "?" in suites[2].find("testcase/error").text, "what XML cannot hold is replaced"
    assert suites[4].find("testcase/error").text == "no model"


def test_text_has_a_table_of_operators_and_engines(report):
    text = "\n".join(drawn(block) for block in crosscheck_blocks([report]))
    lines = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    assert ["ADD", "2/16 in 1, max 1", "-", "-", "-"] in lines
    assert ["RELU", "2/32 in 2, max 1", "-", "-", "-"] in lines
    assert ["ADD", "2/16 in 1, max 1", "-", "-", "-"] in lines
    assert ["RELU", "0/32 in 2", "0/32 in 2", "-", "-"] in lines
    assert ["2", "RELU", "z", "2/16", "1", "0/16", "inherited"] in lines
    assert ["1", "ADD", "y", "2/16", "1", "2/16", "first divergence, cause"] in lines
    assert ["1 cause, 1 inherited"] in lines
    assert "alone 2 of 3 operators equal, 1 refused; 0 of 32 elements differ" in text
    assert "1 different, 1 crashed, 2 refused" in text


def test_two_profiles_have_a_column_each():
    found = crosscheck(chain(), Runtime(), profile=["tflite", "tflm"], inputs=GIVEN)
    text = "\n".join(drawn(block) for block in crosscheck_blocks([found]))
    assert "runtime (tflite)" in text
    assert "runtime (tflm)" in text
