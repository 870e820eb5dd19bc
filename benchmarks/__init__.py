"""refint8 against the engines, measured on one machine in one run: `python -m benchmarks`."""
