"""What all formats have in common."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import read_all


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("leave.csv", b'id,user_id,leave_type_id,start,end\n1,"2026\n2,2026', "the .csv file cannot be read from line"),
        ("leave.csv", b"id,start,id\n1,2026-01-01,2", "the .csv file has two columns of the same name"),
        ("leave.parquet", b"no parquet", "this is not a readable .parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(name: str, content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / name)
