"""Which arithmetic is it? Classify an unknown runtime by models on which the rules part."""

from refint8.oracle.probe.search import CaseResult, ProbeReport, RuleFinding, probe

__all__ = ["CaseResult", "ProbeReport", "RuleFinding", "probe"]
