"""What all formats have in common."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import find_reader
from input_files import read_all


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("leave.csv", b'id,user_id,leave_type_id,start,end\n1,"2026\n2,2026', "the .csv file cannot be read from line"),
        ("leave.csv", b"id,start,id\n1,2026-01-01,2", "has no column for user_id, leave_type_id, end"),
        ("leave.parquet", b"no parquet", "this is not a readable .parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(name: str, content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "is_known"),
    [("leave.CSV.GZ", True), (" s3://b/leave.jsonl.gz\n", True), ("leave.ndjson", True), ("leave.gz", False)],
)
def test_a_format_is_known_by_the_ending_of_the_name_without_that_of_packing(name: str, is_known: bool) -> None:
    assert (find_reader(name) is not None) is is_known
