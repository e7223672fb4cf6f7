"""Gaps: a field without a value, which each library spells in its own way."""

from __future__ import annotations

import re
from decimal import Decimal

from pydantic_core import PydanticCustomError

_BLANK = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]*")  # also blanks without a width, which no eye can see


def is_gap(value: object) -> bool:
    """
    Return whether a field has no value: None, blank text, or what a library has in place of a number or date.

    pandas and NumPy are not imported for it: their ``NaN`` and ``NaT`` differ from themselves, and ``pd.NA`` compared
    with itself is ``pd.NA``, which is neither true nor false.
    """
    if value is None:
        return True
    if isinstance(value, str):
        return not "!" <= value[:1] <= "~" and _BLANK.fullmatch(value) is not None  # most text shows it at once
    if isinstance(value, Decimal):
        return value.is_nan()  # a signalling NaN cannot be compared
    if hasattr(value, "__len__"):
        return False  # an array is compared element by element
    differs = value != value  # noqa: PLR0124  # see above
    try:
        return bool(differs)
    except TypeError:
        return differs is value


def missing() -> PydanticCustomError:
    """Return the error of a gap where a value is needed."""
    return PydanticCustomError("missing", "is missing")
