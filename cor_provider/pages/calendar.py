"""A leave calendar, month by month with a row per person, for the sandbox and for the page of a plan."""

from __future__ import annotations

import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

TEMPLATES = Environment(
    loader=PackageLoader("cor_provider.pages"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # a long plan's page has megabytes of it

_SATURDAY = 5


@dataclass(frozen=True)
class LegendItem:
    """A kind of leave in the legend; ``code`` is its short form, which fits into a bar of one day."""

    name: str
    code: str
    colour: int


@dataclass(frozen=True)
class CalendarEntry:
    """
    A leave on the calendar.

    :param person: name of the person who is on leave.
    :param person_key: distinguishes people of the same name.
    :param kind: its kind in the legend.
    :param halves: the half days that it covers, counted from 1 January of year 1, two per day.
    :param id: external leave id.
    :param dates: its dates in words.
    :param anchor: fragment of the page where its details are.
    :param note: appended to its label.
    """

    person: str
    person_key: tuple[str, ...]
    kind: LegendItem
    halves: range
    id: str
    dates: str
    anchor: str
    note: str = ""

    @property
    def label(self) -> str:
        """Everything about it in one line."""
        return f"{self.person}: {self.kind.name}, {self.dates}; external id {self.id}{self.note}"


def by_person(entry: CalendarEntry) -> tuple[object, ...]:
    """Return the sort key of an entry: its person, then its beginning."""
    return _sort_key(entry.person), entry.person_key, entry.halves.start, -len(entry.halves), entry.id


@dataclass(frozen=True)
class Bar:
    """The part of a leave in a section; ``first`` and ``last`` are columns, both inclusive."""

    entry: CalendarEntry
    lane: int
    first: int
    last: int
    from_before: bool
    goes_on: bool

    @property
    def days(self) -> str:
        """Its days in the section, as briefly as possible."""
        first, last = self.first // 2 + 1, self.last // 2 + 1
        if self.from_before:
            return "throughout" if self.goes_on else f"until {last}"
        if self.goes_on:
            return f"from {first}"
        if self.first == self.last:
            return f"{first} ({'afternoon' if self.first % 2 else 'morning'})"
        return f"{first}" if first == last else f"{first}-{last}"


@dataclass(frozen=True)
class Row:
    """A person's leave in a section; overlapping leaves are in different lanes."""

    person: str
    bars: list[Bar]


@dataclass(frozen=True)
class Day:
    """A day of a month, and how many people are away on it."""

    date: date
    away: int

    @property
    def is_weekend(self) -> bool:
        """Whether it is a Saturday or a Sunday."""
        return self.date.weekday() >= _SATURDAY


@dataclass(frozen=True)
class Section:
    """One month, or a stretch of months (``days`` is empty then) in which no leave starts or ends."""

    first_month: date
    last_month: date
    rows: list[Row]
    days: list[Day]

    @property
    def anchor(self) -> str:
        """Its fragment of the page."""
        return f"m-{self.first_month:%Y-%m}"

    @property
    def month_count(self) -> int:
        """The number of its months."""
        return _month_of(self.last_month) - _month_of(self.first_month) + 1

    @property
    def leave_count(self) -> int:
        """The number of leaves in it."""
        return sum(len(row.bars) for row in self.rows)


def sections(entries: Sequence[CalendarEntry]) -> Iterator[Section]:
    """Yield each month in which a leave starts or ends, and each stretch between two of them, in order."""
    # No loop over all months: HR systems write an open end as the year 9999.
    edges = {half for entry in entries for half in (entry.halves[0], entry.halves[-1])}
    previous = None
    for month in sorted({_month_of(_date_of(half)) for half in edges}):
        if previous is not None and month > previous + 1:
            yield _section(entries, previous + 1, month - 1, is_stretch=True)
        yield _section(entries, month, month, is_stretch=False)
        previous = month


def _section(entries: Iterable[CalendarEntry], first_month: int, last_month: int, *, is_stretch: bool) -> Section:
    start, end = _first_day(first_month), _last_day(last_month)
    halves = range(2 * start.toordinal(), 2 * end.toordinal() + 2)
    present = [entry for entry in entries if entry.halves.start < halves.stop and entry.halves.stop > halves.start]
    rows = [
        Row(person, list(_bars(own, halves)))
        for (person, _), own in groupby(present, key=lambda entry: (entry.person, entry.person_key))
    ]
    days = [] if is_stretch else list(_days(start, end, rows))
    return Section(start, _first_day(last_month), rows, days)


def _bars(entries: Iterable[CalendarEntry], halves: range) -> Iterator[Bar]:
    """Put each leave of a person, earliest first, into the first lane that is free."""
    lanes: list[int] = []
    for entry in entries:
        lane = next((index for index, free in enumerate(lanes) if free <= entry.halves.start), len(lanes))
        lanes[lane : lane + 1] = [entry.halves.stop]
        yield Bar(
            entry,
            lane,
            first=max(entry.halves.start, halves.start) - halves.start,
            last=min(entry.halves.stop, halves.stop) - halves.start - 1,
            from_before=entry.halves.start < halves.start,
            goes_on=entry.halves.stop > halves.stop,
        )


def _days(start: date, end: date, rows: Iterable[Row]) -> Iterator[Day]:
    away = Counter(
        day for row in rows for day in {half // 2 for bar in row.bars for half in range(bar.first, bar.last + 1)}
    )
    for index in range((end - start).days + 1):
        yield Day(start + timedelta(days=index), away[index])


def period(entries: Sequence[CalendarEntry]) -> tuple[date, date] | None:
    """Return the first and the last day on which there is leave."""
    if not entries:
        return None
    first, last = min(entry.halves.start for entry in entries), max(entry.halves[-1] for entry in entries)
    return _date_of(first), _date_of(last)


# Unicode does not decompose these letters.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def _sort_key(name: str) -> str:
    """Return a name in plain letters: letters with accents would be sorted after Z."""
    letters = unicodedata.normalize("NFKD", name.casefold()).translate(_PLAIN_LETTERS)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _date_of(half: int) -> date:
    return date.fromordinal(half // 2)


def _month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _last_day(month: int) -> date:
    first = _first_day(month)
    return first.replace(day=monthrange(first.year, first.month)[1])


def day_text(day: date) -> str:
    """Return a day as the page writes it."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def all_day_halves(first: date, last: date) -> range:
    """Return the half days from a first to a last day, both included."""
    return range(2 * first.toordinal(), 2 * last.toordinal() + 2)
