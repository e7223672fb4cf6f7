"""Names, phone numbers and departments, in the types that they come in."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from cor_provider.fields.plain_text import read_text, require_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Ana María ", "Ana María"),
        ("李", "李"),
        (34600111222, "34600111222"),
        (34600111222.0, "34600111222"),
        ("", None),
    ],
)
def test_text_is_read_without_the_blanks_around_it(value: object, text: str | None) -> None:
    assert read_text(value) == text


@pytest.mark.parametrize("value", [True, 1.5, 1e300, ["Ana"], b"Ana", "A\nna", "A\x00na", "A\ud800"])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(PydanticCustomError):
        read_text(value)


def test_a_gap_is_refused_where_text_is_needed() -> None:
    with pytest.raises(PydanticCustomError, match="is missing"):
        require_text(float("nan"))
    assert require_text("Ana") == "Ana"
