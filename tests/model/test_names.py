"""Tensors by what a user calls them, and the nearest when there is none."""

from __future__ import annotations

import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.model.names import nearest, tensor_of


@pytest.fixture(scope="module")
def graph():
    b = ModelBuilder()
    for name in ("model/conv1/Relu", "model/conv2/Relu", "model/dense/BiasAdd", "7", "7"):
        b.tensor(name, "INT8", (1,), scale=0.5)
    return b.model([0], [1]).subgraphs[0]


@pytest.mark.parametrize(
    "name, index", [("model/conv2/Relu", 1), (2, 2), ("2", 2), ("7", 3), ("0", 0)]
)
def test_by_name_and_by_index(graph, name, index):
    assert tensor_of(graph, name).index == index


@pytest.mark.parametrize("index", [5, -1, "5", "99", "-1"])
def test_an_index_outside_says_which_there_are(graph, index):
    with pytest.raises(UsageError, match=f"there is no tensor {index}") as error:
        tensor_of(graph, index)
    assert error.value.hint == "the model's tensors are 0 to 4"
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    "name, first",
    [
        ("model/conv1/Rleu", "'model/conv1/Relu'"),
        ("conv2", "'model/conv2/Relu'"),
        ("BIASADD", "'model/dense/BiasAdd'"),
    ],
)
def test_a_name_that_does_not_exist_names_the_nearest(graph, name, first):
    with pytest.raises(UsageError, match="there is no tensor") as error:
        tensor_of(graph, name)
    assert error.value.hint.startswith(f"the nearest: {first}")


def test_nothing_is_near():
    assert nearest("zzz", ["a", "b", "c", "d"]) == "there are: 'a', 'b', 'c'"
    assert nearest("", []) == "there are: "
