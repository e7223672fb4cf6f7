"""The leave calendar of the sandbox: one self-contained HTML page, drawn from the leaves that the sandbox holds."""

from __future__ import annotations

import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from cor_provider.sandbox.payloads import read_instant
from cor_provider.sandbox.store import StoredLeave

_TEMPLATES = Environment(
    loader=PackageLoader("cor_provider.sandbox"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)

# A timed leave of one day that is at least this long takes the whole cell: it is a working day in some time zone.
_WORKING_DAY = timedelta(hours=6)
# Where a leave of several days starts after, or ends before, its first or last day is a half one.
_LATE_START_HOUR, _EARLY_END_HOUR = 11, 14
_NOON = 12
_SATURDAY = 5


def render_calendar(
    leaves: Sequence[StoredLeave],
    *,
    user_names: Mapping[str, str],
    leave_type_names: Mapping[str, str],
    assumptions: Sequence[str] = (),
) -> str:
    """
    Draw the leaves as a team calendar, month by month, with a row per person who is away.

    All-day leaves cover the calendar dates as written, the last one included. Timed leaves are drawn in UTC, to the
    half day. Months in which no leave starts or ends are drawn together: a leave of years stays short on the page.

    :param leaves: in any order; ``start`` and ``end`` are ISO 8601, as COR receives them.
    :param user_names: names by external user id; an id without a name is shown itself.
    :param leave_type_names: names by external leave type id, likewise.
    :param assumptions: what the sandbox takes for granted about COR, told in the footer.
    :return: a whole HTML document that loads nothing else.
    """
    kinds = _kinds(leaves, leave_type_names)
    entries = sorted(
        (
            _Entry(
                leave=leave,
                person=user_names.get(leave.user_id, leave.user_id),
                kind=kinds[leave.leave_type_id],
                halves=_half_days(leave),
            )
            for leave in leaves
        ),
        key=lambda entry: (_sort_key(entry.person), entry.person_key, entry.halves.start, -len(entry.halves), entry.id),
    )
    return _TEMPLATES.get_template("calendar.html.jinja").render(
        entries=sorted(entries, key=lambda entry: entry.halves.start),
        kinds=kinds.values(),
        sections=list(_sections(entries)),
        people_count=len({entry.person_key for entry in entries}),
        period=_period(entries),
        assumptions=assumptions,
    )


@dataclass(frozen=True)
class _Kind:
    """A leave type as the legend shows it: ``code`` is what fits into a bar of one day."""

    name: str
    code: str
    colour: int


@dataclass(frozen=True)
class _Entry:
    """A leave with its names, and the half days that it covers: two for each day since 1 January of year 1."""

    leave: StoredLeave
    person: str
    kind: _Kind
    halves: range

    @property
    def id(self) -> str:
        return self.leave.external_id

    @property
    def person_key(self) -> tuple[str, str]:
        return self.leave.source, self.leave.user_id  # COR maps external ids of users by source

    @property
    def dates(self) -> str:
        start, end = read_instant(self.leave.start), read_instant(self.leave.end)
        if self.leave.all_day:
            return _day(start) if start.date() == end.date() else f"{_day(start)} to {_day(end)}"
        start, end = _in_utc(start), _in_utc(end)
        last_day = "" if start.date() == end.date() else f"{_day(end)}, "
        return f"{_day(start)}, {start:%H:%M} to {last_day}{end:%H:%M} UTC"

    @property
    def label(self) -> str:
        return f"{self.person}: {self.kind.name}, {self.dates}; external id {self.id} ({self.leave.source})"


@dataclass(frozen=True)
class _Bar:
    """The part of a leave that falls into a section; ``first`` and ``last`` are columns, both inclusive."""

    entry: _Entry
    lane: int
    first: int
    last: int
    from_before: bool
    goes_on: bool

    @property
    def days(self) -> str:
        """Which days of the section, as short as it can be told."""
        first, last = self.first // 2 + 1, self.last // 2 + 1
        if self.from_before:
            return "throughout" if self.goes_on else f"until {last}"
        if self.goes_on:
            return f"from {first}"
        if self.first == self.last:
            return f"{first} ({'afternoon' if self.first % 2 else 'morning'})"
        return f"{first}" if first == last else f"{first}-{last}"


@dataclass(frozen=True)
class _Row:
    """A person's leave in a section; leaves that overlap are in different lanes."""

    person: str
    bars: list[_Bar]


@dataclass(frozen=True)
class _Day:
    date: date
    away: int

    @property
    def is_weekend(self) -> bool:
        return self.date.weekday() >= _SATURDAY


@dataclass(frozen=True)
class _Section:
    """One month, or a stretch of months (``days`` is empty then) in which no leave starts or ends."""

    first_month: date
    last_month: date
    rows: list[_Row]
    days: list[_Day]

    @property
    def anchor(self) -> str:
        return f"m-{self.first_month:%Y-%m}"

    @property
    def month_count(self) -> int:
        return _month_of(self.last_month) - _month_of(self.first_month) + 1

    @property
    def leave_count(self) -> int:
        return sum(len(row.bars) for row in self.rows)


# To Unicode these are letters of their own, not decorated ones.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


def _sort_key(name: str) -> str:
    """Return the name in plain letters: by their code points, decorated ones come after Z."""
    letters = unicodedata.normalize("NFKD", name.casefold()).translate(_PLAIN_LETTERS)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _kinds(leaves: Iterable[StoredLeave], names: Mapping[str, str]) -> dict[str, _Kind]:
    used = {leave.leave_type_id: names.get(leave.leave_type_id, leave.leave_type_id) for leave in leaves}
    kinds: dict[str, _Kind] = {}
    for colour, (type_id, name) in enumerate(sorted(used.items(), key=lambda item: (item[1].casefold(), item[0]))):
        kinds[type_id] = _Kind(name, _code(name, taken={kind.code for kind in kinds.values()}), colour)
    return kinds


def _code(name: str, taken: set[str]) -> str:
    """Two characters for a leave type, different from all that are taken."""
    words = "".join(char if char.isalnum() else " " for char in name).upper().split() or ["?"]
    letters = "".join(words)
    initials = [words[0][0] + word[0] for word in words[1:]]
    pairs = [letters[0] + char for char in letters[1:]]
    numbered = (f"{letters[0]}{number}" for number in range(2, len(taken) + 3))
    return next(code for code in [*initials, letters[:2], *pairs, *numbered] if code not in taken)


def _half_days(leave: StoredLeave) -> range:
    start, end = read_instant(leave.start), read_instant(leave.end)
    if leave.all_day:
        # `end` may be the later instant and yet, in an offset of its own, an earlier date.
        return range(2 * start.toordinal(), 2 * max(start.toordinal(), end.toordinal()) + 2)
    start, end = _in_utc(start), _in_utc(end)
    if end > start:
        end -= timedelta.resolution  # a leave until midnight does not touch the day that begins then
    first, last = 2 * start.toordinal(), 2 * end.toordinal()
    if first != last:
        return range(first + (start.hour >= _LATE_START_HOUR), last + 1 + (end.hour >= _EARLY_END_HOUR))
    if end - start >= _WORKING_DAY - timedelta.resolution:
        return range(first, first + 2)
    is_afternoon = (start + (end - start) / 2).hour >= _NOON
    return range(first + is_afternoon, first + is_afternoon + 1)


def _sections(entries: Sequence[_Entry]) -> Iterator[_Section]:
    """Each month in which a leave starts or ends, and each stretch between two of them, in order."""
    # Months are counted, never walked: HR systems write an open end as the year 9999.
    edges = {half for entry in entries for half in (entry.halves[0], entry.halves[-1])}
    previous = None
    for month in sorted({_month_of(_date_of(half)) for half in edges}):
        if previous is not None and month > previous + 1:
            yield _section(entries, previous + 1, month - 1, is_stretch=True)
        yield _section(entries, month, month, is_stretch=False)
        previous = month


def _section(entries: Iterable[_Entry], first_month: int, last_month: int, *, is_stretch: bool) -> _Section:
    start, end = _first_day(first_month), _last_day(last_month)
    halves = range(2 * start.toordinal(), 2 * end.toordinal() + 2)
    present = [entry for entry in entries if entry.halves.start < halves.stop and entry.halves.stop > halves.start]
    rows = [
        _Row(person, list(_bars(own, halves)))
        for (person, _), own in groupby(present, key=lambda entry: (entry.person, entry.person_key))
    ]
    days = [] if is_stretch else list(_days(start, end, rows))
    return _Section(start, _first_day(last_month), rows, days)


def _bars(entries: Iterable[_Entry], halves: range) -> Iterator[_Bar]:
    """Put each leave of one person, earliest first, into the first lane that is free by then."""
    lanes: list[int] = []
    for entry in entries:
        lane = next((index for index, free in enumerate(lanes) if free <= entry.halves.start), len(lanes))
        lanes[lane : lane + 1] = [entry.halves.stop]
        yield _Bar(
            entry,
            lane,
            first=max(entry.halves.start, halves.start) - halves.start,
            last=min(entry.halves.stop, halves.stop) - halves.start - 1,
            from_before=entry.halves.start < halves.start,
            goes_on=entry.halves.stop > halves.stop,
        )


def _days(start: date, end: date, rows: Iterable[_Row]) -> Iterator[_Day]:
    away = Counter(
        day for row in rows for day in {half // 2 for bar in row.bars for half in range(bar.first, bar.last + 1)}
    )
    for index in range((end - start).days + 1):
        yield _Day(start + timedelta(days=index), away[index])


def _period(entries: Sequence[_Entry]) -> tuple[date, date] | None:
    if not entries:
        return None
    return (
        _date_of(min(entry.halves.start for entry in entries)),
        _date_of(max(entry.halves[-1] for entry in entries)),
    )


def _date_of(half: int) -> date:
    return date.fromordinal(half // 2)


def _month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _last_day(month: int) -> date:
    first = _first_day(month)
    return first.replace(day=monthrange(first.year, first.month)[1])


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError:  # an open end, 9999-12-31, west of Greenwich
        return moment.replace(tzinfo=timezone.utc)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b} {day.year}"
