"""LiteRT's default, XNNPACK before the optimised kernels: every bit of what it gives out.

Inner tensors are not compared with partitions as users have them: what lies inside one is never
written. Its operators one by one, each a partition of its own, are, where crosscheck asks for all
tensors.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from functools import partial

import numpy as np
import pytest

from refint8.engine.session import Session
from refint8.errors import UnsupportedError
from refint8.model.reader import read_model
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.random_inputs import random_inputs
from tests.conftest import installed, missing
from tests.crosscheck import delegated_models as delegated
from tests.crosscheck import telling_models as telling
from tests.crosscheck.corpus import entries, quick

TARGET, PROFILE = "litert:xnnpack", "xnnpack"
QUICK, MANY = 3, 60
BYTES = ("INT8", "UINT8")

MAKERS = {
    **{
        f"{name} {dtype}": partial(delegated.pair, name=name, dtype=dtype)
        for name in ("ADD", "SUB", "MUL")
        for dtype in BYTES
    },
    **{
        f"{name} of one {dtype}": partial(delegated.unary, name=name, dtype=dtype)
        for name in ("LOGISTIC", "TANH", "ELU", "LEAKY_RELU", "QUANTIZE", "MUL")
        for dtype in BYTES
        if (name, dtype) != ("ELU", "UINT8")
    },
    **{
        f"BATCH_MATMUL {zp}": partial(delegated.batch_matmul, zero_point_right=zp) for zp in (0, 5)
    },
    **{
        f"{name} {dtype}{'' if per_channel else ' per tensor'}": partial(
            telling.sum_of_products, name=name, dtype=dtype, per_channel=per_channel
        )
        for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
        for dtype in BYTES
        for per_channel in ((False,) if dtype == "UINT8" else (True, False))
    },
    "CONV_2D groups": telling.grouped_convolution,
    **{
        f"{name} {dtype}": partial(telling.reduction, name=name, dtype=dtype)
        for name in ("MEAN", "SUM")
        for dtype in BYTES
    },
    **{
        f"QUANTIZE {a} {b}": partial(telling.conversion, name="QUANTIZE", source=a, target=b)
        for a in ("FLOAT32", *BYTES)
        for b in (*BYTES, "INT16")
    },
    **{
        f"DEQUANTIZE {a}": partial(telling.conversion, name="DEQUANTIZE", source=a,
                                   target="FLOAT32")
        for a in telling.LIMITS
    },
    **{f"RESIZE_BILINEAR {dtype}": partial(telling.resized, dtype=dtype) for dtype in BYTES},
    **{
        f"{maker.__name__} {dtype}": partial(maker, dtype=dtype)
        for maker in (delegated.padded_convolution, delegated.unary_chain, delegated.with_two_sums)
        for dtype in BYTES
    },
}  # fmt: skip


def assert_outputs_are_equal(model, sets, what):
    outcome = installed(TARGET).run(model.content, sets, tensors=(), time_limit=300.0)
    assert outcome.status == "ran", (what, outcome.detail)
    session = Session(model, PROFILE)
    for given, result in zip(sets, outcome.tensors, strict=True):
        session.restart()
        ours = session.run(given)
        for index, theirs in result.items():
            mine = ours[index] if index in ours else session.view(index)
            assert mine.dtype == theirs.dtype, what
            assert mine.tobytes() == theirs.tobytes(), (
                what,
                index,
                np.argwhere(mine != theirs)[:1],
            )


def compare(name, count):
    for seed in range(count):
        model, inputs = MAKERS[name](np.random.default_rng([zlib.crc32(name.encode()), seed]))
        assert_outputs_are_equal(model, [inputs], (name, seed))


@pytest.mark.parametrize("name", MAKERS)
def test_models_that_tell_rounding_apart(name, litert):
    compare(name, QUICK)


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
def test_many_models_that_tell_rounding_apart(name, litert):
    compare(name, MANY)


# Third-party models

ENTRIES = entries()
OF_FLOATS = {
    # (model, operator) whose inner tensors differ although the outputs do not: XNNPACK's square
    # root of float32 depends on the CPU's approximation of the reciprocal one.
    "google-coral+test_data/movenet_single_pose_lightning_ptq.tflite": "SQRT",
}
COMPARED = [
    pytest.param(entry, id=entry.name, marks=() if entry in quick(ENTRIES) else pytest.mark.long)
    for entry in ENTRIES
]


REFUSED = [
    f"mit-han-lab+tinyengine/experimental/mnist_demo/assets/ptq_mnist_lenet-300-100{end}.tflite"
    for end in ("", "_nobias")
]
"""Models that end in a LOG_SOFTMAX on FLOAT32, whose bits the engine's vectors decide."""


def runs(entry, model):
    """LiteRT's comparison; None where refint8 refuses the model, as it is known to do."""
    if entry.name in REFUSED:
        with pytest.raises(UnsupportedError, match="optimised FLOAT32 kernel"):
            Session(model, PROFILE)
        return None
    Session(model, PROFILE)
    (found,) = crosscheck(model, TARGET, samples=1, time_limit=300.0).comparisons
    if found.verdict == "refused" and entry.runs_on_litert is False:
        pytest.skip(f"LiteRT does not run it: {found.detail.splitlines()[0][:100]}")
    return found


@pytest.mark.parametrize("entry", COMPARED or [pytest.param(None, id="absent")])
def test_third_party_models(entry, corpora, litert):
    model = read_model(entry.path)
    found = runs(entry, model)
    if found is None:
        return
    assert_outputs_are_equal(model, random_inputs(model, 2, seed=7), entry.name)
    if entry.name in OF_FLOATS:
        assert found.verdict == "different"
        assert found.first.operator_name == OF_FLOATS[entry.name]
        return
    assert found.verdict == "equal", found.first or found.detail


# The operator corpus, with the outputs that LiteRT gave when it was recorded

EVERY = 12
"""A quick run takes one case of so many."""


@pytest.fixture(scope="module")
def recorded(corpora):
    path = corpora / "optests" / "dev.zip"
    if not path.exists():
        missing("the operator corpus is absent")
    with zipfile.ZipFile(path) as archive:
        yield archive


def arrays(archive, name):
    return dict(np.load(io.BytesIO(archive.read(name))))


def compare_recorded(archive, cases):
    compared = 0
    for case in cases:
        results = arrays(archive, f"{case['id']}/ref.npz")
        if "xnnpack_out0" not in results or case["id"] in UNEQUAL_SHAPES:
            continue
        given = arrays(archive, f"{case['id']}/inputs.npz")
        model = read_model(archive.read(f"{case['id']}/model.tflite"), case["id"])
        graph = model.subgraphs[0]
        shapes = None
        if case["resized_inputs"]:
            shapes = {index: given[f"in{k}"].shape for k, index in enumerate(graph.inputs)}
        session = Session(model, PROFILE, shapes, fast=False)
        for which in ("", "set1_"):
            if f"{which}xnnpack_out0" not in results:
                continue
            session.restart()
            ours = session.run(
                {index: given[f"{which}in{k}"] for k, index in enumerate(graph.inputs)}
            )
            for k, index in enumerate(graph.outputs):
                theirs = results[f"{which}xnnpack_out{k}"]
                mine = ours[index] if index in ours else session.view(index)
                assert mine.shape == theirs.shape, case["id"]
                assert mine.tobytes() == theirs.tobytes(), case["id"]
        compared += 1
    return compared


UNEQUAL_SHAPES = {"fused_batch_norm-aeq_int8-005"}
"""The recorded inputs do not fit the model's shapes."""


def test_recorded_outputs(recorded):
    cases = json.loads(recorded.read("manifest.json"))["cases"]
    assert compare_recorded(recorded, cases[::EVERY]) > 300


@pytest.mark.long
def test_all_recorded_outputs(recorded):
    cases = json.loads(recorded.read("manifest.json"))["cases"]
    assert compare_recorded(recorded, cases) >= 4145
