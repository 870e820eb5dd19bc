"""Models, reports and pages for the tests of HTML: an engine with a fault, and hostile names."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from refint8.engine.session import Session
from refint8.model.build import ModelBuilder
from refint8.model.reader import read_model
from refint8.oracle.targets import Outcome

HOSTILE = (
    "</script><script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=2">',
    "'};window.hit=3;//{{ 7*7 }}{% raw %}",
)
VOID = {"meta", "input", "img", "br", "link", "hr"}


class Device:
    """A target with refint8's own answers, but for a bias read wrongly (`faulty`) in channel 1, and
    for `change(sample, tensors)`.
    """

    def __init__(self, *, faulty=True, change=None, name="device", profile="tflite"):
        self.name, self.profile = name, profile
        self.faulty, self.change = faulty, change

    def describe(self):
        return f"{self.name} 1.0"

    def run(self, content, inputs, *, tensors=None, input_shapes=None, **_):
        if self.faulty:
            content = read_wrongly(content)
        session = Session(read_model(content), self.profile, input_shapes)
        results = []
        for number, given in enumerate(inputs):
            made = session.run(given)
            wanted = dict.fromkeys((*(tensors or ()), *session.plan.subgraph.outputs))
            made = {index: made[index].copy() for index in wanted}
            if self.change is not None:
                self.change(number, made)
            results.append(made)
        return Outcome("ran", tuple(results), True, seconds=0.5)


BIAS = [100, -200, 300, 4]


def read_wrongly(content):
    """The model with another bias in channel 1."""
    other = [BIAS[0], BIAS[1] + 90, *BIAS[2:]]
    return content.replace(np.array(BIAS, "<i4").tobytes(), np.array(other, "<i4").tobytes())


def chain(names=("conv", "pool", "softmax"), side=6):
    """CONV_2D 3x3 on [1,side,side,2] to 4 channels, MAX_POOL_2D, SOFTMAX."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, side, side, 2), scale=0.5, zero_point=3)
    weights = np.random.default_rng(5).integers(-127, 128, (4, 3, 3, 2))
    w = b.tensor("w", "INT8", (4, 3, 3, 2), scale=[0.01, 0.02, 0.03, 0.04], data=weights)
    bias = b.tensor("bias", "INT32", (4,), data=BIAS)
    conv = b.tensor(names[0], "INT8", (1, side, side, 4), scale=0.9, zero_point=-2)
    half = side // 2
    pool = b.tensor(names[1], "INT8", (1, half, half, 4), scale=0.9, zero_point=-2)
    out = b.tensor(names[2], "INT8", (1, half, half, 4), scale=1 / 256, zero_point=-128)
    strides = {"stride_w": 1, "stride_h": 1}
    dilation = {"dilation_w_factor": 1, "dilation_h_factor": 1}
    b.operator("CONV_2D", [x, w, bias], [conv], version=3, padding="SAME", **strides, **dilation)
    window = dict.fromkeys(("stride_w", "stride_h", "filter_width", "filter_height"), 2)
    b.operator("MAX_POOL_2D", [conv], [pool], version=2, padding="VALID", **window)
    b.operator("SOFTMAX", [pool], [out], version=2, beta=1.0)
    return b.model([x], [out], name=f"{names[0]}.tflite")


class Parsed(HTMLParser):
    """A page as a parser sees it; `open` must be empty at its end."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.open, self.addresses, self.handlers, self.texts = [], [], [], [], []
        self.feed(content.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
                self.addresses.append(value)
            if name.startswith("on") or name == "style":
                self.handlers.append((tag, name, value))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
