"""The reports of a crosscheck: text worst first, and the versioned JSON."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.plain import plain as values
from refint8.oracle.targets import Outcome
from refint8.report.json_report import SCHEMA, crosscheck_json
from refint8.report.table import plain
from refint8.report.terminal import show
from refint8.report.text import crosscheck_blocks
from tests.oracle.test_crosscheck import Stub, flawed, pools


def text(*reports, **options):
    return "\n".join(plain(block) for block in crosscheck_blocks(reports, **options))


def test_one_equal_comparison():
    lines = text(crosscheck(pools(), Stub())).splitlines()
    assert lines[0].startswith("pools (sha256 ")
    assert lines[0].endswith("against stub (stub 1.0), profile tflite, 3 input sets (seed 0)")
    assert lines[1:] == ["3 of 3 tensors equal, 0 of 54 elements differ"]


def test_one_different_comparison_is_worst_first():
    def change(number, result):
        flawed(1, 1)(number, result)
        result[4] ^= 1

    shown = text(crosscheck(pools(), Stub(change)))
    most = shown.splitlines()[3].split()[4]
    assert shown.splitlines()[1:4] == [
        "#  op           tensor  differ  max  verdict",
        "2  MAX_POOL_2D  w          6/6    1  cause",
        f"0  MAX_POOL_2D  y         1/24    {most}  first divergence, cause",
    ]
    assert (
        "first divergence: operator #0 MAX_POOL_2D y (tensor 1), input set 1, at [0, 0, 0, 1]: "
        in shown
    )
    assert shown.endswith("1 of 3 tensors equal, 7 of 54 elements differ")


def test_errors_limits_the_tensors_listed():
    def change(number, result):
        for index in result:
            result[index] ^= 1

    shown = text(crosscheck(pools(), Stub(change)), errors=1)
    assert "... and 2 more tensors (--errors lists more)" in shown
    assert sum("MAX_POOL_2D  " in line and "24" in line for line in shown.splitlines()) <= 2


def test_several_comparisons_begin_with_an_overview():
    stubs = [
        Stub(name="good"),
        Stub(flawed(3, 0), name="bad"),
        Stub(outcome=Outcome("refused", detail="Didn't find op\nfor TILE"), name="micro"),
        Stub(lambda number, result: result.pop(3), name="partial"),
    ]
    lines = text(crosscheck(pools(), stubs)).splitlines()
    assert [line.split()[:5] for line in lines[1:5]] == [
        ["pools", "bad", "different", "3/3", "1/54"],
        ["pools", "micro", "refused", "0/3", "0/0"],
        ["pools", "good", "equal", "3/3", "0/54"],
        ["pools", "partial", "equal", "2/3", "0/30"],
    ]
    assert lines[2].endswith("Didn't find op / for TILE")
    assert lines[1].endswith("#1 RESHAPE z")
    assert sum("against" in line for line in lines) == 1, "only the difference is spelled out"
    assert lines[-1] == "1 different, 1 refused, 2 equal: 8 tensors, 138 elements, 1 differ"


def test_several_models_name_their_common_folder_once(tmp_path):
    from refint8.model.reader import read_model

    reports = []
    for name in ("one", "two"):
        path = tmp_path / name / "m.tflite"
        reports.append(crosscheck(read_model(pools().content, str(path)), Stub()))
    lines = text(*reports).splitlines()
    assert lines[0] == f"in {tmp_path}/"
    assert [line.split()[0] for line in lines[2:4]] == ["one/m.tflite", "two/m.tflite"]


@pytest.mark.parametrize(
    "status, words",
    [
        ("refused", "refused: the engine refused the model"),
        ("crashed", "crashed: the engine crashed"),
        ("timed out", "timed out: the engine timed out"),
        ("aborted", "aborted: the engine aborted"),
        ("malformed", "malformed: the engine's answer is not the model's tensors"),
        ("missing", "missing: the engine is not installed"),
    ],
)
def test_a_verdict_without_tensors_gives_the_reason(status, words):
    shown = text(crosscheck(pools(), Stub(outcome=Outcome(status, detail="so it said"))))
    assert shown.splitlines()[1:] == [words, "  so it said"]


def test_json_is_whole():
    def change(number, result):
        flawed(3, 2)(number, result)
        result[4] = result[4].astype(np.int16)

    report = crosscheck(pools(), [Stub(change), Stub(outcome=Outcome("crashed", detail="SIGABRT"))])
    found = json.loads(json.dumps(values(crosscheck_json([report], {"x.tflite": "no model"}, 1))))
    assert SCHEMA == "refint8-crosscheck-2"
    assert found["exit_code"] == 1
    assert found["unreadable"] == [{"model": "x.tflite", "reason": "no model"}]
    (model,) = found["models"]
    assert (model["model"], model["samples"], model["seed"]) == ("pools", 3, 0)
    assert model["sha256"] == report.sha256
    one, two = model["comparisons"]
    assert (two["verdict"], two["detail"], two["tensors"]) == ("crashed", "SIGABRT", [])
    assert (one["expected"], one["compared"]) == (3, 3)
    assert (one["elements"], one["differing"]) == (54, 7)
    assert one["first_divergence"] == one["tensors"][1]
    assert [t["operator"] for t in one["tensors"]] == [0, 1, 2]
    z = one["tensors"][1]
    assert (z["index"], z["sample"], z["problem"]) == ([0, 0, 1, 0], 2, "")
    assert z["refint8"] ^ z["engine"] == 3
    assert one["tensors"][2]["problem"] == "dtype int8 against int16"
    assert one["totals"][0]["operator_name"] == "MAX_POOL_2D"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_colour_unless_told(monkeypatch):
    blocks = crosscheck_blocks([crosscheck(pools(), Stub(flawed(3, 0)))])
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, quiet, pipe = Terminal(), Terminal(), io.StringIO()
    show(blocks, coloured)
    show(blocks, pipe)
    monkeypatch.setenv("NO_COLOR", "1")
    show(blocks, quiet)
    assert "\x1b[31m" in coloured.getvalue()
    assert "\x1b" not in quiet.getvalue()
    assert quiet.getvalue() == pipe.getvalue()
