"""The HTML report as a file: it parses, needs nothing else, stays small, believes no name."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.diff_map import diff_map
from refint8.oracle.explained import explained_comparison
from refint8.oracle.random_inputs import random_inputs
from refint8.report.html import bounds
from refint8.report.html.crosscheck import Arguments, Checked, crosscheck_page
from refint8.report.html.pictures import LEVELS, channels, histogram, plane, png
from refint8.report.html.render import render
from refint8.report.html.wording import visible
from tests.report.pages import HOSTILE, Device, Parsed, chain

CONV = 3
MEGABYTE = 1 << 20


def checked(model, *targets, **options):
    report = crosscheck(model, list(targets), mode="both", samples=2, seed=7, **options)
    sets = random_inputs(model, 2, 7)
    told = [explained_comparison(model, sets, each) for each in report.comparisons]
    return Checked(report, told)


@pytest.fixture(scope="module")
def faulty():
    return checked(chain(), Device())


def parsed(*each, **options):
    content = render(crosscheck_page(each, Arguments(**options)))
    return content, Parsed(content)


def test_the_page_parses_and_refers_to_nothing_else(faulty):
    content, page = parsed(faulty)
    assert page.open == []
    assert all(re.match(r"#|data:image/png;base64,", address) for address in page.addresses)
    assert any(address.startswith("data:") for address in page.addresses)
    assert page.handlers == []
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert "link" not in page.tags
    text = content.decode()
    assert not re.search(r"https?://|@import|url\(", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert len(content) < MEGABYTE // 4


def test_what_the_page_says(faulty):
    _, page = parsed(faulty, command="refint8 crosscheck m.tflite")
    text = " ".join("".join(page.texts).split())
    (comparison,) = faulty.report.comparisons
    first = comparison.first
    for said in (
        "refint8 crosscheck m.tflite",
        faulty.report.sha256,
        "device 1.0",
        "2 input sets, seeded, seed 7",
        f"{first.differing}/{first.elements}",
        "first divergence, cause",
        "in the model, and the same alone",
        "where, in space",
        "channels 0 to 3",
        "why: the arithmetic of the first elements",
        "sum of products",
        "Python",
    ):
        assert said in text


def test_the_same_report_is_the_same_file(faulty):
    assert parsed(faulty)[0] == parsed(faulty)[0]


def test_causes_have_maps_and_explanations_and_heirs_only_maps(faulty):
    (part,) = crosscheck_page([faulty]).parts
    by_number = {row.number: row for row in part.rows}
    assert part.rows[0].tone == "bad"
    assert by_number[0].detail.passages
    assert by_number[0].detail.views[0].plane is not None
    assert by_number[1].verdict == "inherited"
    assert by_number[1].detail.views
    assert by_number[1].detail.passages == ()


def test_equal_is_said_and_has_nothing_to_unfold():
    (part,) = crosscheck_page([checked(chain(), Device(faulty=False))]).parts
    assert (part.verdict, part.tone) == ("equal", "good")
    assert [row.detail for row in part.rows] == [None] * 3


def test_a_profile_that_fits_is_named():
    device = Device(faulty=False, profile="xnnpack")
    page = crosscheck_page([checked(chain(side=32), device, profile="tflite")])
    row = page.parts[0].rows[0]
    assert row.detail.verdict.startswith("profiles ")
    assert {"xnnpack", "litert-opt"} <= set(re.findall(r"[\w-]+", row.detail.verdict))
    assert "by rule convolution" in row.detail.passages[0].text
    assert " -p tflite -a litert-opt " in row.detail.commands[1].line


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    found = checked(chain((name, f"p{name}", f"s{name}")), Device(name=name))
    hostile = replace(found.report, model=name)
    content, page = parsed(
        Checked(hostile, found.explained), command=name, unreadable={name: f"{name}: no model"}
    )
    assert page.open == []
    assert page.tags.count("script") == 1
    assert page.handlers == []
    assert all(re.match(r"#|data:image/png;base64,", address) for address in page.addresses)
    assert name in "".join(page.texts)
    assert name.encode() not in content or not set(name) & set("<>\"'&")


def test_what_cannot_be_seen_is_spelled_out():
    assert visible("a\u202eb\x00c\x1b[31m\u200d") == "a\\u202eb\\x00c\\x1b[31m\\u200d"
    assert visible("\udc80") == "\\udc80"
    assert visible("näme/日本\n\t") == "näme/日本\n\t"
    assert len(visible("x" * 10_000)) == 1000


def test_a_name_without_end_is_cut():
    content, _ = parsed(checked(chain(("n" * 3_000_000, "p", "s")), Device()))
    assert len(content) < MEGABYTE // 2


def test_many_operators_and_targets_stay_within_bounds(faulty, monkeypatch):
    monkeypatch.setattr(bounds, "ROWS", 200)
    monkeypatch.setattr(bounds, "DETAILS", 10)
    (comparison,) = faulty.report.comparisons
    findings = tuple(
        replace(comparison.findings[n % 3], operator=n, operator_name=f"OP{n}") for n in range(500)
    )
    report = replace(faulty.report, comparisons=(replace(comparison, findings=findings),) * 3)
    page = crosscheck_page([Checked(report)])
    assert sum(len(part.rows) for part in page.parts) == 200
    assert sum(row.detail is not None for part in page.parts for row in part.rows) == 10
    assert [row.number for row in page.parts[0].rows] == sorted(
        row.number for row in page.parts[0].rows
    )
    assert page.parts[0].rows[0].tone == "bad"
    assert "left out for size: 300 rows" in page.parts[0].omitted


def test_the_largest_page_is_a_few_megabytes(faulty):
    """Everything at its bound: the widest maps in every row that unfolds."""
    random = np.random.default_rng(1)
    ours = random.integers(-128, 128, (1, 128, 128, 300), np.int8)
    theirs = random.integers(-128, 128, ours.shape, np.int8)
    wide = diff_map([(0, ours, theirs)])
    (comparison,) = faulty.report.comparisons
    finding = comparison.findings[0]
    result = replace(finding.tensors[0], map=wide, name="n" * 2000)
    other = replace(result, map=replace(wide, samples=2))
    alone = replace(finding.alone, tensors=(other,))
    findings = tuple(
        replace(finding, operator=n, tensors=(result,), alone=alone) for n in range(20_000)
    )
    report = replace(faulty.report, comparisons=(replace(comparison, findings=findings),))
    content, page = parsed(Checked(report))
    assert page.open == []
    assert len(content) < 4 * MEGABYTE


def test_a_tensor_without_space_or_with_another_shape():
    def cut(number, tensors):
        if CONV in tensors:
            tensors[CONV] = tensors[CONV][:, 1:]

    (part,) = crosscheck_page([checked(chain(), Device(faulty=False, change=cut))]).parts
    (view, *_) = part.rows[0].detail.views
    assert view.histogram is view.channels is view.plane is None
    assert "shape (1, 6, 6, 4) against (1, 5, 6, 4)" in view.summary


def test_pictures_count_right():
    ours = np.zeros((1, 2, 3, 2), np.int8)
    theirs = ours.copy()
    theirs[0, 1, 2] = 3, -3
    theirs[0, 0, 0, 1] = -3
    found = diff_map([(0, ours, theirs)])
    drawn = histogram(found)
    assert [bar.title for bar in drawn.bars] == ["-3: 2", "+3: 1"]
    assert [bar.height for bar in drawn.bars] == [110.0, 55.0]
    assert channels(found).note == "2 of 2 bars differ; most: 1 (2 of 6), 0 (1 of 6)"
    assert plane(found).note == "densest at 1,2: 2 of 2"
    assert (plane(found).width, plane(found).height) == (72, 48)


def test_the_png_is_one():
    content = png(np.array([[0, LEVELS, 1]], np.uint8))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    place, kinds = 8, []
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        body = content[place + 4 : place + 8 + length]
        assert zlib.crc32(body).to_bytes(4, "big") == content[place + 8 + length :][:4]
        kinds.append(body[:4])
        if body[:4] == b"IDAT":
            assert zlib.decompress(body[4:]) == bytes([0, 0, LEVELS, 1])
        place += 12 + length
    assert kinds == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
