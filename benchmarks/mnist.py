"""The post-training quantization tutorial's evaluation loop on MNIST's 10,000 test images."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.batches import refint8_call
from benchmarks.latency import TIME_LIMIT, in_child
from benchmarks.timing import interleaved
from refint8.demo import DATA, images

Array = NDArray[Any]

COUNT: Final = 10_000
MODEL: Final = DATA / "mnist_uint8.tflite"
"""uint8 input and output, as the tutorial's loop expects."""


@dataclass
class Mnist:
    """Median seconds for all images, and what share of them each way gets right."""

    images: str = ""
    count: int = COUNT
    seconds: dict[str, float] = field(default_factory=dict)
    accuracy: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def ratio(self, way: str) -> float | None:
        """The tutorial's loop in LiteRT over a way of refint8."""
        if way not in self.seconds or "litert loop" not in self.seconds:
            return None
        return self.seconds["litert loop"] / self.seconds[way]


def test_images(folder: Path) -> tuple[Array, Array, str]:
    """Real values [10000, 28, 28], labels, and where they are from."""
    files = [folder / "data" / "mnist" / f"t10k-{name}.gz" for name in IDX]
    if all(file.exists() for file in files):
        raw, labels = (
            np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8) for file in files
        )
        pixels, numbers, source = raw[16:].reshape(-1, 28, 28), labels[8:], "the test set"
    else:
        pixels, numbers = images()
        repeat = -(-COUNT // len(pixels))
        pixels = np.tile(pixels, (repeat, 1, 1))[:COUNT]
        numbers = np.tile(numbers, repeat)[:COUNT]
        source = "the 500 packaged images, repeated"
    return pixels.astype(np.float32) / np.float32(255), numbers, source


IDX: Final = ("images-idx3-ubyte", "labels-idx1-ubyte")


def loop(interpreter: Any, pictures: Array) -> Array:
    """The tutorial's way: quantize (it truncates), run and look, one image at a time."""
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    made = interpreter.get_output_details()[0]
    predictions = np.zeros(len(pictures), int)
    for number, picture in enumerate(pictures):
        scale, zero_point = given["quantization"]
        values = picture / scale + zero_point
        sample = np.expand_dims(values, axis=0).astype(given["dtype"])
        interpreter.set_tensor(given["index"], sample)
        interpreter.invoke()
        predictions[number] = interpreter.get_tensor(made["index"])[0].argmax()
    return predictions


def batch(pictures: Array, threads: int) -> Array:
    """The same on refint8 with all images at once, reading and planning the model included."""
    predictions: Array = refint8_call(MODEL, threads, "truncate")(pictures).argmax(axis=1)
    return predictions


def compare(folder: Path, seconds: float) -> Mnist:
    """Measure in this process."""
    pictures, labels, source = test_images(folder)
    result = Mnist(source, len(pictures))

    def litert() -> Array:
        from ai_edge_litert.interpreter import Interpreter

        return loop(Interpreter(str(MODEL)), pictures)

    def own() -> Array:
        from refint8 import Interpreter

        return loop(Interpreter(str(MODEL)), pictures)

    ways: dict[str, Callable[[], Array]] = {
        "litert loop": litert,
        "refint8 loop": own,
        "refint8 batch, 1 thread": lambda: batch(pictures, 1),
        "refint8 batch, 2 threads": lambda: batch(pictures, 2),
    }
    for name in list(ways):
        try:
            result.accuracy[name] = float((ways[name]() == labels).mean())
        except Exception as error:  # whatever an engine raises is its answer
            result.refused[name] = f"{type(error).__name__}: {error}"
            del ways[name]
    result.seconds = interleaved(ways, seconds)
    return result


def measure(folder: Path, seconds: float = 3.0) -> Mnist:
    """The loop in a process of its own."""
    request = {"folder": str(folder), "seconds": seconds}
    reply = in_child("benchmarks.mnist", request, TIME_LIMIT + 5 * seconds)
    return Mnist(refused={"all": reply}) if isinstance(reply, str) else Mnist(**reply)


def main() -> None:
    """The child, as in `latency`."""
    request = json.loads(sys.argv[1])
    result = compare(Path(request["folder"]), request["seconds"])
    print("\n" + json.dumps(asdict(result)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
