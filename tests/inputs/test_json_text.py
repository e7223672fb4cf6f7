"""JSON, as text of its own or in a file: what is read from it, and what is no JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.json_text import FEWEST_DIGITS_REFUSED, is_json, load
from input_files import problems, read_all, write_csv
from support import leave


@pytest.mark.parametrize("content", ['["{other}"]', '[["{other}"]]'])
def test_text_inside_json_names_no_further_file(content: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [leave()])
    content = content.replace("{other}", str(tmp_path / "other.csv"))
    (tmp_path / "leave.json").write_text(content)
    assert problems(content)[0].startswith("Record 1: A leave request must be a mapping")
    assert problems(tmp_path / "leave.json") == ["record 1 is not an object (leave.json)."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[{'id': 'L1'}]", "this is not JSON (Expecting property name enclosed in double quotes, line 1, column 3)"),
        ("{" * 100_000, "this is not JSON"),
    ],
)
def test_text_that_is_no_json_is_an_error_that_says_where(text: str, problem: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(problem)) as refusal:
        read_all(text)
    assert refusal.value.message.startswith("leave_requests: ")
    assert "L1" not in refusal.value.message


@pytest.mark.parametrize("digits", [1, FEWEST_DIGITS_REFUSED - 1, FEWEST_DIGITS_REFUSED, 10_000])
def test_a_number_of_any_length_is_read(digits: int) -> None:
    number = "7" * digits
    assert str(load(number)) == number


@pytest.mark.parametrize(("text", "expected"), [(" [", True), ("\n{", True), ("leave.json", False), ("", False)])
def test_text_is_json_by_its_first_character(text: str, expected: bool) -> None:
    assert is_json(text) is expected
