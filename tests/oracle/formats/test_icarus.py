"""$readmemh files, read by Icarus Verilog."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from refint8.oracle.formats import PACKED, format_of
from refint8.oracle.formats.names import identifier, stem
from tests.oracle.formats.goldens import every_dtype, same

BENCH = """\
module bench;
`include "tensors.svh"
localparam WORDS = {parameter}_WORDS;
localparam BITS = {parameter}_WORD_BITS;
localparam ELEMENT = {parameter}_ELEMENT_BITS;
reg [BITS-1:0] memory [0:WORDS-1];
reg [WORDS*BITS-1:0] flat;
integer i, file;
initial begin
    $readmemh("0/{name}.hex", memory);
    for (i = 0; i < WORDS; i = i + 1) flat[i*BITS +: BITS] = memory[i];
    for (i = 0; i < {parameter}_ELEMENTS; i = i + 1)
        $display("%h", flat[i*ELEMENT +: ELEMENT]);
    $writememh("out/{name}.hex", memory);
end
endmodule
"""
"""Prints each element as the simulator sees it, and dumps the memory."""


@pytest.fixture(scope="module")
def icarus():
    found = [shutil.which(name) for name in ("iverilog", "vvp")]
    if None in found:
        # Where it cannot be installed the rest must still be tested, so CI may skip this too.
        pytest.skip("Icarus Verilog (iverilog, vvp) is not installed: $readmemh is not tried")
    return found


def simulate(icarus, folder, source):
    compiler, simulator = icarus
    (folder / "bench.v").write_text(source)
    call = [compiler, "-g2005", "-Wall", "-Wno-timescale", "-o", "bench.vvp", "bench.v"]
    made = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert made.returncode == 0 and made.stderr == "", made.stderr
    done = subprocess.run(
        [simulator, "-n", "bench.vvp"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "WARNING" not in done.stdout + done.stderr, done.stdout
    return done.stdout.split()


def elements(array):
    """Each element's bits in hexadecimal, highest first."""
    size = array.dtype.itemsize
    data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
    return [data[i : i + size][::-1].hex() for i in range(0, len(data), size)]


@pytest.mark.parametrize("name", ["hex", *PACKED])
def test_the_simulator_sees_every_element_and_its_dump_is_read(icarus, name, tmp_path):
    of = every_dtype()
    format_of(name).write(of, tmp_path)
    (tmp_path / "out").mkdir()
    filled = [tensor for tensor in of.tensors if of.samples[0][tensor.index].size]
    for tensor in filled if name in ("hex", "hex32", "hex128") else filled[:5]:
        parameter = identifier(f"t{stem(tensor)}").upper()
        source = BENCH.format(parameter=parameter, name=stem(tensor))
        seen = simulate(icarus, tmp_path, source)
        assert seen == elements(of.samples[0][tensor.index])
        dumped = tmp_path / "out" / f"{stem(tensor)}.hex"
        assert dumped.read_text().count("\n") > 0
        # The simulator leaves its own comment on top, and none of ours.
        same(format_of("hex").read(dumped, of), of, indexes=[tensor.index])


def test_a_memory_never_written_is_unknown(icarus, tmp_path):
    of = every_dtype()
    format_of("hex").write(of, tmp_path)
    (tmp_path / "out").mkdir()
    name = stem(of.tensors[0])
    source = (
        "module bench; reg [7:0] m [0:5]; initial begin m[0] = 8'h80;"
        f' $writememh("out/{name}.hex", m); end endmodule\n'
    )
    simulate(icarus, tmp_path, source)
    (problem,) = format_of("hex").read(tmp_path / "out", of).problems
    assert problem.tensor == 0
    assert "the design never drove" in problem.reason
