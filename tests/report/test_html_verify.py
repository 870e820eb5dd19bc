"""A verdict on a dump as a page: what it shows, what it leaves out; it believes no name."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.model.reader import read_model
from refint8.oracle.golden.contents import Dump, DumpProblem
from refint8.oracle.golden.make import make_golden
from refint8.oracle.verify.closer import difference_maps, explained_verdicts
from refint8.oracle.verify.run import verify
from refint8.oracle.verify.waivers import Waiver
from refint8.report.html.render import render
from refint8.report.html.verify import verify_page
from tests.report.pages import BIAS, HOSTILE, Parsed, chain, read_wrongly

CONV, POOL, SOFTMAX = 3, 4, 5


def golden_of(model):
    return make_golden(model, "tflite", samples=2, seed=7)


def dump_of(golden, *, faulty=True, without=()):
    """What a device with a wrongly read bias computes."""
    content = read_wrongly(golden.model) if faulty else golden.model
    session = Session(read_model(content), "tflite")
    made = []
    for sample in golden.samples:
        result = session.run({i: sample[i] for i in session.plan.subgraph.inputs})
        made.append({i: result[i].copy() for i in sample if i not in without})
    return Dump("board/", tuple(made))


def drawn(report, command=""):
    content = render(verify_page(report, "golden", "board", command))
    return content, Parsed(content)


@pytest.fixture(scope="module")
def golden():
    return golden_of(chain(side=8))


@pytest.fixture(scope="module")
def report(golden):
    return verify(golden, dump_of(golden))


def test_what_the_page_says(report):
    content, page = drawn(report, "refint8 verify golden board")
    text = " ".join("".join(page.texts).split())
    for said in (
        "refint8 verify golden board",
        "board against conv.tflite, profile tflite",
        report.golden.model_sha256,
        "2 input sets, seeded, seed 7",
        "first divergence: #0 CONV_2D",
        "first divergence, cause",
        "against the golden",
        "sum of products",
        "refint8 explain golden/model.tflite --tensor 3 --at",
    ):
        assert said in text
    assert page.open == []
    assert len(content) < 1 << 18


def test_maps_count_what_the_verdict_counts(report):
    maps = difference_maps(report, 10)
    differing = {t.tensor.index: t.result for t in report.tensors if t.differs}
    assert set(maps) == set(differing) >= {CONV, POOL}
    for index, found in maps.items():
        assert found.differing == differing[index].differing
        assert found.elements == differing[index].elements
        assert found.first[0].sample == differing[index].sample
        assert found.first[0].index == differing[index].diff.first
    assert maps[CONV].channels.differing[0][0] == 0
    assert maps[CONV].channels.differing[0][1] == maps[CONV].differing
    assert list(difference_maps(report, 1)) == [CONV]


def test_only_causes_on_the_goldens_values_are_explained(report):
    explained = explained_verdicts(report, difference_maps(report, 10))
    assert list(explained) == [CONV]
    (first, *_) = explained[CONV].elements
    assert explained[CONV].explanations[0].a.value == first.ours
    assert explained[CONV].explanations[0].index == first.index


def test_a_second_cause_is_mapped_against_its_own_inputs(golden):
    dump = dump_of(golden)
    for sample in dump.samples:
        sample[SOFTMAX][0, 1, 2, 3] ^= 1
        sample[SOFTMAX][0, 1, 2, 0] ^= 1
    report = verify(golden, dump)
    softmax = report.operators[-1]
    assert softmax.role == "cause"
    (alone,) = softmax.isolated.tensors
    assert alone.map.differing == alone.differing == 4
    assert alone.map.channels.differing == ((2, 0, 0, 2),)
    assert alone.map.plane.differing[1][2] == 4
    (row,) = (row for row in verify_page(report, "g", "d").parts[0].rows if row.number == 2)
    assert row.alone == "4/128"
    assert row.detail.views[0].summary.startswith("4 of 128 elements differ over 2 input sets")
    assert row.detail.passages == ()


def test_rows_in_order_and_the_heirs_verdict(report):
    (part,) = verify_page(report, "golden", "board").parts
    rows = {row.tensor: row for row in part.rows}
    assert [row.number for row in part.rows] == sorted(row.number for row in part.rows)
    assert (rows["conv"].tone, rows["pool"].tone) == ("bad", "warn")
    assert rows["pool"].verdict.startswith("inherited")
    assert rows["pool"].alone.startswith("0/")
    assert rows["pool"].detail.passages == ()


def test_equal_partial_and_empty_dumps(golden):
    equal = verify_page(verify(golden, dump_of(golden, faulty=False)), "g", "d")
    assert (equal.verdict, equal.tone) == ("equal", "good")
    assert all(row.tone == "good" and row.detail is None for row in equal.parts[0].rows)
    partial = verify(golden, dump_of(golden, faulty=False, without=(CONV,)))
    page = verify_page(partial, "g", "d")
    assert (page.verdict, page.tone) == ("partial", "warn")
    assert [row.verdict for row in page.parts[0].rows if row.tensor == "conv"] == ["missing"]
    nothing = verify_page(verify(golden, Dump("d", ({}, {}))), "g", "d")
    assert (nothing.verdict, nothing.tone) == ("unusable", "bad")
    lacking = verify_page(verify(golden, dump_of(golden, without=(SOFTMAX,))), "g", "d")
    assert any("missing: softmax" in note for note in lacking.parts[0].notes)
    for each in (equal, page, nothing, lacking):
        assert Parsed(render(each)).open == []


def test_problems_and_waivers_are_told(golden):
    dump = dump_of(golden)
    problems = tuple(DumpProblem(f"file{n}", "too short", CONV, 0) for n in range(9))
    problems += tuple(DumpProblem(f"stray{n}", "no tensor's") for n in range(50))
    waiver = Waiver("agreed on", tensor="pool", until=datetime.date(2030, 1, 1))
    report = verify(
        golden,
        replace(dump, problems=problems),
        waivers=[waiver],
        today=datetime.date(2027, 1, 1),
    )
    page = verify_page(report, "g", "d")
    assert page.notes[0] == "stray0: no tensor's"
    assert page.notes[-1] == "and 30 more problems"
    rows = {row.tensor: row for row in page.parts[0].rows}
    assert rows["conv"].verdict == "cannot be compared"
    assert ("problem", "file0: too short") in rows["conv"].detail.facts
    assert rows["pool"].verdict.startswith("waived, inherited")
    assert any("agreed on" in note for note in page.parts[0].notes)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    golden = golden_of(chain((name, f"p{name}", f"s{name}")))
    problems = (DumpProblem(name, name), DumpProblem(name, name, POOL, 0))
    report = verify(golden, replace(dump_of(golden), problems=problems))
    content = render(verify_page(report, name, name, name))
    page = Parsed(content)
    assert page.open == []
    assert page.tags.count("script") == 1
    assert page.handlers == []
    assert name in "".join(page.texts)


def test_a_golden_of_given_inputs_has_no_command_that_would_lie(golden):
    given = replace(golden, seed=None)
    page = verify_page(verify(given, dump_of(given)), "g", "d")
    assert all(row.detail is None or row.detail.commands == () for row in page.parts[0].rows)


def test_the_bias_is_where_it_is_thought_to_be():
    assert read_wrongly(chain().content) != chain().content
    assert np.array(BIAS, "<i4").tobytes() in chain().content
