"""Dates and date-times, as written: no time zone is applied, and nothing is guessed."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from cor_provider.fields.gaps import is_gap, missing
from cor_provider.fields.numpy_scalar import type_name

__all__ = ["DateFormat", "plain_datetime", "read_day", "read_moment", "read_when"]


def read_when(value: object) -> date:
    """
    Return a date or date-time as written, of Python's own types.

    Text is read as ISO 8601 or as PostgreSQL writes it. A number is never a date. Of what is finer than a microsecond,
    the rest is cut off.

    :raises PydanticCustomError: if it is missing or no date; the message does not quote it.
    """
    if isinstance(value, str):
        return _of_text(str.strip(value))
    if type(value) is date:
        return value
    if is_gap(value):
        raise missing()
    if isinstance(value, _Unmatched):
        raise _problem("is not a date in the date_format {date_format}", date_format=value.date_format)
    try:
        if isinstance(value, datetime):
            return plain_datetime(value)
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if (numpy_type := type_name(value)).startswith("datetime64"):
            return _of_numpy(value, numpy_type)
    except ValueError:
        raise _problem("is outside the years 1 to 9999") from None
    raise _problem(_NO_DATE)


def read_day(value: object) -> date:
    """Return the day of what :func:`read_when` reads: of a date-time, the date as written."""
    when = read_when(value)
    return when.date() if isinstance(when, datetime) else when


def read_moment(value: object) -> datetime:
    """Return the date-time of what :func:`read_when` reads: of a date, its midnight."""
    when = read_when(value)
    return when if isinstance(when, datetime) else datetime.combine(when, time())


class DateFormat:
    """
    How an input writes its dates, if not as ISO 8601.

    :param text: as of ``strptime``, such as ``%d/%m/%Y``.
    :raises ValueError: if it leaves open which date or time is meant.
    """

    def __init__(self, text: str) -> None:
        self._format = text.strip()
        for directive in _DIRECTIVE.findall(self._format):
            if directive in _UNCLEAR:
                raise ValueError(f"{self._format!r}: {directive} {_UNCLEAR[directive]}.")
        self._has_time = self._write(_MORNING) != self._write(_EVENING)
        self._must_be_complete = _TOUCHING_NUMBERS.search(self._format.replace("%%", "")) is not None
        self._read_text = lru_cache(_MOST_REMEMBERED)(self._read_matching)
        self._may_be_mistaken = any(_DATE.search(self._write(sample)) for sample in _SAMPLES)
        for sample in _SAMPLES:
            self._check(sample)

    def read(self, value: Any) -> Any:
        """
        Return the date that text of this format is, or the date-time if the format has a time of day.

        What is no text is returned for :func:`read_when`, and so are dates of ISO 8601, unless the format looks so
        similar that they may mean another day. Other text is returned as what :func:`read_when` refuses.
        """
        if not isinstance(value, str):
            return value
        try:
            return self._read_text(str.strip(value))
        except ValueError:
            is_iso = not self._may_be_mistaken and _DATE.match(str.strip(value))
            return value if is_iso or is_gap(value) else _Unmatched(self._format)

    def __repr__(self) -> str:
        return f"DateFormat({self._format!r})"

    def _read_matching(self, text: str) -> date:
        moment = self._parse(text)
        return moment if self._has_time else moment.date()

    def _parse(self, text: str) -> datetime:
        moment = datetime.strptime(text, self._format)  # noqa: DTZ007  # naive if the format is
        if self._must_be_complete:
            numbers = _NUMBER.findall(moment.strftime(self._format.replace("%z", "")))
            if numbers != _NUMBER.findall(text)[: len(numbers)]:
                raise ValueError  # of 1112026, nobody knows whether it is 1 November or 11 January
        return moment

    def _write(self, sample: datetime) -> str:
        try:
            return sample.strftime(self._format)
        except ValueError:
            raise self._not_readable() from None

    def _check(self, sample: datetime) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python warns about a format without a year
                read = self._parse(self._write(sample))
        except (ValueError, re.error):
            raise self._not_readable() from None
        if read.date() != sample.date():
            raise ValueError(f"{self._format!r} needs a year, a month and a day, as %d/%m/%Y has them.")
        if self._has_time and read.hour != sample.hour:
            raise ValueError(f"{self._format!r} needs a clear hour: %H, or %I with %p.")
        if read.second and not read.minute:
            raise ValueError(f"{self._format!r} has seconds, %S, but no minutes, %M.")

    def _not_readable(self) -> ValueError:
        return ValueError(f"{self._format!r} is not a format that Python's strptime can read.")


@dataclass(frozen=True)
class _Unmatched:
    """In place of text that may not be read, since the format of its dates does not match."""

    date_format: str


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"""
    (?P<moment>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)
    (\s*(?P<offset>Z|[-+\u2212]\d{2}(?P<minutes>:?\d{2})?))?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_MOST_REMEMBERED = 4096  # texts: an input has far fewer dates than leave requests
_LONGEST_DATE_TIME = 64  # generous for any fraction of a second
_NO_DATE = "is not a date: write 2026-05-11, or 2026-05-11T09:00:00+02:00 for a time of day"
_OTHER_FORM = f"{_NO_DATE}, or set the task's parameter date_format to the form of its dates"
_date_time_parser = TypeAdapter(datetime)

_FINER_THAN_MICROSECONDS = re.compile(r"datetime64\[\d*(ns|ps|fs|as)\]")
_DAYS = re.compile(r"datetime64\[\d*D\]")

_DIRECTIVE = re.compile(r"%.", re.DOTALL)
_UNCLEAR = {
    **dict.fromkeys(("%c", "%x", "%X"), "depends on the machine: write out its parts, such as %d/%m/%Y"),
    "%Z": "names zones, which are not unique: use offsets, %z",
}
_TOUCHING_NUMBERS = re.compile(r"%[dfGHIjmMSuVwyY](%[dfGHIjmMSuUVwWyY]|\d)")

_NUMBER = re.compile(r"\d+")

_ZONE = timezone(timedelta(hours=5, minutes=30))
_SAMPLES = (
    datetime(2026, 5, 11, 21, 43, 17, tzinfo=_ZONE),
    datetime(1999, 12, 31, 12, 0, 0, tzinfo=_ZONE),
    datetime(2024, 2, 29, 0, 8, 59, tzinfo=_ZONE),
)
_MORNING, _EVENING = (datetime.combine(_SAMPLES[0], one, _ZONE) for one in (time(3, 8, 7, 6), time(21, 43, 17, 89)))


def _problem(message: str, **context: str) -> PydanticCustomError:
    return PydanticCustomError("when", message, context)


@lru_cache(_MOST_REMEMBERED)
def _of_text(text: str) -> date:
    if is_gap(text):
        raise missing()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if len(text) <= _LONGEST_DATE_TIME and (parts := _DATE_TIME.fullmatch(text)):
            offset = parts["offset"] or ""
            minutes = ":00" if offset.upper() != "Z" and offset and not parts["minutes"] else ""
            return _date_time_parser.validate_python(f"{parts['moment']}{offset}{minutes}")
    except ValueError:
        pass  # no such day in the calendar: raised below, without the value
    raise _problem(_NO_DATE if _DATE.match(text) else _OTHER_FORM)


def _of_numpy(value: Any, numpy_type: str) -> date:
    when = value.item()
    if isinstance(when, int) and _FINER_THAN_MICROSECONDS.fullmatch(numpy_type):
        when = value.astype("datetime64[us]").item()
    if isinstance(when, datetime) or (isinstance(when, date) and _DAYS.fullmatch(numpy_type)):
        return when
    if isinstance(when, date):
        return datetime.combine(when, time())
    raise ValueError  # NumPy's own count, where Python's calendar has no such year


def plain_datetime(moment: datetime) -> datetime:
    """Return a date-time that has no methods or fractions of its own, as those of data frames have."""
    if type(moment) is datetime:
        return moment
    return datetime(
        *(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond),
        tzinfo=moment.tzinfo,
        fold=moment.fold,
    )
