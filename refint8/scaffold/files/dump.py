"""What DEVICE_NAME computes on the inputs of a golden bundle, as files: python dump.py GOLDEN DUMP.

GOLDEN is what `refint8 golden MODEL -o GOLDEN --format npz` writes. DUMP gets one .npz for each
sample, with every tensor under its index. With --bug the device has a fault.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from simulated_device import run

arguments = [argument for argument in sys.argv[1:] if argument != "--bug"]
golden, dump = map(Path, arguments)
model = (golden / "model.tflite").read_bytes()
dump.mkdir(parents=True, exist_ok=True)
for path in sorted((golden / "npz").glob("*.npz")):
    with np.load(path) as sample:
        about = json.loads(str(sample["__meta__"]))["tensors"]
        inputs = [sample[key] for key, tensor in about.items() if tensor["role"] == "input"]
    tensors = run(model, inputs, bug="--bug" in sys.argv)
    named = {name.removeprefix("t"): array for name, array in tensors.items()}
    np.savez(dump / path.name, **named)
