"""The hours that a user works a day."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic_core import PydanticCustomError

from cor_provider.fields.gaps import is_gap

MOST = 24


def read_hours(value: object) -> int | float | None:
    """
    Return a number of hours above 0, at most 24, or None for a gap. Text may hold one, with a point.

    :raises PydanticCustomError: if it is none; the message does not quote it.
    """
    if is_gap(value):
        return None
    try:
        hours = Decimal(0 if isinstance(value, bool) else str(value).strip())
    except InvalidOperation:
        hours = Decimal(0)
    if hours.is_nan() or not 0 < hours <= MOST:
        raise PydanticCustomError("daily_hours", "must be a number of hours above 0, at most 24")
    return int(hours) if hours == int(hours) else float(hours)
