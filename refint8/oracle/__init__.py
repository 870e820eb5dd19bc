"""JUDGE: hold refint8's tensors against those of an engine, a dump or a golden bundle."""
