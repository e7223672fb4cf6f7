"""Records, text and sequences of them, and what is none of these."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.leave import LeaveRequest
from input_files import ids, problems, read_all, write_csv
from support import leave


@pytest.mark.parametrize(
    ("leave_requests", "expected"),
    [
        (leave(), ["L1"]),
        (LeaveRequest.model_validate(leave()), ["L1"]),
        ([leave(), leave("L2")], ["L1", "L2"]),
        ((leave(), LeaveRequest.model_validate(leave("L2"))), ["L1", "L2"]),
        ((leave(leave_id) for leave_id in "abc"), ["a", "b", "c"]),
        ([[leave()], [], [leave("L2"), leave("L3")]], ["L1", "L2", "L3"]),  # what a mapped upstream returned
        (json.dumps(leave()), ["L1"]),
        (" \n" + json.dumps([leave(), leave("L2")]), ["L1", "L2"]),
        ([json.dumps([leave()]), json.dumps(leave("L2"))], ["L1", "L2"]),
    ],
)
def test_records_are_read_from(leave_requests: object, expected: list[str]) -> None:
    assert ids(leave_requests) == expected


@pytest.mark.parametrize("leave_requests", [None, [], (), {}.values(), "", "  ", "[]", "None", iter([])])
def test_nothing_is_no_leave_requests(leave_requests: object) -> None:
    assert ids(leave_requests) == []


class LazyXComSequence(list[Any]):
    """As Airflow 3's: each element costs a request, while a slice costs one for all."""

    def __iter__(self) -> Any:
        raise AssertionError("asked for one element after another")


def test_a_lazy_xcom_sequence_is_read_in_one_slice() -> None:
    assert ids(LazyXComSequence([leave(), [leave("L2")]])) == ["L1", "L2"]


@pytest.mark.parametrize("content", ['["{other}"]', '[["{other}"]]'])
def test_text_inside_json_names_no_further_file(content: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [leave()])
    content = content.replace("{other}", str(tmp_path / "other.csv"))
    (tmp_path / "leave.json").write_text(content)
    for leave_requests in (content, tmp_path / "leave.json"):
        assert problems(leave_requests)[0].startswith("Record 1: A leave request must be a mapping")


@pytest.mark.parametrize(
    ("leave_requests", "came"),
    [
        (5, "got int"),
        (b"[]", "got bytes"),
        (object(), "got object"),
        ("Ana is ill", "got text that is neither JSON nor a path with such an ending"),
        ("leave.xlsx", "got text that is neither JSON nor a path with such an ending"),
        (Path("leave.xlsx"), "got a path with another ending"),
        ("[{'id': 'L1'}]", "this is not JSON (Expecting property name enclosed in double quotes, line 1, column 3)"),
        ("{" * 100_000, "this is not JSON"),
    ],
)
def test_anything_else_is_an_error_that_says_what_was_expected(leave_requests: object, came: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(came)) as refusal:
        read_all(leave_requests)
    assert refusal.value.message.startswith("leave_requests: ")
    assert "Ana" not in refusal.value.message
