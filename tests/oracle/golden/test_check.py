"""Checking a bundle: what is computed differently now is found, and the first of it named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.numerics.profiles import PROFILES, Profile
from refint8.oracle.golden import check_bundle, make_golden, write_bundle
from refint8.oracle.golden.contents import Golden
from refint8.oracle.golden.kits import kits
from tests.oracle.golden.goldens import convolutions


@pytest.fixture(scope="module")
def golden() -> Golden:
    return make_golden(convolutions(), samples=3)


def with_array(golden, sample, index, array):
    """The golden with another value of one tensor."""
    samples = [dict(each) for each in golden.samples]
    samples[sample][index] = array
    return dataclasses.replace(golden, samples=tuple(samples))


def padding():
    """SPACE_TO_BATCH_ND with padding, which a rule fills with the zero point or with 0."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 2, 2, 1), scale=0.5, zero_point=7)
    block = b.tensor("block", "INT32", (2,), data=[2, 2])
    paddings = b.tensor("paddings", "INT32", (2, 2), data=[[1, 1], [1, 1]])
    y = b.tensor("y", "INT8", (4, 2, 2, 1), scale=0.5, zero_point=7)
    b.operator("SPACE_TO_BATCH_ND", [x, block, paddings], [y], version=2)
    return b.model([x], [y])


def checked(golden, path):
    write_bundle(golden, path)
    return check_bundle(path)


@pytest.mark.parametrize("profile", [*PROFILES])
def test_every_profile_checks_by_its_own_rules(profile, tmp_path):
    found = checked(make_golden(convolutions(), profile, samples=2), tmp_path / "g")
    assert found
    assert found.golden.profile == profile
    assert found.first is None
    assert found.records == ()


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("sample", [0, 2])
def test_one_bit_of_one_element_is_named(golden, tmp_path, fast, sample, monkeypatch):
    monkeypatch.setenv("REFINT8_FAST", fast)
    tensor = next(t for t in golden.tensors if t.name == "sum0")
    array = golden.samples[sample][tensor.index].copy()
    array[0, 2, 3, 1] ^= 1
    found = checked(with_array(golden, sample, tensor.index, array), tmp_path / "g")
    assert not found
    (drift,) = found.drifts
    assert (drift.sample, drift.tensor) == (sample, tensor)
    assert (drift.diff.first, drift.diff.differing, drift.diff.largest) == ((0, 2, 3, 1), 1, 1)
    assert drift.diff.a == array[0, 2, 3, 1]
    assert drift.diff.b == golden.samples[sample][tensor.index][0, 2, 3, 1]


def test_the_first_is_first_in_execution(golden, tmp_path):
    wrong = golden
    for tensor in golden.tensors[:0:-1]:
        wrong = with_array(wrong, 1, tensor.index, np.full(tensor.shape, 77, np.int8))
    found = checked(wrong, tmp_path / "g")
    assert [d.tensor.name for d in found.drifts] == ["conv0", "sum0", "conv1", "sum1", "scores"]
    assert found.first.tensor.operator == 0


def test_other_inputs_drift_everywhere_downstream(golden, tmp_path):
    x = golden.tensors[0]
    found = checked(with_array(golden, 0, x.index, golden.samples[1][x.index]), tmp_path / "g")
    assert found.first.tensor.name == "conv0"
    assert {drift.sample for drift in found.drifts} == {0}


def test_a_tensor_that_is_no_longer_computed_is_drift(golden, tmp_path):
    extra = dataclasses.replace(golden.tensors[1], index=99, name="extra")
    samples = [{**each, 99: each[golden.tensors[1].index]} for each in golden.samples]
    wrong = dataclasses.replace(golden, tensors=(*golden.tensors, extra), samples=tuple(samples))
    found = checked(wrong, tmp_path / "g")
    assert [drift.diff.problem for drift in found.drifts] == ["not computed"] * 3


def test_another_dtype_is_drift(golden, tmp_path):
    index = golden.tensors[1].index
    tensors = [dataclasses.replace(t, dtype="UINT8") if t.index == index else t for t in
               golden.tensors]  # fmt: skip
    wrong = dataclasses.replace(golden, tensors=tuple(tensors))
    for sample in range(3):
        wrong = with_array(wrong, sample, index, golden.samples[sample][index].view(np.uint8))
    assert checked(wrong, tmp_path / "g").first.diff.problem == "dtype uint8 against int8"


def test_a_profile_of_the_users_own_is_recomputed_from_its_rules(tmp_path):
    rules = dataclasses.replace(PROFILES["tflite"].rules, space_to_batch_pad="zero")
    made = make_golden(padding(), Profile("mine", "", "", rules))
    assert (made.profile, made.rules["space_to_batch_pad"]) == ("mine", "zero")
    assert checked(made, tmp_path / "a")
    # The same tensors under the name, but with the rules of another: it is the rules that count.
    usual = dataclasses.replace(made, rules=PROFILES["tflite"].rules.assignment())
    assert not checked(usual, tmp_path / "b")


def test_a_rule_that_did_not_exist_yet_is_as_the_profile_has_it(tmp_path):
    made = make_golden(convolutions(), "tflm", samples=1)
    older = {name: kind for name, kind in made.rules.items() if name != "mul_scale"}
    assert checked(dataclasses.replace(made, rules=older), tmp_path / "g")


@pytest.mark.parametrize("rules", [{"requantize": "by_dice"}, {"moon": "full"}])
def test_rules_of_the_future_are_refused(golden, rules, tmp_path):
    future = dataclasses.replace(golden, rules={**golden.rules, **rules}, version="99.0")
    with pytest.raises(UsageError, match=r"made by refint8 99.0 with the rule \w+=") as caught:
        checked(future, tmp_path / "g")
    assert caught.value.hint == "upgrade refint8"


def test_records_that_read_differently_are_told_but_no_drift(golden, tmp_path):
    operators = list(golden.operators)
    operators[2] = dataclasses.replace(operators[2], record={"kind": "Conv", "older": 1})
    found = checked(dataclasses.replace(golden, operators=tuple(operators)), tmp_path / "g")
    assert found
    assert found.records == (2,)


def test_a_golden_without_its_inputs_is_refused(golden, tmp_path):
    blind = dataclasses.replace(golden, tensors=golden.tensors[1:])
    with pytest.raises(UsageError, match="the model's inputs are not in it"):
        checked(blind, tmp_path / "g")


def test_an_operator_alone_is_a_bundle_too_constants_included(golden, tmp_path):
    for kit in kits(golden):
        found = checked(kit.golden, tmp_path / kit.folder)
        assert found
        assert found.tensors == 3 * len(kit.golden.tensors)
    conv = kits(golden)[0].golden
    weights = next(t for t in conv.tensors if t.role == "constant" and t.dtype == "INT8")
    wrong = with_array(conv, 1, weights.index, conv.samples[1][weights.index] ^ 1)
    assert checked(wrong, tmp_path / "wrong").first.tensor == weights
