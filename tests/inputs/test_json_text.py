"""JSON, as text of its own or in a file: what is read from it, and what is no JSON."""

from __future__ import annotations

from typing import cast

import pytest

from cor_provider.inputs.json_text import FEWEST_DIGITS_REFUSED, Doubled, is_json, load


@pytest.mark.parametrize("digits", [1, FEWEST_DIGITS_REFUSED - 1, FEWEST_DIGITS_REFUSED, 10_000])
def test_a_number_of_any_length_is_read(digits: int) -> None:
    number = "7" * digits
    assert str(load(number)) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" [", True), ("\n{", True), ("\ufeff{", True), ("\n\ufeff [", True), ("leave.json", False), ("", False)],
)
def test_text_is_json_by_its_first_character(text: str, expected: bool) -> None:
    assert is_json(text) is expected


@pytest.mark.parametrize("text", ['\ufeff{"a": 1}', '\n\ufeff\n{"a": 1}', '\n{"a": 1}'])
def test_a_byte_order_mark_and_line_breaks_may_precede_text(text: str) -> None:
    assert load(text) == {"a": 1}


def test_the_values_of_a_doubled_key_are_all_kept() -> None:
    (value,) = cast("dict[str, object]", load('{"a": 1, "a": {"b": 2}}')).values()
    assert isinstance(value, Doubled)
    assert value == [1, {"b": 2}]
