"""`verify`: a dump against a golden, operator by operator."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from refint8.model.reader import read_model
from refint8.oracle.findings import TensorResult
from refint8.oracle.golden.contents import Dump, Golden
from refint8.oracle.golden.recorded import recorded_profile
from refint8.oracle.verify.blame import Blame, Mode
from refint8.oracle.verify.comparison import INPUTS, compared, sound
from refint8.oracle.verify.excuses import excuse
from refint8.oracle.verify.remarks import remarks
from refint8.oracle.verify.verdicts import (
    Require,
    TensorVerdict,
    Verdict,
    VerifyReport,
)
from refint8.oracle.verify.waivers import Waiver

__all__ = ["Mode", "verify"]


def verify(
    golden: Golden,
    dump: Dump,
    *,
    waivers: Sequence[Waiver] = (),
    mode: Mode = "auto",
    require: Require = "outputs",
    today: datetime.date | None = None,
) -> VerifyReport:
    """Compare every dumped tensor, bit for bit, and say which operators are to blame.

    In mode "auto" the dump is of one run of the model: an operator whose inputs on the device were
    not the golden's is run by refint8 on those very inputs, so that what it inherits is told from
    what it causes. "cumulative" leaves that out. In mode "isolated" the device ran every operator
    alone on the golden's values, so that each difference is the operator's own.
    `require` says what may be missing for the dump to pass. Waivers are held against `today`.
    What is wrong with the dump is in the report; raises UsageError for a golden made with rules
    that this version does not have, ModelError and its kin where its model cannot be read.
    """
    dump = sound(golden, dump)
    profile = recorded_profile(golden)
    model = read_model(golden.model, golden.model_name)
    results, differing = compared(golden, dump)
    blame = Blame(golden, dump, model, profile, mode, differing)
    tensors = {
        tensor.index: _tensor(golden, dump, results.get(tensor.index), tensor.index)
        for tensor in golden.tensors
    }
    operators = []
    fed_wrongly = tuple(t for t in tensors.values() if t.tensor.role == "input" and t.dumped)
    if fed_wrongly:
        operators.append(blame.inputs(INPUTS, fed_wrongly))
    for operator in golden.operators:
        mine = tuple(tensors[i] for i in dict.fromkeys(operator.outputs) if i in tensors)
        operators.append(blame.operator(operator, mine))
    today = today or datetime.date.today()
    reads = {operator.index: operator.inputs for operator in golden.operators}
    inputs = [reads.get(operator.operator, ()) for operator in operators]
    operators, used = excuse(operators, inputs, waivers, today)
    final = {t.tensor.index: t for o in operators for t in o.tensors}
    return VerifyReport(
        golden=golden,
        dump=dump,
        tensors=tuple(final.get(index, tensor) for index, tensor in tensors.items()),
        operators=tuple(operators),
        problems=tuple(p for p in dump.problems if p.tensor is None),
        waivers=used,
        require=require,
        notes=remarks(golden, dump, operators),
    )


def _tensor(golden: Golden, dump: Dump, result: TensorResult | None, index: int) -> TensorVerdict:
    problems = tuple(p for p in dump.problems if p.tensor == index)
    dumped = sum(index in sample for sample in dump.samples)
    verdict: Verdict = "missing"
    if problems:
        verdict = "problem"
    elif result is not None:
        verdict = "equal" if result.equal else "differs"
    return TensorVerdict(golden.tensor(index), verdict, dumped, result, problems)
