"""Many samples: the bits of single runs, whatever the number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refint8
from refint8.demo import DATA
from refint8.engine import batch, lane
from refint8.engine.batch import Batch, kernels_of, run_batch
from refint8.engine.edges import ROUNDINGS
from refint8.engine.lane import Turn
from refint8.engine.plan import make_plan
from refint8.engine.program import Interlude, Program, lower
from refint8.engine.samples import sample_count
from refint8.engine.session import Session
from refint8.engine.widen import WIDTH, widened
from refint8.errors import DomainError, UsageError
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.model.types import NUMPY_DTYPE, Model
from refint8.native.cpu import tier
from refint8.numerics.profiles import profile
from refint8.ops.add import Add
from tests.engine.models import a_variable, add_and_relu
from tests.engine.state_models import accumulator

Array = Any
RNG = np.random.default_rng(5)


def dense(batch: int = 1, *, relu: str = "NONE", last: str = "SOFTMAX") -> Model:
    """Two FULLY_CONNECTED layers and one more operator."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (batch, 20), scale=0.05, zero_point=-7)
    w = b.tensor("w", "INT8", (17, 20), scale=0.01, data=RNG.integers(-127, 128, (17, 20)))
    bias = b.tensor("b", "INT32", (17,), data=RNG.integers(-900, 900, 17))
    v = b.tensor("v", "INT8", (5, 17), scale=0.02, data=RNG.integers(-127, 128, (5, 17)))
    h = b.tensor("h", "INT8", (batch, 17), scale=0.04, zero_point=3)
    s = b.tensor("s", "INT8", (batch, 5), scale=0.1, zero_point=1)
    y = b.tensor("y", "INT8", (batch, 5), scale=1 / 256, zero_point=-128)
    b.operator("FULLY_CONNECTED", [x, w, bias], [h], version=4, fused_activation_function="RELU")
    b.operator("FULLY_CONNECTED", [h, v], [s], version=4)
    b.operator(last, [s], [y], version=2, **({"beta": 1.0} if last == "SOFTMAX" else {}))
    return b.model([x], [y])


def convolution() -> Model:
    """CONV_2D, two outputs: one with the samples' dimension, one reshaped away from it."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 5, 5, 3), scale=0.5, zero_point=3)
    w = b.tensor("w", "INT8", (4, 3, 3, 3), scale=0.1, data=RNG.integers(-127, 128, (4, 3, 3, 3)))
    y = b.tensor("y", "INT8", (1, 3, 3, 4), scale=9.0, zero_point=-2)
    shape = b.tensor("shape", "INT32", (2,), data=[9, 4])
    z = b.tensor("z", "INT8", (9, 4), scale=9.0, zero_point=-2)
    window = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    b.operator("CONV_2D", [x, w], [y], version=3, padding="VALID", **window)
    b.operator("RESHAPE", [y, shape], [z])
    return b.model([x], [y, z])


def two_inputs() -> Model:
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (2, 3), scale=0.5)
    y = b.tensor("y", "INT8", (2, 3), scale=0.75, zero_point=4)
    z = b.tensor("z", "INT8", (2, 3), scale=0.6)
    b.operator("ADD", [x, y], [z], version=2)
    return b.model([x, y], [z])


def with_constants() -> Model:
    """Outputs that no run computes: a constant, and a shape."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    y = b.tensor("y", "INT8", (1, 4), scale=0.5)
    constant = b.tensor("c", "INT8", (3,), scale=0.5, data=[1, 2, 3])
    shape = b.tensor("shape", "INT32", (2,))
    b.operator("RELU", [x], [y], version=2)
    b.operator("SHAPE", [x], [shape], out_type="INT32")
    return b.model([x], [y, constant, shape])


def stacked_outputs(
    model: Model, inputs: dict[int, Array], name: str = "tflite", **options: Any
) -> dict[int, Array]:
    return Batch(model, name, **options).run(inputs)


MODELS = {
    "dense": dense,
    "dense logistic": lambda: dense(last="LOGISTIC"),
    "dense, two rows": lambda: dense(2),
    "convolution": convolution,
    "add": add_and_relu,
    "two inputs": two_inputs,
    "constants": with_constants,
}


def arrays(model: Model, count: int, seed: int = 0) -> dict[int, Array]:
    rng = np.random.default_rng(seed)
    graph = model.subgraphs[0]
    made = {}
    for index in graph.inputs:
        tensor = graph.tensors[index]
        dtype = NUMPY_DTYPE[tensor.dtype]
        shape = (count * tensor.shape[0], *tensor.shape[1:])
        if dtype.kind == "f":
            made[index] = rng.normal(0, 1, shape).astype(dtype)
        else:
            info = np.iinfo(dtype)
            made[index] = rng.integers(info.min, info.max + 1, shape).astype(dtype)
    return made


def one_by_one(model: Model, inputs: dict[int, Array], count: int, name: str) -> dict[int, Array]:
    """[samples, *shape], every sample by the specs of a session of its own inputs."""
    session = Session(model, name, fast=False)
    graph = model.subgraphs[0]
    found: dict[int, list[Array]] = {index: [] for index in graph.outputs}
    for k in range(count):
        sample = {i: np.split(array, count)[k] for i, array in inputs.items()}
        result = {**session.plan.values, **session.run(sample)}
        for index in graph.outputs:
            found[index].append(result[index])
    return {index: np.stack(values) for index, values in found.items()}


def assert_same(found: dict[int, Array], want: dict[int, Array]) -> None:
    assert found.keys() == want.keys()
    for index, value in want.items():
        assert found[index].dtype == value.dtype
        assert found[index].tobytes() == value.tobytes()
        assert found[index].shape == value.shape


@pytest.mark.parametrize("name", ["tflite", "litert-ref"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", [1, 2, 3, WIDTH - 1, WIDTH, 2 * WIDTH + 5])
def test_equal_to_single_runs(model: str, count: int, name: str) -> None:
    built = MODELS[model]()
    inputs = arrays(built, count)
    want = one_by_one(built, inputs, count, name)
    for threads in (1, 2, 3, 4, None):
        assert_same(stacked_outputs(built, inputs, name, threads=threads), want)


DENSE = dense()
CONVOLUTION = convolution()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 150), st.integers(1, 6), st.integers(0, 1 << 30), st.sampled_from("dc"))
def test_no_number_of_threads_changes_a_bit(
    count: int, threads: int, seed: int, which: str
) -> None:
    model = DENSE if which == "d" else CONVOLUTION
    inputs = arrays(model, count, seed)
    one = stacked_outputs(model, inputs, threads=1)
    assert_same(stacked_outputs(model, inputs, threads=threads), one)
    last = {index: array[-1:] for index, array in inputs.items()}
    alone = stacked_outputs(model, last)
    for index, value in alone.items():
        assert np.array_equal(value[0], one[index][-1])


@pytest.mark.parametrize("path", sorted(DATA.glob("*.tflite")), ids=lambda path: path.stem)
def test_packaged_models(path: Any) -> None:
    model = read_model(path)
    inputs = arrays(model, 40)
    want = one_by_one(model, inputs, 40, "litert-ref")
    for threads in (1, 4):
        assert_same(stacked_outputs(model, inputs, "litert-ref", threads=threads), want)


def test_outputs_are_joined_like_those_of_a_resized_model() -> None:
    model = convolution()
    (x,) = arrays(model, 6).values()
    found = run_batch(model, x)
    assert {name: value.shape for name, value in found.items()} == {
        "y": (6, 3, 3, 4),
        "z": (6, 9, 4),
    }
    assert np.array_equal(found["y"].reshape(6, 9, 4), found["z"])
    resized = Session(dense(), "tflite", {0: (6, 20)}, fast=False)
    (x,) = arrays(dense(), 6).values()
    model = resized.plan.model
    assert np.array_equal(
        run_batch(model, x)["y"], resized.run({0: x})[model.subgraphs[0].outputs[0]]
    )


def test_run_takes_many_samples() -> None:
    model = two_inputs()
    x, y = arrays(model, 5).values()
    found = refint8.run(model, {"x": x, "y": y})["z"]
    assert found.shape == (10, 3)
    for k in range(5):
        rows = slice(2 * k, 2 * k + 2)
        assert np.array_equal(found[rows], refint8.run(model, [x[rows], y[rows]])["z"])
    assert np.array_equal(found, run_batch(model, [x, y], threads=3)["z"])


def test_run_still_resizes_to_other_shapes() -> None:
    x = np.zeros((1, 3), np.int8)
    assert refint8.run(add_and_relu(), x[:, :1])["out"].shape == (1, 8)
    with pytest.raises(UsageError, match="was not given"):
        run_batch(two_inputs(), {"x": np.zeros((4, 3), np.int8)})


def test_run_gives_outputs_that_no_run_computes() -> None:
    for count in (1, 3):
        found = refint8.run(with_constants(), np.zeros((count, 4), np.int8))
        assert found["c"].reshape(-1, 3).tolist() == [[1, 2, 3]] * count
        assert found["shape"].reshape(-1, 2).tolist() == [[1, 4]] * count


def test_how_many_samples() -> None:
    model = two_inputs()

    def count(*shapes: tuple[int, ...]) -> int:
        return sample_count(model, {i: np.zeros(s, np.int8) for i, s in enumerate(shapes)})

    assert count((2, 3), (2, 3)) == 1
    assert count((8, 3), (8, 3)) == 4
    assert count((8, 3), (4, 3)) == 1
    assert count((3, 3), (3, 3)) == 1
    assert count((0, 3), (0, 3)) == 1
    assert count((8, 4), (8, 3)) == 1
    assert count((8,), (8, 3)) == 1
    assert count((), ()) == 1


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([np.zeros((4, 3), np.int8), np.zeros((6, 3), np.int8)], "equally often in all inputs"),
        ([np.zeros((3, 3), np.int8), np.zeros((3, 3), np.int8)], r"has shape \(3, 3\)"),
        ([np.zeros((4, 3), np.int8), np.zeros((4, 3), np.uint8)], "is INT8, not uint8"),
        ([np.zeros((0, 3), np.int8), np.zeros((0, 3), np.int8)], r"has shape \(0, 3\)"),
    ],
)
def test_wrong_samples(inputs: list[Array], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        run_batch(two_inputs(), inputs)


def test_no_threads() -> None:
    with pytest.raises(UsageError, match="0 threads"):
        run_batch(two_inputs(), [np.zeros((4, 3), np.int8)] * 2, threads=0)


def test_inputs_need_not_be_contiguous() -> None:
    x = arrays(DENSE, 80)[0]
    spread = np.zeros((160, 40), np.int8)
    spread[::2, ::2] = x
    assert_same(stacked_outputs(DENSE, {0: spread[::2, ::2]}), stacked_outputs(DENSE, {0: x}))


def test_state_goes_from_sample_to_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """One lane sees all samples in order; nothing runs beside it."""
    turns: list[Turn] = []
    plain = batch.Lane.run

    def run(self: Any, turn: Turn, *arrays: Any) -> None:
        turns.append(turn)
        plain(self, turn, *arrays)

    monkeypatch.setattr(batch.Lane, "run", run)
    x = np.random.default_rng(0).integers(-9, 10, (20, 3)).astype(np.int8)
    found = run_batch(accumulator(), x, threads=4)["after"]
    assert [(t.first, t.rounds, t.width) for t in turns] == [(0, 20, 1)]
    total = np.cumsum(x.astype(np.int64), axis=0)
    assert np.array_equal(found - total, np.broadcast_to([1, 2, 3], total.shape))


def program_of(model: Model, name: str = "tflite") -> Program:
    program = lower(make_plan(model, profile(name).rules), tier(), keep_all=False)
    assert program is not None
    return program


def test_dense_networks_are_widened_and_others_are_not() -> None:
    wide = widened(program_of(dense()), tier())
    assert wide is not None
    assert wide.plan.shapes[0] == (WIDTH, 20)
    two_rows = widened(program_of(dense(2)), tier())
    assert two_rows is not None
    assert two_rows.plan.shapes[0] == (2 * WIDTH, 20)
    for model in (convolution(), add_and_relu(), with_constants()):
        assert widened(program_of(model), tier()) is None


def mixing(name: str, **options: Any) -> Model:
    """A dense layer behind which rows do not stay apart when there are more of them."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 4), scale=0.5)
    w = b.tensor("w", "INT8", (4, 4), scale=0.1, data=np.eye(4))
    h = b.tensor("h", "INT8", (1, 4), scale=0.5)
    b.operator("FULLY_CONNECTED", [x, w], [h], version=4)
    if name == "CONCATENATION":
        y = b.tensor("y", "INT8", (2, 4), scale=0.5)
        b.operator(name, [h, x], [y], version=2, axis=0)
    elif name == "FULLY_CONNECTED":  # its weights are computed
        y = b.tensor("y", "INT8", (1, 1), scale=0.5)
        b.operator(name, [x, h], [y], version=4)
    elif name == "SOFTMAX":  # over a vector
        shape = b.tensor("shape", "INT32", (1,), data=[-1])
        flat = b.tensor("flat", "INT8", (4,), scale=0.5)
        y = b.tensor("y", "INT8", (4,), scale=1 / 256, zero_point=-128)
        b.operator("RESHAPE", [h, shape], [flat])
        b.operator(name, [flat], [y], version=2, beta=1.0)
    else:  # a constant with as many rows as there may be samples
        data = np.arange(4 * WIDTH).reshape(WIDTH, 4) % 100
        c = b.tensor("c", "INT8", (WIDTH, 4), scale=0.5, data=data)
        y = b.tensor("y", "INT8", (WIDTH, 4), scale=0.5)
        b.operator(name, [h, c], [y], version=2)
    return b.model([x], [y])


@pytest.mark.parametrize("name", ["CONCATENATION", "FULLY_CONNECTED", "SOFTMAX", "ADD"])
def test_what_would_mix_samples_is_not_widened(name: str) -> None:
    model = mixing(name)
    assert widened(program_of(model), tier()) is None
    inputs = arrays(model, WIDTH + 3)
    assert_same(stacked_outputs(model, inputs), one_by_one(model, inputs, WIDTH + 3, "tflite"))


def refusing(monkeypatch: pytest.MonkeyPatch, forbidden: int) -> None:
    """ADD without a kernel, whose spec reports where an input element is `forbidden`."""
    from refint8.native.lowering import NotFastError

    plain = Add.spec

    def spec(self: Add, a: Array, b: Array) -> Array:
        if (a == forbidden).any():
            raise DomainError("forbidden", label="C9", hint="do not")
        return plain(self, a, b)

    def lower(self: Add, site: Any) -> None:
        raise NotFastError("it reports")

    monkeypatch.setattr(Add, "spec", spec)
    monkeypatch.setattr(Add, "lower", lower)


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("fast", ["0", "1"])
def test_errors_name_the_first_sample(
    monkeypatch: pytest.MonkeyPatch, threads: int, fast: str
) -> None:
    monkeypatch.setenv("REFINT8_FAST", fast)
    refusing(monkeypatch, 99)
    parts = program_of(two_inputs()).parts
    assert [type(part) for part in parts] == [Interlude]
    x = np.zeros((2 * 100, 3), np.int8)
    assert run_batch(two_inputs(), [x, x], threads=threads)["z"].shape == (200, 3)
    x[150, 2] = x[2 * 37 + 1, 0] = x[199, 1] = 99
    with pytest.raises(DomainError) as caught:
        run_batch(two_inputs(), [x, x], threads=threads)
    error = caught.value
    assert (error.reason, error.label, error.hint) == ("sample 37: forbidden", "C9", "do not")
    assert error.where.operator_name == "ADD"


def test_specs_between_kernels_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 1000)
    model = two_inputs()
    inputs = arrays(model, 50)
    want = one_by_one(model, inputs, 50, "tflite")
    for threads in (1, 3):
        assert_same(stacked_outputs(model, inputs, threads=threads), want)


def test_few_samples_of_a_small_model_need_no_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise AssertionError("lowered")

    monkeypatch.delenv("REFINT8_FAST", raising=False)
    monkeypatch.setattr(batch, "lower", fail)
    stacked_outputs(dense(), arrays(dense(), 2))
    with pytest.raises(AssertionError, match="lowered"):
        stacked_outputs(dense(), arrays(dense(), 3))


def test_kernels_of_a_model_are_all_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from refint8.engine import runner
    from refint8.native.store import Store

    store = Store(tmp_path)
    model = dense()
    store.addresses(kernels_of(model))
    said: list[str] = []
    monkeypatch.setattr(runner, "shared", lambda: store)
    monkeypatch.setattr(lane, "shared", lambda: store)
    stacked_outputs(
        model, arrays(model, 2 * WIDTH + 1), progress=lambda name, *_: said.append(name)
    )
    for rounding in ROUNDINGS:
        real = {index: x.astype(np.float32) for index, x in arrays(model, WIDTH + 1).items()}
        progress = {"progress": lambda name, *_: said.append(name)}
        stacked_outputs(model, real, quantize=rounding, **progress)
    Session(model, fast=True, progress=lambda name, *_: said.append(name)).run(arrays(model, 1))
    assert not said


def test_a_batch_can_be_run_again() -> None:
    """Also with other numbers of samples, and its results are not overwritten."""
    for model in (dense(), convolution()):
        batched = Batch(model, threads=3)
        results = []
        for count in (2 * WIDTH + 7, 1, 5, WIDTH, 90, 0):
            inputs = arrays(model, count, seed=count)
            if count:
                results.append((inputs, count, batched.run(inputs)))
        for inputs, count, found in results:
            assert_same(found, one_by_one(model, inputs, count, "tflite"))


def test_small_batches_of_a_small_model_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFINT8_FAST", raising=False)
    lowered = []
    plain = batch.lower
    monkeypatch.setattr(
        batch,
        "lower",
        lambda *a, **k: lowered.append(1) or plain(*a, **k),  # type: ignore[func-returns-value]
    )
    batched = Batch(dense())
    for _ in range(4):
        batched.run(arrays(dense(), 1))
    assert len(lowered) == 1


def test_a_stream_starts_anew_with_every_call() -> None:
    model = a_variable()
    batched = Batch(model)
    x = np.arange(8, dtype=np.int8).reshape(4, 2)
    first = batched({"x": x})["out"]
    batched._session.view(1)[...] = 100
    assert np.array_equal(batched({"x": x})["out"], first)


def alarming(before: str) -> Model:
    """SOFTMAX over 600 classes, whose sum leaves its domain when they are all equal."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 600), scale=0.5)
    h = b.tensor("h", "INT8", (1, 600), scale=0.5)
    y = b.tensor("y", "INT8", (1, 600), scale=1 / 256, zero_point=-128)
    if before == "FULLY_CONNECTED":
        w = b.tensor("w", "INT8", (600, 600), scale=1 / 64, data=64 * np.eye(600))
        b.operator(before, [x, w], [h], version=4)
    else:
        b.operator(before, [x], [h], version=2)
    b.operator("SOFTMAX", [h], [y], version=2, beta=1.0)
    return b.model([x], [y])


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("before", ["FULLY_CONNECTED", "RELU"])
def test_errors_from_the_middle_of_a_program_name_the_first_sample(
    before: str, threads: int
) -> None:
    model = alarming(before)
    program = program_of(model)
    assert len(program.parts) == 1
    assert (widened(program, tier()) is None) == (before == "RELU")
    x = arrays(model, 3 * WIDTH + 10)[0]
    batched = Batch(model, threads=threads)
    want = batched.run({0: x})
    assert_same(want, one_by_one(model, {0: x}, len(x), "tflite"))
    for bad in ([70, 41, 100], [3 * WIDTH + 4], [0]):
        wrong = x.copy()
        wrong[bad] = 5
        with pytest.raises(DomainError, match=f"sample {min(bad)}: ") as caught:
            batched.run({0: wrong})
        assert caught.value.where.operator_name == "SOFTMAX"
        assert_same(batched.run({0: x}), want)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("before", ["FULLY_CONNECTED", "RELU"])
def test_what_a_kernel_leaves_to_its_spec_is_answered_by_it(
    monkeypatch: pytest.MonkeyPatch, before: str, threads: int
) -> None:
    model = alarming(before)
    softmax = type(program_of(model).plan.steps[1].record)
    plain = softmax.spec

    def spec(self: Any, x: Array) -> Array:
        """Where the definition refuses a row, zeros."""
        rows = []
        for row in x:
            try:
                rows.append(plain(self, row[None])[0])
            except DomainError:
                rows.append(np.zeros_like(row))
        return np.stack(rows)

    monkeypatch.setattr(softmax, "spec", spec)
    x = arrays(model, 2 * WIDTH + 10)[0]
    x[[0, 1, 40, 2 * WIDTH + 1, 2 * WIDTH + 9]] = 5
    found = Batch(model, threads=threads).run({0: x})
    assert_same(found, one_by_one(model, {0: x}, len(x), "tflite"))
    assert (found[model.subgraphs[0].outputs[0]] == 0).all(axis=(1, 2)).sum() == 5
