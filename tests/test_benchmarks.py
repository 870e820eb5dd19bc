"""The benchmarks measure what they say, on any machine, with or without the corpora."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import corpora, document, operators, readme, timing
from benchmarks.batches import refint8 as refint8_batch
from benchmarks.breakdown import breakdown
from benchmarks.latency import Latency, in_child, measure
from benchmarks.native_loops import (
    accumulators,
    macs_per_dot,
    measure_peak,
    memory_store,
    peak_kernel,
)
from benchmarks.operator_case import Case
from benchmarks.operator_models import cases
from benchmarks.tables import document_blocks, duration
from benchmarks.throughput import Throughput
from refint8.demo import DATA, examples, images
from refint8.engine.macs import plan_macs
from refint8.engine.runner import NativeCall
from refint8.engine.session import Session
from refint8.model.reader import read_model
from refint8.native.cpu import TIERS, runnable
from refint8.native.memory import aligned_block
from refint8.report.table import plain

MODEL = DATA / "mnist_int8.tflite"


def test_turns_are_taken_by_all_and_medians_are_theirs():
    order = []
    clock = {"a": 0.001, "b": 0.02}

    def call(name):
        order.append(name)
        end = timing.time.perf_counter() + clock[name]
        while timing.time.perf_counter() < end:
            pass

    found = timing.interleaved({name: lambda name=name: call(name) for name in clock}, 0.05)
    assert 0.001 <= found["a"] < 0.02 <= found["b"]
    turns = "".join(order).replace("aaaa", "a")
    assert turns.count("ab") >= timing.FEWEST_SLOW


def test_the_geometric_mean_of_nothing_is_not_a_number_but_none():
    assert timing.geometric_mean([]) is None
    assert timing.geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def test_without_corpora_the_packaged_models_are_measured(tmp_path):
    found, notes = corpora.first_set(tmp_path)
    assert found == [] and len(notes) == len(corpora.FIRST_SET)
    assert corpora.largest(tmp_path) == []
    assert len(corpora.packaged()) == len(examples())
    assert corpora.named("mnist_int8", tmp_path).path == MODEL
    with pytest.raises(SystemExit):
        corpora.named("no such model", tmp_path)


def test_a_missing_model_has_a_stand_in_under_its_own_name(tmp_path):
    folder = tmp_path / "models" / "x"
    folder.mkdir(parents=True)
    (folder / "mobilenet_v1_0.5_160_quant.tflite").touch()
    found, notes = corpora.first_set(tmp_path)
    assert [subject.label for subject in found] == ["MobileNetV1 0.5-160 uint8"]
    assert any("stands in" in note for note in notes)


def test_the_first_set_has_mlperf_tinys_four():
    labels = [label for label, _ in corpora.FIRST_SET]
    assert len(labels) == 8 and sum("MLPerf Tiny" in label for label in labels) == 4


@pytest.mark.parametrize("tier", [tier for tier in TIERS if runnable(tier)], ids=lambda t: t.name)
def test_the_peak_loop_does_every_dot_product(tier):
    rounds, lanes, count = 3, tier.lanes, accumulators(tier)
    operands, result = aligned_block(256), aligned_block(64 * count)
    operands[:] = np.arange(256) * 37 % 251
    words = np.array([rounds, operands.ctypes.data], np.int64)
    kernel = peak_kernel(tier)
    call = NativeCall(memory_store().addresses([kernel])[kernel.name])
    call(int(words.ctypes.data), int(result.ctypes.data))
    got = result[: 4 * lanes * count].view(np.int32).reshape(count, lanes)
    size = 4 * lanes
    totals = np.repeat(np.arange(count, dtype=np.int32)[:, None], lanes, axis=1)
    per_lane = macs_per_dot(tier) // lanes
    for _ in range(rounds):
        if tier.fused:
            x = operands[:size].astype(np.int64)
            w = operands[size : 2 * size].view(np.int8).astype(np.int64)
        else:
            x = totals.view(np.int16).reshape(count, -1).astype(np.int64)
            w = operands[size : 2 * size].view(np.int16).astype(np.int64)
        dots = (x * w).reshape(*x.shape[:-1], lanes, per_lane).sum(axis=-1)
        totals = (totals + dots).astype(np.int32)
    assert np.array_equal(got, totals)
    assert len(np.unique(got)) > count


def test_the_peak_is_a_speed():
    assert measure_peak(0.01) > 1e9


def test_a_breakdown_has_every_instruction_and_multiplication():
    found = breakdown(MODEL, "mnist", seconds=0.02)
    plan = Session(read_model(MODEL), fast=False).plan
    assert found.macs == plan_macs(plan) > 0
    names = {step.operator.title for step in plan.steps}
    assert {part.operator for part in found.parts} <= names
    assert {"CONV_2D", "FULLY_CONNECTED"} <= {part.operator for part in found.parts}
    assert all(part.seconds >= 0 for part in found.parts)
    assert 0 < found.total < 20 * found.whole


@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_gives_what_the_spec_gives(threads):
    example = next(one for one in examples() if one.name == "mnist_int8")
    samples = example.table[images()[0][:7]]
    model = read_model(MODEL)
    graph = model.subgraphs[0]
    session = Session(model, fast=False)
    shape = graph.tensors[graph.inputs[0]].shape
    samples = samples.reshape(-1, *shape[1:])
    rows = [session.run({graph.inputs[0]: sample[None]})[graph.outputs[0]][0] for sample in samples]
    assert np.array_equal(refint8_batch(MODEL, threads)(samples), np.stack(rows))


def test_a_child_that_dies_is_an_answer():
    reply = in_child("benchmarks.no_such_module", {}, 30.0)
    assert isinstance(reply, str) and "exit code 1" in reply


@pytest.mark.usefixtures("litert")
def test_latency_is_measured_and_checked_against_the_reference():
    engines = ["refint8", "refint8 litert-ref", "litert ref"]
    found = measure(corpora.Subject("mnist", MODEL), engines, 0.05)
    assert set(found.seconds) == set(engines) and not found.refused
    assert found.equal is True and found.elements == 10 and found.macs > 0


def test_operator_models_are_planned_and_have_names_of_their_own():
    made = list(cases())
    assert len({case.name for case in made}) == len(made) > 300
    for case in made:
        plan = Session(read_model(case.model()), "litert-ref", fast=False).plan
        assert [step.operator.name for step in plan.steps] == [case.operator]


@pytest.mark.usefixtures("litert")
def test_operators_are_measured_and_compared():
    (found,) = operators.measure(operators.chosen(["right_shift int8"]), 0.02)
    assert found.equal is True and found.elements == 64**3
    assert set(found.seconds) == {operators.OWN, operators.THEIRS}


def test_an_operator_that_kills_its_process_is_one_refusal(monkeypatch, tmp_path):
    child = tmp_path / "benchmarks"
    child.mkdir()
    (child / "__init__.py").write_text("")
    (child / "operators.py").write_text(DYING)
    monkeypatch.setattr(operators, "CHECKOUT", tmp_path)
    monkeypatch.setattr(Case, "model", lambda _: b"")
    found = operators.measure([Case(name, "m", [], []) for name in "abc"])
    assert [one.label for one in found] == ["a m", "b m", "c m"]
    assert [one.refused for one in found] == [{}, {operators.THEIRS: "exit code 9"}, {}]


DYING = """
import json, sys
for label, _ in json.loads(sys.argv[1])["subjects"]:
    if label == "b m":
        sys.exit(9)
    print("noise")
    print("refint8-case " + json.dumps({"label": label}), flush=True)
"""


def latency(label, **seconds):
    named = {name.replace("_", " "): value for name, value in seconds.items()}
    return vars(Latency(label, 10, named, equal=True))


def operator(label, ratio):
    seconds = {"refint8 litert-ref": 1.0, "litert ref": ratio}
    return vars(Latency(label, seconds=seconds, equal=True, elements=5))


def example_document():
    first = [
        latency("a", refint8=1.0, xnnpack=1.0, litert_ref=50.0),
        latency("b", refint8=1.0, xnnpack=4.0, litert_ref=200.0),
        latency("c", xnnpack=4.0),
    ]
    batch = vars(
        Throughput("a", seconds={"refint8": 1.0, "xnnpack loop": 3.0, "xnnpack each": 2.0})
    )
    made = {
        "schema": document.SCHEMA,
        "machine": {"tier": "generic"},
        "versions": {"ai-edge-litert": "1.2.3", "tflite-micro": None},
        "notes": [],
        "first_set": first,
        "largest": [],
        "int16x8": [latency("w", refint8=1.0, xnnpack=30.0, litert=25.0, litert_ref=90.0)],
        "tier_below": {"tier": None, "latency": []},
        "throughput": [batch],
        "mnist": {"seconds": {"litert loop": 12.0, "refint8 batch, 1 thread": 1.0}}
        | {"accuracy": {"litert loop": 0.97, "refint8 batch, 1 thread": 0.97}},
        "startup": {"label": "a", "imports": {"refint8": 0.2}, "whole": {}, "heavy": {}},
        "memory": {"a": {"refint8": 10**8}},
        "peak": 100e9,
        "products": [{"kernel": "k", "depth": 64, "speed": 95e9}],
        "breakdown": [],
        "operators": [operator("ADD INT8", 4.0), operator("NEG INT8", 0.5)],
    }
    made["figures"] = document.figures(made)
    return json.loads(json.dumps(made))


def test_figures_say_what_is_met_and_what_was_not_measured():
    found = {one["name"]: one for one in example_document()["figures"]}
    mean = found["XNNPACK / refint8, first set"]
    assert mean["value"] == pytest.approx(2.0) and mean["met"] is True
    assert mean["detail"] == "2 of 3 models"
    assert found["the same, the slowest model"]["value"] == 1.0
    assert found["int16x8, LiteRT's fastest / refint8"]["value"] == 25.0
    batch = found["batch of 256 on 2 threads, XNNPACK / refint8"]
    assert batch["value"] == pytest.approx(3.0)
    assert found["MNIST, LiteRT's loop / refint8's batch"]["value"] == 12.0
    assert found["import refint8, seconds"]["met"] is False
    assert found["first result, empty cache, seconds"]["met"] is None
    slowest = found["LiteRT's reference / refint8, the slowest operator"]
    assert slowest["value"] == 0.5 and slowest["met"] is False
    assert slowest["detail"] == "NEG INT8, of 2"
    assert found["int8 product, of the CPU's peak"]["value"] == pytest.approx(0.95)


def test_a_document_can_be_shown():
    text = "\n".join(plain(block) for block in document_blocks(example_document()))
    assert "2.00" in text and "geometric mean" in text


def test_the_readme_is_rewritten_between_its_markers(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n", encoding="utf-8")
    readme.rewrite(path, example_document())
    once = path.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{readme.BEGIN}\n| model |") and once.endswith("\nafter\n")
    assert "old" not in once and "| a | 1.00 s | 1.00x | - | 50.0x | - | 3.00x |" in once
    assert "| c |" not in once, "a model that refint8 did not run"
    readme.rewrite(path, example_document())
    assert path.read_text(encoding="utf-8") == once
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit):
        readme.rewrite(path, example_document())


def test_the_command_shows_a_document_again(tmp_path):
    source = tmp_path / "document.json"
    source.write_text(json.dumps(example_document()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--from", str(source)],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Figures" in done.stdout


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (1.5, "1.50 s"), (0.0123, "12.3 ms"), (2.5e-6, "2.50 us"), (3e-8, "30.0 ns")],
)
def test_durations_have_three_digits(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.long
def test_everything_is_measured_without_corpora(tmp_path):
    target = tmp_path / "document.json"
    options = ["--corpora", str(tmp_path), "--seconds", "0.1", "--json", str(target)]
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=Path(__file__).resolve().parents[1],
        check=True,
        timeout=600,
    )
    assert json.loads(target.read_text(encoding="utf-8"))["schema"] == document.SCHEMA
