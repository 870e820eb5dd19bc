"""`Interpreter` wears the tf.lite interface: the same calls, the same answers, the same raises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import refint8
from refint8 import Interpreter, OpResolverType
from refint8.model.build import ModelBuilder
from tests.engine.models import a_variable, add_and_relu, two_signatures

CALLS = Path(__file__).with_name("tf_lite_calls.py")


def ask(module: str, question: str, path: Path) -> object:
    """The answers of one implementation, from a child process."""
    done = subprocess.run(
        [sys.executable, str(CALLS), module, question, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(add_and_relu().content)
    return path


@pytest.mark.parametrize("question", ["details", "mistakes", "signatures"])
@pytest.mark.parametrize("model", [add_and_relu, two_signatures])
@pytest.mark.usefixtures("litert")
def test_answers_like_litert(tmp_path, question, model):
    path = tmp_path / "model.tflite"
    path.write_bytes(model().content)
    ours = ask("refint8", question, path)
    theirs = ask("ai_edge_litert.interpreter", question, path)
    assert ours == theirs


def test_set_invoke_get(model_file):
    interpreter = Interpreter(model_path=model_file)
    interpreter.allocate_tensors()
    entry, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    x = np.arange(-64, 64, 16, dtype=np.int8).reshape(entry["shape"])
    interpreter.set_tensor(entry["index"], x)
    interpreter.invoke()
    # 0.5 * (x + 3) + 0.5 * 6 over 0.25 with zero point -128, RELU at 0
    expected = np.clip(2 * (x.astype(int) - 3 + 6) - 28, -28, 127)
    assert np.array_equal(interpreter.get_tensor(out["index"]), expected)


def test_every_tensor_can_be_read_after_invoke(model_file):
    interpreter = Interpreter(model_content=model_file.read_bytes())
    interpreter.allocate_tensors()
    interpreter.invoke()
    for entry in interpreter.get_tensor_details():
        assert interpreter.get_tensor(entry["index"]).shape == tuple(entry["shape"])


def test_get_tensor_copies_and_tensor_does_not(model_file):
    interpreter = Interpreter(model_path=str(model_file))
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]
    current = interpreter.tensor(index)
    copy = interpreter.get_tensor(index)
    current().fill(7)
    assert not copy.any()
    assert (interpreter.get_tensor(index) == 7).all()
    interpreter.invoke()
    assert (current() == 7).all()


def test_set_tensor_copies(model_file):
    interpreter = Interpreter(model_path=model_file)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    x = np.full(entry["shape"], 3, np.int8)
    interpreter.set_tensor(entry["index"], x)
    x.fill(9)
    assert (interpreter.get_tensor(entry["index"]) == 3).all()


def test_resolver_types_name_profiles(model_file):
    def named(**arguments):
        return Interpreter(model_path=model_file, **arguments).profile.name

    assert named() == "tflite"
    assert named(experimental_op_resolver_type=OpResolverType.BUILTIN_REF) == "litert-ref"
    optimised = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    assert named(experimental_op_resolver_type=optimised) == "litert-opt"
    assert named(profile="tflm") == "tflm"
    assert named(experimental_op_resolver_type=OpResolverType.BUILTIN) == "xnnpack"
    with pytest.raises(ValueError, match="Unrecognized passed in op resolver type"):
        named(experimental_op_resolver_type=3)


def test_delegates_are_refused_and_unknown_experiments_warned_of(model_file):
    with pytest.raises(ValueError, match="delegates replace the arithmetic"):
        Interpreter(model_path=model_file, experimental_delegates=[object()])
    with pytest.warns(UserWarning, match="experimental_magic"):
        Interpreter(model_path=model_file, experimental_magic=True)
    Interpreter(model_path=model_file, experimental_disable_delegate_clustering=True)


def test_constants_cannot_be_set(model_file):
    interpreter = Interpreter(model_path=model_file)
    interpreter.allocate_tensors()
    with pytest.raises(ValueError, match="is a constant"):
        interpreter.set_tensor(1, np.zeros((1, 8), np.int8))


def test_reads_before_invoke_name_the_tensor(model_file):
    interpreter = Interpreter(model_path=model_file)
    interpreter.allocate_tensors()
    out = interpreter.get_output_details()[0]["index"]
    with pytest.raises(ValueError, match="'out' has no value before invoke"):
        interpreter.get_tensor(out)


def test_variables_keep_their_state_until_reset():
    interpreter = Interpreter(model_content=a_variable().content)
    interpreter.allocate_tensors()
    state = next(d for d in interpreter.get_tensor_details() if d["name"] == "state")["index"]
    assert (interpreter.get_tensor(state) == -5).all()
    interpreter.set_tensor(state, np.array([[1, 2]], np.int8))
    interpreter.invoke()
    assert interpreter.get_tensor(state).tolist() == [[1, 2]]
    interpreter.reset_all_variables()
    assert (interpreter.get_tensor(state) == -5).all()


def test_unsupported_operators_are_listed_all_at_once():
    b = ModelBuilder()
    x = b.tensor("x", "FLOAT32", (1, 4))
    y = b.tensor("y", "FLOAT32", (1, 4))
    z = b.tensor("z", "FLOAT32", (1, 4))
    b.operator("RELU", [x], [y])
    b.operator("CUSTOM", [y], [z], custom_code="edgetpu-custom-op")
    interpreter = Interpreter(model_content=b.to_bytes([x], [z]))
    with pytest.raises(refint8.UnsupportedError) as caught:
        interpreter.allocate_tensors()
    text = str(caught.value)
    assert "2 of the model's operators cannot run" in text
    assert "RELU (operator 0): [dtype] FLOAT32->FLOAT32 is a float operator" in text
    assert "edgetpu-custom-op (operator 1): [npu]" in text
    assert "before the NPU's compiler ran" in text
    assert isinstance(caught.value, (ValueError, RuntimeError))
    assert caught.value.exit_code == 3
