"""Make docs/report.png: the HTML report on a device that pads one convolution with zeros.

usage: python tools/make_screenshot.py MODEL [--operator N] [--out docs/report.png]

A golden of MODEL (an int8 image model) is held against a device that runs it operator by operator
and in operator N reads 0 instead of the zero point outside the image. Needs Chromium.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from refint8.engine.session import Session  # noqa: E402
from refint8.model.extract import one_operator  # noqa: E402
from refint8.model.reader import read_model  # noqa: E402
from refint8.model.types import Model, Operator  # noqa: E402
from refint8.oracle.golden.contents import Dump, Golden  # noqa: E402
from refint8.oracle.golden.make import make_golden  # noqa: E402
from refint8.oracle.verify.run import verify  # noqa: E402
from refint8.report.html.render import render  # noqa: E402
from refint8.report.html.verify import verify_page  # noqa: E402
from tests.report.browser import Browser, found  # noqa: E402

COMMAND = "refint8 verify golden board --html report.html"
WIDTH, HEIGHT = 1240, 1060
Values = dict[int, np.ndarray]


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--operator", type=int, default=5)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs" / "report.png")
    given = parser.parse_args()
    golden = make_golden(read_model(given.model), "tflite", samples=3, seed=1)
    page = verify_page(verify(golden, device(golden, given.operator)), "golden", "board", COMMAND)
    program = found()
    if program is None:
        raise SystemExit("there is no Chromium")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        file.write_bytes(render(page))
        with Browser(program, Path(folder) / "profile", WIDTH, HEIGHT) as browser:
            browser.prefer("light")
            size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            browser.send("Emulation.setDeviceMetricsOverride", **size)
            browser.open(file)
            picture = browser.screenshot()
    given.out.write_bytes(smaller(picture))


def device(golden: Golden, wrong: int) -> Dump:
    """What a device computes that runs every operator rightly but one."""
    model = read_model(golden.model)
    samples = []
    for sample in golden.samples:
        values = {i: np.asarray(sample[i]) for i in model.subgraphs[0].inputs}
        for operator in model.subgraphs[0].operators:
            if operator.index == wrong:
                values |= padded_with_zeros(model, operator, values, golden.profile)
            else:
                values |= alone(model, operator, values, golden.profile)
        samples.append(values)
    return Dump("board", tuple(samples))


def alone(model: Model, operator: Operator, values: Values, profile: str) -> Values:
    """The outputs of one operator."""
    single = one_operator(model, operator, {i: v.shape for i, v in values.items()})
    inputs = {new: values[old] for old, new in single.inputs.items()}
    made = Session(read_model(single.content), profile).run(inputs)
    return {old: made[new] for old, new in single.outputs.items()}


def padded_with_zeros(model: Model, operator: Operator, values: Values, profile: str) -> Values:
    """The same of a convolution with stride 1 that reads 0 outside the image."""
    graph = model.subgraphs[0]
    image, weights = operator.inputs[:2]
    beside = [(size - 1) // 2 for size in graph.tensors[weights].shape[1:3]]
    padded = np.pad(values[image], [(0, 0), *((n, n) for n in beside), (0, 0)])
    valid = replace(operator, options={**operator.options, "padding": "VALID"})
    tensors = list(graph.tensors)
    tensors[image] = replace(tensors[image], shape=padded.shape, shape_signature=None)
    changed = replace(graph, tensors=tuple(tensors))
    other = replace(model, subgraphs=(changed, *model.subgraphs[1:]))
    return alone(other, valid, {**values, image: padded}, profile)


def smaller(picture: bytes) -> bytes:
    """The same in 256 colours."""
    from PIL import Image

    held = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256).save(held, "PNG", optimize=True)
    return held.getvalue()


if __name__ == "__main__":
    main()
