"""External ids: text in COR, whatever databases, data frames and files make of it."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

from pydantic_core import PydanticCustomError

LONGEST = 7_500
"""
Characters of an id as a URL has it: updates and deletes put it into one, of which 8,000 octets are to be supported
(RFC 9110, 4.1).
"""

_EXACT_BELOW = 2**53  # from there on, a float stands for several whole numbers

_PROBLEMS = {
    "missing": "is missing",
    "blank": "is blank",
    "kind": "must be text or a number, not {type}",
    "neither": "must be text or a number",
    "digits": "is a number that may have lost digits: read the column as text",
    "fraction": "is no whole number: read the column as text",
    "characters": "holds characters that an id cannot have",
    "length": f"is longer than {LONGEST:,} characters, as a URL has it",
}
_MARK = re.compile(f"\0({'|'.join(_PROBLEMS)})\0")


def read_text(value: object) -> str:
    """
    Return an id as text: COR's ids are strings, while databases and data frames hand out numbers.

    A number is an id only if it is exact. What a float has lost would make it the id of another user, or another leave.

    :raises PydanticCustomError: if it is blank or cannot be an id; the message holds nothing of it.
    """
    if isinstance(value, str):
        return _checked(str(value).strip())
    if value is None:
        raise _problem("missing")
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, UUID)):
        raise _problem("kind", type=type(value).__name__)
    if isinstance(value, float):
        value = _whole(value)
    elif isinstance(value, Decimal):
        value = _plain(value)
    elif isinstance(value, int):
        value = _digits(value)
    return _checked(str(value))


def mark_unreadable(problem: PydanticCustomError) -> str:
    """
    Return text that stands for an id that could not be read: whatever is added to it, it is refused for that reason.

    :param problem: as :func:`read_text` raises it; of an id that is missing or blank, the text is blank.
    """
    code = problem.type.removeprefix(_PREFIX)
    if code in {"missing", "blank"}:
        return ""
    return f"\0{'neither' if code == 'kind' else code}\0"


_PREFIX = "external_id_"


def _problem(code: str, **context: str) -> PydanticCustomError:
    return PydanticCustomError(f"{_PREFIX}{code}", _PROBLEMS[code], context)


def _whole(number: float) -> int:
    if number != number:  # noqa: PLR0124  # NaN, a data frame's word for a gap
        raise _problem("blank")
    if abs(number) >= _EXACT_BELOW:
        raise _problem("digits")
    if not number.is_integer():
        raise _problem("fraction")  # 12.50 and 12.5 are one
    return int(number)  # a data frame turns 12 into 12.0 as soon as its column has a gap


def _plain(number: Decimal) -> str:
    """Return the text of a number that is exact, without an exponent where it is whole."""
    if number.is_nan():
        raise _problem("blank")
    if number.is_infinite():
        raise _problem("digits")
    if not number:
        return "0"
    if number.adjusted() >= LONGEST:
        raise _problem("length")  # before its zeros are written out
    whole = number.to_integral_value()
    return f"{whole:f}" if number == whole else str(number)


def _digits(number: int) -> str:
    if number.bit_length() > LONGEST * 4:
        raise _problem("length")
    return str(Decimal(number))  # Python itself refuses to write out more than some thousand digits


def _checked(text: str) -> str:
    if not text:
        raise _problem("blank")
    if len(text) > LONGEST:
        raise _problem("length")
    if text in {".", ".."} or not text.isprintable():
        # Updates and deletes put the id into a URL path, and these do not survive there.
        mark = _MARK.search(text)
        raise _problem(mark[1] if mark else "characters")
    if len(text) * _MOST_PER_CHARACTER > LONGEST and len(quote(text, safe="")) > LONGEST:
        raise _problem("length")
    return text


_MOST_PER_CHARACTER = 12  # four bytes, each of three characters
