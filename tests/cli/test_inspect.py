"""`refint8 inspect`: it answers for every readable file, also when nothing in it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from refint8.model.build import ModelBuilder
from tests.cli import models
from tests.cli.conftest import Cli


@pytest.fixture
def conv(tmp_path: Path) -> str:
    return models.write(tmp_path / "conv.tflite", models.conv())


def test_header_operators_and_totals(cli: Cli, conv: str) -> None:
    called = cli("inspect", conv)
    assert called.code == 0
    content = models.conv()
    assert f"conv.tflite  {len(content):,} bytes" in called.out
    assert hashlib.sha256(content).hexdigest() in called.out
    row = next(line for line in called.out.splitlines() if line.split()[1:2] == ["CONV_2D"])
    assert "int8[1,2,2,2] int8[3,1,1,2]* int32[3]*" in row
    assert row.split()[-2:] == ["24", "runs"]
    assert "1 of 1 operators run under tflite" in called.out


def test_totals_as_data(cli: Cli, conv: str) -> None:
    document = cli("inspect", conv, "--json").json
    assert document["schema"] == "refint8-inspect-1"
    totals = document["totals"]
    assert totals["macs"] == 4 * 3 * 2
    assert totals["weight_bytes"] == 3 * 2 + 3 * 4
    assert totals["arena_bytes"] == {"keep_all": 32, "reuse": 32}
    (operator,) = document["subgraphs"][0]["operators"]
    assert (operator["name"], operator["version"], operator["verdict"]) == ("CONV_2D", 3, "runs")
    assert operator["inputs"][1]["scales"] == [0.25, 0.5, 1.0]
    assert operator["inputs"][1]["constant"] is True
    assert document["signatures"][0]["key"] == "serving_default"


def test_constants_are_the_integer_record(cli: Cli, conv: str) -> None:
    (operator,) = cli("inspect", conv, "--constants", "--json").json["subgraphs"][0]["operators"]
    record = operator["record"]
    assert record["kind"] == "Conv2D"
    # 0.5 * [0.25, 0.5, 1] / 2 = 2^-4, 2^-3, 2^-2: multiplier 2^30, one shift more than the power.
    assert record["requantize"]["multiplier"] == [1 << 30] * 3
    assert record["requantize"]["shift"] == [-3, -2, -1]
    assert record["input_zero_point"] == 3
    text = cli("inspect", conv, "--constants").out
    assert "shift = [-3, -2, -1]" in text
    assert "input_zero_point = 3" in text


@pytest.mark.parametrize(
    ("content", "verdict", "label"),
    [
        (models.conv(dtype="FLOAT32"), "refused", "dtype"),
        (models.conv(version=99), "refused", "version"),
        (models.custom("ethos-u"), "refused", "npu"),
        (models.conv(scale=0.0), "undefined", "scale"),
        (models.conv(scale=float("nan")), "undefined", "scale"),
    ],
)
def test_what_does_not_run_is_shown_with_its_reason(
    cli: Cli, tmp_path: Path, content: bytes, verdict: str, label: str
) -> None:
    path = models.write(tmp_path / "m.tflite", content)
    called = cli("inspect", path)
    assert called.code == 0
    assert f"[{label}] " in called.out
    assert "hint: " in called.out
    document = cli("inspect", path, "--json").json
    (operator,) = document["subgraphs"][0]["operators"]
    assert (operator["verdict"], operator["label"]) == (verdict, label)
    assert document["totals"]["run"] == 0


def test_all_refusals_at_once(cli: Cli, tmp_path: Path) -> None:
    document = cli("inspect", models.write(tmp_path / "m", models.three_refusals()), "--json").json
    operators = document["subgraphs"][0]["operators"]
    assert [o["verdict"] for o in operators] == ["refused", "runs", "refused"]


def test_oddities_and_what_other_engines_refuse(cli: Cli, tmp_path: Path) -> None:
    b = ModelBuilder()
    x = b.tensor("same", "UINT8", (1, 4), scale=0.5)
    y = b.tensor("same", "UINT8", (1, 4), scale=0.5)
    b.operator("ADD", [x, x], [y], version=6)
    path = models.write(tmp_path / "m.tflite", b.to_bytes([x], [y]))
    document = cli("inspect", path, "--json").json
    assert any("more than once" in oddity["text"] for oddity in document["oddities"])
    (operator,) = document["subgraphs"][0]["operators"]
    limits = {limit["engine"]: limit["reason"] for limit in operator["limits"]}
    assert limits == {
        "LiteRT BUILTIN_REF": "has ADD up to version 5, not 6",
        "TFLM": "has no ADD for UINT8",
    }
    text = cli("inspect", path).out
    assert "has ADD up to version 5, not 6" in text
    assert "more than once" in text


def test_several_subgraphs(cli: Cli, tmp_path: Path) -> None:
    b = ModelBuilder()
    _, other = b.subgraph("other")
    for graph in (b, other):
        x = graph.tensor("x", "INT8", (1, 4), scale=0.5)
        shape = graph.tensor("shape", "INT32", (1,), data=[4])
        y = graph.tensor("y", "INT8", (4,), scale=0.5)
        graph.operator("RESHAPE", [x, shape], [y])
        graph.close([x], [y])
    path = models.write(tmp_path / "m.tflite", b.to_bytes([0], [2]))
    called = cli("inspect", path)
    assert called.code == 0
    assert "subgraph 1 'other'" in called.out
    assert "2 of 2 operators run" in called.out
