"""JSON files: one document each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import ids, read_all
from support import leave


@pytest.mark.parametrize(
    ("document", "expected"), [([leave(), leave("L2")], ["L1", "L2"]), (leave(), ["L1"]), ([], [])]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
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
    ],
)
def test_a_file_that_is_no_list_of_records_is_an_error(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "leave.json").write_bytes(content)
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / "leave.json")
