"""The window: the days that a sync owns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from typing_extensions import Self

from cor_provider.exceptions import CorConfigurationError
from cor_provider.fields.when import read_day

_NODASH = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T\d{6})?", re.ASCII)
"""Airflow's ``ds_nodash`` and ``ts_nodash``."""


@dataclass(frozen=True)
class Window:
    """The days that a sync owns, the first and the last included."""

    first: date
    last: date

    @classmethod
    def read(cls, value: object) -> Self:
        """
        Read a window.

        :param value: two dates, as ``date``, ISO 8601 text, or both in one text with a slash between them. For a
            date-time, its date as written counts.
        :raises CorConfigurationError: if the value is none of these.
        """
        days = value.split("/") if isinstance(value, str) else value
        try:
            first, last = map(_read_day, days)  # type: ignore[call-overload]  # refused below
        except (TypeError, ValueError):
            raise CorConfigurationError(
                'window: expected the first and the last day, such as ["2026-01-01", "2026-12-31"].'
            ) from None
        if last < first:
            raise CorConfigurationError("window: its last day is before its first.")
        return cls(first, last)

    def __str__(self) -> str:
        """Return both days with a slash between them, which :meth:`read` accepts."""
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


def _read_day(value: object) -> date:
    without_dashes = _NODASH.fullmatch(value.strip()) if isinstance(value, str) else None
    return read_day("-".join(without_dashes.groups()) if without_dashes else value)
