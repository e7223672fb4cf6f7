"""The leave calendar of the sandbox: one self-contained HTML page of the leaves that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cor_provider.fields.role import ROLES
from cor_provider.pages.calendar import (
    TEMPLATES,
    CalendarEntry,
    LegendItem,
    all_day_halves,
    by_person,
    day_text,
    period,
    sections,
)
from cor_provider.sandbox.by_hand import Choices
from cor_provider.sandbox.payloads import in_utc, read_instant
from cor_provider.sandbox.store import StoredLeave, StoredMail, StoredUser

# A timed leave of one day that is at least this long fills the cell: it is a working day in some time zone.
_WORKING_DAY = timedelta(hours=6)
# A leave of several days that starts later, or ends earlier, begins or ends with a half day.
_LATE_START_HOUR, _EARLY_END_HOUR = 11, 14
_NOON = 12


def render_calendar(
    leaves: Sequence[StoredLeave],
    *,
    user_names: Mapping[str, str],
    leave_type_names: Mapping[str, str],
    choices: Sequence[Choices] = (),
    users: Sequence[StoredUser] = (),
    mails: Sequence[StoredMail] = (),
    assumptions: Sequence[str] = (),
) -> str:
    """
    Draw the leaves as a team calendar, month by month, with a row per person who is away.

    All-day leaves cover the calendar dates as written, the last one included. Timed leaves are drawn in UTC, to the
    half day. Months in which no leave starts or ends are drawn as one stretch, which keeps leave of years short.

    :param leaves: in any order; ``start`` and ``end`` are ISO 8601, as COR receives them.
    :param user_names: names by external user id; without a name, the id is shown.
    :param leave_type_names: names by external leave type id, likewise.
    :param choices: what leave that is added by hand can be chosen from.
    :param users: all users, listed below the leave.
    :param mails: what COR would have sent to them.
    :param assumptions: the sandbox's assumptions about COR, shown in the footer.
    :return: a complete HTML document that loads nothing else.
    """
    kinds = _kinds(leaves, leave_type_names)
    entries = sorted(
        (_entry(leave, user_names.get(leave.user_id, leave.user_id), kinds[leave.leave_type_id]) for leave in leaves),
        key=by_person,
    )
    return TEMPLATES.get_template("sandbox.html.jinja").render(
        entries=sorted(entries, key=lambda entry: entry.halves.start),
        kinds=kinds.values(),
        sections=list(sections(entries)),
        people_count=len({entry.person_key for entry in entries}),
        period=period(entries),
        choices=choices,
        users=users,
        mails=mails,
        roles=ROLES,
        assumptions=assumptions,
    )


@dataclass(frozen=True)
class _SandboxEntry(CalendarEntry):
    """An entry with what only the sandbox knows."""

    source: str = ""
    cor_id: int = 0
    start: str = ""
    end: str = ""
    """Its ends in the form of an HTML input: a day, or a date-time in UTC."""

    @property
    def label(self) -> str:
        """Everything about it in one line."""
        return super().label if self.id else f"{self.person}: {self.kind.name}, {self.dates}; added by hand{self.note}"


def _entry(leave: StoredLeave, person: str, kind: LegendItem) -> _SandboxEntry:
    return _SandboxEntry(
        person=person,
        person_key=(leave.source, leave.user_id),  # COR maps external ids of users by source
        kind=kind,
        halves=_half_days(leave),
        id=leave.external_id,
        dates=_dates(leave),
        anchor=f"leave-{leave.cor_id}",
        note=f" ({leave.source})",
        source=leave.source,
        cor_id=leave.cor_id,
        start=_input_value(leave.start, leave),
        end=_input_value(leave.end, leave),
    )


def _input_value(text: str, leave: StoredLeave) -> str:
    instant = read_instant(text)
    if leave.all_day:
        return instant.date().isoformat()
    return in_utc(instant).replace(tzinfo=None).isoformat(timespec="minutes")


def _dates(leave: StoredLeave) -> str:
    start, end = read_instant(leave.start), read_instant(leave.end)
    if leave.all_day:
        return day_text(start) if start.date() == end.date() else f"{day_text(start)} to {day_text(end)}"
    start, end = in_utc(start), in_utc(end)
    last_day = "" if start.date() == end.date() else f"{day_text(end)}, "
    return f"{day_text(start)}, {start:%H:%M} to {last_day}{end:%H:%M} UTC"


def _kinds(leaves: Iterable[StoredLeave], names: Mapping[str, str]) -> dict[str, LegendItem]:
    used = {leave.leave_type_id: names.get(leave.leave_type_id, leave.leave_type_id) for leave in leaves}
    kinds: dict[str, LegendItem] = {}
    for colour, (type_id, name) in enumerate(sorted(used.items(), key=lambda item: (item[1].casefold(), item[0]))):
        kinds[type_id] = LegendItem(name, _code(name, taken={kind.code for kind in kinds.values()}), colour)
    return kinds


def _code(name: str, taken: set[str]) -> str:
    """Return two characters for a leave type that are not taken."""
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
        return all_day_halves(start, max(start, end, key=date.toordinal))
    start, end = in_utc(start), in_utc(end)
    if end > start:
        end -= timedelta.resolution  # a leave that ends at midnight does not cover the day that begins then
    first, last = 2 * start.toordinal(), 2 * end.toordinal()
    if first != last:
        return range(first + (start.hour >= _LATE_START_HOUR), last + 1 + (end.hour >= _EARLY_END_HOUR))
    if end - start >= _WORKING_DAY - timedelta.resolution:
        return range(first, first + 2)
    is_afternoon = (start + (end - start) / 2).hour >= _NOON
    return range(first + is_afternoon, first + is_afternoon + 1)
