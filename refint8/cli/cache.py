"""`refint8 cache`: the compiled kernels that later runs load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from refint8.cli._compiling import Compiling
from refint8.cli._console import note, result, result_json
from refint8.cli._options import AsJson, profile_names
from refint8.errors import UsageError
from refint8.model.reader import read_model
from refint8.model.types import Model
from refint8.native.cache import cache_folder, clear, stored
from refint8.numerics.profiles import DEFAULT_PROFILE, PROFILES
from refint8.report.table import Text

SCHEMA = "refint8-cache-1"

cache = typer.Typer(
    help="The compiled kernels that later runs load: where they are, none, or those of models.",
    rich_markup_mode=None,
)


@cache.command("dir")
def show_folder(as_json: AsJson = False) -> None:
    """Print the folder; with --json also what lies in it.

    REFINT8_CACHE_DIR names another one. A key stands for sources, versions and CPU.
    """
    folder = _folder()
    if not as_json:
        print(folder)
        return
    result_json(SCHEMA, _contents(folder))


@cache.command("clear")
def remove_kernels(as_json: AsJson = False) -> None:
    """Remove all compiled kernels, also those of other versions. Nothing else is touched."""
    folder = _folder()
    before = _contents(folder)
    removed = clear(folder)
    if as_json:
        result_json(SCHEMA, {**before, "files_removed": removed})
    else:
        result([Text(f"removed {removed} files, {before['bytes']} bytes, from {folder}")])


@cache.command("warm")
def compile_kernels(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODELS", help="Files; those of `refint8 demo` if none."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="PROFILE",
            help=f"Whose arithmetic: {', '.join(PROFILES)}.",
            show_default=DEFAULT_PROFILE,
            autocompletion=profile_names,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compile and store what runs of the models need, so that the first one is fast."""
    from refint8.engine.batch import kernels_of
    from refint8.native.store import shared

    kernels = {}
    for model, name in _jobs(models, profile):
        for kernel in kernels_of(model, name):
            kernels[kernel.name] = kernel
    store = shared()
    missing = [kernel for kernel in kernels.values() if not store.stored(kernel)]
    store.addresses(missing, Compiling())
    unstored = [kernel.name for kernel in missing if not store.stored(kernel)]
    if unstored:
        raise UsageError(
            f"{len(unstored)} kernels were compiled but cannot be stored in"
            f" {store.folder.parent if store.folder else 'any folder'}",
            hint="name a folder that can be written in REFINT8_CACHE_DIR",
        )
    if as_json:
        made = sorted(kernel.name for kernel in missing)
        document = {**_contents(_folder()), "kernels_needed": len(kernels), "compiled": made}
        result_json(SCHEMA, document)
    else:
        result([Text(f"{len(kernels)} kernels needed, {len(missing)} compiled, in {_folder()}")])


def _jobs(models: list[Path] | None, profile: str | None) -> list[tuple[Model, str]]:
    """Models and the profiles to prepare them for."""
    if models:
        return [(read_model(path), profile or DEFAULT_PROFILE) for path in models]
    from refint8.demo import examples

    note("no models given: those of `refint8 demo`")
    return [
        (read_model(example.path), name)
        for example in examples()
        for name in ([profile] if profile else [DEFAULT_PROFILE, *example.recorded])
    ]


def _folder() -> Path:
    folder = cache_folder()
    if folder is None:
        raise UsageError(
            "there is no home directory to keep compiled kernels in",
            hint="name a folder in REFINT8_CACHE_DIR",
        )
    return folder


def _contents(folder: Path) -> dict[str, Any]:
    found = stored(folder)
    return {
        "folder": str(folder),
        "bytes": sum(each.bytes for each in found),
        "kernels": sum(len(each.kernels) for each in found),
        "keys": [
            {"key": each.key, "bytes": each.bytes, "kernels": list(each.kernels)} for each in found
        ],
    }
