"""Commands as targets: the files they read and write, and all that can go wrong with them."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from refint8.errors import UsageError
from refint8.model.build import ModelBuilder
from refint8.oracle.crosscheck import crosscheck
from refint8.oracle.targets import target
from refint8.oracle.targets.command import CommandTarget
from tests.engine.state_models import svdf

SETS = [{0: np.array([[1, -2, 3]], np.int8)}, {0: np.array([[4, 5, -6]], np.int8)}]


def reshape():
    """int8 [1, 3] to [3]: the bytes of the output are those of the input."""
    b = ModelBuilder()
    x = b.tensor("x", "INT8", (1, 3), scale=0.5)
    shape = b.tensor("shape", "INT32", (1,), data=[3])
    y = b.tensor("y", "INT8", (3,), scale=0.5)
    b.operator("RESHAPE", [x, shape], [y], new_shape=[3])
    return b.model([x], [y])


def command(text):
    return CommandTarget(text, "tflite")


def run(text, model=None, sets=SETS, **more):
    return command(text).run((model or reshape()).content, sets, **more)


def shell(script, *words):
    return shlex.join(["sh", "-c", script, "sh", *words])


def python(tmp_path, body):
    """A command that runs Python code with model, inputs, outputs as paths."""
    path = tmp_path / "dut.py"
    path.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "model, inputs, outputs, inputs_npz, outputs_npz = map(Path, sys.argv[1:])\n" + body
    )
    words = [sys.executable, str(path), "{model}", "{inputs}", "{outputs}"]
    return shlex.join([*words, "{inputs.npz}", "{outputs.npz}"])


COPY = shell("cp $1/0.bin $2/0.bin", "{inputs}", "{outputs}")


def test_bin_files_have_the_declared_shape():
    outcome = run(COPY)
    assert outcome.status == "ran", outcome.detail
    assert [found[2].tolist() for found in outcome.tensors] == [[1, -2, 3], [4, 5, -6]]
    assert outcome.tensors[0][2].dtype == np.int8
    assert (outcome.detail, outcome.complete) == ("", True)
    assert outcome.seconds > 0


def test_crosscheck_against_a_command_in_both_modes():
    (comparison,) = crosscheck(reshape(), f"cmd:{COPY}", mode="both").comparisons
    assert comparison.verdict == "equal", comparison
    assert comparison.engine == "command sh"
    assert comparison.alone.tensors == 1


def test_npz_and_inner_tensors(tmp_path):
    body = (
        "import numpy as np\n"
        "x = np.load(inputs_npz)['0']\n"
        "assert model.read_bytes()[4:8] == b'TFL3'\n"
        "assert (np.load(inputs / '0.npy') == x).all()\n"
        "np.savez(outputs_npz, **{'0': x.reshape(3), 't0': x})\n"
    )
    outcome = run(python(tmp_path, body), tensors=[0])
    assert outcome.status == "ran", outcome.detail
    assert set(outcome.tensors[0]) == {0, 2}
    assert outcome.tensors[1][0].tolist() == [[4, 5, -6]]


@pytest.mark.parametrize(
    "script, status, detail",
    [
        ("echo no such kernel >&2; exit 3", "refused", "exit code 3\nno such kernel"),
        ("kill -ABRT $$", "aborted", "SIGABRT"),
        ("kill -SEGV $$", "crashed", "SIGSEGV"),
        ("(kill -SEGV $$); sh -c 'kill -SEGV $$'; exit $?", "crashed", "SIGSEGV"),
        ("exit 134", "aborted", "SIGABRT"),
        ("true", "malformed", "it wrote no outputs"),
        ("echo '{]'", "malformed", "it wrote no outputs\n{]"),
        ("echo x > $1/0.npy", "malformed", "0.npy cannot be read"),
        ("echo x > $2", "malformed", "outputs.npz cannot be read"),
        ("echo > $1/0.bin", "malformed", "1 bytes, INT8 of shape (3,) has 3"),
        ("echo > $1/1.bin", "malformed", "there is no output 1, the model has 1"),
        ("echo > $1/why.bin", "malformed", "there is no tensor 'why'"),
        ("mkdir $1/0.npy", "malformed", "cannot be read"),
    ],
)
def test_what_goes_wrong_has_a_status_of_its_own(script, status, detail):
    outcome = run(shell(script, "{outputs}", "{outputs.npz}"))
    assert outcome.status == status, outcome.detail
    assert detail in outcome.detail
    assert outcome.tensors == ()


def test_only_an_inner_tensor_is_malformed():
    outcome = run(shell("cp $1/0.npy $2/t0.npy", "{inputs}", "{outputs}"))
    assert (outcome.status, outcome.detail) == ("malformed", "no array for output 'y'")


def test_a_command_that_hangs_times_out_with_all_it_started(tmp_path):
    pid = tmp_path / "pid"
    start = time.monotonic()
    outcome = run(shell("sleep 100 & echo $! > $1; wait", str(pid), "{outputs}"), time_limit=0.5)
    assert outcome.status == "timed out"
    assert time.monotonic() - start < 20
    if sys.platform == "linux":
        stat = Path(f"/proc/{pid.read_text().strip()}/stat")
        assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_what_is_printed_is_noted_and_bounded():
    script = "yes rubbish | head -c 3000000; cp $1/0.bin $2/0.bin"
    outcome = run(shell(script, "{inputs}", "{outputs}"))
    assert outcome.status == "ran"
    assert outcome.detail == "printed on stdout: rubbish"


@pytest.mark.parametrize(
    "code, problem",
    [
        ("x.reshape(1, 3)", "shape (3,) against (1, 3)"),
        ("x.reshape(3).astype(np.int16)", "dtype int8 against int16"),
        ("x.reshape(3)[:2]", "shape (3,) against (2,)"),
    ],
)
def test_a_wrong_shape_or_dtype_is_a_row_that_says_so(tmp_path, code, problem):
    body = (
        f"import numpy as np\nx = np.load(inputs / '0.npy')\nnp.save(outputs / '0.npy', {code})\n"
    )
    (comparison,) = crosscheck(reshape(), command(python(tmp_path, body))).comparisons
    assert comparison.verdict == "different"
    assert comparison.first.diff.problem == problem


def test_a_wrong_number_of_outputs_is_malformed(tmp_path):
    body = "(outputs / '0.bin').write_bytes(b'abc')\n(outputs / '1.bin').write_bytes(b'abc')\n"
    report = crosscheck(reshape(), command(python(tmp_path, body)))
    assert report.comparisons[0].verdict == "malformed"
    assert report.exit_code == 1


def test_a_command_cannot_stream():
    outcome = run(COPY, svdf(), [{0: np.zeros((1, 1), np.int8)}] * 2, stream=True)
    assert outcome.status == "refused"


def test_no_such_program():
    one = command("no-such-program-anywhere {outputs}")
    assert one.describe() == "missing: there is no program no-such-program-anywhere"
    assert one.run(reshape().content, SETS).status == "missing"


def test_a_program_that_is_none(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    outcome = run(f"{path} {{outputs}}")
    assert outcome.status == "refused"
    assert "cannot be started" in outcome.detail


@pytest.mark.parametrize("text", ["cmd:./dut", "cmd:", "cmd:./dut '{outputs}"])
def test_a_command_without_a_place_for_outputs_is_a_mistake(text):
    with pytest.raises(UsageError):
        target(text)


def test_what_is_no_model_is_refused():
    assert command(COPY).run(b"", SETS).status == "refused"
