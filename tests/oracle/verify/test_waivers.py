"""The waivers file: everything in it that is not a waiver is refused with its place."""

from __future__ import annotations

from datetime import date

import pytest

from refint8.errors import UsageError
from refint8.oracle.verify.waivers import Waiver, read_waivers


def read(tmp_path, text):
    path = tmp_path / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return read_waivers(path)


def test_reads_waivers(tmp_path):
    text = """
[[waiver]]
tensor = "Identity"
max_abs = 1
reason = "table of 256 entries"
until = 2027-01-31

[[waiver]]
op = 12
inherited = true
reason = " revision B "
until = "2027-02-01"
"""
    assert read(tmp_path, text) == (
        Waiver("table of 256 entries", "Identity", max_abs=1, until=date(2027, 1, 31)),
        Waiver("revision B", op="12", inherited=True, until=date(2027, 2, 1)),
    )


def test_an_empty_file_has_none(tmp_path):
    assert read(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[waiver]", "is not TOML"),
        ("[[waivers]]\nop = 1", "has 'waivers'"),
        ("waiver = 3", "no list of tables"),
        ("[waiver]\nop = 1", "no list of tables"),
        ('[[waiver]]\nop = "ADD"', "waiver 1: it has no reason"),
        ('[[waiver]]\nop = "ADD"\nreason = "  "', "it has no reason"),
        ('[[waiver]]\nreason = "r"', "it names no tensor and no op"),
        ('[[waiver]]\nop = ""\nreason = "r"', "it names no tensor and no op"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nmaxabs = 1', "there is no key 'maxabs'"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nmax_abs = -1', "max_abs is -1"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nmax_abs = true', "max_abs is True"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nmax_abs = nan', "max_abs is nan"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nuntil = "soon"', "until is 'soon'"),
        ('[[waiver]]\nop = "A"\nreason = "r"\nuntil = 7', "until is 7"),
        ('[[waiver]]\nop = 1.5\nreason = "r"', "op is 1.5"),
        ('[[waiver]]\nop = -1\nreason = "r"', "op is -1"),
        ('[[waiver]]\nop = "A"\nreason = "r"\ninherited = 1', "inherited is 1"),
    ],
)
def test_refuses_what_is_no_waiver(tmp_path, text, said):
    with pytest.raises(UsageError, match=r"waivers\.toml") as raised:
        read(tmp_path, text)
    assert said in raised.value.reason


def test_refuses_what_is_no_text(tmp_path):
    (tmp_path / "w").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not TOML"):
        read_waivers(tmp_path / "w")
    with pytest.raises(UsageError, match="cannot read"):
        read_waivers(tmp_path / "absent")
    with pytest.raises(UsageError, match="cannot read"):
        read_waivers(tmp_path)
