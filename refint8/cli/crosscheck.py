"""`refint8 crosscheck`: hold models against engines."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from refint8.cli._compiling import Compiling
from refint8.cli._console import SETTINGS, result, result_json, tracked
from refint8.cli._html import Html, check_place, command_line, input_words, write_page
from refint8.cli._options import AsJson, profile_names, read
from refint8.errors import ModelError, UsageError
from refint8.model.names import nearest
from refint8.model.reader import read_model
from refint8.numerics.profiles import PROFILES
from refint8.numerics.profiles import profile as profile_of
from refint8.oracle.crosscheck import crosscheck as check_model
from refint8.oracle.explained import explained_comparison
from refint8.oracle.findings import Mode, Report, Verdict, exit_code
from refint8.oracle.inputs import load_inputs
from refint8.oracle.random_inputs import random_inputs
from refint8.oracle.targets import FORMS, NAMES, Target, target
from refint8.report.html.crosscheck import Arguments, Checked, crosscheck_page
from refint8.report.json_report import SCHEMA, crosscheck_json
from refint8.report.junit import junit_xml
from refint8.report.table import Text
from refint8.report.terminal import show
from refint8.report.text import crosscheck_blocks

COMMAND = re.compile(r",(?=(?:cmd|pipe):)")
"""Where a command begins among targets with commas between."""


def crosscheck(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODELS", help="Files, folders or patterns; - for stdin."),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            "-a",
            metavar="TARGETS",
            help="Repeated or with commas (litert:ref if none): "
            f"{', '.join(NAMES)}, {', '.join(FORMS)}.",
        ),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE",
            help="Input values (.npy, .npz, an image), one per input; seeded if none.",
        ),
    ] = None,
    float_io: Annotated[
        bool, typer.Option("--float-io", help="Quantize real numbers in input files.")
    ] = False,
    samples: Annotated[int, typer.Option(min=1, help="Seeded samples.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of seeded samples.")] = 0,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="PROFILES",
            help=f"Instead of each target's own, repeated or with commas: {', '.join(PROFILES)}.",
            autocompletion=profile_names,
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            "-m",
            metavar="MODE",
            help="cumulative: the whole model runs; isolated: every operator alone, fed with"
            " refint8's values; both; auto: isolated where cumulative leaves a question.",
        ),
    ] = "auto",
    tensors: Annotated[
        list[str] | None,
        typer.Option("--tensor", "-t", metavar="TENSOR", help="Only these, by name or index."),
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Keep the state of variables between samples.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="A new process for every operator run alone.")
    ] = False,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    html: Html = None,
    errors: Annotated[int, typer.Option(min=0, help="Differing tensors to list.")] = 20,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds per run of a target.")] = 60.0,
) -> None:
    """Compare every tensor of models with engines, bit for bit.

    A file that is no model, an engine that refuses and a model that refint8 does not support are
    reported, and the others compared.
    """
    targets = parse_targets(against or ["litert:ref"])
    paths = model_paths(models)
    profiles = _parts(profile or [])
    for name in profiles:
        profile_of(name)
    if junit is not None and not junit.parent.is_dir():
        raise UsageError(f"cannot write {junit}: its directory does not exist")
    check_place(html)
    wanted = _mode(mode)
    reports: list[Report] = []
    checked: list[Checked] = []
    unreadable: dict[str, str] = {}
    for path in tracked(paths, "models"):
        try:
            model = read(path) if str(path) == "-" else read_model(path, str(path))
        except ModelError as error:
            unreadable[str(path)] = str(error)
            continue
        given = load_inputs(inputs, model, float_io=float_io) if inputs else None
        report = check_model(
            model,
            targets,
            profile=profiles or None,
            inputs=given,
            samples=samples,
            seed=seed,
            time_limit=time_limit,
            stream=stream,
            mode=wanted,
            tensors=tensors or None,
            fresh=fresh,
            progress=Compiling(),
        )
        reports.append(report)
        if html is not None:
            sets = random_inputs(model, samples, seed) if given is None else given
            told = [explained_comparison(model, sets, each) for each in report.comparisons]
            checked.append(Checked(report, told))
    code = _exit_code(reports, unreadable)
    if junit is not None:
        junit.write_bytes(junit_xml(reports, unreadable))
    if html is not None:
        words = input_words(inputs, float_io=float_io)
        said = Arguments(command_line(SETTINGS.arguments), words, unreadable)
        write_page(html, crosscheck_page(checked, said))
    if as_json:
        result_json(SCHEMA, crosscheck_json(reports, unreadable, code))
    else:
        if reports:
            result(crosscheck_blocks(reports, errors))
        show([Text(f"unreadable: {text}", "bad") for text in unreadable.values()], sys.stderr)
    raise typer.Exit(code)


def parse_targets(names: Sequence[str]) -> list[Target]:
    """Targets by name, each once; a name may be several with commas between, a command the last."""
    split: list[str] = []
    for name in names:
        before, *command = COMMAND.split(f",{name}", maxsplit=1)
        split += [*_parts([before]), *command]
    return list(dict.fromkeys(target(name) for name in split))


def _parts(names: Sequence[str]) -> list[str]:
    """Names, each once, of which several may stand together with commas between."""
    split = [part.strip() for name in names for part in name.split(",")]
    return list(dict.fromkeys(part for part in split if part))


def _mode(name: str) -> Mode:
    modes: tuple[Mode, ...] = get_args(Mode)
    for mode in modes:
        if mode == name:
            return mode
    raise UsageError(f"there is no mode {name!r}", hint=nearest(name, modes))


def model_paths(patterns: Sequence[str]) -> list[Path]:
    """Files as they are, folders as the .tflite files under them, patterns as what they match."""
    paths: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            found = sorted(path.rglob("*.tflite"))
        elif pattern == "-" or path.exists():
            found = [path]
        else:
            names = glob.glob(pattern, recursive=True)  # noqa: PTH207  (Path.glob: no absolute ones)
            found = [Path(name) for name in sorted(names)]
        if not found:
            raise UsageError(f"no model at {pattern}", hint="give a .tflite file or a folder")
        paths += found
    return list(dict.fromkeys(paths))


def _exit_code(reports: Sequence[Report], unreadable: Mapping[str, str]) -> int:
    verdicts: list[Verdict] = [c.verdict for report in reports for c in report.comparisons]
    code = exit_code(verdicts)
    return 2 if unreadable and code == 0 else code
