"""Files of text: their encodings, and what is none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import ids, read_all

TABLE = "id,user_id,leave_type_id,start,end,name\nÑ1,u1,vacation,2026-05-11,2026-05-12,Ана\n"


def refusal(path: Path) -> str:
    with pytest.raises(CorConfigurationError) as raised:
        read_all(path)
    assert raised.value.message.startswith(f"leave_requests: {path.name}: ")
    return raised.value.message.removeprefix(f"leave_requests: {path.name}: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_encodings_of_unicode_are_read(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_bytes(TABLE.encode(encoding))
    assert ids(tmp_path / "leave.csv") == ["Ñ1"]


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-be"])
def test_a_byte_order_mark_tells_the_order_of_bytes(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_bytes(f"\ufeff{TABLE}".encode(encoding))
    assert ids(tmp_path / "leave.csv") == ["Ñ1"]


@pytest.mark.parametrize("name", ["leave.csv", "leave.json", "leave.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark_is_refused_by_its_name(encoding: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(TABLE.encode(encoding))
    assert refusal(tmp_path / name) == ("is UTF-16 without a byte order mark. Save it as UTF-8 (in Excel: CSV UTF-8).")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_utf_16_that_is_cut_off_is_refused(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_bytes(TABLE.encode(encoding)[:-1])
    assert refusal(tmp_path / "leave.csv").startswith(f"is not readable as {encoding.upper()}: ")


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (b"PK\x03\x04\x14\0", "is a zip archive or an .xlsx spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old or encrypted Office file (.xls)"),
        (b"%PDF-1.7", "is a PDF"),
        (b"PAR1\x15\x04", "is a Parquet file"),
        (b"BZh91AY&SY", "is packed with bzip2"),
        (b"\xfd7zXZ\0", "is packed with xz"),
        (b"\x28\xb5\x2f\xfd", "is packed with zstd"),
        (b"<!DOCTYPE html>", "is a web page or XML"),
        (b"\xef\xbb\xbf\r\n <html>", "is a web page or XML"),
    ],
)
@pytest.mark.parametrize("name", ["leave.csv", "leave.json", "leave.jsonl", "leave.csv.gz"])
def test_content_that_is_no_text_is_refused_by_what_it_is(
    start: bytes, problem: str, name: str, tmp_path: Path
) -> None:
    content = start + bytes(range(256))
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert refusal(tmp_path / name).startswith(problem)
