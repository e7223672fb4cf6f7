"""The calendar page, read back from its HTML: where each bar stands, and what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count

import pytest

from cor_provider.sandbox.calendar import render_calendar
from cor_provider.sandbox.store import StoredLeave

USERS = {"u1": "Ana García", "u2": "Bruno Oliveira", "u3": "Camila Fernández"}
TYPES = {"VAC": "Vacation", "SICK": "Sick leave", "PAR": "Parental leave"}
cor_ids = count(12345)


def all_day(first: str, last: str, *, leave_id: str = "hr-1", user: str = "u1", leave_type: str = "VAC") -> StoredLeave:
    return stored(
        f"{first}T00:00:00-00:00", f"{last}T23:59:00-00:00", True, leave_id=leave_id, user=user, leave_type=leave_type
    )


def timed(start: str, end: str, *, leave_id: str = "hr-1", user: str = "u1", leave_type: str = "VAC") -> StoredLeave:
    return stored(f"{start}:00-00:00", f"{end}:00-00:00", False, leave_id=leave_id, user=user, leave_type=leave_type)


def stored(
    start: str,
    end: str,
    is_all_day: bool,
    *,
    leave_id: str = "hr-1",
    user: str = "u1",
    leave_type: str = "VAC",
    source: str = "GLOBANT",
) -> StoredLeave:
    now = "2026-01-05T10:00:00Z"
    return StoredLeave(leave_id, source, next(cor_ids), user, leave_type, start, end, is_all_day, now, now)


def html(*leaves: StoredLeave) -> str:
    return render_calendar(leaves, user_names=USERS, leave_type_names=TYPES, assumptions=["Time runs forwards."])


def page(*leaves: StoredLeave) -> Page:
    reader = Page()
    reader.feed(html(*leaves))
    reader.close()
    return reader


@dataclass
class Bar:
    label: str
    classes: set[str]
    first: float
    """The first day of the month that it covers; .5 more where it starts in the afternoon."""
    last: float
    """The last day that it covers; .5 less where it ends in the morning."""
    lane: int


@dataclass
class Section:
    classes: set[str]
    title: str = ""
    people: list[str] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)


class Page(HTMLParser):
    """What a reader finds on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.sections: list[Section] = []
        self.cells: list[str] = []
        self.words: list[str] = []
        self._open = ""

    @property
    def months(self) -> dict[str, Section]:
        return {section.title: section for section in self.sections if section.classes & {"month", "stretch"}}

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        self.tags.add(tag)
        self.addresses += [values[name] for name in ("href", "src", "action", "data") if name in values]
        self._open = tag
        if tag == "section":
            self.sections.append(Section(classes))
        if tag == "strong" and self.sections and "title" in values:
            self.sections[-1].people.append(values["title"])
        if "bar" in classes:
            place = {name: int(value) for name, value in re.findall(r"--(\w+):(\d+)", values["style"])}
            self.sections[-1].bars.append(
                Bar(values["aria-label"], classes, 1 + place["first"] / 2, 0.5 + place["last"] / 2, place["lane"])
            )

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            return
        self.words.append(data)
        if self._open == "h2":
            self.sections[-1].title = data.strip()
        if self._open in {"td", "code"} and data.strip():
            self.cells.append(data.strip())


def only_bar(*leaves: StoredLeave) -> Bar:
    (month,) = page(*leaves).months.values()
    (bar,) = month.bars
    return bar


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


def test_months_without_leave_between_two_leaves_are_told_not_drawn() -> None:
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


def test_the_head_counts_leaves_and_people_and_tells_the_period() -> None:
    read = page(
        all_day("2026-05-04", "2026-05-15"),
        all_day("2026-05-18", "2026-05-18", leave_id="hr-2"),
        all_day("2026-12-28", "2027-01-05", leave_id="hr-3", user="u2"),
    )
    assert "3 leaves 2 people 4 May 2026 to 5 Jan 2027" in read.text


def test_the_days_of_a_month_tell_how_many_people_are_away() -> None:
    away = [
        all_day("2026-05-11", "2026-05-12"),
        timed("2026-05-12T08:00", "2026-05-12T12:00", leave_id="hr-2", user="u2"),
        all_day("2026-05-12", "2026-05-12", leave_id="hr-3"),
    ]
    counts = re.findall(r"</small>(\d+)<em>(\d*)</em>", html(*away))
    assert {int(day): int(people) for day, people in counts if people} == {11: 1, 12: 2}


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


# Safety


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
    assert all(address == "data:," or address.startswith("#") for address in read.addresses)
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
