"""Crosscheck reports as JUnit XML: a suite a model and target, a case an operator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from refint8.oracle.findings import Comparison, Finding, Report, TensorResult

SKIPPED = ("refused", "unsupported", "skipped")
"""Verdicts that say that nothing was tested; the others without tensors are errors."""

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(reports: Sequence[Report], unreadable: Mapping[str, str]) -> bytes:
    """The XML document. An operator that differs, by itself or by its inputs, is a failure of that
    type; a target that died or gave nothing is an error; what it refuses is skipped.
    """
    root = Element("testsuites", name="refint8 crosscheck")
    for report in reports:
        for comparison in report.comparisons:
            _suite(root, report, comparison)
    for name, reason in unreadable.items():
        suite = SubElement(root, "testsuite", name=xml_text(name), tests="1")
        case = SubElement(suite, "testcase", classname=xml_text(name), name="is readable")
        put(case, "error", "unreadable", reason)
    for suite in root:
        total(suite)
    return document(root)


def document(root: Element) -> bytes:
    """The file's bytes."""
    indent(root)
    made: bytes = tostring(root, "utf-8", xml_declaration=True)
    return made + b"\n"


def _suite(root: Element, report: Report, comparison: Comparison) -> None:
    name = f"{report.model} {comparison.target} {comparison.profile}"
    suite = SubElement(root, "testsuite", name=xml_text(name), time=f"{comparison.seconds:.3f}")
    properties = SubElement(suite, "properties")
    for key, value in (
        ("model", report.model),
        ("sha256", report.sha256),
        ("target", comparison.target),
        ("engine", comparison.engine),
        ("profile", comparison.profile),
        ("mode", report.mode),
        ("samples", str(report.samples)),
        ("seed", str(report.seed)),
    ):
        SubElement(properties, "property", name=key, value=xml_text(value))
    whole = comparison.cumulative or comparison.verdict
    if whole not in ("equal", "different"):
        case = SubElement(suite, "testcase", classname=xml_text(name), name="the model runs")
        kind = "skipped" if whole in SKIPPED else "error"
        put(case, kind, whole, comparison.detail)
    for finding in comparison.findings:
        if finding.tensors or finding.alone:
            _case(suite, name, finding)


def _case(suite: Element, classname: str, finding: Finding) -> None:
    title = f"#{finding.operator} {finding.operator_name}"
    case = SubElement(suite, "testcase", classname=xml_text(classname), name=title)
    lines = [_line(result, "in the model") for result in finding.tensors if not result.equal]
    alone = finding.alone
    if alone is not None:
        lines += [_line(result, "alone") for result in alone.tensors if not result.equal]
        if alone.detail:
            lines.append(alone.detail)
    if finding.note:
        lines.append(finding.note)
    if finding.role not in ("equal", "unknown"):
        put(case, "failure", finding.role, "\n".join(lines))
    elif finding.role == "unknown" and alone is not None:
        kind = "skipped" if alone.verdict in SKIPPED else "error"
        put(case, kind, alone.verdict, alone.detail)


def _line(result: TensorResult, how: str) -> str:
    said = f"{how}: tensor {result.tensor} '{result.name}'"
    diff = result.diff
    if diff.problem:
        return f"{said}: {diff.problem}"
    return (
        f"{said}: {result.differing} of {result.elements} elements differ, at most by"
        f" {result.largest}; first in input set {result.sample} at {list(diff.first or ())}:"
        f" refint8 {diff.a}, engine {diff.b}"
    )


def put(case: Element, kind: str, verdict: str, text: str) -> None:
    """Give a case a failure, an error or a reason to be skipped; its first line is the message."""
    lines = text.splitlines() or [verdict]
    made = SubElement(case, kind, type=verdict, message=xml_text(lines[0]))
    made.text = xml_text(text)


def total(suite: Element) -> None:
    """Count a suite's cases."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in cases)))


def xml_text(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NO_XML.sub("?", text)
