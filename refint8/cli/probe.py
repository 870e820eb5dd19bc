"""`refint8 probe`: which arithmetic a runtime has."""

from __future__ import annotations

from typing import Annotated

import typer

from refint8.cli._console import result, result_json, tracked
from refint8.cli._options import AsJson
from refint8.oracle.probe import Probing
from refint8.oracle.targets import NAMES, target
from refint8.report.probe_report import SCHEMA, probe_blocks, probe_json


def probe(
    engine: Annotated[
        str, typer.Argument(metavar="TARGET", help=f"What to classify: {', '.join(NAMES)}.")
    ],
    operators: Annotated[
        list[str] | None,
        typer.Option(
            "--operator", "-o", metavar="NAME", help="Only this operator (repeated: these)."
        ),
    ] = None,
    as_json: AsJson = False,
    details: Annotated[
        bool, typer.Option("--rules", help="Every rule with what speaks against it.")
    ] = False,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds for each of the small models.")
    ] = 20.0,
) -> None:
    """Find the rules, operator by operator, that explain what a runtime answers.

    Exit code 0 when every case that ran is explained, 1 when one is not, 2 when nothing ran.
    """
    names = [name.upper() for name in operators or ()]
    with Probing(target(engine), names, time_limit) as probing:
        report = probing.report([probing.judge(case) for case in tracked(probing.cases, "cases")])
    if as_json:
        result_json(SCHEMA, probe_json(report))
    else:
        result(probe_blocks(report, details=details))
    raise typer.Exit(2 if not report.judged else 1 if report.unexplained else 0)
