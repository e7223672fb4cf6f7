"""The page of a plan: what a sync would change, per user, on a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.pages.calendar import (
    TEMPLATES,
    CalendarEntry,
    LegendItem,
    all_day_halves,
    by_person,
    day_text,
    sections,
)
from cor_provider.sync.plan import in_words
from cor_provider.sync.window import Window

MOST_DRAWN = 1000
"""A longer page would be slow to open, and nobody reads that many changes. The plan's file has them all."""

CHANGES = {
    "create": LegendItem("Create", "+", 3),
    "update": LegendItem("Update", "~", 2),
    "delete": LegendItem("Delete", "\N{MINUS SIGN}", 1),
    "forget": LegendItem("Forget", "?", 12),
}
BEFORE = LegendItem("Until now", "\N{HORIZONTAL ELLIPSIS}", 17)


def page_of(plan: ObjectStoragePath) -> ObjectStoragePath | None:
    """Return the path of a plan's page, beside the plan; None if the plan goes to a stream, such as ``/dev/stdout``."""
    return None if _files.is_stream(plan) else plan.parent / f"{plan.stem}.html"


def render_plan(rows: Sequence[Mapping[str, Any]], *, counts: Mapping[str, int], window: Window, source: str) -> str:
    """
    Draw a plan.

    :param rows: its rows, as :meth:`~cor_provider.sync.plan.Plan.rows` has them.
    :param counts: the number of operations of each kind, and of leaves that need none.
    :param window: the days that the sync owns.
    :param source: COR's ``metadata.source``.
    :return: a complete HTML document that loads nothing else.
    """
    drawn = rows[:MOST_DRAWN]
    return TEMPLATES.get_template("plan.html.jinja").render(
        **plan_to_draw(drawn, counts), left_out=len(rows) - len(drawn), window=window, source=source
    )


def plan_to_draw(rows: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> dict[str, Any]:
    """
    Return what the templates draw of a plan.

    :param rows: at most :data:`MOST_DRAWN` of its rows.
    :param counts: as for :func:`render_plan`.
    """
    entries = sorted((entry for number, row in enumerate(rows) for entry in _entries(number, row)), key=by_person)
    return {
        "rows": [_table_row(number, row) for number, row in enumerate(rows)],
        "kinds": [*CHANGES.values(), BEFORE],
        "update": CHANGES["update"],
        "sections": list(sections(entries)),
        "facts": in_words(counts),
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
    first, last = day_text(date.fromisoformat(start)), day_text(date.fromisoformat(end))
    return first if first == last else f"{first} to {last}"
