"""The evaluation loop of TensorFlow's tutorial on integer quantization, with the import changed.

Same predictions as ai-edge-litert on all 10,000 test images of MNIST, int8 and uint8 model.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import refint8.demo

# Written after the tutorial: uint8 inputs are scaled by the input's quantization, int8 ones are
# cast as they are, and both loops are the same text but for its first line.
EVALUATION = """
{import_line}
import sys
import numpy as np

images = np.load(sys.argv[1]).astype(np.float32) / 255.0
interpreter = Interpreter(model_path=sys.argv[2])
interpreter.allocate_tensors()
input_details = interpreter.get_input_details()[0]
output_details = interpreter.get_output_details()[0]
predictions = np.zeros((len(images),), dtype=int)
for i, image in enumerate(images):
    if input_details["dtype"] in (np.uint8, np.int8):
        input_scale, input_zero_point = input_details["quantization"]
        image = image / input_scale + input_zero_point
    image = np.expand_dims(image, axis=0).astype(input_details["dtype"])
    interpreter.set_tensor(input_details["index"], image)
    interpreter.invoke()
    output = interpreter.get_tensor(output_details["index"])[0]
    predictions[i] = output.argmax()
np.save(sys.argv[3], predictions)
"""

LITERT = "from ai_edge_litert.interpreter import Interpreter"
OURS = "from refint8 import Interpreter"


@pytest.fixture(scope="module")
def test_images(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 10,000 images as npy, uint8 [10000, 28, 28]."""
    raw = gzip.decompress((corpora / "data/mnist/t10k-images-idx3-ubyte.gz").read_bytes())
    path = tmp_path_factory.mktemp("mnist") / "images.npy"
    np.save(path, np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28))
    return path


def evaluate(import_line: str, images: Path, model: Path, folder: Path) -> np.ndarray:
    """Predictions of the script under one import, in a process of its own."""
    script = folder / "evaluate.py"
    script.write_text(EVALUATION.format(import_line=import_line))
    out = folder / "predictions.npy"
    command = [sys.executable, str(script), str(images), str(model), str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return np.load(out)


@pytest.mark.usefixtures("litert")
@pytest.mark.parametrize("name", ["mnist_int8", "mnist_uint8"])
def test_same_predictions_with_the_import_changed(name, test_images, tmp_path):
    model = Path(refint8.demo.__file__).with_name("data") / f"{name}.tflite"
    ours = evaluate(OURS, test_images, model, tmp_path)
    theirs = evaluate(LITERT, test_images, model, tmp_path)
    assert ours.shape == (10_000,)
    assert np.count_nonzero(ours != theirs) == 0
    images = np.load(test_images).astype(np.float32) / np.float32(255)
    (batch,) = refint8.run(model, images, quantize="truncate").values()
    assert np.count_nonzero(batch.argmax(axis=1) != theirs) == 0
