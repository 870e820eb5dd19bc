"""`refint8 explain`: one element, every step of it, and where two profiles part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refint8.cli._console import note, result, result_json
from refint8.cli._options import PROFILE, AsJson, ModelPath, ProfileName, profile_names, read
from refint8.errors import UsageError
from refint8.oracle.explanation.explain import explain as explain_element
from refint8.oracle.inputs import load_inputs
from refint8.oracle.random_inputs import random_inputs
from refint8.report.explanation_json import SCHEMA, explanation_document
from refint8.report.explanation_text import TERMS, explanation_blocks

DIFFERENT = 1


def explain(
    model: ModelPath,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE",
            help="Input values (.npy, .npz, an image), one per input; seeded if none.",
        ),
    ] = None,
    tensor: Annotated[
        str | None,
        typer.Option(
            "--tensor",
            "-t",
            metavar="TENSOR",
            help="Name or index; with --against the first that differs if none.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="N,Y,X,C", help="The element; the first that differs if none."
        ),
    ] = None,
    profile: ProfileName = PROFILE,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            "-a",
            metavar="PROFILE",
            help="A second profile: where the two part.",
            autocompletion=profile_names,
        ),
    ] = None,
    own_inputs: Annotated[
        bool,
        typer.Option("--own-inputs", help="Derive --against from the values of its own run."),
    ] = False,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Which sample of the files (or seeded ones).")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of seeded inputs.")] = 0,
    float_io: Annotated[
        bool, typer.Option("--float-io", help="Quantize real numbers in input files.")
    ] = False,
    terms: Annotated[int, typer.Option(min=1, help="Terms of a long sum to list.")] = TERMS,
    every: Annotated[
        bool, typer.Option("--all-steps", help="Also the steps inside long fixed-point functions.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Derive one element: what enters it, the multiplier, every rounding and what it dropped.

    With --against also the first step at which the two profiles part, and the rule behind it. The
    exit code is 1 where they do.
    """
    index = None if at is None else element(at)
    loaded = read(model)
    if inputs:
        sets = load_inputs(inputs, loaded, float_io=float_io)
        if sample >= len(sets):
            raise UsageError(f"there is no sample {sample}, the files have {len(sets)}")
    else:
        sets = random_inputs(loaded, sample + 1, seed)
        note(f"no inputs given: seeded, over the whole range (--seed {seed})")
    given = [sets[sample][i] for i in loaded.subgraphs[0].inputs]
    explanation = explain_element(
        loaded, given, tensor, index, profile=profile, against=against, own_inputs=own_inputs
    )
    if as_json:
        result_json(SCHEMA, explanation_document(explanation, terms))
    else:
        result(explanation_blocks(explanation, terms=terms, every=every))
    raise typer.Exit(DIFFERENT if explanation.differs else 0)


def element(text: str) -> tuple[int, ...]:
    """The numbers of --at. Raises UsageError."""
    try:
        return tuple(int(part) for part in text.replace(" ", "").split(",") if part)
    except ValueError:
        raise UsageError(f"--at {text} is not a list of integers", hint="--at 0,3,5,7") from None
