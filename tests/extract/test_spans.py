"""What HR extracts share: each rule with a table of cases."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.extract.spans import (
    WorkingHours,
    group_days,
    map_leave_type,
    overlaps,
    prefix_id,
    to_inclusive,
    to_spans,
)
from cor_provider.leave import LeaveRequest

MAY_4, MAY_5, MAY_6, MAY_7, MAY_8 = (date(2026, 5, day) for day in range(4, 9))
NEW_YEARS_EVE, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
halves = st.sampled_from([None, "morning", "afternoon"])


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
