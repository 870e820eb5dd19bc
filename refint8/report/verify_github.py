"""A verdict on a dump as annotations of a GitHub workflow, one line each."""

from __future__ import annotations

from refint8.oracle.verify.verdicts import VerifyReport
from refint8.report.verify_junit import explained
from refint8.report.verify_text import OUTCOMES, place


def verify_github(report: VerifyReport, golden: str, dump: str, errors: int) -> list[str]:
    """Errors for causes and problems, warnings for waivers that no longer hold, one notice.

    What is only inherited is counted in the notice. At most `errors` errors.
    """
    made = []
    for operator in report.operators:
        for tensor in operator.tensors:
            title = f"{place(operator)} {tensor.tensor.name}".strip()
            if tensor.problems:
                text = "; ".join(f"{p.file}: {p.reason}" for p in tensor.problems)
                made.append(_line("error", f"{title}: problem", text))
            elif tensor.verdict == "differs" and operator.role not in ("inherited", "downstream"):
                text = explained(operator, tensor)
                made.append(_line("error", f"{title}: {operator.role}", text))
    made += [_line("error", problem.file, problem.reason) for problem in report.problems]
    made += [
        _line("error", f"{tensor.tensor.name} is missing", "it is required and was not dumped")
        for tensor in report.lacking
        if report.outcome == "incomplete"
    ]
    if len(made) > errors:
        made = [*made[:errors], _line("error", "verify", f"and {len(made) - errors} more")]
    for use in report.waivers:
        if use.state != "used":
            text = f"{use.waiver}: {use.waiver.reason}"
            made.append(_line("warning", f"waiver {use.state}", text))
    inherited = sum(operator.role in ("inherited", "downstream") for operator in report.operators)
    said = f"{OUTCOMES[report.outcome]}; {report.differing} of {report.elements} elements differ"
    said += f"; {inherited} operators inherit" if inherited else ""
    kind = "notice" if report else "error"
    return [*made, _line(kind, f"verify {golden} {dump}", said)]


def _line(kind: str, title: str, text: str) -> str:
    """The workflow command, with what would end a message or a property written as %XX."""
    safe = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    head = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{kind} title={head.replace(':', '%3A').replace(',', '%2C')}::{safe}"
