"""A verdict on a dump as JUnit XML: a case for every tensor."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from refint8.oracle.verify.verdicts import OperatorVerdict, TensorVerdict, VerifyReport
from refint8.report.junit import document, put, total, xml_text
from refint8.report.verify_text import OUTCOMES, kind_text, place, verdict_text


def verify_junit(report: VerifyReport, golden: str, dump: str) -> bytes:
    """The XML document. What differs or has a problem is a failure of that type; what is waived or
    was not dumped is skipped, unless it is required; problems of no tensor are errors.
    """
    root = Element("testsuites", name="refint8 verify")
    suite = SubElement(root, "testsuite", name=xml_text(f"{golden} {dump}"))
    properties = SubElement(suite, "properties")
    made = report.golden
    for key, value in (
        ("model", made.model_name),
        ("sha256", made.model_sha256),
        ("profile", made.profile),
        ("samples", str(len(made.samples))),
        ("seed", str(made.seed)),
        ("outcome", report.outcome),
    ):
        SubElement(properties, "property", name=key, value=xml_text(value))
    classname = xml_text(made.model_name)
    lacking = {tensor.tensor.index for tensor in report.lacking}
    for operator in report.operators:
        for tensor in operator.tensors:
            name = xml_text(f"{place(operator)} {tensor.tensor.name}")
            case = SubElement(suite, "testcase", classname=classname, name=name)
            _judge(case, operator, tensor, tensor.tensor.index in lacking)
    for problem in report.problems:
        case = SubElement(suite, "testcase", classname=classname, name=xml_text(problem.file))
        put(case, "error", "problem", problem.reason)
    if report.outcome == "unusable":
        case = SubElement(suite, "testcase", classname=classname, name="the dump can be compared")
        put(case, "error", "unusable", OUTCOMES["unusable"])
    total(suite)
    return document(root)


def _judge(case: Element, operator: OperatorVerdict, tensor: TensorVerdict, required: bool) -> None:
    if tensor.problems:
        put(case, "failure", "problem", "\n".join(f"{p.file}: {p.reason}" for p in tensor.problems))
    elif tensor.verdict == "waived":
        reason = tensor.waiver.reason if tensor.waiver else ""
        put(case, "skipped", "waived", f"{verdict_text(operator, tensor)}: {reason}")
    elif tensor.verdict == "differs":
        put(case, "failure", operator.role, explained(operator, tensor))
    elif required:
        put(case, "failure", "missing", "it was not dumped in every sample, and is required")
    elif tensor.verdict == "missing":
        put(case, "skipped", "missing", "not dumped")


def explained(operator: OperatorVerdict, tensor: TensorVerdict) -> str:
    """A difference in a few lines, the first of which says it."""
    lines = []
    if (result := tensor.result) is not None:
        diff = result.diff
        lines.append(
            f"{verdict_text(operator, tensor)}; {result.differing} of {result.elements} elements"
            f" differ, at most by {result.largest}; first in sample {result.sample} at"
            f" {list(diff.first or ())}: golden {diff.a}, dump {diff.b}"
        )
    lines += [kind_text(kind) for kind in operator.kinds]
    lines += [f"{rule}: {rule.differing} of {rule.before} still differ" for rule in operator.rules]
    lines += [text for text in (operator.location, operator.note) if text]
    return "\n".join(lines)
