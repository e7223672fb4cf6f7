"""External ids: text in COR, but of several types in databases, data frames and files."""

from __future__ import annotations

import re
from decimal import Decimal
from numbers import Integral, Real
from operator import index
from urllib.parse import quote
from uuid import UUID

from pydantic_core import PydanticCustomError

from cor_provider.fields.gaps import is_gap, missing
from cor_provider.fields.numpy_scalar import is_bool, type_name
from cor_provider.fields.unreadable_row import problem_of

LONGEST = 7_500
"""
Characters of an id once encoded for a URL: updates and deletes put it into one, and servers should support 8,000 octets
of a URL (RFC 9110, 4.1).
"""

EXACT_BELOW = 2**53  # from this size on, a float stands for several whole numbers
NARROW_EXACT_BELOW = {"float16": 2**11, "float32": 2**24}  # by NumPy's names

_PROBLEMS = {
    "kind": "must be text or a number, not {type}",
    "neither": "must be text or a number",
    "digits": "is a number that may have lost digits: extract the column as text",
    "fraction": "is not a whole number: extract the column as text",
    "characters": "has characters that an id cannot have",
    "length": f"is longer than {LONGEST:,} characters once encoded for a URL",
}
_MARK = re.compile(f"\0({'|'.join(_PROBLEMS)})\0")


def read_text(value: object) -> str:
    """
    Return an id as text: COR's ids are strings, while databases and data frames give numbers.

    A number must be exact: a float that has lost digits is the id of another user or another leave.

    :raises PydanticCustomError: if it is missing or cannot be an id; the message does not quote it.
    """
    if isinstance(value, str):
        text = str.strip(value)  # of a subclass the value, not what it shows
        if is_gap(text):
            raise missing()
        return _checked(text)
    if is_gap(value):
        raise missing()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return _checked(_plain(value))
    if is_bool(value):
        raise _problem("kind", type="bool")
    try:
        number = index(value)  # type: ignore[arg-type]  # whole numbers of any library have one
    except TypeError:
        number = _whole(value)
    return _checked(_digits(number))


def is_inexact(problem: PydanticCustomError) -> bool:
    """Return whether an error from :func:`read_text` is that of a number whose digits cannot be told."""
    return problem.type in {f"{_PREFIX}digits", f"{_PREFIX}length"}


def mark_unreadable(problem: PydanticCustomError) -> str:
    """
    Return text in place of an unreadable id: with anything added to it, it is still refused for the same reason.

    :param problem: the error from :func:`read_text`. For an id that is missing, the text is blank.
    """
    if problem.type == missing().type:
        return ""
    code = problem.type.removeprefix(_PREFIX)
    return f"\0{'neither' if code == 'kind' else code}\0"


def text_or_mark(value: object) -> str:
    """Return an id as text, or :func:`mark_unreadable` if it cannot be read: to build another id from it."""
    try:
        return read_text(value)
    except PydanticCustomError as problem:
        return mark_unreadable(problem)


_PREFIX = "external_id_"


def _problem(code: str, **context: str) -> PydanticCustomError:
    return PydanticCustomError(f"{_PREFIX}{code}", _PROBLEMS[code], context)


def _whole(number: object) -> int:
    """Return the whole number that a float is, of Python or NumPy."""
    if not isinstance(number, Real) or isinstance(number, Integral):  # NumPy counts its durations as the latter
        raise _problem("kind", type=type(number).__name__)
    try:
        whole = int(number)  # type: ignore[call-overload]  # every real number that is finite has one
    except OverflowError:
        raise _problem("digits") from None
    if abs(whole) >= NARROW_EXACT_BELOW.get(type_name(number), EXACT_BELOW):
        raise _problem("digits")
    if whole != number:
        raise _problem("fraction")  # 12.50 and 12.5 would be the same id
    return int(whole)  # a gap in its column makes a data frame turn 12 into 12.0


def _plain(number: Decimal) -> str:
    """Return the text of a number that is exact, without an exponent where it is whole."""
    if number.is_infinite():
        raise _problem("digits")
    if not number:
        return "0"
    if number.adjusted() >= LONGEST:
        raise _problem("length")  # before all its zeros are written
    whole = number.to_integral_value()
    return f"{whole:f}" if number == whole else str(number)


def _digits(number: int) -> str:
    if number.bit_length() > LONGEST * 4:
        raise _problem("length")
    return str(Decimal(number))  # str of an int refuses more than some thousand digits


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise _problem("length")
    if text in {".", ".."} or not text.isprintable():
        # Updates and deletes put the id into a URL path, where these do not survive.
        if unreadable := problem_of(text):
            raise unreadable
        mark = _MARK.search(text)
        raise _problem(mark[1] if mark else "characters")
    if len(text) * _MOST_PER_CHARACTER > LONGEST and len(quote(text, safe="")) > LONGEST:
        raise _problem("length")
    return text


_MOST_PER_CHARACTER = 12  # four bytes of UTF-8, three characters each
