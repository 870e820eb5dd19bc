"""`refint8 verify`: a device's dump held against a golden bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from refint8.cli._console import SETTINGS, result, result_json
from refint8.cli._html import Html, check_place, command_line, write_page
from refint8.cli._options import AsJson
from refint8.errors import UsageError
from refint8.model.names import nearest
from refint8.oracle.formats import NAMES, format_of
from refint8.oracle.formats.detect import detect
from refint8.oracle.golden.read import read_bundle
from refint8.oracle.verify.run import Mode
from refint8.oracle.verify.run import verify as verify_dump
from refint8.oracle.verify.verdicts import Require
from refint8.oracle.verify.waivers import read_waivers
from refint8.report.html.verify import verify_page
from refint8.report.model_explorer import node_data
from refint8.report.verify_github import verify_github
from refint8.report.verify_json import SCHEMA, verify_document
from refint8.report.verify_junit import verify_junit
from refint8.report.verify_text import verify_blocks

FORMATS = ("text", "json", "junit", "github")

Choice = TypeVar("Choice", bound=str)


def verify(
    golden: Annotated[Path, typer.Argument(metavar="GOLDEN", help="A bundle of `refint8 golden`.")],
    dump: Annotated[
        Path,
        typer.Argument(
            metavar="DUMP", help="What the device computed: a folder or a file, in part or whole."
        ),
    ],
    dump_format: Annotated[
        str | None,
        typer.Option(
            "--dump-format",
            metavar="NAME",
            help=f"The dump's, if it cannot be told from its files: {', '.join(NAMES)}.",
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            "-m",
            metavar="MODE",
            help="auto: refint8 runs an operator on the dump's own inputs where those differ;"
            " cumulative: it does not; isolated: the device ran each operator alone on the"
            " golden's values.",
        ),
    ] = "auto",
    require: Annotated[
        str,
        typer.Option(
            "--require",
            metavar="WHAT",
            help="What must be in the dump: outputs (of the model), all, dumped (anything).",
        ),
    ] = "outputs",
    waivers: Annotated[
        Path | None,
        typer.Option("--waivers", "-w", metavar="FILE", help="Accepted differences, a TOML file."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORM", help=f"{', '.join(FORMATS)}.")
    ] = "text",
    as_json: AsJson = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", "-p", metavar="PROFILE", help="Refuse a bundle of another profile."
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    model_explorer: Annotated[
        Path | None,
        typer.Option(
            "--model-explorer", metavar="FILE", help="Also write node data for Model Explorer."
        ),
    ] = None,
    html: Html = None,
    errors: Annotated[int, typer.Option(min=0, help="Differing tensors to list.")] = 20,
) -> None:
    """Say whether a device computed every bit, and if not, where it first went wrong and how.

    Exit codes: 0 equal (or waived, or equal where dumped), 1 something differs, has a problem or
    is missing though required, 2 nothing could be compared.
    """
    wanted = _one_of("format", "json" if as_json else form, FORMATS)
    chosen = _one_of("mode", mode, get_args(Mode))
    needed = _one_of("requirement", require, get_args(Require))
    for path in (junit, model_explorer):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"cannot write {path}: its directory does not exist")
    check_place(html)
    excuses = read_waivers(waivers) if waivers else ()
    if not golden.exists():
        raise UsageError(f"there is no {golden}", hint="make it with `refint8 golden MODEL -o DIR`")
    expected = read_bundle(golden)
    if profile is not None and expected.profile != profile:
        raise UsageError(
            f"{golden} is of the profile {expected.profile}, not {profile}",
            hint=f"make one with `refint8 golden MODEL -p {profile} -o DIR`",
        )
    read = format_of(dump_format or detect(dump, expected)).read
    report = verify_dump(
        expected, read(dump, expected), waivers=excuses, mode=chosen, require=needed
    )
    names = str(golden), str(dump)
    if junit is not None:
        junit.write_bytes(verify_junit(report, *names))
    if model_explorer is not None:
        model_explorer.write_text(json.dumps(node_data(report), indent=1) + "\n", encoding="utf-8")
    if html is not None:
        write_page(html, verify_page(report, *names, command_line(SETTINGS.arguments)))
    if wanted == "json":
        result_json(SCHEMA, verify_document(report, *names))
    elif wanted == "junit":
        print(verify_junit(report, *names).decode(), end="")
    elif wanted == "github":
        print("\n".join(verify_github(report, *names, errors)))
    else:
        result(verify_blocks(report, *names, errors))
    raise typer.Exit(report.exit_code)


def _one_of(what: str, name: str, known: tuple[Choice, ...]) -> Choice:
    for each in known:
        if each == name:
            return each
    raise UsageError(f"there is no {what} {name!r}", hint=nearest(name, known))
