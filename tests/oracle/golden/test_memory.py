"""A bundle is read and checked in memory that does not grow with it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from refint8.oracle.golden import make_golden, write_bundle
from tests.conftest import CHECKOUT
from tests.oracle.golden.goldens import passing

ELEMENTS = 50_000
MIB = 1 << 20

CHECK = """
import json, resource, sys
from refint8.oracle.golden import check_bundle, read_bundle, write_bundle, make_golden
from tests.oracle.golden.goldens import passing

def peak():
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM"))

check_bundle(sys.argv[1])  # the small one: everything is imported and allocated once
before = peak()
with open("/proc/self/status") as file:
    data = next(1024 * int(line.split()[1]) for line in file if line.startswith("VmData"))
if len(sys.argv) > 3:
    limit = data + int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
checked = check_bundle(sys.argv[2])
assert checked
print(json.dumps({"bytes": checked.bytes, "grown": peak() - before}))
"""


def in_child(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *map(str, arguments)],
        cwd=CHECKOUT,
        env={**os.environ, "REFINT8_FAST": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """One of 2 samples (200 KB), one of 400 (40 MB), whose every page has something of a tensor."""
    place = tmp_path_factory.mktemp("bundles")
    for name, samples in (("small", 2), ("large", 400)):
        write_bundle(make_golden(passing(ELEMENTS), samples=samples), place / name)
    return place / "small", place / "large"


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")  # noqa: PTH110
def test_checking_forty_megabytes_takes_next_to_none(bundles):
    small, large = bundles
    found = in_child(small, large)
    assert found["bytes"] == 400 * 2 * ELEMENTS
    assert found["grown"] < 6 * MIB, "resident memory, mapped pages included"


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit to set")
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")  # noqa: PTH110
def test_it_passes_under_a_limit_of_twelve_megabytes_more(bundles):
    small, large = bundles
    assert in_child(small, large, 12 * MIB)["bytes"] == 400 * 2 * ELEMENTS
