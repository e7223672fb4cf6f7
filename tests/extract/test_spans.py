"""What HR extracts share: each rule with a table of cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.exceptions import CorInvalidDateRangeError
from cor_provider.extract.spans import (
    WorkingHours,
    group_days,
    map_leave_type,
    overlaps,
    prefix_id,
    read_day,
    read_moment,
    span_between,
    to_inclusive,
    to_spans,
)
from cor_provider.leave import LeaveRequest

MAY_4, MAY_5, MAY_6, MAY_7, MAY_8 = (date(2026, 5, day) for day in range(4, 9))
NEW_YEARS_EVE, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
halves = st.sampled_from([None, "morning", "afternoon"])


@pytest.mark.parametrize(
    ("written", "day", "moment"),
    [
        ("2026-05-04T09:00:00.0Z", MAY_4, datetime(2026, 5, 4, 9, tzinfo=timezone.utc)),
        ("2026-05-04T09:00:00", MAY_4, datetime(2026, 5, 4, 9)),
        ("2026-05-04 00:00:00+00", MAY_4, datetime(2026, 5, 4, tzinfo=timezone.utc)),
        ("2026-05-04", MAY_4, datetime(2026, 5, 4)),
        (MAY_4, MAY_4, datetime(2026, 5, 4)),
        (datetime(2026, 5, 4, 9), MAY_4, datetime(2026, 5, 4, 9)),
    ],
)
def test_a_date_is_read_as_it_is_written(written: object, day: date, moment: datetime) -> None:
    assert read_day(written) == day
    assert (read_moment(written), read_moment(written).tzinfo is None) == (moment, moment.tzinfo is None)


@pytest.mark.parametrize("written", ["now", "17:43", "P1D", "20260504", "1748736000", None, 77, "2026-02-30"])
@pytest.mark.parametrize("read", [read_day, read_moment])
def test_what_is_no_date_is_refused_unquoted(read: Callable[[object], date], written: object) -> None:
    with pytest.raises(ValueError, match=r"(?i)date|missing") as refusal:
        read(written)
    assert str(written) not in str(refusal.value)


def whole(leave_id: str, first: str, last: str) -> dict[str, Any]:
    return {"id": leave_id, "start": first, "end": last, "all_day": True}


def timed(leave_id: str, start: str, end: str) -> dict[str, Any]:
    return {"id": leave_id, "start": start, "end": end, "all_day": False}


class TestLayOut:
    @pytest.mark.parametrize("policy", ["span", "split"])
    @pytest.mark.parametrize(
        ("days", "halves", "expected"),
        [
            ((MAY_4, MAY_4), (None, None), whole("17", "2026-05-04", "2026-05-04")),
            ((MAY_4, MAY_6), (None, None), whole("17", "2026-05-04", "2026-05-06")),
            ((NEW_YEARS_EVE, NEW_YEAR), (None, None), whole("17", "2026-12-31", "2027-01-01")),
            # Half of one day goes by the plain id, whichever end says so.
            ((MAY_4, MAY_4), ("morning", None), timed("17", "2026-05-04T09:00:00", "2026-05-04T13:00:00")),
            ((MAY_4, MAY_4), (None, "morning"), timed("17", "2026-05-04T09:00:00", "2026-05-04T13:00:00")),
            ((MAY_4, MAY_4), ("afternoon", "afternoon"), timed("17", "2026-05-04T13:00:00", "2026-05-04T18:00:00")),
            # Two different halves of one day are all of it.
            ((MAY_4, MAY_4), ("afternoon", "morning"), whole("17", "2026-05-04", "2026-05-04")),
        ],
    )
    def test_both_policies_agree_where_there_is_one_piece(
        self, policy: Any, days: tuple[date, date], halves: tuple[Any, Any], expected: dict[str, Any]
    ) -> None:
        half_first, half_last = halves
        assert to_spans("17", *days, half_first=half_first, half_last=half_last, policy=policy) == [expected]

    @pytest.mark.parametrize(
        ("half_first", "half_last", "start", "end"),
        [
            ("afternoon", None, "2026-05-04T13:00:00", "2026-05-06T18:00:00"),
            (None, "morning", "2026-05-04T09:00:00", "2026-05-06T13:00:00"),
            ("afternoon", "morning", "2026-05-04T13:00:00", "2026-05-06T13:00:00"),
            # A gap cannot be said in one span: these halves count as whole days.
            ("morning", None, "2026-05-04T09:00:00", "2026-05-06T18:00:00"),
            (None, "afternoon", "2026-05-04T09:00:00", "2026-05-06T18:00:00"),
        ],
    )
    def test_a_span_is_one_leave_from_its_first_moment_to_its_last(
        self, half_first: Any, half_last: Any, start: str, end: str
    ) -> None:
        assert to_spans("17", MAY_4, MAY_6, half_first=half_first, half_last=half_last) == [timed("17", start, end)]

    @pytest.mark.parametrize(
        ("last", "half_first", "half_last", "expected"),
        [
            (
                MAY_6,
                "afternoon",
                None,
                [
                    timed("17-first", "2026-05-04T13:00:00", "2026-05-04T18:00:00"),
                    whole("17", "2026-05-05", "2026-05-06"),
                ],
            ),
            (
                MAY_6,
                None,
                "morning",
                [
                    whole("17", "2026-05-04", "2026-05-05"),
                    timed("17-last", "2026-05-06T09:00:00", "2026-05-06T13:00:00"),
                ],
            ),
            (
                MAY_6,
                "morning",
                "afternoon",
                [
                    timed("17-first", "2026-05-04T09:00:00", "2026-05-04T13:00:00"),
                    whole("17", "2026-05-05", "2026-05-05"),
                    timed("17-last", "2026-05-06T13:00:00", "2026-05-06T18:00:00"),
                ],
            ),
            (
                MAY_5,
                "afternoon",
                "morning",
                [
                    timed("17-first", "2026-05-04T13:00:00", "2026-05-04T18:00:00"),
                    timed("17-last", "2026-05-05T09:00:00", "2026-05-05T13:00:00"),
                ],
            ),
        ],
    )
    def test_a_split_makes_half_days_leaves_of_their_own(
        self, last: date, half_first: Any, half_last: Any, expected: list[dict[str, Any]]
    ) -> None:
        assert to_spans("17", MAY_4, last, half_first=half_first, half_last=half_last, policy="split") == expected

    @pytest.mark.parametrize(
        ("zone", "day", "start"),
        [
            ("UTC", MAY_4, "2026-05-04T13:00:00+00:00"),
            ("America/Argentina/Buenos_Aires", MAY_4, "2026-05-04T13:00:00-03:00"),
            ("Europe/Berlin", MAY_4, "2026-05-04T13:00:00+02:00"),
            ("Europe/Berlin", date(2026, 1, 5), "2026-01-05T13:00:00+01:00"),
            ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T13:00:00+02:00"),  # the clocks changed that night
            ("Pacific/Auckland", MAY_4, "2026-05-04T13:00:00+12:00"),
            ("Pacific/Auckland", date(2026, 1, 5), "2026-01-05T13:00:00+13:00"),
        ],
    )
    def test_times_are_those_of_the_employees_zone(self, zone: str, day: date, start: str) -> None:
        (part,) = to_spans("17", day, day, half_first="afternoon", zone=zone)
        assert part["start"] == start

    def test_the_working_hours_are_the_employees(self) -> None:
        hours = WorkingHours(start=time(7, 30), midday=time(12), end=time(16))
        (part,) = to_spans("17", MAY_4, MAY_4, half_first="morning", hours=hours)
        assert part == timed("17", "2026-05-04T07:30:00", "2026-05-04T12:00:00")

    def test_leave_that_ends_before_it_starts_is_left_for_the_push_to_reject(self) -> None:
        parts = to_spans("17", MAY_5, MAY_4, half_first="afternoon", policy="split")
        assert parts == [whole("17", "2026-05-05", "2026-05-04")]

    @pytest.mark.parametrize("zone", ["Madrid", "", " ", "Europe", "/etc/passwd"])
    def test_a_zone_that_does_not_exist_is_refused_instead_of_a_default(self, zone: str) -> None:
        with pytest.raises(ZoneInfoNotFoundError, match=r"zone: expected an IANA name such as Europe/Madrid\."):
            to_spans("17", MAY_4, MAY_4, half_first="morning", zone=zone)

    def test_whole_days_need_no_zone(self) -> None:
        assert to_spans("17", MAY_4, MAY_4, zone="Madrid") == [whole("17", "2026-05-04", "2026-05-04")]

    @pytest.mark.parametrize("times", [(9, 9, 18), (9, 18, 18), (13, 9, 18), (9, 13, 12)])
    def test_working_hours_in_which_half_a_day_has_no_length_are_refused(self, times: tuple[int, int, int]) -> None:
        with pytest.raises(ValueError, match="WorkingHours: midday must be after start, and end after midday"):
            WorkingHours(*map(time, times))

    @pytest.mark.parametrize("option", ["policy", "half_first", "half_last"])
    def test_an_unknown_choice_is_refused_by_its_name(self, option: str) -> None:
        with pytest.raises(ValueError, match=f"{option}: expected .* got 'am'"):
            to_spans("17", MAY_4, MAY_5, **{option: "am"})  # type: ignore[arg-type]

    @given(days, st.integers(0, 400), halves, halves, st.sampled_from(["span", "split"]))
    def test_whatever_is_laid_out_is_leave_within_its_days(
        self, first: date, more_days: int, half_first: Any, half_last: Any, policy: Any
    ) -> None:
        last = first + timedelta(days=more_days)
        parts = to_spans("17", first, last, half_first=half_first, half_last=half_last, policy=policy, zone="UTC")
        covered = [day for part in parts for day in days_of(part)]
        assert covered == [first + timedelta(days=number) for number in range(more_days + 1)]
        assert len({part["id"] for part in parts}) == len(parts)
        for part in parts:
            LeaveRequest(user_id="u1", leave_type_id="vacation", **part)


class TestSpanBetween:
    @pytest.mark.parametrize(
        "zone", ["Europe/Madrid", "America/Argentina/Buenos_Aires", "Pacific/Auckland", "UTC", None]
    )
    @pytest.mark.parametrize("written_in", ["America/Argentina/Buenos_Aires", "Pacific/Auckland", "UTC"])
    def test_midnights_are_whole_days_as_they_are_written(self, written_in: str, zone: str | None) -> None:
        start, end = (datetime(2026, 7, day, tzinfo=ZoneInfo(written_in)) for day in (6, 8))
        assert span_between("17", start, end, zone=zone) == whole("17", "2026-07-06", "2026-07-07")

    @pytest.mark.parametrize(
        ("zone", "hour"), [("Europe/Madrid", 22), ("America/Argentina/Buenos_Aires", 3), ("Pacific/Auckland", 12)]
    )
    def test_midnights_of_the_employee_are_whole_days_if_they_are_written_in_utc_too(
        self, zone: str, hour: int
    ) -> None:
        start = datetime(2026, 7, 6, hour, tzinfo=timezone.utc)
        first = start.astimezone(ZoneInfo(zone)).date()
        span = span_between("17", start, start + timedelta(days=2), zone=zone)
        assert span == whole("17", str(first), str(first + timedelta(days=1)))

    @pytest.mark.parametrize(("first", "days"), [(date(2026, 3, 29), 1), (date(2026, 10, 24), 3)])
    def test_days_of_23_and_of_25_hours_are_whole(self, first: date, days: int) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        midnights = (datetime.combine(first + timedelta(days=days) * number, time(), berlin) for number in (0, 1))
        start, end = (midnight.astimezone(timezone.utc) for midnight in midnights)
        expected = whole("17", str(first), str(first + timedelta(days=days - 1)))
        assert span_between("17", start, end, zone="Europe/Berlin") == expected

    def test_other_times_stay_times(self) -> None:
        start, end = (datetime(2026, 7, 6, hour, tzinfo=timezone.utc) for hour in (0, 4))
        expected = timed("17", "2026-07-06T00:00:00+00:00", "2026-07-06T04:00:00+00:00")
        assert span_between("17", start, end, zone="Europe/Madrid") == expected

    def test_times_without_an_offset_are_those_of_the_zone(self) -> None:
        start, end = datetime(2026, 7, 6, 9), datetime(2026, 7, 6, 13)
        assert span_between("17", start, end, zone="Pacific/Auckland") == timed(
            "17", "2026-07-06T09:00:00+12:00", "2026-07-06T13:00:00+12:00"
        )
        assert span_between("17", start, end) == timed("17", "2026-07-06T09:00:00", "2026-07-06T13:00:00")

    @pytest.mark.parametrize("hour", [0, 9])
    @pytest.mark.parametrize("zone", [None, "Europe/Madrid"])
    def test_leave_without_length_is_refused(self, hour: int, zone: str | None) -> None:
        moment = datetime(2026, 7, 6, hour)
        with pytest.raises(ValueError, match="ends at the moment at which it starts"):
            span_between("17", moment, moment, zone=zone)

    def test_leave_without_length_is_refused_in_whichever_zones_it_is_written(self) -> None:
        start = datetime(2026, 7, 6, 9, tzinfo=timezone.utc)
        with pytest.raises(ValueError, match="ends at the moment at which it starts"):
            span_between("17", start, start.astimezone(ZoneInfo("Pacific/Auckland")))

    @pytest.mark.parametrize(("start", "end"), [((7, 0), (6, 0)), ((7, 0), (7, 0)), ((6, 13), (6, 9))])
    def test_leave_that_ends_before_it_starts_is_left_for_the_push_to_reject(
        self, start: tuple[int, int], end: tuple[int, int]
    ) -> None:
        first, last = datetime(2026, 7, *start, tzinfo=timezone.utc), datetime(2026, 7, *end, tzinfo=timezone.utc)
        span = span_between("17", first, last - timedelta(days=first == last))
        with pytest.raises(CorInvalidDateRangeError):
            LeaveRequest(user_id="u1", leave_type_id="vacation", **span)

    @pytest.mark.parametrize("zone", ["Madrid", "", "Europe"])
    def test_a_zone_that_does_not_exist_is_refused_instead_of_a_default(self, zone: str) -> None:
        with pytest.raises(ZoneInfoNotFoundError, match="zone: expected an IANA name"):
            span_between("17", datetime(2026, 7, 6, 9), datetime(2026, 7, 6, 13), zone=zone)


class TestGroupDays:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([], []),
            ([MAY_4], [whole("17", "2026-05-04", "2026-05-04")]),
            ([MAY_6, MAY_4, MAY_5, MAY_4], [whole("17", "2026-05-04", "2026-05-06")]),
            ([NEW_YEARS_EVE, NEW_YEAR], [whole("17", "2026-12-31", "2027-01-01")]),
            (
                [MAY_4, MAY_6, MAY_7],
                [whole("17", "2026-05-04", "2026-05-04"), whole("17-2026-05-06", "2026-05-06", "2026-05-07")],
            ),
            # Friday and Monday: the weekend has no rows.
            (
                [MAY_8, date(2026, 5, 11)],
                [whole("17", "2026-05-08", "2026-05-08"), whole("17-2026-05-11", "2026-05-11", "2026-05-11")],
            ),
        ],
    )
    def test_every_run_of_days_is_one_leave(self, rows: list[date], expected: list[dict[str, Any]]) -> None:
        assert group_days("17", rows) == expected

    def test_days_off_end_no_run(self) -> None:
        rows = [MAY_8, date(2026, 5, 11), date(2026, 5, 13)]
        assert group_days("17", rows, is_day_off=lambda day: day.isoweekday() > 5) == [
            whole("17", "2026-05-08", "2026-05-11"),
            whole("17-2026-05-13", "2026-05-13", "2026-05-13"),
        ]

    @pytest.mark.parametrize("added", [date(2026, 5, 3), MAY_7])
    def test_the_id_survives_an_extension_at_either_end(self, added: date) -> None:
        rows = [MAY_4, MAY_5, MAY_6]
        assert [leave["id"] for leave in group_days("17", [*rows, added])] == ["17"]

    @given(st.sets(days, max_size=30))
    def test_no_day_is_lost_and_none_is_added(self, rows: set[date]) -> None:
        runs = group_days("17", rows)
        assert [day for run in runs for day in days_of(run)] == sorted(rows)
        assert len({run["id"] for run in runs}) == len(runs)


class TestMapLeaveType:
    @pytest.mark.parametrize(
        ("leave_type", "expected"),
        [
            ("Annual Leave", "vacation"),
            ("Sick Leave", "absence"),
            ("Parental Leave", "absence"),  # sensitive, whatever the mapping says
            ("Sabbatical", "unmapped"),
            ("annual leave", "unmapped"),
            ("", "unmapped"),
            (None, "unmapped"),
        ],
    )
    def test_a_leave_type_of_hr_becomes_one_of_cors(self, leave_type: str | None, expected: str) -> None:
        mapping = {"Annual Leave": "vacation", "Parental Leave": "parental"}
        assert map_leave_type(leave_type, mapping, sensitive={"Sick Leave", "Parental Leave"}) == expected

    def test_the_neutral_type_and_the_default_are_the_users_choice(self) -> None:
        assert map_leave_type("Sick Leave", {}, sensitive={"Sick Leave"}, neutral="away", default="other") == "away"
        assert map_leave_type("Sabbatical", {}, neutral="away", default="other") == "other"


class TestPrefixId:
    @pytest.mark.parametrize(
        ("leave_id", "expected"), [(17, "bamboohr-17"), ("17", "bamboohr-17"), (" a/b ", "bamboohr-a/b")]
    )
    def test_ids_of_two_systems_differ(self, leave_id: object, expected: str) -> None:
        assert prefix_id("bamboohr", leave_id) == expected

    @pytest.mark.parametrize("leave_id", [None, "", "  "])
    def test_a_blank_id_is_left_for_the_push_to_reject(self, leave_id: object) -> None:
        assert not prefix_id("bamboohr", leave_id)


class TestOverlaps:
    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            (MAY_4, MAY_4, False),
            (MAY_4, MAY_5, True),
            (MAY_4, MAY_8, True),  # around the window
            (MAY_6, MAY_6, True),
            (MAY_7, MAY_8, True),
            (MAY_8, MAY_8, False),
            (MAY_4, None, True),  # open
            (MAY_8, None, False),
        ],
    )
    def test_both_ends_of_the_window_belong_to_it(self, first: date, last: date | None, expected: bool) -> None:
        assert overlaps(first, last, (MAY_5, MAY_7)) is expected


@pytest.mark.parametrize(
    ("exclusive_end", "expected"), [(MAY_5, MAY_4), (NEW_YEAR, NEW_YEARS_EVE), (date(2028, 3, 1), date(2028, 2, 29))]
)
def test_an_exclusive_end_is_the_day_after_the_last(exclusive_end: date, expected: date) -> None:
    assert to_inclusive(exclusive_end) == expected


def days_of(part: dict[str, Any]) -> list[date]:
    start, end = (datetime.fromisoformat(part[field]).date() for field in ("start", "end"))
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]
