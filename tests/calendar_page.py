"""A calendar page, read back from its HTML: where each bar stands, and what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count

from cor_provider.sandbox.by_hand import Choices
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


def html(*leaves: StoredLeave, choices: Sequence[Choices] = ()) -> str:
    return render_calendar(
        leaves, user_names=USERS, leave_type_names=TYPES, choices=choices, assumptions=["Time runs forwards."]
    )


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
