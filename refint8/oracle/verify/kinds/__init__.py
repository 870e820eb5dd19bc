"""What a difference looks like: hypotheses, each held against the elements that differ."""
