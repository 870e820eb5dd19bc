"""Dumps that cannot be right: each a problem with its reason, never a crash, never equal."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from refint8.oracle.formats import NAMES, PACKED, format_of
from tests.oracle.formats.goldens import every_dtype, golden

VALUES = np.array([[1, -2, 3], [4, 5, 300]], np.int16)


@pytest.fixture
def of():
    """x INT8 [2], y INT16 [2, 3], flag BOOL [2]."""
    pairs = [
        ("INT8", np.array([7, -9], np.int8)),
        ("INT16", VALUES),
        ("BOOL", np.array([True, False])),
    ]
    return golden(pairs, names=("x", "y", "flag"))


@pytest.fixture
def reason(of, tmp_path):
    """Reads a file with that content as tensor 1 (or another); the one problem there is."""

    def read(name, content, file="1", tensor=1):
        suffix = {"c": ".h", "signature": ".signature", "raw": ".bin"}.get(name, f".{name}")
        path = tmp_path / f"{file}{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        dump = format_of(name).read(tmp_path, of)
        (problem,) = dump.problems
        assert dump.samples == ({},)
        assert problem.file.startswith(path.name)
        assert problem.tensor == tensor
        return problem.reason

    return read


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "0 bytes, 6 elements of INT16 are 12: it is empty"),
        (VALUES.tobytes()[:11], "11 bytes, .* are 12: cut off"),
        (VALUES.tobytes() + b"\0", "13 bytes, .* are 12: too long"),
        (VALUES.astype(np.int32).tobytes(), "was each element written in 4 bytes"),
        (VALUES.astype(">i2").tobytes(), "big-endian"),
    ],
)
def test_raw(reason, content, said):
    import re

    assert re.search(said, reason("raw", content))


def test_raw_bool(reason):
    assert reason("raw", b"\1\2", "2", 2) == "element 1 is 2, a BOOL is 0 or 1"


WORDS = "0001\nfffe\n0003\n0004\n0005\n012c\n"


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "it is empty"),
        (WORDS[:-5], "5 words of 16 bits, 6 elements of INT16 are 6: cut off"),
        (WORDS[:-2], "word 5 has 3 digits, those before it 4: is it cut off"),
        (WORDS + "0000\n", "too long"),
        (WORDS.replace("fffe", "xxxx"), "word 1 is 'xxxx': the design never drove"),
        (WORDS.replace("fffe", "-002"), "word 1 is '-002', which is not hexadecimal"),
        (WORDS.replace("fffe", "é234"), "not hexadecimal|digits"),
        ("@2\n" + WORDS, "address '@2' after 0 words"),
        ("@zz\n" + WORDS, "address '@zz' after 0 words"),
        ("/* " + WORDS, "a comment has no end"),
        ("0100\nfeff\n0300\n0400\n0500\n2c01\n", "from its other end"),
        ("fffe0001\n00040003\n", "2 words of 32 bits, .* are 3: cut off"),
        ("0001fffe\n00030004\n0005012c\n", "from its other end"),
        ("00000001\n" * 6, "one element stands in each word, 2 are expected"),
        ("1\n2\n3\n4\n5\n6\n", "words of 4 bits, known are 8, 16"),
        ("0" * 64, "words of 256 bits"),
        ("// 6 words of 16 bits\n00\n", "words of 8 bits, its first lines say 16"),
        (b"\x00\xff\n", "not hexadecimal"),
    ],
)
def test_hex(reason, content, said):
    import re

    assert re.search(said, reason("hex", content))


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "// by hand\n@0\n0001 fff_e\n/* two */ 0003 0004\n@4 0005 012C",
        "fffe0001\n00040003\n012c0005",
        "00040003fffe0001\nffffffff012c0005\n",
    ],
)
def test_hex_that_is_read(of, tmp_path, text):
    (tmp_path / "1_y.hex").write_text(text)
    dump = format_of("hex").read(tmp_path, of)
    assert dump.problems == ()
    assert np.array_equal(dump.samples[0][1], VALUES)


@pytest.mark.parametrize(
    "content, said",
    [
        ("fffe0001\n00040003\n", "2 words of 32 bits"),
        ("fffe0001\n00040003\n012c0005\n00000000\n", "too long"),
        ("fffe0001\n00040003\n012c000\n", "line 3 is '012c000', not 8 digits"),
        ("0xfffe0001\n", "line 1 is '0xfffe0001', not 8 digits"),
        ("0100feff\n03000400\n05002c01\n", "from its other end"),
    ],
)
def test_signature(reason, content, said):
    assert said in reason("signature", content)


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "0 numbers, the tensor has 6"),
        ("1,-2,3,4,5", "5 numbers, the tensor has 6: cut off"),
        ("1,-2,3,4,5,300,0", "7 numbers, the tensor has 6"),
        ("1,-2,3,4,5,300.0", "number 5 is '300.0', which is no integer"),
        ("1,-2,3,,5,300", "number 3 is '', which is no integer"),
        ("1,-2,3,4,5,40000", "number 5 is 40000, which is no INT16"),
        ("1;-2;3;4;5;300", "1 numbers"),
        ("1,-2,3,4,5,3_0", "no integer"),
        ("1,-2,3,4,5,\u0663", "no integer"),
        ("1,-2,3,4,5," + "9" * 30, "no integer"),
        (b"\xff\xfe1\x00,\x00", "numbers, the tensor has 6"),
    ],
)
def test_csv(reason, content, said):
    assert said in reason("csv", content)


def test_csv_bool(reason):
    assert "number 1 is 2, which is no BOOL" in reason("csv", "1,2", "2", 2)


def test_csv_in_lines(of, tmp_path):
    (tmp_path / "1.csv").write_text("1, -2, 3,\r\n4, 5, +300\r\n\r\n")
    assert np.array_equal(format_of("csv").read(tmp_path, of).samples[0][1], VALUES)


@pytest.mark.parametrize(
    "content, said",
    [
        ("int16_t y[6] = {1, -2, 3, 4, 5, 300", "no closing brace"),
        ("int16_t t1[6] = {1, -2, 3, 4, 5, 300};", None),
        ("int16_t t0001[6] = {1, -2, 3, 4, 5};", "5 numbers"),
        (
            "int32_t t0001[6] = {1, -2, 3, 4, 5, 300};",
            "it is int32_t, the tensor's type is int16_t",
        ),
        ("float t0001[6] = {1, -2, 3, 4, 5, 300};", "it is float"),
        ("int16_t t0001[6] = {1, -2, 3, 4, 5, 1 + 1};", "number 5 is '1 \\+ 1'"),
        ("int16_t t0001[6] = {1, -2, 3, 4, 5, 0x8000};", "32768, which is no INT16"),
        ("int16_t t0001[6] = {1, -2, 3, 4, 5\n300};", "5 numbers"),
        ("int16_t t0001[6] = {1, -2, 3, 4, 5, 300\n1};", "number 5 is '300 1'"),
        ("int16_t t00", None),
        ("\x00\x01{}{}[]==", None),
        ("/* int16_t t0001[6] = {1, -2, 3, 4, 5, 300};", None),
    ],
)
def test_c(of, tmp_path, content, said):
    import re

    (tmp_path / "dump.h").write_text(content.replace(" y[", " t0001_y["))
    dump = format_of("c").read(tmp_path, of)
    (problem,) = dump.problems
    assert dump.samples == ({},)
    assert problem.tensor == (None if said is None else 1)
    assert said is None or re.search(said, problem.reason)


def test_c_that_is_read(of, tmp_path):
    declared = "static const int16_t some_model_t0001_y[2][3] ALIGNED"
    text = f"// mine\n#define N 6\n{declared} = {{0x1, -2,\n3u, 4L, 5, 300,}};"
    (tmp_path / "dump.h").write_text(text)
    dump = format_of("c").read(tmp_path, of)
    assert dump.problems == ()
    assert np.array_equal(dump.samples[0][1], VALUES)


def npy(array, **options):
    import io

    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "no readable .npy"),
        (b"\x93NUMPY\x01\x00\xff\xff", "no readable .npy"),
        (b"\x93NUMPY\x09\x00", "of a .npy version other"),
        (npy(VALUES)[:-1], "11 bytes, 6 elements of INT16 are 12"),
        (npy(VALUES) + b"\0", "13 bytes"),
        (npy(VALUES.astype(np.int32)), "it holds int32, the tensor is INT16"),
        (npy(VALUES.astype(np.uint16)), "it holds uint16"),
        (npy(VALUES.T), r"its shape is \(3, 2\), the tensor's is \(2, 3\)"),
        (npy(VALUES.reshape(-1)), r"its shape is \(6,\)"),
        (
            npy(np.array([None, {}], object), allow_pickle=True),
            "it holds .\\|O., which no tensor does",
        ),
        (npy(np.zeros(6, [("a", "i2")])), "header is broken"),
        (npy(VALUES).replace(b"(2, 3)", b"(2**9"), "no readable .npy"),
        (npy(VALUES).replace(b"(2, 3), ", b"(99999999999999, 3),"), "its shape is .999"),
        (npy(VALUES).replace(b"(2, 3), ", b"(-2, -3),"), "header is broken"),
        (b"not numpy at all", "no readable .npy"),
    ],
)
def test_npy(reason, content, said):
    import re

    assert re.search(said, reason("npy", content))


@pytest.mark.parametrize("array", [VALUES.astype(">i2"), np.asfortranarray(VALUES)])
def test_npy_that_says_how_it_is_laid_out(of, tmp_path, array):
    np.save(tmp_path / "1.npy", array)
    dump = format_of("npy").read(tmp_path, of)
    assert dump.problems == ()
    assert dump.samples[0][1].tobytes() == VALUES.tobytes()


def test_npz(of, tmp_path):
    np.savez(tmp_path / "dump.npz", y=VALUES.T, other=VALUES, flag=np.array([1, 0], np.uint8))
    dump = format_of("npz").read(tmp_path, of)
    assert dump.samples == ({},)
    assert sorted(problem.file for problem in dump.problems) == [
        "dump.npz:flag",
        "dump.npz:other",
        "dump.npz:y",
    ]


def test_npz_of_another_model(of, tmp_path):
    format_of("npz").write(golden([("INT8", np.array([7, -9], np.int8))], names=("x",)), tmp_path)
    path = tmp_path / "0.npz"
    path.write_bytes(path.read_bytes())
    other = golden([("INT8", np.array([7, -9], np.int8))], names=("x",))
    object.__setattr__(other, "model", b"another model")
    (problem,) = format_of("npz").read(tmp_path, other).problems
    assert "of a model with SHA-256" in problem.reason


def test_npz_members_that_lie(of, tmp_path):
    path = tmp_path / "0.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "y.npy", npy(np.zeros(6, np.int16)).replace(b"(6,)", b"(2, 3)") + b"\0" * 10**7
        )
        file.writestr("x.npy", npy(np.array([7, -9], np.int8)))
        file.writestr("__meta__.npy", b"garbage")
        file.writestr("x.npy.npy", b"")
    dump = format_of("npz").read(tmp_path, of)
    assert {problem.tensor for problem in dump.problems} == {1, None}
    assert list(dump.samples[0]) == [0]


@pytest.mark.parametrize("name", [*NAMES, *PACKED])
def test_any_cut_and_any_byte(name, tmp_path):
    """No cut of any file, and no byte of it changed, makes the reader raise; and a cut that loses
    data is never read as the golden's.
    """
    rng = np.random.default_rng(5)
    pairs = [("INT16", VALUES), ("BOOL", np.array([True, False])), ("FLOAT32", np.ones(3, "f4"))]
    of = golden(pairs, names=("x", "y", "z"))
    format_of(name).write(of, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".svh"]
    for path in files:
        whole = path.read_bytes()
        for _ in range(60):
            at = int(rng.integers(len(whole)))
            changed = bytearray(whole)
            changed[at] = int(rng.integers(256))
            path.write_bytes(bytes(changed))
            format_of(name).read(tmp_path, of)
            path.write_bytes(whole[:at])
            dump = format_of(name).read(tmp_path, of)
            if len(whole) - at > 2 and path.name not in ("config_data.h", "test_data.h"):
                equal = all(
                    np.array_equal(dump.samples[0].get(i, ()), of.samples[0][i]) for i in range(3)
                )
                assert not equal or dump.problems
        path.write_bytes(whole)
    assert format_of(name).read(tmp_path, of).problems == ()


def test_foreign_files_and_folders(of, tmp_path):
    for folder in ("0", "1", "maps", "0/deeper"):
        (tmp_path / folder).mkdir()
    good = VALUES.tobytes()
    for file in (
        "0/0001_y.bin",
        "0/0002_other.bin",
        "0/0099_z.bin",
        "0/boot.bin",
        "1/0001.bin",
        "maps/0001.bin",
        "0/deeper/0001.bin",
    ):
        (tmp_path / file).write_bytes(good)
    (tmp_path / "0" / "run.log").write_text("not looked at")
    dump = format_of("raw").read(tmp_path, of)
    assert list(dump.samples[0]) == [1]
    said = {problem.file: problem.reason for problem in dump.problems}
    assert "is called 'flag', not 'other'" in said.pop("0/0002_other.bin")
    assert said.pop("0/0099_z.bin") == "the golden has no tensor 99"
    assert said.pop("0/boot.bin") == "'boot' is no tensor of the golden"
    assert said.pop("1/0001.bin") == "there is no sample 1, the golden has 1, counted from 0"
    assert "no sample's number" in said.pop("maps/0001.bin")
    assert "no sample's number" in said.pop("0/deeper/0001.bin")
    assert not said


def test_two_files_for_one_tensor_count_neither(of, tmp_path):
    (tmp_path / "1.bin").write_bytes(VALUES.tobytes())
    (tmp_path / "0001_y.raw").write_bytes(VALUES.tobytes())
    dump = format_of("raw").read(tmp_path, of)
    (problem,) = dump.problems
    assert "0001_y.raw is the same tensor" in problem.reason
    assert dump.samples == ({},)


def test_which_sample(tmp_path):
    of = every_dtype(2)
    (tmp_path / "4.bin").write_bytes(b"")
    (problem,) = format_of("raw").read(tmp_path, of).problems
    assert "the golden has 2 samples" in problem.reason
    np.savez(tmp_path / "dump.npz", x=1)
    (problem,) = format_of("npz").read(tmp_path, of).problems
    assert "which sample is it" in problem.reason


def test_a_file_far_too_long_is_not_read(of, tmp_path):
    with (tmp_path / "1.hex").open("wb") as file:
        file.truncate(1 << 40)
    (problem,) = format_of("hex").read(tmp_path, of).problems
    assert "far too much" in problem.reason
