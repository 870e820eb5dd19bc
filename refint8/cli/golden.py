"""`refint8 golden`: what a device has to compute, bit for bit, and whether that still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from refint8.cli._compiling import Compiling
from refint8.cli._console import note, result, result_json
from refint8.cli._options import PROFILE, AsJson, ModelPath, ProfileName, read
from refint8.errors import UsageError
from refint8.oracle.formats import NAMES, PACKED, format_of
from refint8.oracle.golden.check import check_bundle
from refint8.oracle.golden.make import make_golden
from refint8.oracle.golden.manifest import read_manifest
from refint8.oracle.golden.write import check_target, write_bundle
from refint8.oracle.inputs import load_inputs
from refint8.report.golden import check_blocks, check_document, manifest_blocks

SCHEMA = "refint8-golden-made-1"
CHECK_SCHEMA = "refint8-golden-check-1"

_MAKE = "make"


class _ModelOrCheck(TyperGroup):
    """`golden MODEL` makes a bundle; the first word `check` is the only verb of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Whatever does not begin with a verb is for making."""
        if args[:1] != ["check"]:
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


class _Unnamed(TyperCommand):
    """A command that stands where its group does, in the usage line and in hints."""

    def make_context(
        self, info_name: Any, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the group in place of one below it."""
        return super().make_context(parent.info_name, args, parent=parent.parent, **extra)


golden = typer.Typer(
    cls=_ModelOrCheck,
    help="Write what a device must compute, every bit of it; golden check DIR computes it again.",
    rich_markup_mode=None,
)


@golden.command(_MAKE, cls=_Unnamed, hidden=True)
def make(
    model: ModelPath,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="The bundle: golden.bin, golden.json, model.tflite.",
            show_default=False,
        ),
    ],
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
    samples: Annotated[
        int | None,
        typer.Option(
            min=1, help="Seeded samples (1 if not given), or the first ones of the files."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of seeded samples.")] = 0,
    profile: ProfileName = PROFILE,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMATS",
            help=f"Also in a folder each, repeated or with commas: {', '.join((*NAMES, *PACKED))}.",
        ),
    ] = None,
    kits: Annotated[
        bool,
        typer.Option("--kits", help="Also a folder for each operator alone, in those formats."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a golden bundle: inputs, every tensor, every operator's integers.

    The same model, inputs and profile give the same bytes on any CPU. A bundle in DIR is replaced.
    `refint8 golden check DIR` computes one again.
    """
    wanted = list(dict.fromkeys(f.strip() for part in formats or [] for f in part.split(",")))
    for name in wanted:
        format_of(name)
    check_target(output)
    loaded = read(model)
    sets = load_inputs(inputs, loaded, float_io=float_io)[:samples] if inputs else None
    if sets is None:
        note(f"no inputs given: {samples or 1} seeded, over the whole range (--seed {seed})")
    made = make_golden(loaded, profile, sets, samples=samples or 1, seed=seed, progress=Compiling())
    found = write_bundle(made, output, wanted, kits=kits)
    for kit in found:
        if kit.golden is None:
            note(f"no kit for operator {kit.operator.index} ({kit.operator.name}): {kit.reason}")
    manifest = read_manifest(output)
    if as_json:
        result_json(SCHEMA, {"directory": str(output), "manifest": manifest})
    else:
        result(manifest_blocks(manifest, str(output)))


@golden.command("check")
def check(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A golden bundle.", show_default=False)
    ],
    errors: Annotated[int, typer.Option(min=0, help="Drifted tensors to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Compute a bundle again with its own profile; exit code 1 if a bit is different.

    A damaged bundle, one put together from several, or one of a newer format ends with 2.
    """
    if not directory.exists():
        raise UsageError(f"there is no {directory}", hint="give the DIR of `refint8 golden`")
    checked = check_bundle(directory, progress=Compiling())
    if as_json:
        result_json(CHECK_SCHEMA, check_document(checked, str(directory)))
    else:
        result(check_blocks(checked, str(directory), errors))
    raise typer.Exit(0 if checked else 1)
