"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.corpora import CHECKOUT, Subject, corpora, first_set, largest, named, packaged
from refint8.report.table import Block, Text
from refint8.report.terminal import show


def main(arguments: list[str] | None = None) -> None:
    """Parse and run."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="refint8 against LiteRT and TFLM on this machine. Without a verb: everything.",
    )
    parser.add_argument("--corpora", type=Path, help="folder of the third-party models and data")
    parser.add_argument("--seconds", type=float, default=2.0, help="of measuring a model")
    parser.add_argument("--quick", action="store_true", help="without the largest models")
    parser.add_argument("--int16x8", type=Path, metavar="FILE", help="model of make_models.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the document too")
    parser.add_argument("--readme", action="store_true", help="rewrite the README's table")
    parser.add_argument("--from", dest="source", type=Path, metavar="JSON", help="measure nothing")
    parser.set_defaults(run=_all)
    verbs = parser.add_subparsers(metavar="VERB")
    one = verbs.add_parser("breakdown", help="where a program's time goes")
    one.add_argument("models", nargs="+", metavar="MODEL", help="a file, or a part of a name")
    one.add_argument("--profile", default="tflite")
    one.add_argument("--all", action="store_true", help="every instruction too")
    one.add_argument("--batch", action="store_true", help="the program that batches run")
    one.set_defaults(run=_breakdown)
    two = verbs.add_parser("latency", help="refint8 against the engines")
    two.add_argument("models", nargs="*", metavar="MODEL", help="default: the first set")
    two.add_argument("--largest", action="store_true", help="the models with the most MACs instead")
    two.add_argument("--engines", default="refint8,xnnpack", help="names, or 'all'")
    two.set_defaults(run=_latency)
    three = verbs.add_parser("throughput", help="a batch on two threads")
    three.add_argument("models", nargs="*", metavar="MODEL", help="default: the first set")
    three.add_argument("--samples", type=int, default=256)
    three.set_defaults(run=_throughput, largest=False)
    four = verbs.add_parser("start", help="imports, first results, peak memory")
    four.add_argument("models", nargs="*", metavar="MODEL", help="default: the first set")
    four.set_defaults(run=_start, largest=False)
    verbs.add_parser("mnist", help="the tutorial's loop").set_defaults(run=_mnist)
    five = verbs.add_parser("operators", help="every operator against LiteRT's reference kernels")
    five.add_argument("names", nargs="*", metavar="OPERATOR", help="what names begin with")
    five.set_defaults(run=_operators)
    verbs.add_parser("peak", help="the CPU's int8 peak, the product").set_defaults(run=_peak)
    return parser


def _all(options: argparse.Namespace) -> None:
    from benchmarks.document import SCHEMA, Scope, measure_all
    from benchmarks.readme import rewrite
    from benchmarks.tables import document_blocks

    if options.source:
        document = json.loads(options.source.read_text("utf-8"))
        if document.get("schema") != SCHEMA:
            raise SystemExit(f"{options.source} is no {SCHEMA}")
    else:
        folder = corpora(options.corpora)
        scope = Scope(folder, options.seconds, options.quick, options.int16x8)
        document = measure_all(scope, lambda what: print(what, file=sys.stderr, flush=True))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    _say(document_blocks(document))
    if options.readme:
        rewrite(CHECKOUT / "README.md", document)


def _say(blocks: list[Block]) -> None:
    show(blocks, sys.stdout)
    sys.stdout.flush()


def compiling(name: str, done: int, count: int) -> None:
    """Progress of the compiler, on a terminal only."""
    if sys.stderr.isatty():
        what = f"compiling {done + 1}/{count} {name}" if done < count else ""
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


def _breakdown(options: argparse.Namespace) -> None:
    from benchmarks.breakdown import breakdown
    from benchmarks.native_loops import measure_peak
    from benchmarks.tables import breakdown_blocks
    from benchmarks.timing import pinned

    for name in options.models:
        subject = named(name, corpora(options.corpora))
        with pinned():
            found = breakdown(
                subject.path,
                subject.label,
                options.profile,
                seconds=options.seconds / 4,
                progress=compiling,
                keep_all=not options.batch,
            )
            _say(breakdown_blocks(found, measure_peak(), every=options.all))


def _latency(options: argparse.Namespace) -> None:
    from benchmarks.engines import ENGINES
    from benchmarks.latency import measure
    from benchmarks.tables import latency_blocks

    engines = list(ENGINES) if options.engines == "all" else options.engines.split(",")
    if unknown := set(engines) - set(ENGINES):
        raise SystemExit(f"no engine {sorted(unknown)}; there are {', '.join(ENGINES)}")
    subjects = _subjects(options)
    measured = [measure(subject, engines, options.seconds) for subject in subjects]
    _say(latency_blocks(measured, "Latency of one run, one thread (xnnpack 2: two)"))


def _subjects(options: argparse.Namespace) -> list[Subject]:
    folder = corpora(options.corpora)
    if options.models:
        return [named(name, folder) for name in options.models]
    if options.largest:
        return largest(folder) or packaged()
    found, notes = first_set(folder)
    _say([Text(note) for note in notes])
    return found or packaged()


def _throughput(options: argparse.Namespace) -> None:
    from benchmarks.tables import throughput_blocks
    from benchmarks.throughput import measure

    subjects = _subjects(options)
    _say(throughput_blocks([measure(s, options.seconds, options.samples) for s in subjects]))


def _start(options: argparse.Namespace) -> None:
    from benchmarks.startup import measure, peak_memory
    from benchmarks.tables import memory_blocks, startup_blocks

    subjects = _subjects(options)
    chosen = next((s for s in subjects if "ResNet" in s.label), subjects[0])
    _say(startup_blocks(measure(chosen)))
    _say(memory_blocks({subject.label: peak_memory(subject) for subject in subjects}))


def _mnist(options: argparse.Namespace) -> None:
    from benchmarks.mnist import measure
    from benchmarks.tables import mnist_blocks

    _say(mnist_blocks(measure(corpora(options.corpora), options.seconds)))


def _operators(options: argparse.Namespace) -> None:
    from benchmarks.operator_table import operator_blocks
    from benchmarks.operators import chosen, measure

    def say(name: str) -> None:
        compiling(name, 0, 1 if name else 0)

    measured = measure(chosen(options.names), options.seconds / 10, say)
    say("")
    _say(operator_blocks(measured))


def _peak(_: argparse.Namespace) -> None:
    from benchmarks.native_loops import best_tier, measure_peak
    from benchmarks.product import measure_products
    from benchmarks.tables import product_blocks
    from benchmarks.timing import pinned

    with pinned():
        peak = measure_peak(1.0)
        print(f"{peak / 1e9:.0f} GMAC/s with {best_tier().name} on one core")
        _say(product_blocks(measure_products(), peak))
