"""Random operators with hostile shapes, for tests that run kernels."""
