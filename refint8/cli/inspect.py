"""`refint8 inspect`: what a model is made of, and who can run it."""

from __future__ import annotations

from typing import Annotated

import typer

from refint8.cli._console import result, result_json
from refint8.cli._options import PROFILE, AsJson, ModelPath, ProfileName, read
from refint8.numerics.profiles import profile as profile_of
from refint8.report.inspection import inspection
from refint8.report.inspection_text import inspection_blocks, record_blocks
from refint8.report.survey import surveys

SCHEMA = "refint8-inspect-1"


def inspect(
    model: ModelPath,
    constants: Annotated[
        bool,
        typer.Option("--constants", help="Every operator's integers: multipliers, shifts, clamps."),
    ] = False,
    profile: ProfileName = PROFILE,
    as_json: AsJson = False,
) -> None:
    """Look into a model: operators, integers, MACs, memory, who refuses it.

    Ends with 0 whenever the file can be read, also when operators cannot run.
    """
    loaded, chosen = read(model), profile_of(profile)
    surveyed = surveys(loaded, chosen.rules)
    document = inspection(loaded, chosen, surveyed, constants=constants)
    if as_json:
        result_json(SCHEMA, document)
        return
    blocks = inspection_blocks(document)
    if constants:
        blocks += record_blocks(surveyed)
    result(blocks)
