"""Which arithmetic is it? Classify an unknown runtime by models on which the rules part."""

from refint8.oracle.probe.search import CaseResult, ProbeReport, Probing, RuleFinding, probe

__all__ = ["CaseResult", "ProbeReport", "Probing", "RuleFinding", "probe"]
