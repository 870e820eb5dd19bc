"""Plant wrong variants in a copy of the tree, one at a time, and see whether the tests notice.

    python tools/plant_variants.py [--jobs N] [PART OF A NAME...]

A variant is a small mistake that somebody could make, or that another engine makes: a product in
float32 instead of double, a tie to the other side, a tail one element short. `tools/variants/`
lists them; each names the tests that are to fail with it. The working tree is never touched.
Exit code 1 when a variant survives or cannot be tried, or when a named test fails without one.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LISTS = CHECKOUT / "tools" / "variants"
COPIED = ("pyproject.toml", "refint8", "tests", "tools")
"""What of the tree the tests need."""

FIELDS = {"name", "file", "text", "wrong", "tests"}
OPTIONAL = {"only"}

LONGEST = 1200
"""Seconds after which a run counts as hanging."""

TYPOS = re.compile(r" - (?:\w+\.)*(Name|Syntax|Import|Attribute|UnboundLocal|Typing|Lowering)Error")
"""Errors that say that the variant is no program, so that failing tests prove nothing."""

CAUGHT, SURVIVED, UNTRIED = "caught", "survived", "not tried"


@dataclass(frozen=True)
class Variant:
    """`text` occurs exactly once in `file` and is replaced with `wrong`.

    `tests` are pytest's arguments, of which `only` (pytest -k) selects some. Source: `listed`.
    """

    name: str
    file: str
    text: str
    wrong: str
    tests: tuple[str, ...]
    only: str = ""
    listed: str = ""

    def planted(self, root: Path) -> str:
        """The file's content with the mistake. Raises ValueError where it cannot be planted."""
        path = root / self.file
        if not path.is_file():
            raise ValueError(f"there is no {self.file}")
        source = path.read_text("utf-8")
        found = source.count(self.text)
        if found != 1:
            raise ValueError(f"the text is {found} times in {self.file}, not once")
        wrong = source.replace(self.text, self.wrong)
        try:
            same = ast.dump(ast.parse(wrong)) == _meaning(source)
        except SyntaxError as error:
            raise ValueError(f"with it {self.file} is no Python: {error}") from None
        if same:
            raise ValueError("it changes nothing")
        return wrong


@cache
def _meaning(source: str) -> str:
    return ast.dump(ast.parse(source))


@dataclass(frozen=True)
class Outcome:
    """What became of a variant; `detail` is the test that failed, or why it was not tried."""

    variant: Variant
    verdict: str
    detail: str
    seconds: float = 0.0


def variants(folder: Path = LISTS) -> list[Variant]:
    """All variants, list after list. Raises ValueError for an entry that is not one."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text("utf-8"))["variant"]:
            name = entry.get("name", "an entry without a name")
            if not FIELDS <= set(entry) <= FIELDS | OPTIONAL:
                raise ValueError(f"{path.name}: {name} has the fields {sorted(entry)}")
            tests = tuple(entry.pop("tests"))
            found.append(Variant(**entry, tests=tests, listed=path.stem))
    return found


def unfit(listed: Iterable[Variant], root: Path = CHECKOUT) -> list[str]:
    """What is wrong with the list itself: nothing of it is run."""
    reasons, names = [], set()
    for variant in listed:
        if variant.name in names:
            reasons.append(f"{variant.name}: the name is there twice")
        names.add(variant.name)
        if not variant.tests:
            reasons.append(f"{variant.name}: it names no test")
        for test in variant.tests:
            if not (root / test.partition("::")[0]).is_file():
                reasons.append(f"{variant.name}: there is no {test}")
        try:
            variant.planted(root)
        except ValueError as error:
            reasons.append(f"{variant.name}: {error}")
    return reasons


def copy_of_tree(folder: Path) -> Path:
    """A copy of what tests need, without compiled files."""
    folder.mkdir()
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def plant(variant: Variant, root: Path) -> Outcome:
    """Run the variant's tests with it in the tree at `root`, which is as before afterwards."""
    path = root / variant.file
    began = time.monotonic()
    try:
        wrong = variant.planted(root)
    except ValueError as error:
        return Outcome(variant, UNTRIED, str(error))
    right = path.read_bytes()
    try:
        _write(path, wrong.encode())
        code, said = run(variant.tests, root, variant.only)
    finally:
        _write(path, right)
    verdict, detail = judged(code, said)
    return Outcome(variant, verdict, detail, time.monotonic() - began)


def _write(path: Path, content: bytes) -> None:
    """Compiled files go by whole seconds, so the file's own is removed."""
    path.write_bytes(content)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def run(tests: Iterable[str], root: Path, only: str = "") -> tuple[int, str]:
    """pytest's exit code and output; it stops at the first failure. -1 for a run that hangs."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    command += ["--hypothesis-seed=1", *(["-k", only] if only else []), *tests]
    own = {"PYTHONPATH": str(root), "REFINT8_CACHE_DIR": str(root / "cache"), "COLUMNS": "400"}
    try:
        done = subprocess.run(
            command, cwd=root, env={**os.environ, **own}, capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"no end after {LONGEST} seconds"
    return done.returncode, done.stdout + done.stderr


def judged(code: int, said: str) -> tuple[str, str]:
    """Verdict and detail of a run of pytest. Only a test that ran and failed catches anything."""
    lines = said.strip().splitlines() or ["no output"]
    failed = [line for line in lines if line.startswith("FAILED ")]
    if code == 0:
        return SURVIVED, lines[-1]
    if code != 1 or not failed or TYPOS.search(failed[0]):
        return UNTRIED, (failed or lines)[-1]
    return CAUGHT, failed[0].removeprefix("FAILED ").partition(" - ")[0]


def plant_all(chosen: list[Variant], jobs: int) -> list[Outcome]:
    """Every variant in a copy of the tree, `jobs` at a time; prints each as it is done."""
    with tempfile.TemporaryDirectory(prefix="variants-") as scratch:
        trees: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            trees.put(copy_of_tree(Path(scratch) / str(number)))
        root = trees.get()
        tests = dict.fromkeys(test for variant in chosen for test in variant.tests)
        code, said = run(tests, root)
        trees.put(root)
        if code != 0:
            return [Outcome(v, UNTRIED, f"without it, {judged(code, said)[1]}") for v in chosen]

        def one(variant: Variant) -> Outcome:
            tree = trees.get()
            try:
                outcome = plant(variant, tree)
            finally:
                trees.put(tree)
            print(row(outcome), flush=True)
            return outcome

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(one, chosen))


def row(outcome: Outcome) -> str:
    """One line of the table."""
    test = outcome.detail.replace("tests/", "", 1)
    return f"{outcome.verdict:9} {outcome.variant.name} | {test} | {outcome.seconds:.0f} s"


def main(arguments: list[str] | None = None) -> int:
    """Plant all variants, or those whose name contains one of the words given."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="parts of names; all variants without any")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    given = parser.parse_args(arguments)
    listed = variants()
    if wrong := unfit(listed):
        print("\n".join(wrong))
        return 1
    chosen = [v for v in listed if not given.names or any(n in v.name for n in given.names)]
    outcomes = plant_all(chosen, given.jobs)
    by_verdict = {
        verdict: [o for o in outcomes if o.verdict == verdict]
        for verdict in (CAUGHT, SURVIVED, UNTRIED)
    }
    for verdict in (SURVIVED, UNTRIED):
        print("\n".join(row(outcome) for outcome in by_verdict[verdict]))
    print(", ".join(f"{len(found)} {verdict}" for verdict, found in by_verdict.items()))
    return 0 if len(by_verdict[CAUGHT]) == len(chosen) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
