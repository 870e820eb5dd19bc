"""C headers, read by a C compiler."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from refint8.model.reader import read_model
from refint8.oracle.formats import c_headers, format_of
from refint8.oracle.formats.c_names import arrays, prefix
from refint8.oracle.golden.kits import write_kits
from refint8.oracle.golden.make import make_golden
from tests.cli import models
from tests.conftest import missing
from tests.oracle.formats.goldens import every_dtype, golden, hostile

MAIN = """\
#include <stdio.h>
#include <string.h>
#include "{header}"
static int differs(const char *path, const void *array, size_t size) {{
    static unsigned char read[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 1;
    size_t got = fread(read, 1, sizeof read, file);
    fclose(file);
    return got != size || memcmp(read, array, size) != 0;
}}
int main(void) {{
    int count = 0;
{body}
    printf("%d", count);
    return 0;
}}
"""


@pytest.fixture(scope="module")
def gcc():
    if (path := shutil.which("gcc")) is None:
        missing("gcc is not installed")
    return path


def run(gcc, folder, header, body):
    """What the program prints, compiled with every warning an error."""
    (folder / "main.c").write_text(MAIN.format(header=header, body=body))
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    call = [gcc, *strict, "-o", "main", "main.c"]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return subprocess.run(
        ["./main"], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def folders(tmp_path, of):
    for name in ("c", "raw"):
        (tmp_path / name).mkdir()
        format_of(name).write(of, tmp_path / name)


@pytest.mark.parametrize("of", [every_dtype(), hostile()], ids=["dtypes", "names"])
def test_gcc_reads_the_same_bytes(gcc, of, tmp_path):
    folders(tmp_path, of)
    lines = []
    for index, array in arrays(of).items():
        (raw,) = (tmp_path / "raw" / "0").glob(f"{index:04d}*")
        size = f"{array.name.upper()}_SIZE"
        lines.append(
            f'    count += differs("{raw}", {array.name}, {size} ? sizeof {array.name} : 0);'
        )
    assert run(gcc, tmp_path, "c/0/test_data.h", "\n".join(lines)) == "0"
    (tmp_path / "raw" / "0" / raw.name).write_bytes(b"other bytes")
    assert run(gcc, tmp_path, "c/0/test_data.h", "\n".join(lines)) == "1"


def test_a_kit_has_the_names_of_cmsis_nn(gcc, tmp_path):
    """The convolution is computed here from the kit's headers and nothing else, in C, by
    CMSIS-NN's conventions for offsets and shifts.
    """
    of = make_golden(read_model(models.conv(), "conv.tflite"), samples=2, seed=3)
    (kit,) = write_kits(of, tmp_path, ["c"])
    for sample in range(2):
        headers = tmp_path / kit.folder / "c" / str(sample)
        names = {path.name for path in headers.iterdir()}
        assert names == {
            "biases_data.h",
            "config_data.h",
            "input_data.h",
            "output_mult_data.h",
            "output_ref_data.h",
            "output_shift_data.h",
            "test_data.h",
            "weights_data.h",
        }
        body = """
    /* 1x1 windows: position i, output channel o. */
    for (int i = 0; i < CONV_2D_0_INPUT_H * CONV_2D_0_INPUT_W; i++)
        for (int o = 0; o < CONV_2D_0_OUT_CH; o++) {
            int32_t sum = conv_2d_0_biases[o];
            for (int c = 0; c < CONV_2D_0_IN_CH; c++)
                sum += (conv_2d_0_input[i * CONV_2D_0_IN_CH + c] + CONV_2D_0_INPUT_OFFSET)
                     * conv_2d_0_weights[o * CONV_2D_0_IN_CH + c];
            int shift = conv_2d_0_output_shift[o], right = shift < 0 ? -shift : 0;
            int64_t high = (int64_t)sum * ((int64_t)1 << (shift > 0 ? shift : 0));
            high *= conv_2d_0_output_mult[o];
            high += high >= 0 ? 1 << 30 : 1 - (1 << 30);
            high /= (int64_t)1 << 31;
            int64_t half = ((int64_t)1 << right) / 2;
            int64_t value = high >= 0 ? (high + half) >> right : -((-high + half) >> right);
            value += CONV_2D_0_OUTPUT_OFFSET;
            if (value < CONV_2D_0_OUT_ACTIVATION_MIN) value = CONV_2D_0_OUT_ACTIVATION_MIN;
            if (value > CONV_2D_0_OUT_ACTIVATION_MAX) value = CONV_2D_0_OUT_ACTIVATION_MAX;
            count += value == conv_2d_0_output_ref[i * CONV_2D_0_OUT_CH + o];
        }
    differs("", "", CONV_2D_0_FILTER_X + CONV_2D_0_FILTER_Y + CONV_2D_0_STRIDE_X
        + CONV_2D_0_STRIDE_Y + CONV_2D_0_PAD_X + CONV_2D_0_PAD_Y + CONV_2D_0_DILATION_X
        + CONV_2D_0_DILATION_Y + CONV_2D_0_INPUT_BATCHES + CONV_2D_0_INPUT_SIZE
        + CONV_2D_0_OUTPUT_W + CONV_2D_0_OUTPUT_H + CONV_2D_0_DST_SIZE);"""
        assert run(gcc, tmp_path, f"{kit.folder}/c/{sample}/test_data.h", body) == "12"


def test_what_gcc_takes_is_what_is_read(tmp_path):
    """The reader's own numbers for the literals that C has trouble with."""
    of = golden([("INT64", np.array([-(2**63), 2**63 - 1])), ("INT8", np.array([0], np.int8))])
    c_headers.write(of, tmp_path)
    text = (tmp_path / "0" / "input_data.h").read_text()
    assert "INT64_MIN, 9223372036854775807" in text
    assert prefix(of) == "some_model"
