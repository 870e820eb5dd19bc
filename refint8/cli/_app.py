"""The command line as a whole: verbs, the options that all take, help, and how a call ends."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

from refint8.cli._console import SETTINGS, configure
from refint8.cli._parameters import take_plainly
from refint8.errors import Refint8Error

EXAMPLES = """\
Examples:
  refint8 demo                                             no model needed, no network
  refint8 run model.tflite -i input.npy -o output.npz      every bit of the outputs
  refint8 crosscheck model.tflite --against litert:ref     every tensor against an engine

"""

ENDING = """
-q, -v and --no-color may stand anywhere. Results go to stdout, messages to stderr.

Exit codes:
  0  done, or everything equal
  1  a mismatch was found
  2  wrong usage, or an input that cannot be read
  3  the model has an operator or dtype that refint8 does not run
  4  the arithmetic is not defined: an accumulator overflowed, a scale is degenerate
"""

ANYWHERE = {"-q", "--quiet", "-v", "--verbose", "--no-color"}
"""Options of the program as a whole that may also stand after the verb."""

INTERNAL_ERROR = 70
INTERRUPTED = 130
PIPE_CLOSED = 141


class Verbs(TyperGroup):
    """The group of verbs, with examples before and exit codes after its help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write examples, usage, options, verbs, exit codes."""
        formatter.write(EXAMPLES)
        super().format_help(ctx, formatter)
        formatter.write(ENDING)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a reader that closed the pipe ends it without a word."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Or the interpreter complains when it flushes stdout at its end.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(PIPE_CLOSED) from None
        return result


VERBS = (
    *("demo", "run", "inspect", "crosscheck", "explain", "probe", "golden", "verify"),
    *("setup-device", "rules", "ops", "cache"),
)
"""In the order of the help. Each is a module of this package with a function (or, for a verb with
verbs of its own, a Typer) of its name, with _ for -."""


def app_of(verbs: Sequence[str] = VERBS) -> typer.Typer:
    """The command line with these verbs; only their modules are imported."""
    app = typer.Typer(
        cls=Verbs,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Bit-exact integer execution of fully quantized .tflite models.",
    )
    app.callback(invoke_without_command=True)(_everywhere)
    for name in verbs:
        module = name.replace("-", "_")
        verb = getattr(import_module(f"refint8.cli.{module}"), module)
        if isinstance(verb, typer.Typer):
            app.add_typer(verb, name=name)
        else:
            app.command()(verb)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"refint8 {version('refint8')}")
        raise typer.Exit


def _everywhere(
    ctx: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Results only.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tracebacks with errors.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours (as NO_COLOR in the environment).")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    configure(quiet=quiet, verbose=verbose, no_color=no_color)
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), file=sys.stderr)
        raise typer.Exit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; never raises but for `sys.exit`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    configure(quiet=False, verbose=False, no_color=False)
    SETTINGS.arguments = given
    try:
        command = typer.main.get_command(app_of(_named(given)))
        take_plainly(command)
        code = command.main(args=_hoisted(given), prog_name="refint8", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except Refint8Error as error:
        _tell(_of_refint8(error), given)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        told, code = _of_other(error)
        _tell(told, given)
        return code


def _named(given: Sequence[str]) -> Sequence[str]:
    """The one verb that is asked for; all of them where it takes all to answer."""
    first = next((argument for argument in given if argument not in ANYWHERE), "")
    completing = "_REFINT8_COMPLETE" in os.environ
    return [first] if first in VERBS and not completing else VERBS


def _hoisted(given: list[str]) -> list[str]:
    """Options that may stand anywhere, moved before the verb, where the parser wants them."""
    end = given.index("--") if "--" in given else len(given)
    found = [argument for argument in given[:end] if argument in ANYWHERE]
    return found + [a for i, a in enumerate(given) if i >= end or a not in ANYWHERE]


def _tell(error: dict[str, Any], given: Sequence[str]) -> None:
    """The error on stderr, as JSON when the result would have been."""
    if SETTINGS.verbose:
        traceback.print_exc()
    if "--json" in given:
        print(json.dumps({"schema": "refint8-error-1", **error}), file=sys.stderr)
    else:
        label = f"[{error['label']}] " if error["label"] else ""
        lines = [f"error: {label}{error['reason']}"]
        lines += [f"  {key}: {error[key]}" for key in ("where", "hint") if error[key]]
        print("\n".join(lines), file=sys.stderr)


def _of_refint8(error: Refint8Error) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "exit_code": error.exit_code,
        "label": error.label,
        "reason": error.reason,
        "where": str(error.where),
        "place": {
            key: value for key, value in vars(error.where).items() if value not in ("", None)
        },
        "hint": error.hint,
    }


def _of_other(error: Exception) -> tuple[dict[str, Any], int]:
    told = {"kind": type(error).__name__, "label": "", "where": "", "place": {}, "hint": ""}
    if hasattr(error, "format_message"):  # the parser's: a wrong option, a missing argument
        context = getattr(error, "ctx", None)
        path = getattr(context, "command_path", "refint8")
        told |= {"reason": error.format_message(), "hint": f"{path} --help says what there is"}
        code = 2
    elif isinstance(error, OSError):
        told["reason"] = f"{error.filename or 'input or output'}: {error.strerror or error}"
        code = 2
    elif isinstance(error, MemoryError):
        told["reason"] = f"not enough memory: {error}" if str(error) else "not enough memory"
        code = 2
    else:
        told["reason"] = f"refint8 itself failed: {type(error).__name__}: {error}"
        told["hint"] = "this is a bug: run again with -v and report the traceback"
        code = INTERNAL_ERROR
    return {**told, "exit_code": code}, code
