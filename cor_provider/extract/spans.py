"""
Turn the leave of HR systems into leave requests: pure functions of plain values, for the task that extracts it.

HR systems agree on little. Some hold a leave as one row and some as a row per day, half days are flags or amounts, ends
are inclusive or exclusive, and the ids of two systems collide. COR takes a start and an end, whole days or not, and one
external id per leave.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cor_provider.fields import external_id, when
from cor_provider.fields.gaps import is_gap

__all__ = [
    "Half",
    "HalfDayPolicy",
    "WorkingHours",
    "group_days",
    "map_leave_type",
    "overlaps",
    "prefix_id",
    "read_day",
    "read_moment",
    "span_between",
    "to_inclusive",
    "to_spans",
]

Half = Literal["morning", "afternoon"]
HalfDayPolicy = Literal["span", "split"]

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkingHours:
    """
    The local times of a working day, for leave that begins or ends in the middle of one.

    :raises ValueError: unless they are in this order: half a day would be no leave at all, or end before it starts.
    """

    start: time = time(9)
    midday: time = time(13)
    end: time = time(18)

    def __post_init__(self) -> None:
        if not self.start < self.midday < self.end:
            raise ValueError("WorkingHours: midday must be after start, and end after midday.")


def read_day(value: object) -> date:
    """
    Return the day that HR wrote, the same on every Python.

    :param value: text as of ISO 8601 or PostgreSQL, a date, or a date-time, of which the date counts as written.
    :raises ValueError: if it is missing or no date; the message does not quote it.
    """
    return when.read_day(value)


def read_moment(value: object) -> datetime:
    """
    Return the moment that HR wrote, the same on every Python; without an offset if HR wrote none.

    :param value: text as of ISO 8601 or PostgreSQL, a date-time, or a date, of which it is the midnight.
    :raises ValueError: if it is missing or no date; the message does not quote it.
    """
    return when.read_moment(value)


def to_spans(
    leave_id: object,
    first: date,
    last: date,
    *,
    half_first: Half | None = None,
    half_last: Half | None = None,
    policy: HalfDayPolicy = "span",
    zone: str | None = None,
    hours: WorkingHours = WorkingHours(),  # immutable
) -> list[dict[str, Any]]:
    """
    Return the spans of a leave whose first and last day may be half days.

    COR has no half days, so they become times of day. A leave of one day is a half day if either end is; both halves of
    one day make a whole day.

    :param leave_id: external leave id, text or a number; if it cannot be read, as with :func:`prefix_id`.
    :param first: first day.
    :param last: last day, inclusive.
    :param half_first: which half of the first day is leave; None for the whole day. If HR does not say, assume that a
        leave of several days begins at midday and ends at midday.
    :param half_last: the same for the last day.
    :param policy: ``"span"``: one leave from start to end; a half day that would leave a gap to the whole days counts
        as a whole day. ``"split"``: half days are leaves of their own, with ``-first`` or ``-last`` after the id, so
        that they keep their ids when HR edits the leave.
    :param zone: IANA name of the employee's time zone; None for times without an offset.
    :param hours: the employee's working hours.
    :return: mappings with ``id``, ``start``, ``end`` (ISO 8601) and ``all_day``. Leave that ends before it starts is
        returned as it is, for the push to reject: one bad row must not stop the others.
    :raises ValueError: if the policy or a half is not one of these.
    :raises zoneinfo.ZoneInfoNotFoundError: if a half day needs the zone, and there is no such zone.
    """
    leave_id = external_id.text_or_mark(leave_id)
    if policy not in get_args(HalfDayPolicy):
        raise ValueError(f"policy: expected one of {', '.join(get_args(HalfDayPolicy))}; got {policy!r}.")
    for name, half in {"half_first": half_first, "half_last": half_last}.items():
        if half not in {None, *get_args(Half)}:
            raise ValueError(f"{name}: expected None or one of {', '.join(get_args(Half))}; got {half!r}.")
    if first == last:
        half_first = half_last = _half_of_one_day(half_first, half_last)
    if last < first or not (half_first or half_last):
        return [_whole_days(leave_id, first, last)]
    day_zone = _read_zone(zone)
    if policy == "span" or first == last:
        starts = hours.midday if half_first == "afternoon" else hours.start
        ends = hours.midday if half_last == "morning" else hours.end
        start, end = datetime.combine(first, starts, day_zone), datetime.combine(last, ends, day_zone)
        return [_timed(leave_id, start, end)]
    parts = []
    if half_first:
        parts.append(_half_day(_extended(leave_id, "first"), first, half_first, day_zone, hours))
    whole_first, whole_last = first + ONE_DAY * bool(half_first), last - ONE_DAY * bool(half_last)
    if whole_first <= whole_last:
        parts.append(_whole_days(leave_id, whole_first, whole_last))
    if half_last:
        parts.append(_half_day(_extended(leave_id, "last"), last, half_last, day_zone, hours))
    return parts


def span_between(leave_id: object, start: datetime, end: datetime, *, zone: str | None = None) -> dict[str, Any]:
    """
    Return the span of a leave from one moment to another: whole days if both are midnights, otherwise times of day.

    Calendars and HR systems write whole days as midnights, often in UTC. So midnights count as they are written, and
    also in the employee's zone.

    :param leave_id: external leave id, text or a number; if it cannot be read, as with :func:`prefix_id`.
    :param start: first moment; without an offset, in ``zone``.
    :param end: the moment at which the leave is over, likewise.
    :param zone: IANA name of the employee's time zone; None for times without an offset, and midnights as written only.
    :return: ``id``, ``start``, ``end`` (ISO 8601) and ``all_day``. Leave that ends before it starts is returned as it
        is, for the push to reject: one bad row must not stop the others.
    :raises ValueError: if the leave has no length.
    :raises zoneinfo.ZoneInfoNotFoundError: if there is no such zone.
    """
    leave_id = external_id.text_or_mark(leave_id)
    home = _read_zone(zone)
    written = [at.replace(tzinfo=at.tzinfo or home) for at in (start, end)]
    if written[0] == written[1]:
        raise ValueError("The leave ends at the moment at which it starts.")
    at_home = [at.astimezone(home) for at in written] if home else written
    for first, after in (written, at_home):
        if first.time() == after.time() == time():
            return _whole_days(leave_id, first.date(), to_inclusive(after.date()))
    return _timed(leave_id, *written)


def group_days(
    leave_id: object, days: Iterable[date], *, is_day_off: Callable[[date], bool] | None = None
) -> list[dict[str, Any]]:
    """
    Return a leave for every run of consecutive days, for a source with a row per day.

    The first run has the id of the request, so that it stays the same leave when days are added at either end. The ids
    of later runs also have their first day.

    :param leave_id: external id of the request that the days belong to, text or a number; if it cannot be read, as with
        :func:`prefix_id`.
    :param days: in any order.
    :param is_day_off: returns whether a day without a row does not end a run, such as a weekend that HR leaves out.
    :return: mappings with ``id``, ``start``, ``end`` (ISO 8601) and ``all_day``.
    """
    runs: list[list[date]] = []
    for day in sorted(set(days)):
        if runs and _follows(day, runs[-1][-1], is_day_off):
            runs[-1].append(day)
        else:
            runs.append([day])
    leave_id = external_id.text_or_mark(leave_id)
    ids = [leave_id, *(_extended(leave_id, str(run[0])) for run in runs[1:])]
    return [_whole_days(run_id, run[0], run[-1]) for run_id, run in zip(ids, runs, strict=False)]


def map_leave_type(
    leave_type: Any,
    mapping: Mapping[str, str],
    *,
    sensitive: Collection[str] = (),
    neutral: str = "absence",
    default: str = "unmapped",
) -> str:
    """
    Return the external id of COR's leave type for a leave type of HR.

    Project leads read COR, and clients may, so illness should look like any other absence there.

    :param leave_type: HR's leave type. A gap, None or one of a data frame, counts as unmapped.
    :param mapping: COR's leave types by HR's.
    :param sensitive: HR's leave types that become ``neutral``, whatever the mapping says.
    :param neutral: a leave type of COR that gives no reason.
    :param default: the result for unmapped leave types. COR refuses one that it does not know, and the report shows it;
        leave that a filter drops is lost silently.
    """
    if not isinstance(leave_type, str) and is_gap(leave_type):
        return default
    if leave_type in sensitive:
        return neutral
    return mapping.get(leave_type, default)


def prefix_id(system: str, leave_id: object) -> str:
    """
    Return an external leave id that no other HR system uses. Within a source, COR knows a leave only by its id.

    :param system: name of the HR system, or of one of its tenants.
    :param leave_id: the leave's id there, text or a number. A missing id becomes blank, and an unreadable one text that
        the push rejects with the reason: one bad row must not stop the others.
    """
    text = external_id.text_or_mark(leave_id)
    return f"{system}-{text}" if text else ""


def overlaps(first: date, last: date | None, window: tuple[date, date]) -> bool:
    """
    Return whether leave overlaps a window, wherever it begins: parental leave may have begun long before.

    :param first: first day.
    :param last: last day, inclusive; None if it is open-ended.
    :param window: first and last day, inclusive.
    """
    return first <= window[1] and (last is None or last >= window[0])


def to_inclusive(exclusive_end: date) -> date:
    """Return the last day of leave whose source gives the day after it, as calendars do."""
    return exclusive_end - ONE_DAY


def _read_zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: a folder of zones, such as Europe
        raise ZoneInfoNotFoundError("zone: expected an IANA name such as Europe/Madrid.") from None


def _extended(leave_id: str, part: str) -> str:
    return f"{leave_id}-{part}" if leave_id else ""  # an id that is missing does not become one by its end


def _half_of_one_day(first: Half | None, last: Half | None) -> Half | None:
    return None if first and last and first != last else first or last


def _follows(day: date, before: date, is_day_off: Callable[[date], bool] | None) -> bool:
    between = (before + ONE_DAY * number for number in range(1, (day - before).days))
    return all(is_day_off is not None and is_day_off(one) for one in between)


def _whole_days(leave_id: str, first: date, last: date) -> dict[str, Any]:
    return {"id": leave_id, "start": first.isoformat(), "end": last.isoformat(), "all_day": True}


def _half_day(leave_id: str, day: date, half: Half, zone: ZoneInfo | None, hours: WorkingHours) -> dict[str, Any]:
    starts, ends = (hours.start, hours.midday) if half == "morning" else (hours.midday, hours.end)
    return _timed(leave_id, datetime.combine(day, starts, zone), datetime.combine(day, ends, zone))


def _timed(leave_id: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {"id": leave_id, "start": start.isoformat(), "end": end.isoformat(), "all_day": False}
