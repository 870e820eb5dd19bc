"""Interrupted writing leaves the old bundle or none, and no user's file is ever replaced."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from refint8.errors import UsageError
from refint8.oracle.golden import check_bundle, make_golden, read_bundle, write_bundle
from tests.conftest import CHECKOUT
from tests.oracle.golden.goldens import passing

KILLED = """
import os, signal, sys
from refint8.oracle.golden import make_golden, write_bundle
from tests.oracle.golden.goldens import passing

WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
golden = make_golden(passing(50), samples=2)
write_bundle(golden, sys.argv[1] + "-warm")
for last in range(1000):
    old = os.path.join(sys.argv[1], str(last), "g")
    os.makedirs(os.path.dirname(old))
    if sys.argv[2] == "replacing":
        write_bundle(make_golden(passing(50)), old)
    child = os.fork()
    if child == 0:
        seen = 0

        def watch(event, arguments):
            global seen
            if event in WATCHED:
                if seen == last:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        sys.addaudithook(watch)
        write_bundle(golden, old)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(last)
"""
"""Writes again and again, killed before the first, the second, ... step in the file system."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("when", ["new", "replacing"])
def test_killed_at_every_step(tmp_path, when):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "tries", when],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps >= 6
    found = []
    for number in range(steps + 1):
        bundle = tmp_path / "tries" / str(number) / "g"
        found.append(len(read_bundle(bundle).samples) if bundle.exists() else 0)
        if bundle.exists():
            assert check_bundle(bundle)
    # Samples: 1 in the old bundle, 2 in the new one, 0 where there is none.
    assert found[0] == (1 if when == "replacing" else 0)
    assert found[-1] == 2
    assert found == sorted(found, key=lambda count: (count == 2, count == 0))
    assert found.count(0) <= (2 if when == "replacing" else steps)


def test_an_error_while_writing_leaves_the_old_bundle_and_nothing_beside(tmp_path, monkeypatch):
    write_bundle(make_golden(passing(50)), tmp_path / "g")
    before = (tmp_path / "g" / "golden.bin").read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("refint8.oracle.golden.write.manifest_of", fail)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(make_golden(passing(51)), tmp_path / "g")
    assert (tmp_path / "g" / "golden.bin").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_the_old_bundle_comes_back_if_the_new_one_cannot_be_put_there(tmp_path, monkeypatch):
    write_bundle(make_golden(passing(50)), tmp_path / "g")
    real = type(tmp_path).rename

    def rename(self, target):
        if ".partial" in self.name:
            raise OSError(5, "broken disk")
        return real(self, target)

    monkeypatch.setattr(type(tmp_path), "rename", rename)
    with pytest.raises(UsageError, match=r"cannot replace .*: broken disk"):
        write_bundle(make_golden(passing(51)), tmp_path / "g")
    assert read_bundle(tmp_path / "g").tensors[0].shape == (1, 50)
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_a_bundle_is_replaced_as_a_whole(tmp_path):
    write_bundle(make_golden(passing(50)), tmp_path / "g")
    (tmp_path / "g" / "npz").mkdir()
    write_bundle(make_golden(passing(51)), tmp_path / "g")
    assert read_bundle(tmp_path / "g").tensors[0].shape == (1, 51)
    assert sorted(path.name for path in (tmp_path / "g").iterdir()) == [
        "golden.bin", "golden.json", "model.tflite",
    ]  # fmt: skip


def test_an_empty_directory_and_missing_parents_will_do(tmp_path):
    (tmp_path / "empty").mkdir()
    write_bundle(make_golden(passing(5)), tmp_path / "empty")
    write_bundle(make_golden(passing(5)), tmp_path / "a" / "b" / "c")
    assert check_bundle(tmp_path / "empty")
    assert check_bundle(tmp_path / "a" / "b" / "c")


def test_a_link_to_a_bundle_stays_a_link(tmp_path):
    write_bundle(make_golden(passing(5)), tmp_path / "g")
    (tmp_path / "link").symlink_to(tmp_path / "g")
    write_bundle(make_golden(passing(6)), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert read_bundle(tmp_path / "g").tensors[0].shape == (1, 6)


@pytest.mark.parametrize("name", ["notes.txt", "golden.bin", "src"])
def test_a_directory_with_anything_else_is_left_alone(tmp_path, name):
    place = tmp_path / "mine"
    place.mkdir()
    (place / name).write_text("precious")
    with pytest.raises(UsageError, match=f"it holds {name}"):
        write_bundle(make_golden(passing(5)), place)
    assert (place / name).read_text() == "precious"
    with pytest.raises(UsageError, match="it is a file"):
        write_bundle(make_golden(passing(5)), place / name)


def test_what_a_user_put_into_a_bundle_is_not_lost(tmp_path):
    write_bundle(make_golden(passing(5)), tmp_path / "g")
    (tmp_path / "g" / "notes.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"it holds notes.txt"):
        write_bundle(make_golden(passing(6)), tmp_path / "g")
    shutil.rmtree(tmp_path / "g")
