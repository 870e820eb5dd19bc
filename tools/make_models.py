"""Make the models refint8 is shown and measured with, by TensorFlow's own converter.

    make_models.py --mnist IDX_DIR --out DIR              train, and convert in every mode
    make_models.py --mnist IDX_DIR --out DIR --package    goldens of those models, into the package
    make_models.py --mobilenet-16x8 FILE                  a MobileNetV1 with random weights

Every expected output comes from an engine (LiteRT's reference kernels, TFLM), never from refint8:
a golden that its own subject computed would prove nothing.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import struct
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")

SEED = 1
EPOCHS = 5
QAT_EPOCHS = 1
CALIBRATION_IMAGES = 500  # the first ones of the training set: calibration never sees a test image
PACKAGED_IMAGES = 500
PACKAGE_DATA = Path(__file__).resolve().parent.parent / "refint8" / "demo" / "data"
SUMMARY = "models.json"

INPUT_RULE = (
    "x = float32(pixel) / float32(255); q = clip(round_half_away(x / scale) + zero_point), with"
    " x / scale an exact fraction of the two float32 values. <model>/input_table[pixel] is q"
    " (for a float input: x), so feeding a model needs no arithmetic."
)
MNIST_SOURCE = {
    "name": "MNIST database of handwritten digits, test set, images 0 to 499 in their order",
    "authors": "Y. LeCun, C. Cortes, C. J. C. Burges",
    "url": "http://yann.lecun.com/exdb/mnist/",
    "licence": "CC BY-SA 3.0, as the documentation of keras.datasets.mnist states it",
}


# ---- the data ----------------------------------------------------------------------------------


IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class Mnist:
    """The four IDX files: images uint8 [n, 28, 28], labels uint8 [n]."""

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array
    sha256: dict[str, str]  # of each uncompressed IDX file


def read_mnist(folder: Path) -> Mnist:
    """Reads the IDX files of `folder`, each plain or gzipped."""
    contents = {name: read_maybe_gzipped(folder / name) for name in IDX_FILES}
    arrays = {name: parse_idx(name, content) for name, content in contents.items()}
    train_images, train_labels, test_images, test_labels = (arrays[name] for name in IDX_FILES)
    hashes = {name: sha256(content) for name, content in contents.items()}
    return Mnist(train_images, train_labels, test_images, test_labels, hashes)


def read_maybe_gzipped(path: Path) -> bytes:
    """The content of `path`, or of `path`.gz unpacked."""
    zipped = path.with_name(path.name + ".gz")
    if path.exists():
        return path.read_bytes()
    if zipped.exists():
        return gzip.decompress(zipped.read_bytes())
    raise SystemExit(f"{path}: neither this file nor {zipped.name} exists; --mnist needs all four")


def parse_idx(name: str, content: bytes) -> Array:
    """The array in an IDX file: 00 00 08 (uint8), the number of axes, big-endian sizes, data."""
    if content[:3] != b"\x00\x00\x08":
        raise SystemExit(f"{name}: not an IDX file of uint8 (starts with {content[:4].hex()})")
    axes = content[3]
    shape: tuple[int, ...] = struct.unpack_from(f">{axes}I", content, 4)
    data: Array = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    return data.reshape(shape)


def as_real(pixels: Array) -> Array:
    """Pixels 0..255 as the float32 in [0, 1] that the network is trained on."""
    return pixels.astype(np.float32) / np.float32(255)


def sha256(content: bytes) -> str:
    """The hex digest."""
    return hashlib.sha256(content).hexdigest()


# ---- training ----------------------------------------------------------------------------------


def tensorflow() -> tuple[Any, Any]:
    """(tensorflow, tf_keras), seeded. Keras 2, because tfmot cannot rewrite a Keras 3 model."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import tf_keras as keras

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    return tf, keras


def train(keras: Any, mnist: Mnist) -> Any:
    """The digit classifier of TensorFlow's post-training quantization tutorial, trained.

    The batch axis stays open as in the tutorial, so its users' graph is the one we get:
    SHAPE, STRIDED_SLICE and PACK compute the first RESHAPE's target at run time.
    """
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.InputLayer(input_shape=(28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(12, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    fit(keras, model, mnist, EPOCHS)
    return model


def train_quantization_aware(keras: Any, model: Any, mnist: Mnist) -> Any:
    """A copy of the trained `model` with fake quantization in it, trained on."""
    from tensorflow_model_optimization.quantization.keras import quantize_model

    aware = quantize_model(model)
    fit(keras, aware, mnist, QAT_EPOCHS)
    return aware


def fit(keras: Any, model: Any, mnist: Mnist, epochs: int) -> None:
    """Trains `model` in place: Adam, cross-entropy of integer labels from logits."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    model.fit(as_real(mnist.train_images), mnist.train_labels, epochs=epochs, verbose=0)


# ---- conversion --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mode:
    """One way to convert a model: what differs from the converter's defaults."""

    name: str
    optimize: bool = False
    calibrated: bool = False  # activations get ranges, from representative data
    ops: str = "TFLITE_BUILTINS"  # a name in tf.lite.OpsSet
    weights: str | None = None  # a narrower dtype the weights may have
    io: str = "float32"
    quantization_aware: bool = False
    packaged: bool = False

    @property
    def file(self) -> str:
        """The name of the MNIST model of this mode."""
        return f"mnist_{self.name}.tflite"


INT8_OPS = "TFLITE_BUILTINS_INT8"
INT16X8_OPS = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
INT16X8 = Mode(
    "int16x8", optimize=True, calibrated=True, ops=INT16X8_OPS, io="int16", packaged=True
)
MODES = (
    Mode("float"),
    Mode("dynamic", optimize=True),
    Mode("float16", optimize=True, weights="float16"),
    Mode("float_io", optimize=True, calibrated=True, packaged=True),
    Mode("int8", optimize=True, calibrated=True, ops=INT8_OPS, io="int8", packaged=True),
    Mode("uint8", optimize=True, calibrated=True, ops=INT8_OPS, io="uint8", packaged=True),
    INT16X8,
    Mode("int8_qat", optimize=True, io="int8", quantization_aware=True, packaged=True),
)


def convert(tf: Any, converter: Any, mode: Mode, calibration: Array) -> bytes:
    """The .tflite file of one mode; `calibration` is float32, one model input a row."""

    def representative_data() -> Iterator[list[Array]]:
        return ([calibration[i : i + 1]] for i in range(len(calibration)))

    if mode.optimize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.calibrated:
        converter.representative_dataset = representative_data
    if mode.weights:
        converter.target_spec.supported_types = [tf.as_dtype(mode.weights)]
    converter.target_spec.supported_ops = [tf.lite.OpsSet[mode.ops]]
    converter.inference_input_type = tf.as_dtype(mode.io)
    converter.inference_output_type = tf.as_dtype(mode.io)
    content: bytes = converter.convert()
    return content


def make_models(mnist: Mnist, out: Path) -> None:
    """Trains, writes mnist_<mode>.tflite for every mode, and the summary beside them."""
    out.mkdir(parents=True, exist_ok=True)
    tf, keras = tensorflow()
    note(f"training {EPOCHS} epochs, then {QAT_EPOCHS} quantization-aware")
    trained = train(keras, mnist)
    aware = train_quantization_aware(keras, trained, mnist)
    test_images = as_real(mnist.test_images)
    calibration = as_real(mnist.train_images[:CALIBRATION_IMAGES])

    rows = []
    for mode in MODES:
        note(f"converting {mode.file}")
        model = aware if mode.quantization_aware else trained
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        content = convert(tf, converter, mode, calibration)
        (out / mode.file).write_bytes(content)
        rows.append(
            {
                "mode": mode.name,
                "file": mode.file,
                "bytes": len(content),
                "sha256": sha256(content),
                "accuracy": {
                    "keras": accuracy(model.predict(test_images, verbose=0), mnist.test_labels),
                    "litert": measured(run_litert, content, mnist),
                    "litert-ref": measured(run_litert_reference, content, mnist),
                },
            }
        )
    packages = ("tensorflow", "tf-keras", "tensorflow-model-optimization", "ai-edge-litert")
    summary = {
        "training": {
            "seed": SEED,
            "epochs": EPOCHS,
            "quantization_aware_epochs": QAT_EPOCHS,
            "calibration": f"the first {CALIBRATION_IMAGES} training images",
            "idx_sha256": mnist.sha256,
        },
        "versions": {name: version(name) for name in packages},
        "accuracy_images": len(mnist.test_images),
        "models": rows,
    }
    write_json(out / SUMMARY, summary)
    print_accuracies(rows)


def make_mobilenet_16x8(path: Path) -> None:
    """MobileNetV1 0.25 at 96x96, random weights, int16 activations and int8 weights, batch 1.

    For speed and for bits, not for recognising anything. The batch normalisations see random
    images first: without their statistics, signals of random weights fade to nothing by the end.
    """
    tf, keras = tensorflow()
    images = np.random.default_rng(SEED).random((64, 96, 96, 3), np.float32)
    network = keras.applications.MobileNet((96, 96, 3), alpha=0.25, weights=None)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    for _ in range(20):
        network(images, training=True)
    one_image = tf.TensorSpec((1, 96, 96, 3), tf.float32)
    function = tf.function(network).get_concrete_function(one_image)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], network)
    content = convert(tf, converter, INT16X8, images)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path.name}  {len(content)} bytes  sha256 {sha256(content)}")


# ---- engines -----------------------------------------------------------------------------------


def in_child(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls `function` in a fresh process: engines abort, and do not share a process well.

    A child that died is a RuntimeError here (BrokenProcessPool is one).
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as child:
        return child.submit(function, *args, **kwargs).result()


def run_litert(model: bytes, inputs: Array) -> Array:
    """Output 0 for each row of `inputs`, by LiteRT as users run it (XNNPACK where it can)."""
    return invoke_litert(model, inputs, "AUTO")


def run_litert_reference(model: bytes, inputs: Array) -> Array:
    """Output 0 for each row of `inputs`, by LiteRT's reference kernels."""
    return invoke_litert(model, inputs, "BUILTIN_REF")


def invoke_litert(model: bytes, inputs: Array, resolver: str) -> Array:
    """Output 0 for each row of `inputs`; `resolver` is a name in OpResolverType."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType[resolver],
    )
    interpreter.allocate_tensors()
    first = interpreter.get_input_details()[0]["index"]
    last = interpreter.get_output_details()[0]["index"]
    outputs = []
    for row in inputs:
        interpreter.set_tensor(first, row[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(last)[0])
    return np.stack(outputs)


def run_tflm(model: bytes, inputs: Array) -> Array:
    """Output 0 for each row of `inputs`, by TensorFlow Lite Micro's reference kernels."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    outputs = []
    for row in inputs:
        interpreter.set_input(row[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0])
    return np.stack(outputs)


def read_input_quantization(model: bytes) -> tuple[np.dtype[Any], float, int]:
    """(dtype, scale, zero point) of input 0; the scale is a float32's exact value."""
    from ai_edge_litert.interpreter import Interpreter

    entry = Interpreter(model_content=model).get_input_details()[0]
    scale, zero_point = entry["quantization"]
    return np.dtype(entry["dtype"]), float(scale), int(zero_point)


def input_table(model: bytes) -> Array:
    """What to feed `model` for each pixel value: 256 entries of its input dtype, by INPUT_RULE."""
    dtype, scale, zero_point = in_child(read_input_quantization, model)
    real = as_real(np.arange(256))
    if dtype == np.float32:
        return real
    # Half away from zero is half up here, since no pixel is negative.
    steps = [Fraction(float(x)) / Fraction(scale) + Fraction(1, 2) for x in real]
    codes = [step.__floor__() + zero_point for step in steps]
    limits = np.iinfo(dtype)
    return np.clip(codes, limits.min, limits.max).astype(dtype)


def measured(run: Callable[[bytes, Array], Array], model: bytes, mnist: Mnist) -> float:
    """The accuracy `model` has under an engine, on every test image."""
    outputs = in_child(run, model, input_table(model)[mnist.test_images])
    return accuracy(outputs, mnist.test_labels)


def accuracy(outputs: Array, labels: Array) -> float:
    """The share of images whose largest logit (the first, if several) is the label's."""
    return round(float(np.mean(outputs.argmax(axis=1) == labels)), 4)


# ---- the package's data ------------------------------------------------------------------------


def package(mnist: Mnist, models: Path, data: Path) -> None:
    """Copies the integer models to `data`, with images, the engines' outputs, and provenance."""
    if not (models / SUMMARY).exists():
        raise SystemExit(f"{models / SUMMARY} does not exist: run without --package first")
    summary = json.loads((models / SUMMARY).read_text(encoding="utf-8"))
    rows = {row["file"]: row for row in summary["models"]}
    data.mkdir(parents=True, exist_ok=True)
    goldens: dict[str, Array] = {}
    engines_saw: dict[str, Any] = {}
    for mode in filter(lambda mode: mode.packaged, MODES):
        note(f"goldens of {mode.file}")
        content = (models / mode.file).read_bytes()
        row = rows[mode.file]
        if sha256(content) != row["sha256"]:
            raise SystemExit(f"{mode.file} is not the file that {SUMMARY} lists: convert again")
        (data / mode.file).write_bytes(content)
        found, seen = goldens_of(content, mnist)
        engines_saw[mode.file] = seen | {"accuracy": row["accuracy"] | seen["accuracy"]}
        goldens |= {f"mnist_{mode.name}/{key}": value for key, value in found.items()}

    write_npz(data / "golden.npz", goldens)
    write_npz(
        data / "mnist_images.npz",
        {
            "images": mnist.test_images[:PACKAGED_IMAGES],
            "labels": mnist.test_labels[:PACKAGED_IMAGES],
        },
    )
    write_json(data / "PROVENANCE.json", provenance_of(data, summary, engines_saw))


def provenance_of(data: Path, summary: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    """Where every file in `data` comes from. No time, no host, no path: it must regenerate."""
    files = sorted(path for path in data.iterdir() if path.suffix in (".tflite", ".npz"))
    packaging = {name: version(name) for name in ("ai-edge-litert", "tflite-micro", "numpy")}
    return {
        "made_by": "tools/make_models.py",
        "images": MNIST_SOURCE,
        "input": INPUT_RULE,
        "engines": {
            "litert-ref": "ai-edge-litert, OpResolverType.BUILTIN_REF",
            "tflm": "tflite-micro, the wheel's reference kernels",
        },
        "versions": summary["versions"] | packaging,
        "training": summary["training"],
        "accuracy_images": summary["accuracy_images"],
        "models": models,
        "sha256": {path.name: sha256(path.read_bytes()) for path in files},
    }


def goldens_of(model: bytes, mnist: Mnist) -> tuple[dict[str, Array], dict[str, Any]]:
    """Golden arrays by key; and what the engines saw: accuracies, and how far they agree.

    The engines see all test images, the goldens keep the first 500.
    """
    table = input_table(model)
    inputs = table[mnist.test_images]
    outputs = {"litert-ref": in_child(run_litert_reference, model, inputs)}
    seen: dict[str, Any] = {}
    try:
        outputs["tflm"] = in_child(run_tflm, model, inputs)
    except RuntimeError as error:  # no kernel for this model: TFLM says so, or aborts
        seen["tflm_refuses"] = str(error)
    else:
        seen["logits_where_engines_differ"] = {
            "differ": int(np.count_nonzero(outputs["tflm"] != outputs["litert-ref"])),
            "of": outputs["tflm"].size,
        }
    seen["accuracy"] = {
        engine: accuracy(logits, mnist.test_labels) for engine, logits in outputs.items()
    }
    goldens = {engine: logits[:PACKAGED_IMAGES] for engine, logits in outputs.items()}
    return {"input_table": table, **goldens}, seen


# ---- the command -------------------------------------------------------------------------------


def note(text: str) -> None:
    """Progress, on stderr: stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def write_npz(path: Path, arrays: dict[str, Array]) -> None:
    """Writes the same bytes for the same arrays: NumPy dates every member of the zip 1980."""
    in_order: Any = {key: arrays[key] for key in sorted(arrays)}
    np.savez_compressed(path, **in_order)


def write_json(path: Path, value: Any) -> None:
    """Indented, keys in the order given."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def print_accuracies(rows: list[dict[str, Any]]) -> None:
    """One line a model: its size, and its accuracy under each engine."""
    print(f"{'file':24}{'bytes':>8}{'keras':>9}{'litert':>9}{'litert-ref':>12}")
    for row in rows:
        keras, litert, reference = row["accuracy"].values()
        print(f"{row['file']:24}{row['bytes']:8}{keras:9.4f}{litert:9.4f}{reference:12.4f}")


def main() -> None:
    """Reads the command line and takes one of the three steps."""
    usage, description = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        description=f"{usage}\n\n{description}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mnist", type=Path, help="folder of the four IDX files, gzipped or not")
    parser.add_argument("--out", type=Path, help="folder of the converted models")
    step = parser.add_mutually_exclusive_group()
    step.add_argument("--package", action="store_true", help="write the package's data from --out")
    step.add_argument("--mobilenet-16x8", type=Path, metavar="FILE", help="only this network")
    arguments = parser.parse_args()
    if arguments.mobilenet_16x8:
        make_mobilenet_16x8(arguments.mobilenet_16x8)
        return
    if not (arguments.mnist and arguments.out):
        parser.error("--mnist and --out are needed")
    mnist = read_mnist(arguments.mnist)
    if arguments.package:
        package(mnist, arguments.out, PACKAGE_DATA)
    else:
        make_models(mnist, arguments.out)


if __name__ == "__main__":
    main()
