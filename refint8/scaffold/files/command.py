"""DEVICE_NAME as a command: python adapter.py MODEL INPUTS OUTPUTS [--bug].

It runs once for every input set, reads 0.npy, 1.npy, ... from INPUTS and writes to OUTPUTS. Exit
code 0 says that the answer is there; anything else is a refusal.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from simulated_device import run

arguments = [argument for argument in sys.argv[1:] if argument != "--bug"]
model, inputs, outputs = map(Path, arguments)
count = len(list(inputs.glob("*.npy")))
arrays = [np.load(inputs / f"{position}.npy") for position in range(count)]
try:
    answer = run(model.read_bytes(), arrays, bug="--bug" in sys.argv)
except NotImplementedError as error:
    sys.exit(str(error))
for name, array in answer.items():
    np.save(outputs / f"{name}.npy", array)
