"""Make a Python environment with an engine of old, for the targets that take a Python's path.

    make_old_runtime.py DIR                         tflite-runtime 2.14.0, with NumPy 1
    make_old_runtime.py DIR --runtime litert-1.2    ai-edge-litert 1.2.0, the last integer-only one

    refint8 crosscheck model.tflite -a tflite-runtime:DIR/bin/python
    refint8 crosscheck model.tflite -a litert:ref:DIR/bin/python --profile tflite

Needs the package registry that pip is set up with. tflite-runtime has wheels for Python 3.9 to
3.11, ai-edge-litert 1.2 for 3.9 to 3.12; --python names one when this Python is another.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

RUNTIMES = {
    "tflite-runtime": (
        ["tflite-runtime==2.14.0", "numpy<2"],
        "tflite_runtime",
        "tflite-runtime:{python}",
    ),
    "litert-1.2": (["ai-edge-litert==1.2.0"], "ai_edge_litert", "litert:ref:{python}"),
}
"""By name: what pip installs, the package that is imported, the target that uses it."""

CHECK = """
import importlib, numpy
module = importlib.import_module("{package}.interpreter")
module.OpResolverType.BUILTIN_REF
print("numpy", numpy.__version__)
"""


def main() -> int:
    """Make the environment, check that the engine can be imported, say how to use it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the environment is made")
    parser.add_argument("--runtime", choices=RUNTIMES, default="tflite-runtime")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to make it with")
    given = parser.parse_args()
    requirements, package, form = RUNTIMES[given.runtime]
    python = given.folder.absolute() / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    commands = [
        [given.python, "-m", "venv", str(given.folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *requirements],
        [str(python), "-c", CHECK.format(package=package)],
    ]
    for command in commands:
        done = subprocess.run(command, check=False)
        if done.returncode:
            print(f"failed: {' '.join(command)}", file=sys.stderr)
            return 1
    print(form.format(python=python))
    return 0


if __name__ == "__main__":
    sys.exit(main())
