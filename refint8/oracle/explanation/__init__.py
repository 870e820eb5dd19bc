"""One element, derived: what enters it, every constant and step, and where two profiles part."""
