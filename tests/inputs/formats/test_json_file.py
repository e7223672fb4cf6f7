"""JSON files: one document each."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import ids, problems, read_all
from support import leave


@pytest.mark.parametrize(
    ("document", "expected"), [([leave(), leave("L2")], ["L1", "L2"]), (leave(), ["L1"]), ([], [])]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_list_of_records_or_a_single_one_is_read(
    document: Any, expected: list[str], encoding: str, tmp_path: Path
) -> None:
    (tmp_path / "leave.json").write_text(json.dumps(document), encoding=encoding)
    assert ids(tmp_path / "leave.json") == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'"text"', "this JSON is neither a list nor an object"),
        (b"\xff\xff", "this is not JSON in UTF-8"),
        (b"", "leave.json: is empty"),
        (b"\xef\xbb\xbf\r\n", "leave.json: is empty"),
    ],
)
def test_a_file_that_is_no_list_of_records_is_an_error(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "leave.json").write_bytes(content)
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / "leave.json")


def test_the_error_of_a_document_names_the_file_and_the_place(tmp_path: Path) -> None:
    (tmp_path / "leave.json").write_text('[\n{"id": flu}]')
    with pytest.raises(CorConfigurationError, match=r"^leave_requests: leave\.json: .*line 2, column 8") as refusal:
        read_all(tmp_path / "leave.json")
    assert "flu" not in refusal.value.message


def test_a_byte_that_is_not_utf_8_refuses_only_the_records_that_need_it(tmp_path: Path) -> None:
    records = [leave(note="ñ"), {**leave("L2"), "start": "ñ"}]
    (tmp_path / "leave.json").write_bytes(json.dumps(records, ensure_ascii=False).encode("latin-1"))
    assert problems(tmp_path / "leave.json") == [
        'record 2 is not UTF-8 in "start", perhaps Windows-1252: save the file as CSV UTF-8 (leave.json).'
    ]


def test_a_packed_document_is_read(tmp_path: Path) -> None:
    (tmp_path / "leave.json.gz").write_bytes(gzip.compress(json.dumps(leave()).encode()))
    assert ids(tmp_path / "leave.json.gz") == ["L1"]


def test_a_document_that_would_take_all_memory_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.inputs.formats.json_file.LONGEST_DOCUMENT", 1_000)
    text = json.dumps([leave()])
    (tmp_path / "leave.json.gz").write_bytes(gzip.compress(text.ljust(1_000).encode()))
    assert ids(tmp_path / "leave.json.gz") == ["L1"]
    (tmp_path / "leave.json.gz").write_bytes(gzip.compress(text.ljust(1_001).encode()))
    with pytest.raises(CorConfigurationError, match="is longer than 1,000 characters"):
        read_all(tmp_path / "leave.json.gz")
