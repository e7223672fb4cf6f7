"""
Whether COR holds a leave as the ledger says, from the ledger's entry and the row of COR's list.

By their documented examples, the two APIs of COR differ in their dates: the Integrations API takes the calendar dates
of an all-day leave, and the main API has the instants at which the user's day begins and ends. Neither says which zone
that is. So what a shift of zones explains is no difference: anything from UTC-12 to UTC+14, in steps of a quarter of an
hour. ``all_day`` is not compared, since COR's own example sends true and shows false; the leave type and the user are
not either, since the ledger and COR know them by ids of different systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from cor_provider.fields.when import read_moment
from cor_provider.sync.ledger_entry import LedgerEntry

Finding = Literal["confirmed", "missing", "changed", "unknown", "unverifiable"]

DRIFT: tuple[Finding, ...] = ("missing", "changed")
"""What COR holds otherwise than the ledger says: this counts, and is marked."""

DIFFERENCES = (*DRIFT, "foreign")
"""What people are shown on a calendar; ``foreign`` leave the ledger does not know."""

EARLIEST, LATEST = timedelta(hours=-14), timedelta(hours=12)
"""The shifts that zones explain: a day begins at UTC+14 first, and at UTC-12 last."""

QUARTER = timedelta(minutes=15)
"""All offsets of zones are multiples of it."""

CLOCK_CHANGE = timedelta(hours=1)
"""The offset may be another one at the end of a leave, by as much."""

SECONDS_TO_SHOW = 3600
""""Updates to leave may take up to one hour to take effect for users", says COR's help centre (30242387208717)."""

FRESH = "sent less than an hour ago, and COR may show it only after an hour"
UNSETTLED = (
    "the ledger does not say what became of it, since a run was interrupted or the ledger was lost: the next sync "
    "settles it"
)
NO_TIMES = "sent by an earlier version of this provider, which did not note its times"
UNREADABLE = "COR's dates of it cannot be read"
DELETED = "COR shows it as deleted"
ABSENT = "COR's list does not have it"

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_YEAR_1 = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Judgement:
    """
    What an audit finds of one leave.

    :param differs: for ``changed``: ``start``, ``end`` or both.
    :param reason: for ``missing``, ``unknown`` and ``unverifiable``: why, in words.
    """

    finding: Finding
    differs: tuple[str, ...] = ()
    reason: str | None = None


def judge(entry: LedgerEntry, row: Mapping[str, Any] | None, *, now: float) -> Judgement:
    """
    Compare an entry with the row of its leave.

    While a request of an interrupted run may still change it, nothing is certain: leave that HR has cancelled would be
    ``confirmed``.

    :param row: as COR lists it; None if COR's list has no such id.
    :param now: seconds since the epoch, when COR was asked.
    """
    if not (entry.is_at_rest or entry.in_cor == "missing"):
        return Judgement("unverifiable", reason=UNSETTLED)
    if row is None:
        judgement = Judgement("missing", reason=ABSENT)
    else:
        judgement = Judgement("missing", reason=DELETED) if is_deleted(row) else _compare(entry, row)
    is_fresh = entry.written_at is not None and now - entry.written_at < SECONDS_TO_SHOW
    return Judgement("unverifiable", reason=FRESH) if is_fresh and judgement.finding in DRIFT else judgement


def may_be(entry: LedgerEntry, row: Mapping[str, Any]) -> bool:
    """Return whether leave in COR may be that of an entry without an id of COR's, by its days or times."""
    return _compare(entry, row).finding == "confirmed"


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Return whether COR shows a leave as deleted."""
    return bool(row.get("deleted_at"))


def day_of_deletion(deleted_at: object) -> date | None:
    """Return the day in UTC on which a leave was deleted in COR; None if COR does not say it, or it cannot be read."""
    instant = _read(deleted_at)
    return None if instant is None else _day_of(instant)


def days_in_cor(row: Mapping[str, Any]) -> tuple[date, date] | None:
    """
    Return the first and the last day of a leave in COR; None if its dates cannot be read.

    If it has the length of whole days, these are the days whose midnight in UTC is nearest.
    """
    start, end = _read(row.get("start")), _read(row.get("end"))
    if start is None or end is None:
        return None
    if end > start and (_end_of_day(end) - start) % _DAY in {_DAY - CLOCK_CHANGE, timedelta(0), CLOCK_CHANGE}:
        start, end = start + _DAY / 2, _end_of_day(end) - _DAY / 2
    return _day_of(start), _day_of(end)


def _compare(entry: LedgerEntry, row: Mapping[str, Any]) -> Judgement:
    start, end = _read(row.get("start")), _read(row.get("end"))
    if start is None or end is None:
        return Judgement("unverifiable", reason=UNREADABLE)
    if entry.instants:
        our_start, our_end = map(_read, entry.instants)
        assert our_start is not None  # noqa: S101  # the sync has written both
        assert our_end is not None  # noqa: S101
        is_one_day = our_start // _DAY == our_end // _DAY
        return _by_shifts(start - our_start, end - our_end, timedelta(0) if is_one_day else CLOCK_CHANGE)
    first, last = _midnight(entry.version.start), _midnight(entry.version.end)
    whole_days = _by_shifts(start - first, _end_of_day(end) - last - _DAY, CLOCK_CHANGE)
    if whole_days.finding == "changed" and entry.written_at is None and _may_be_timed(start - first, end - last):
        return Judgement("unverifiable", reason=NO_TIMES)
    return whole_days


def _by_shifts(of_start: timedelta, of_end: timedelta, tolerance: timedelta) -> Judgement:
    shifts = {"start": of_start, "end": of_end}
    if unexplained := tuple(name for name, shift in shifts.items() if not _is_of_a_zone(shift)):
        return Judgement("changed", unexplained)
    if abs(of_start - of_end) > tolerance:
        return Judgement("changed", tuple(shifts))
    return Judgement("confirmed")


def _is_of_a_zone(shift: timedelta) -> bool:
    return EARLIEST <= shift <= LATEST and not shift % QUARTER


def _may_be_timed(after_first: timedelta, after_last: timedelta) -> bool:
    """
    Return whether a leave begins on its first and ends on its last day in some zone.

    :param after_first: how long after the midnight of its first day it begins.
    :param after_last: how long after that of its last day it ends.
    """
    earliest = max(EARLIEST, after_first - _DAY + _MINUTE, after_last - _DAY + _MINUTE)
    return earliest <= min(LATEST, after_first, after_last)


# Instants are the time since the year 1, in UTC: HR systems write an open end as the last day that a `datetime` has.


def _end_of_day(end: timedelta) -> timedelta:
    """Return midnight for the last minute of a day, however its end is written; otherwise the same instant."""
    until_quarter = -end % QUARTER
    return end + until_quarter if until_quarter <= _MINUTE else end


def _midnight(day: date) -> timedelta:
    return timedelta(days=day.toordinal() - 1)


def _day_of(instant: timedelta) -> date:
    return date.fromordinal(min(max(instant.days + 1, 1), date.max.toordinal()))


def _read(value: object) -> timedelta | None:
    """Read an instant in any form in which COR writes one; without an offset, it is in UTC."""
    if not isinstance(value, str):
        return None
    try:
        instant = read_moment(value)
    except ValueError:
        return None
    return instant.replace(tzinfo=timezone.utc) - _YEAR_1 - (instant.utcoffset() or timedelta(0))
