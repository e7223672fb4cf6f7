"""The page of a plan: what a sync would change, per user, on a calendar. A long plan is opened user by user."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.pages.calendar import (
    TEMPLATES,
    CalendarEntry,
    LegendItem,
    all_day_halves,
    by_person,
    day_text,
    sections,
)
from cor_provider.sync.by_user import KINDS, Overview, UserChange, UserCounts, by_user
from cor_provider.sync.operations import CHANGES as IN_ORDER
from cor_provider.sync.plan import in_words
from cor_provider.sync.window import Window

MOST_DRAWN = 1000
"""A page with more would be slow to open, and nobody reads that many changes at once."""

IN_A_BLOCK = 1000
"""How many users, or changes, a browser reads at once of a long plan."""

CHANGES = {
    "create": LegendItem("Create", "+", 3),
    "update": LegendItem("Update", "~", 2),
    "delete": LegendItem("Delete", "\N{MINUS SIGN}", 1),
    "forget": LegendItem("Forget", "?", 12),
}
BEFORE = LegendItem("Until now", "\N{HORIZONTAL ELLIPSIS}", 17)
OF_A_USER = {
    **CHANGES,
    "overwrite": LegendItem("Create, or overwrite if COR has it", "+~", 5),
    "given": LegendItem("Goes to another user", "\N{RIGHTWARDS ARROW}", 8),
}
"""The kinds of changes as one user sees them."""

Row = Mapping[str, Any]
Some = TypeVar("Some")


def page_of(plan: ObjectStoragePath) -> ObjectStoragePath | None:
    """Return the path of a plan's page, beside the plan; None if the plan goes to a stream, such as ``/dev/stdout``."""
    return None if _files.is_stream(plan) else plan.parent / f"{plan.stem}.html"


def is_page(path: object) -> bool:
    """Return whether a parameter names a page where the file beside it belongs."""
    return str(path or "").strip().lower().endswith(".html")


def page_beside(path: object) -> ObjectStoragePath | None:
    """Return the path of the page of a file that a parameter names; None if there is none, or the path is wrong."""
    if not path or is_page(path):
        return None
    try:
        return page_of(_files.locate(path))
    except ValueError:  # not a path or URI; reported before anything is sent
        return None


def write_plan_page(
    page: ObjectStoragePath,
    rows: Callable[[], Iterator[Row]],
    *,
    counts: Mapping[str, int],
    window: Window,
    source: str,
) -> None:
    """
    Write the page of a plan: a complete HTML document that loads nothing else.

    Up to :data:`MOST_DRAWN` changes are drawn. Of more, the page shows the totals and the largest ones, and the
    changes of a user when somebody opens them. The memory that this takes does not grow with the plan.

    :param rows: returns the rows of the plan, as :meth:`~cor_provider.sync.plan.Plan.rows` has them.
    :param counts: the number of operations of each kind, and of leaves that need none.
    :param window: the days that the sync owns.
    :param source: COR's ``metadata.source``.
    """
    draw = _draw_all if is_drawn(counts) else _draw_overview
    with _files.writing(page) as file:
        file.writelines(text.encode() for text in draw(rows(), counts, window=window, source=source))


def is_drawn(counts: Mapping[str, int]) -> bool:
    """Return whether a plan has so few changes that all of them are drawn."""
    return sum(counts[change] for change in IN_ORDER) <= MOST_DRAWN


def plan_to_draw(rows: Sequence[Row], counts: Mapping[str, int]) -> dict[str, Any]:
    """
    Return what the templates draw of a plan.

    :param rows: its rows, at most :data:`MOST_DRAWN`.
    :param counts: as for :func:`write_plan_page`.
    """
    entries = sorted((entry for number, row in enumerate(rows) for entry in _entries(number, row)), key=by_person)
    return {
        "rows": [_table_row(number, row) for number, row in enumerate(rows)],
        "kinds": [*CHANGES.values(), BEFORE],
        "update": CHANGES["update"],
        "sections": list(sections(entries)),
        "facts": in_words(counts),
    }


def overview_to_draw(overview: Overview, counts: Mapping[str, int]) -> dict[str, Any]:
    """
    Return what the templates draw of a plan that is too long for all of it.

    :param counts: as for :func:`write_plan_page`.
    """
    changes = ("longest_deletes", "longest_creates", "furthest_moves")
    return {
        "overview": {
            **overview._asdict(),
            **{name: [_largest_row(*one) for one in getattr(overview, name)] for name in changes},
        },
        "of_a_user": {kind: OF_A_USER[kind] for kind in KINDS},
        "before": BEFORE,
        "facts": in_words(counts),
    }


def _draw_all(rows: Iterator[Row], counts: Mapping[str, int], **shown: object) -> Iterator[str]:
    return TEMPLATES.get_template("plan.html.jinja").generate(**plan_to_draw(list(rows), counts), **shown)


def _draw_overview(rows: Iterator[Row], counts: Mapping[str, int], **shown: object) -> Iterator[str]:
    script = TEMPLATES.get_template("plan_by_user.js").render()
    with by_user(rows) as changes:
        yield from TEMPLATES.get_template("plan_by_user.html.jinja").generate(
            **overview_to_draw(changes.overview(), counts),
            **shown,
            script=script,
            # The browser runs no other script, whatever people wrote into the ids.
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
            in_a_block=IN_A_BLOCK,
            user_blocks=_blocks([user.id, *user.by_kind.values()] for user in changes.users()),
            change_blocks=_blocks(map(_compact, changes.changes())),
        )


def _blocks(items: Iterable[Some]) -> Iterator[list[Some]]:
    left = iter(items)
    while block := list(islice(left, IN_A_BLOCK)):
        yield block


def _compact(change: UserChange) -> list[object]:
    """Return a change as the script reads it: its kind as a number, and nothing of what is missing at the end."""
    values: list[object] = [KINDS.index(change.kind), *change[1:]]
    while values[-1] is None:
        values.pop()
    return values


def _largest_row(user: UserCounts, change: UserChange) -> dict[str, Any]:
    first, last = (date.fromordinal(day) for day in (change.first, change.last))
    was_first = first if change.was_first is None else date.fromordinal(change.was_first)
    was_last = last if change.was_last is None else date.fromordinal(change.was_last)
    return {
        "user": user,
        "id": change.id,
        "days": change.days,
        "moves": change.moves,
        "dates": _in_words(first, last),
        "previous_dates": _in_words(was_first, was_last),
    }


def _entries(number: int, row: Mapping[str, Any]) -> Iterator[CalendarEntry]:
    """Yield the leave as it will be, or as it was if it is deleted; and its old place, if it moves."""
    yield _entry(number, row, CHANGES[row["operation"]])
    if row.keys() & {"previous_user_id", "previous_start", "previous_end"}:
        before = {name: row.get(f"previous_{name}", row[name]) for name in ("user_id", "start", "end")}
        yield _entry(number, {**row, **before}, BEFORE)


def _entry(number: int, row: Mapping[str, Any], kind: LegendItem) -> CalendarEntry:
    return CalendarEntry(
        person=row["user_id"],
        person_key=(row["user_id"],),
        kind=kind,
        halves=all_day_halves(date.fromisoformat(row["start"]), date.fromisoformat(row["end"])),
        id=row["id"],
        dates=_dates(row["start"], row["end"]),
        anchor=f"change-{number}",
    )


def _table_row(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    before = _dates(row.get("previous_start", row["start"]), row.get("previous_end", row["end"]))
    return {
        "anchor": f"change-{number}",
        "user": row["user_id"],
        "kind": CHANGES[row["operation"]],
        "type": row.get("leave_type_id"),
        "dates": _dates(row["start"], row["end"]),
        "may_overwrite": row.get("may_overwrite", False),
        "previous_user": row.get("previous_user_id", ""),
        "previous_dates": before if row.keys() & {"previous_start", "previous_end"} else "",
        "id": row["id"],
    }


def _dates(start: str, end: str) -> str:
    return _in_words(date.fromisoformat(start), date.fromisoformat(end))


def _in_words(first: date, last: date) -> str:
    return day_text(first) if first == last else f"{day_text(first)} to {day_text(last)}"
