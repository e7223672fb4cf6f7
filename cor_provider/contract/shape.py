"""
The shape of a JSON value: keys, types, and lengths as ranges.

Of values, it has only the words of ``words``. Its validation accepts nothing else, so nothing else can be written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cor_provider.client.error_names import words_in
from cor_provider.client.field_errors import mentions_fields
from cor_provider.contract.words import ERROR_NAMES, KEYS, STATUS_KEYS, STATUS_WORDS, STATUSES, SUCCESS_KEYS

MOST_DEEP = 8
"""How many values within values have a shape of their own."""

MOST_CHARACTERS = 10_000
"""How much of a text is searched for words."""

MOST_WORDS = 10

_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DATE_FORM = re.compile(_DATE.pattern.replace("[0-9]", "0"))


def _in(allowed: frozenset[Any], what: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if value is not None and not isinstance(value, bool) and value not in allowed:
            raise ValueError(f"not {what} that a contract may have")
        return value

    return AfterValidator(check)


def _check_form(value: str) -> str:
    if value and not _DATE_FORM.fullmatch(value):
        raise ValueError("not the form of a date")
    return value


def _check_length(value: tuple[int, int] | None) -> tuple[int, int] | None:
    if value is not None and value != length_range(value[0]):
        raise ValueError("not a range that a contract may have")
    return value


Word = Annotated[str, _in(ERROR_NAMES, "a name of an error")]
Key = Annotated[str, _in(KEYS, "a key")]
Value = Annotated[bool | int | str | None, _in(STATUS_WORDS | STATUSES, "a value")]
Length = Annotated[tuple[int, int] | None, AfterValidator(_check_length)]


class Shape(BaseModel):
    """
    The shape of a value.

    :param length: the range of a string's or an array's length.
    :param words: the names of errors in a string, in their order.
    :param alone: whether the string is nothing but that name.
    :param date: the form of a date, with 0 for each digit.
    :param about_fields: whether a string speaks of missing or invalid fields, which decides how ``ZC001`` is read.
    :param value: an HTTP status or a word for it in a field for that, or what a field for success says.
    :param keys: the fields of an object. ``other_keys``: the range of how many more it has, such as a map by people.
    :param items: the shape of an array's first item.
    """

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, hide_input_in_errors=True)

    type: Literal["object", "array", "string", "integer", "number", "boolean", "null", "deeper"]
    length: Length = None
    words: Annotated[tuple[Word, ...], Field(max_length=MOST_WORDS)] = ()
    alone: bool = False
    date: Annotated[str, AfterValidator(_check_form)] = ""
    about_fields: bool = False
    value: Value = None
    keys: dict[Key, Shape] = {}
    other_keys: Length = None
    items: Shape | None = None


def shape_of(value: object, *, key: str = "", depth: int = 0) -> Shape:
    """
    Return the shape of a JSON value.

    :param key: the field whose value it is.
    """
    if depth > MOST_DEEP:
        return Shape(type="deeper")
    if isinstance(value, dict):
        known = {name: shape_of(one, key=name, depth=depth + 1) for name, one in value.items() if name in KEYS}
        others = len(value) - len(known)
        return Shape(type="object", keys=known, other_keys=length_range(others) if others else None)
    if isinstance(value, list):
        items = shape_of(value[0], depth=depth + 1) if value else None
        return Shape(type="array", length=length_range(len(value)), items=items)
    return _of_text(value, key) if isinstance(value, str) else _of_scalar(value, key, is_alone=not depth)


def _of_scalar(value: object, key: str, *, is_alone: bool) -> Shape:
    if isinstance(value, bool):
        return Shape(type="boolean", value=value if is_alone or key in SUCCESS_KEYS else None)
    if isinstance(value, int):
        return Shape(type="integer", value=value if key in STATUS_KEYS and value in STATUSES else None)
    return Shape(type="null" if value is None else "number")


def length_range(length: int) -> tuple[int, int]:
    """Return the range in which a length lies: 0, 1 to 8, 9 to 16, 17 to 32 and so on, doubling."""
    if length <= 0:
        return 0, 0
    most = 8
    while length > most:
        most *= 2
    return (1 if most == 8 else most // 2 + 1), most  # noqa: PLR2004  # the first range


def _of_text(text: str, key: str) -> Shape:
    searched = text[:MOST_CHARACTERS]
    words: Sequence[str] = [word for word in words_in(searched) if word in ERROR_NAMES][:MOST_WORDS]
    return Shape(
        type="string",
        length=length_range(len(text)),
        words=tuple(words),
        alone=text in ERROR_NAMES,
        date=re.sub("[0-9]", "0", text) if _DATE.fullmatch(text) else "",
        about_fields=mentions_fields(searched),
        value=text if key == "status" and text in STATUS_WORDS else None,
    )
