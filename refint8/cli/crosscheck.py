"""`refint8 crosscheck`: hold models against engines."""

from __future__ import annotations

import glob
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from refint8.cli._compiling import Compiling
from refint8.cli._console import result, result_json, tracked
from refint8.cli._options import AsJson, profile_names, read
from refint8.errors import ModelError, UsageError
from refint8.model.reader import read_model
from refint8.numerics.profiles import PROFILES
from refint8.numerics.profiles import profile as profile_of
from refint8.oracle.crosscheck import Report, Verdict, exit_code
from refint8.oracle.crosscheck import crosscheck as check_model
from refint8.oracle.inputs import load_inputs
from refint8.oracle.targets import NAMES, Target, target
from refint8.report.json_report import SCHEMA, crosscheck_json
from refint8.report.table import Text
from refint8.report.terminal import show
from refint8.report.text import crosscheck_blocks


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
            help=f"Repeated or with commas: {', '.join(NAMES)} (litert:ref if none).",
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
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="PROFILE",
            help=f"Instead of each target's own: {', '.join(PROFILES)}.",
            autocompletion=profile_names,
        ),
    ] = None,
    as_json: AsJson = False,
    errors: Annotated[int, typer.Option(min=0, help="Differing tensors to list.")] = 20,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds per model and target.")
    ] = 60.0,
) -> None:
    """Compare every tensor of models with engines, bit for bit.

    A file that is no model, an engine that refuses and a model that refint8 does not support are
    reported, and the others compared.
    """
    targets = parse_targets(against or ["litert:ref"])
    paths = model_paths(models)
    if profile is not None:
        profile_of(profile)
    reports: list[Report] = []
    unreadable: dict[str, str] = {}
    for path in tracked(paths, "models"):
        try:
            model = read(path) if str(path) == "-" else read_model(path, str(path))
        except ModelError as error:
            unreadable[str(path)] = str(error)
            continue
        report = check_model(
            model,
            targets,
            profile=profile,
            inputs=load_inputs(inputs, model, float_io=float_io) if inputs else None,
            samples=samples,
            seed=seed,
            time_limit=time_limit,
            progress=Compiling(),
        )
        reports.append(report)
    code = _exit_code(reports, unreadable)
    if as_json:
        result_json(SCHEMA, crosscheck_json(reports, unreadable, code))
    else:
        if reports:
            result(crosscheck_blocks(reports, errors))
        show([Text(f"unreadable: {text}", "bad") for text in unreadable.values()], sys.stderr)
    raise typer.Exit(code)


def parse_targets(names: Sequence[str]) -> list[Target]:
    """Targets by name, each once; a name may be several with commas between."""
    split = [part.strip() for name in names for part in name.split(",") if part.strip()]
    return list(dict.fromkeys(target(name) for name in split))


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
