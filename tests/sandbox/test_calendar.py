"""The calendar of the sandbox: which days each leave covers, what it says, and what it must not hold."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from calendar_page import all_day, html, only_bar, page, stored, timed
from cor_provider.sandbox.by_hand import Choices
from cor_provider.sandbox.calendar import render_calendar
from cor_provider.sandbox.store import StoredLeave

VACATION = Choices("GLOBANT", users=[(67890, "Ana García (u1)")], leave_types=[(54321, "Vacation (VAC)")])

# Days


def test_an_all_day_leave_covers_its_last_day() -> None:
    bar = only_bar(all_day("2026-05-11", "2026-05-13"))
    assert (bar.first, bar.last) == (11, 13)


@pytest.mark.parametrize("offset", ["+14:00", "-11:00", "Z"])
def test_an_all_day_leave_keeps_its_dates_as_written(offset: str) -> None:
    bar = only_bar(stored(f"2026-05-11T00:00:00{offset}", f"2026-05-11T23:59:00{offset}", True))
    assert (bar.first, bar.last) == (11, 11)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        pytest.param("2026-05-11T07:00", "2026-05-11T11:00", 11, 10.5, id="morning: left half"),
        pytest.param("2026-05-11T09:00", "2026-05-11T13:00", 11, 10.5, id="until lunch: left half"),
        pytest.param("2026-05-11T13:00", "2026-05-11T17:00", 11.5, 11, id="afternoon: right half"),
        pytest.param("2026-05-11T15:00", "2026-05-11T16:00", 11.5, 11, id="an hour: the half that it is in"),
        pytest.param("2026-05-11T12:00", "2026-05-11T20:00", 11, 11, id="eight hours: the whole day"),
        pytest.param("2026-05-11T20:00", "2026-05-12T00:00", 11.5, 11, id="until midnight: not the next day"),
        pytest.param("2026-05-11T13:00", "2026-05-13T12:00", 11.5, 12.5, id="days, from noon until noon"),
        pytest.param("2026-05-11T09:00", "2026-05-13T17:00", 11, 13, id="days, whole"),
        pytest.param("2026-05-11T09:00", "2026-05-11T09:00", 11, 10.5, id="no time at all"),
    ],
)
def test_a_timed_leave_is_drawn_to_the_half_day(start: str, end: str, first: float, last: float) -> None:
    bar = only_bar(timed(start, end))
    assert (bar.first, bar.last) == (first, last)


def test_a_timed_leave_is_drawn_in_utc() -> None:
    bar = only_bar(stored("2026-05-11T20:00:00-05:00", "2026-05-11T23:00:00-05:00", False))
    assert (bar.first, bar.last) == (12, 11.5)
    assert "Tue 12 May 2026, 01:00 to 04:00 UTC" in bar.label


# Words


def test_a_bar_says_who_what_when_and_which() -> None:
    bar = only_bar(all_day("2026-05-11", "2026-05-13"))
    assert bar.label == "Ana García: Vacation, Mon 11 May 2026 to Wed 13 May 2026; external id hr-1 (GLOBANT)"


def test_an_id_without_a_name_is_shown_itself() -> None:
    bar = only_bar(all_day("2026-05-11", "2026-05-11", user="u-unknown", leave_type="T-unknown"))
    assert bar.label.startswith("u-unknown: T-unknown, ")


def test_leave_types_differ_in_letters_as_well_as_in_colour() -> None:
    types = ["Sick leave", "Study leave", "Special leave", "S", "病假", "--", "Sabbatical", *map(str, range(10, 25))]
    leaves = [all_day("2026-05-11", "2026-05-11", leave_id=name, leave_type=name) for name in types]
    codes = re.findall(r'<b class="swatch [^>]*>([^<]+)</b>', html(*leaves).split("</header>")[0])
    assert len(codes) == len(set(codes)) == len(types)


def test_the_head_counts_leaves_and_people_and_shows_the_period() -> None:
    read = page(
        all_day("2026-05-04", "2026-05-15"),
        all_day("2026-05-18", "2026-05-18", leave_id="hr-2"),
        all_day("2026-12-28", "2027-01-05", leave_id="hr-3", user="u2"),
    )
    assert "3 leaves 2 people 4 May 2026 to 5 Jan 2027" in read.text


def test_every_leave_is_listed_by_its_external_id() -> None:
    leaves = [all_day(f"2026-05-{day:02}", f"2026-05-{day:02}", leave_id=f"hr-{day}") for day in range(1, 31)]
    cells = page(*leaves).cells
    assert {leave.external_id for leave in leaves} <= set(cells)


def test_each_bar_leads_to_its_line_in_the_list() -> None:
    leave = all_day("2026-12-28", "2027-01-05")
    text = html(leave)
    assert text.count(f'href="#leave-{leave.cor_id}"') == 2
    assert text.count(f'id="leave-{leave.cor_id}"') == 1


def test_the_page_says_that_it_is_not_cor_and_what_it_assumes() -> None:
    text = page().text
    assert "This is the sandbox, not COR." in text
    assert "Time runs forwards." in text


def test_without_leaves_the_page_says_how_to_get_some() -> None:
    read = page()
    assert not read.months
    assert "No leave here yet" in read.text


# Edits by hand


def test_a_leave_that_was_added_by_hand_says_so() -> None:
    leave = all_day("2026-05-11", "2026-05-11", leave_id="")
    assert only_bar(leave).label == "Ana García: Vacation, Mon 11 May 2026; added by hand (GLOBANT)"
    assert "added by hand" in page(leave).cells


@pytest.mark.parametrize(
    ("leave", "kind", "start", "end"),
    [
        (all_day("2026-05-11", "2026-05-13"), "date", "2026-05-11", "2026-05-13"),
        (timed("2026-05-11T07:00", "2026-05-11T11:00"), "datetime-local", "2026-05-11T07:00", "2026-05-11T11:00"),
        (
            stored("2026-05-11T22:00:00-05:00", "2026-05-11T23:00:00-05:00", False),
            "datetime-local",
            "2026-05-12T03:00",
            "2026-05-12T04:00",
        ),
    ],
)
def test_the_form_of_a_leave_begins_with_its_dates(leave: StoredLeave, kind: str, start: str, end: str) -> None:
    inputs = re.findall(r'<input type="([^"]*)" name="([^"]*)" value="([^"]*)" required>', html(leave))
    assert inputs == [(kind, "start", start), (kind, "end", end)]


def test_without_a_choice_there_is_no_form_for_new_leave() -> None:
    leave = all_day("2026-05-11", "2026-05-11")
    assert "Add leave by hand" not in html(leave)
    assert "Add leave by hand" in html(leave, choices=[VACATION])
    assert "Add leave by hand" in html(choices=[VACATION])


# Safety


def test_names_to_choose_from_are_text_never_markup() -> None:
    evil = "\"'><script>alert(1)</script>"
    assert "<script" not in html(choices=[Choices(evil, users=[(1, evil)], leave_types=[(2, evil)])] * 2)


def test_names_and_ids_are_text_never_markup() -> None:
    evil = "\"'><script>alert(1)</script>"
    leave = all_day("2026-05-11", "2026-05-11", leave_id=f"id{evil}", user=f"user{evil}", leave_type=f"type{evil}")
    read = page(leave)
    assert "script" not in read.tags
    assert read.months["May 2026"].people == [f"user{evil}"]
    assert f"external id id{evil}" in read.months["May 2026"].bars[0].label


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    leave = all_day("2026-05-11", "2027-05-13")
    read = page(leave)
    assert not read.tags & {"script", "img", "iframe", "object", "embed"}
    elsewhere = [address for address in read.addresses if not address.startswith(("#", "/sandbox/leaves"))]
    assert elsewhere == ["data:,"]
    assert not re.search(r"url\(|@import|//\w|\son\w+=", html(leave))


def test_the_same_leaves_give_the_same_page_in_any_order() -> None:
    leaves = [
        all_day("2026-05-11", "2026-05-13"),
        all_day("2026-05-11", "2026-05-13", leave_id="hr-2", leave_type="SICK"),
        all_day("2026-05-11", "2026-05-13", leave_id="hr-3", user="u2"),
        timed("2026-05-11T08:00", "2026-05-11T12:00", leave_id="hr-4"),
    ]
    assert html(*leaves) == html(*reversed(leaves))


def test_sixty_leaves_stay_a_light_page() -> None:
    leaves = [
        all_day(f"2026-{month:02}-05", f"2026-{month:02}-20", leave_id=f"hr-{month}-{index}", user=f"employee-{index}")
        for month in range(1, 13)
        for index in range(5)
    ]
    assert len(html(*leaves).encode()) < 300_000


def test_the_page_needs_no_airflow() -> None:
    code = f"import sys, {render_calendar.__module__}; sys.exit('airflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
