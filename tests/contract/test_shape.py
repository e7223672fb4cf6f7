"""The shape of a value: what it tells, and that nothing else can get into it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cor_provider.contract.shape import Shape, length_range, shape_of
from cor_provider.contract.words import ERROR_NAMES, KEYS, STATUS_WORDS, STATUSES


def told(value: object) -> Any:
    return shape_of(value).model_dump(mode="json", exclude_defaults=True)


def test_an_answer_of_cor_keeps_its_keys_and_types() -> None:
    assert told(
        {"statusCode": 409, "status": "error", "error": "DuplicateExternalIdError", "data": None, "id": 12}
    ) == {
        "type": "object",
        "keys": {
            "statusCode": {"type": "integer", "value": 409},
            "status": {"type": "string", "length": [1, 8], "value": "error"},
            "error": {"type": "string", "length": [17, 32], "words": ["DuplicateExternalIdError"], "alone": True},
            "data": {"type": "null"},
            "id": {"type": "integer"},
        },
    }


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2026-05-11", "0000-00-00"),
        ("2024-01-15T10:30:00Z", "0000-00-00T00:00:00Z"),
        ("2024-10-18T03:00:00.000Z", "0000-00-00T00:00:00.000Z"),
        ("2024-10-21 14:19:01", "0000-00-00 00:00:00"),
        ("2026-05-11T23:59:00-00:00", "0000-00-00T00:00:00-00:00"),
    ],
)
def test_a_date_keeps_its_form(text: str, form: str) -> None:
    assert told(text)["date"] == form


def test_a_message_keeps_our_names_of_errors_and_whether_it_speaks_of_fields() -> None:
    assert told("ValidationError: Ana is required, see MarkerError") == {
        "type": "string",
        "length": [33, 64],
        "words": ["ValidationError"],
        "about_fields": True,
    }


@pytest.mark.parametrize(("people", "expected"), [(1, [1, 8]), (437, [257, 512])])
def test_of_a_map_by_people_not_even_their_number_is_told(people: int, expected: list[int]) -> None:
    by_mail = {f"ana{number}@example.com": {"id": number} for number in range(people)}
    assert told({"id": 1, **by_mail}) == {
        "type": "object",
        "keys": {"id": {"type": "integer"}},
        "other_keys": expected,
    }


def test_a_list_keeps_the_shape_of_its_first_item() -> None:
    assert told([{"id": 1}, "x"]) == {
        "type": "array",
        "length": [1, 8],
        "items": {"type": "object", "keys": {"id": {"type": "integer"}}},
    }


@pytest.mark.parametrize(
    ("length", "expected"), [(0, (0, 0)), (1, (1, 8)), (8, (1, 8)), (9, (9, 16)), (16, (9, 16)), (1000, (513, 1024))]
)
def test_lengths_are_ranges(length: int, expected: tuple[int, int]) -> None:
    assert length_range(length) == expected


def test_what_says_yes_or_no_to_all_is_kept_and_other_yes_and_no_is_not() -> None:
    assert told(True) == {"type": "boolean", "value": True}
    assert told({"ok": False, "allDay": True})["keys"] == {
        "ok": {"type": "boolean", "value": False},
        "allDay": {"type": "boolean"},
    }


def test_a_number_that_may_be_an_id_is_not_kept() -> None:
    assert told({"status": 404, "id": 404, "code": 4711, "statusCode": 404.0})["keys"] == {
        "status": {"type": "integer", "value": 404},
        "id": {"type": "integer"},
        "code": {"type": "integer"},
        "statusCode": {"type": "number"},
    }


def test_a_value_of_any_depth_has_a_shape() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert "deeper" in json.dumps(told(deep))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*STATUS_WORDS, *ERROR_NAMES]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(sorted(KEYS)), inner, max_size=4)
    ),
    max_leaves=10,
)
OUR_WORDS = {"object", "array", "string", "integer", "number", "boolean", "null", "deeper"} | set(Shape.model_fields)
DATE = re.compile(r"0000-00-00[T 0:.Z+-]*")


@given(JSON)
def test_whatever_comes_only_words_of_the_lists_get_in(value: Any) -> None:
    for one in parts(told(value)):
        if isinstance(one, str):
            assert one in KEYS | ERROR_NAMES | STATUS_WORDS | OUR_WORDS or DATE.fullmatch(one)
        elif one is not None and not isinstance(one, bool):
            assert one in STATUSES or one < 10 or one.bit_count() == 1 or (one - 1).bit_count() == 1


def parts(value: Any) -> Iterator[Any]:
    """Yield every key and every value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)
    else:
        yield value


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "string", "words": ["MarkerError"]},
        {"type": "string", "value": "Marker"},
        {"type": "integer", "value": 4711},
        {"type": "string", "date": "2026-05-11"},
        {"type": "string", "length": [3, 5]},
        {"type": "object", "keys": {"Marker": {"type": "null"}}},
        {"type": "object", "other_keys": [437, 437]},
        {"type": "Marker"},
        {"type": "null", "note": "Marker"},
    ],
)
def test_a_shape_with_anything_else_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        Shape.model_validate(wrong)
    assert "4711" not in str(raised.value)
