"""The leave calendar that the sandbox and the page of a plan share: months, rows and lanes."""

from __future__ import annotations

import re

import pytest

from calendar_page import all_day, html, page, stored, timed

# Months


def test_a_leave_over_new_year_is_in_both_months() -> None:
    months = page(all_day("2026-12-28", "2027-01-05")).months
    assert list(months) == ["December 2026", "January 2027"]
    (december,), (january,) = (month.bars for month in months.values())
    assert (december.first, december.last) == (28, 31)
    assert (january.first, january.last) == (1, 5)


def test_a_bar_shows_that_it_goes_on_over_the_end_of_the_month() -> None:
    (december,), (january,) = (month.bars for month in page(all_day("2026-12-28", "2027-01-05")).months.values())
    assert december.classes & {"from-before", "goes-on"} == {"goes-on"}
    assert january.classes & {"from-before", "goes-on"} == {"from-before"}


def test_months_in_which_nothing_starts_or_ends_are_drawn_as_one() -> None:
    months = page(all_day("2026-03-02", "2029-03-01", leave_type="PAR")).months
    assert list(months) == ["March 2026", "April 2026 – February 2029", "March 2029"]  # noqa: RUF001  # a dash
    assert "Parental leave" in months["April 2026 – February 2029"].bars[0].label  # noqa: RUF001  # a dash


def test_months_without_leave_between_two_leaves_are_counted_not_drawn() -> None:
    read = page(all_day("2026-01-05", "2026-01-05"), all_day("2026-06-01", "2026-06-01", leave_id="hr-2"))
    assert list(read.months) == ["January 2026", "February 2026 – May 2026", "June 2026"]  # noqa: RUF001  # a dash
    assert "4 months without leave" in read.text


@pytest.mark.parametrize("end", ["9999-12-31T23:59:00-00:00", "9999-12-31T23:59:00-03:00"])
@pytest.mark.parametrize("is_all_day", [True, False])
def test_an_open_end_is_drawn_at_once(end: str, is_all_day: bool) -> None:
    months = page(stored("2026-05-11T00:00:00-00:00", end, is_all_day)).months
    assert list(months) == ["May 2026", "June 2026 – November 9999", "December 9999"]  # noqa: RUF001  # a dash


# Rows and lanes


def test_a_month_has_a_row_for_each_person_away_in_the_order_of_their_names() -> None:
    leaves = [all_day("2026-05-04", "2026-05-05", leave_id=user, user=user) for user in ("u3", "u1", "u2")]
    june = all_day("2026-06-01", "2026-06-01", leave_id="june", user="u2")
    months = page(*leaves, june).months
    assert months["May 2026"].people == ["Ana García", "Bruno Oliveira", "Camila Fernández"]
    assert months["June 2026"].people == ["Bruno Oliveira"]


def test_letters_with_accents_and_strokes_are_in_order_beside_plain_ones() -> None:
    names = ["Åsa", "Đorđe", "Emil", "Łukasz", "Mia", "Óscar", "Søren", "Sot", "Zoë"]
    leaves = [all_day("2026-05-04", "2026-05-05", leave_id=name, user=name) for name in reversed(names)]
    assert page(*leaves).months["May 2026"].people == names


def test_overlapping_leaves_of_a_person_are_in_different_lanes() -> None:
    vacation = all_day("2026-05-04", "2026-05-15")
    sickness = all_day("2026-05-15", "2026-05-18", leave_id="hr-2", leave_type="SICK")
    assert [bar.lane for bar in page(vacation, sickness).months["May 2026"].bars] == [0, 1]


def test_leaves_of_a_person_that_only_touch_share_a_lane() -> None:
    morning = timed("2026-05-11T08:00", "2026-05-11T12:00")
    afternoon = timed("2026-05-11T12:00", "2026-05-11T16:00", leave_id="hr-2")
    assert [bar.lane for bar in page(morning, afternoon).months["May 2026"].bars] == [0, 0]


def test_the_same_user_id_in_two_sources_is_two_people() -> None:
    day = "2026-05-11T00:00:00-00:00", "2026-05-11T23:59:00-00:00", True
    read = page(stored(*day, source="GLOBANT"), stored(*day, source="SAP"))
    assert len(read.months["May 2026"].people) == 2
    assert "2 people" in read.text


def test_the_days_of_a_month_show_how_many_people_are_away() -> None:
    away = [
        all_day("2026-05-11", "2026-05-12"),
        timed("2026-05-12T08:00", "2026-05-12T12:00", leave_id="hr-2", user="u2"),
        all_day("2026-05-12", "2026-05-12", leave_id="hr-3"),
    ]
    counts = re.findall(r"</small>(\d+)<em>(\d*)</em>", html(*away))
    assert {int(day): int(people) for day, people in counts if people} == {11: 1, 12: 2}
