"""Golden bundles: what a model has to compute, in a form that benches read."""
