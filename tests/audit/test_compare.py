"""Whether COR holds what the ledger says: in every documented form of its dates, and with what zones explain."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.audit.compare import (
    FRESH,
    NO_TIMES,
    SECONDS_TO_SHOW,
    UNREADABLE,
    UNSETTLED,
    Finding,
    Judgement,
    days_in_cor,
    judge,
    may_be,
)
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry
from main_api import row

NOW = 1_790_000_000
LONG_AGO = NOW - SECONDS_TO_SHOW
ZONES = ("UTC", "America/Argentina/Buenos_Aires", "Europe/Madrid", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12")
DAY = timedelta(days=1)


def entry(first: date = date(2026, 5, 11), last: date = date(2026, 5, 12), **fields: Any) -> LedgerEntry:
    version = LeaveVersion("u1", first, last)
    return LedgerEntry(**{"versions": (version,), "written_at": LONG_AGO, "cor_id": 1, "cor_user_id": 2, **fields})


def timed(start: str = "2026-05-11T09:00:00", end: str = "2026-05-11T13:00:00") -> LedgerEntry:
    days = (date.fromisoformat(text[:10]) for text in (start, end))
    return entry(*days, instants=(start, end))


def in_cor(start: object, end: object, **fields: Any) -> dict[str, Any]:
    return row(1, start=start, end=end, **fields)


def whole_days(first: date, last: date, zone: str = "UTC") -> dict[str, Any]:
    """Return the row of an all-day leave as COR's main API documents it: the instants of the local days."""
    instants = [
        datetime(day.year, day.month, day.day, *clock, tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
        for day, clock in ((first, (0, 0)), (last, (23, 59)))
    ]
    return in_cor(*(f"{instant:%Y-%m-%dT%H:%M:%S}.000Z" for instant in instants), all_day=False)


def found(leave: LedgerEntry, its: dict[str, Any] | None, now: float = NOW) -> Finding:
    return judge(leave, its, now=now).finding


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-05-11T00:00:00-00:00", "2026-05-12T23:59:00-00:00"),
        ("2026-05-11T00:00:00.000Z", "2026-05-12T23:59:59.999Z"),
        ("2026-05-11T00:00:00.0Z", "2026-05-12T23:59:59.99z"),
        ("2026-05-11T00:00:00+0000", "2026-05-12T23:59:59+00"),
        ("2026-05-11 00:00:00", "2026-05-12 23:59:59"),
        ("2026-05-11T00:00:00Z", "2026-05-13T00:00:00Z"),
        ("2026-05-11T03:00:00.000Z", "2026-05-13T02:59:00.000Z"),
        ("2026-05-11T00:00:00+14:00", "2026-05-12T23:59:00+14:00"),
    ],
)
def test_the_same_days_are_confirmed_in_every_form(start: str, end: str) -> None:
    assert found(entry(), in_cor(start, end)) == "confirmed"


@given(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.integers(0, 60), st.sampled_from(ZONES))
def test_all_day_leave_is_confirmed_in_every_zone(first: date, length: int, zone: str) -> None:
    last = first + length * DAY
    assert found(entry(first, last), whole_days(first, last, zone)) == "confirmed"
    assert days_in_cor(whole_days(first, last, "Europe/Madrid")) == (first, last)


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    st.integers(0, 60),
    st.sampled_from([zone for zone in ZONES if "Kiritimati" not in zone and "GMT" not in zone]),
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)).filter(any),
)
def test_a_day_more_less_or_later_is_a_change(first: date, length: int, zone: str, moved: tuple[int, int]) -> None:
    last = first + length * DAY
    now = whole_days(first + moved[0] * DAY, last + moved[1] * DAY, zone)
    judgement = judge(entry(first, last), now, now=NOW)
    assert judgement.finding == "changed"
    assert judgement.differs == tuple(name for name, days in zip(("start", "end"), moved, strict=True) if days)


def test_half_of_a_day_is_a_change_of_a_whole_one() -> None:
    day = date(2026, 5, 11)
    assert found(entry(day, day), in_cor("2026-05-11T00:00:00Z", "2026-05-11T12:00:00Z")) == "changed"
    assert found(entry(day, day), in_cor("2026-05-11T09:00:00Z", "2026-05-11T13:00:00Z")) == "changed"


def test_an_open_end_is_compared_too() -> None:
    leave = entry(date(2026, 5, 11), date(9999, 12, 31))
    assert found(leave, in_cor("2026-05-11T03:00:00Z", "9999-12-31T23:59:00-03:00")) == "confirmed"
    assert found(leave, in_cor("2026-05-11T03:00:00Z", "2026-05-12T02:59:00Z")) == "changed"
    assert days_in_cor(in_cor("2026-05-11T03:00:00Z", "9999-12-31T23:59:00-14:00"))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-05-11T09:00:00Z", "2026-05-11T13:00:00Z", "confirmed"),
        ("2026-05-11T12:00:00Z", "2026-05-11T16:00:00Z", "confirmed"),  # as a whole, by UTC-3
        ("2026-05-11T03:15:00Z", "2026-05-11T07:15:00Z", "confirmed"),  # by UTC+5:45
        ("2026-05-11T09:10:00Z", "2026-05-11T13:10:00Z", "changed"),  # by no zone
        ("2026-05-11T09:00:00Z", "2026-05-11T14:00:00Z", "changed"),  # longer
        ("2026-05-11T00:00:00Z", "2026-05-11T23:59:00Z", "changed"),  # the whole day
        ("2026-05-12T09:00:00Z", "2026-05-12T13:00:00Z", "changed"),  # a day later
    ],
)
def test_timed_leave_is_confirmed_unless_more_than_its_zone_differs(start: str, end: str, expected: str) -> None:
    assert found(timed(), in_cor(start, end)) == expected


def test_the_clocks_may_change_during_timed_leave_of_several_days() -> None:
    leave = timed("2026-03-27T09:00:00", "2026-03-30T13:00:00")
    assert found(leave, in_cor("2026-03-27T08:00:00Z", "2026-03-30T11:00:00Z")) == "confirmed"


@pytest.mark.parametrize("deleted_at", ["2026-05-01 10:00:00", "2026-05-01T10:00:00Z"])
def test_leave_that_is_deleted_or_not_there_is_missing(deleted_at: str) -> None:
    assert found(entry(), None) == "missing"
    its = whole_days(date(2026, 5, 11), date(2026, 5, 12))
    assert found(entry(), {**its, "deleted_at": deleted_at}) == "missing"
    assert found(entry(), {**its, "deleted_at": None}) == "confirmed"


@pytest.mark.parametrize("its", [None, in_cor("2026-06-11T00:00:00Z", "2026-06-12T23:59:00Z")])
def test_what_was_just_sent_is_no_drift_yet(its: dict[str, Any] | None) -> None:
    fresh = judge(entry(written_at=NOW - SECONDS_TO_SHOW + 1), its, now=NOW)
    assert (fresh.finding, fresh.reason) == ("unverifiable", FRESH)
    assert found(entry(written_at=NOW - SECONDS_TO_SHOW), its) in {"missing", "changed"}
    assert found(entry(written_at=None), its) in {"missing", "changed"}


def test_what_was_just_sent_is_confirmed_once_cor_shows_it() -> None:
    assert found(entry(written_at=NOW), whole_days(date(2026, 5, 11), date(2026, 5, 12))) == "confirmed"


@pytest.mark.parametrize(
    "leave",
    [
        entry(in_cor="unknown"),
        entry(in_cor="changing", digest="d"),
        entry(
            in_cor="changing",
            digest="d",
            versions=(*entry().versions, LeaveVersion("u1", date(2026, 1, 1), date(2026, 1, 1))),
        ),
    ],
)
def test_what_the_ledger_does_not_know_itself_is_unverifiable_whatever_cor_shows(leave: LedgerEntry) -> None:
    for its in (None, whole_days(date(2026, 5, 11), date(2026, 5, 12)), whole_days(date(2026, 6, 1), date(2026, 6, 2))):
        assert judge(leave, its, now=NOW) == Judgement("unverifiable", reason=UNSETTLED)


@pytest.mark.parametrize("leave", [entry(in_cor="missing"), entry(in_cor="changing")])
def test_what_an_audit_has_marked_is_compared_again(leave: LedgerEntry) -> None:
    assert found(leave, None) == "missing"
    assert found(leave, whole_days(date(2026, 5, 11), date(2026, 5, 12))) == "confirmed"


def test_leave_may_be_that_of_an_entry_if_its_days_are() -> None:
    leave = entry(in_cor="unknown")
    assert may_be(leave, whole_days(date(2026, 5, 11), date(2026, 5, 12)))
    assert not may_be(leave, whole_days(date(2026, 5, 11), date(2026, 5, 13)))


@pytest.mark.parametrize("text", [None, 17, "", "soon", "2026-13-01T00:00:00Z"])
def test_dates_that_cannot_be_read_are_unverifiable(text: object) -> None:
    judgement = judge(entry(), in_cor(text, "2026-05-12T23:59:00Z"), now=NOW)
    assert (judgement.finding, judgement.reason) == ("unverifiable", UNREADABLE)
    assert days_in_cor(in_cor("2026-05-12T23:59:00Z", text)) is None


def test_leave_of_an_earlier_version_may_be_timed() -> None:
    day = date(2026, 5, 11)
    old = entry(day, day, written_at=None)
    assert found(old, whole_days(day, day)) == "confirmed"
    assert judge(old, in_cor("2026-05-11T09:00:00Z", "2026-05-11T13:00:00Z"), now=NOW).reason == NO_TIMES
    assert found(old, in_cor("2026-05-13T09:00:00Z", "2026-05-13T13:00:00Z")) == "changed"


def test_timed_leave_in_cor_has_its_dates_in_utc() -> None:
    assert days_in_cor(in_cor("2026-05-11T21:00:00Z", "2026-05-12T01:00:00Z")) == (date(2026, 5, 11), date(2026, 5, 12))
