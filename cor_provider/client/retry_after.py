"""The ``Retry-After`` header, which COR does not document but anything in front of it may send."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from requests import Response

_MAX_SECONDS = 366 * 24 * 3600.0
"""Longer than anyone means, and short enough to calculate with."""


def read_retry_after(response: Response) -> float | None:
    """Return the seconds that the header asks to wait; None without a header that holds seconds or an HTTP date."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, seconds), _MAX_SECONDS)
