"""A verdict on a dump in words: what differs in the order of execution, the first spelled out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from refint8.oracle.verify.verdicts import Kind, OperatorVerdict, TensorVerdict, VerifyReport
from refint8.report.details import NAME_LENGTH, one_line
from refint8.report.table import Block, Table, Text

OUTCOMES: Final = {
    "equal": "equal: every tensor of every sample has the golden's bits",
    "waived": "passes: all that differs is waived",
    "partial": "equal where dumped: not every tensor was",
    "incomplete": "incomplete: what was dumped is equal, but something required is missing",
    "differs": "differs",
    "unusable": "unusable: nothing of the dump could be compared",
}

ROLES: Final = {
    "cause": "cause",
    "repeated": "the same again",
    "inherited": "inherited (alone equal)",
    "downstream": "its inputs differ too",
    "within": "unknown",
    "unknown": "unknown",
    "input": "input",
    "equal": "equal",
}


def verify_blocks(report: VerifyReport, golden: str, dump: str, errors: int = 20) -> list[Block]:
    """The whole answer. `golden` and `dump` are what the user calls them; at most `errors` rows."""
    made = report.golden
    samples = "1 sample" if len(made.samples) == 1 else f"{len(made.samples)} samples"
    seed = "" if made.seed is None else f" (seed {made.seed})"
    blocks: list[Block] = [
        Text(
            f"verify: {golden} against {dump}   profile {made.profile}"
            f"   model {made.model_name} (sha256 {made.model_sha256[:12]}), {samples}{seed}"
        )
    ]
    blocks += _table(report, errors)
    blocks += _first(report)
    blocks += _problems(report, errors)
    blocks += _waivers(report)
    blocks += [Text(f"note: {note}") for note in report.notes]
    blocks.append(Text(_sum(report), "good" if report else "bad"))
    if advice := next_command(report, golden):
        blocks.append(Text(f"next: {advice}"))
    return blocks


def kind_text(kind: Kind) -> str:
    """ "zero point: 21 was not added (703 of 703)"."""
    said = f"{kind.name}: {kind.detail}" if kind.detail else kind.name
    return f"{said} ({kind.explained} of {kind.differing})"


def verdict_text(operator: OperatorVerdict, tensor: TensorVerdict) -> str:
    """What the table says of a tensor."""
    if tensor.verdict == "problem":
        return f"problem: {one_line(tensor.problems[0].reason)}"
    if tensor.verdict == "missing":
        return "missing"
    said = ROLES[operator.role]
    if operator.role == "within":
        said += f", between {' and '.join(f'#{i}' for i in _ends(operator.suspects))}"
    if operator.kinds:
        said += f": {operator.kinds[0].name}"
    if operator.fit:
        said += f", {operator.fit} fits"
    return f"waived, {said}" if tensor.verdict == "waived" else said


def place(operator: OperatorVerdict) -> str:
    """ "#3 ADD", or "inputs"."""
    return operator.name if operator.operator < 0 else f"#{operator.operator} {operator.name}"


def next_command(report: VerifyReport, golden: str) -> str:
    """What to type next; "" where there is nothing to do."""
    first = report.first
    if report.outcome == "unusable":
        return "refint8 golden --help, for the names and formats of a dump's files"
    if first is None or first.first is None or first.first.result is None:
        return ""
    result = first.first.result
    at = ",".join(map(str, result.diff.first or ()))
    if first.operator < 0:
        return ""
    seed = report.golden.seed
    inputs = "-i INPUTS" if seed is None else f"--seed {seed}"
    fit = first.fit
    against = f" --against {fit.alternative}" if fit and fit.rule == "profile" else ""
    return (
        f"refint8 explain {golden}/model.tflite {inputs}"
        f" --sample {result.sample} --profile {report.golden.profile}{against}"
        f" --tensor {result.tensor} --at {at}"
    )


def _table(report: VerifyReport, errors: int) -> list[Block]:
    rows = []
    lacking = {tensor.tensor.index for tensor in report.lacking}
    for operator in report.operators:
        for tensor in operator.tensors:
            shown = tensor.differs or tensor.problems or tensor.tensor.index in lacking
            if not shown:
                continue
            result = tensor.result
            rows.append(
                [
                    str(operator.operator) if operator.operator >= 0 else "",
                    operator.name,
                    _name(tensor),
                    f"{result.differing}/{result.elements}" if result else "",
                    str(result.largest) if result else "",
                    ("first: " if operator is report.first else "")
                    + verdict_text(operator, tensor),
                ]
            )
    if not rows:
        return []
    headers = ("#", "op", "tensor", "differ", "max", "verdict")
    blocks: list[Block] = []
    if errors:
        blocks.append(Table(headers, rows[:errors], frozenset({0, 3, 4})))
    if len(rows) > errors:
        blocks.append(Text(f"... and {len(rows) - errors} more tensors (--errors lists more)"))
    return blocks


def _first(report: VerifyReport) -> list[Block]:
    operator = report.first
    tensor = operator.first if operator else None
    if operator is None or tensor is None:
        return []
    lines = [f"first divergence: {place(operator)}, tensor {tensor.tensor.index} '{_name(tensor)}'"]
    lines += [f"  {problem.file}: {problem.reason}" for problem in tensor.problems]
    result = tensor.result
    if result is not None and not result.equal:
        diff = result.diff
        lines.append(
            f"  {result.differing} of {result.elements} elements differ, at most by"
            f" {result.largest}; first in sample {result.sample} at"
            f" {list(diff.first or ())}: golden {diff.a}, dump {diff.b}"
        )
    if operator.location:
        lines.append(f"  where: {operator.location}")
    if operator.isolated and operator.isolated.detail:
        lines.append(f"  not run alone: {one_line(operator.isolated.detail)}")
    lines += [f"  {kind_text(kind)}" for kind in operator.kinds]
    lines += [
        f"  {rule}: {rule.differing} of {rule.before} still differ" for rule in operator.rules
    ]
    if operator.suspects:
        names = ", ".join(f"#{index}" for index in operator.suspects)
        lines.append(f"  what lies between was not dumped: the cause is in one of {names}")
    if operator.note:
        lines.append(f"  {operator.note}")
    if len(lines) == 2 and operator.role == "cause":
        lines.append("  nothing simple explains it")
    return [Text("\n".join(lines), "bad")]


def _problems(report: VerifyReport, errors: int) -> list[Block]:
    shown = report.problems[:errors]
    blocks: list[Block] = [Text(f"problem: {p.file}: {one_line(p.reason)}", "bad") for p in shown]
    if len(report.problems) > len(shown):
        blocks.append(Text(f"... and {len(report.problems) - len(shown)} more problems"))
    return blocks


def _waivers(report: VerifyReport) -> list[Block]:
    blocks: list[Block] = []
    for use in report.waivers:
        names = ", ".join(map(str, use.tensors))
        where = f", tensors {names}" if names else ""
        text = f"waiver {use.state}: {use.waiver}{where}: {use.waiver.reason}"
        blocks.append(Text(text, "bad" if use.state in ("expired", "exceeded") else ""))
    return blocks


def _sum(report: VerifyReport) -> str:
    verdicts: Counter[str] = Counter(tensor.verdict for tensor in report.tensors)
    order = ("equal", "differs", "waived", "problem", "missing")
    told = ", ".join(f"{verdicts[v]} {v}" for v in order if verdicts[v])
    roles: Counter[str] = Counter(o.role for o in report.operators)
    blame = ", ".join(
        f"{roles[role]} {word}"
        for role, word in (
            ("cause", "cause" if roles["cause"] == 1 else "causes"),
            ("repeated", "the same again"),
            ("inherited", "inherited"),
            ("downstream", "downstream"),
            ("within", "unknown between tensors that were not dumped"),
        )
        if roles[role]
    )
    lines = [OUTCOMES[report.outcome]]
    lines[0] += f"; tensors: {told}; {report.differing} of {report.elements} elements differ"
    if blame:
        lines.append(blame)
    if report.outcome == "incomplete":
        lines.append(f"missing: {_listed(report.lacking)} (--require dumped lets that pass)")
    return "\n".join(lines)


def _listed(tensors: Sequence[TensorVerdict]) -> str:
    names = [_name(tensor) for tensor in tensors[:4]]
    return ", ".join(names) + (f" and {len(tensors) - 4} more" if len(tensors) > 4 else "")


def _ends(suspects: Sequence[int]) -> tuple[int, ...]:
    return (suspects[0], suspects[-1]) if len(suspects) > 1 else tuple(suspects)


def _name(tensor: TensorVerdict) -> str:
    name = tensor.tensor.name or f"tensor {tensor.tensor.index}"
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 3] + "..."
