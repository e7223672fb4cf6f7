"""The page of an audit: what HR says and what COR says, per user, on a calendar, wherever they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.audit.compare import DELETED, DIFFERENCES, day_of_deletion, days_in_cor
from cor_provider.audit.published import PublishedAudit
from cor_provider.pages.calendar import (
    TEMPLATES,
    CalendarEntry,
    LegendItem,
    all_day_halves,
    by_person,
    day_text,
    sections,
)
from cor_provider.sync.window import Window

MOST_DRAWN = 1000
"""Nobody looks at more, and the page would be slow to open. The report has them all."""

MISSING = LegendItem("Only HR says", "!", 1)
HR_SAYS = LegendItem("HR says", "HR", 2)
COR_SAYS = LegendItem("COR says", "COR", 11)
FOREIGN = LegendItem("Only COR says", "+", 3)
KINDS = (MISSING, HR_SAYS, COR_SAYS, FOREIGN)

Row = Mapping[str, Any]
Days = tuple[date, date]


def write_audit_page(page: ObjectStoragePath, rows: Iterable[Row], audit: PublishedAudit, *, window: Window) -> None:
    """
    Write the page of an audit: a complete HTML document that loads nothing else.

    :param rows: those of the report that are ``missing``, ``changed`` or ``foreign``; :data:`MOST_DRAWN` are drawn.
    :param audit: the counts, the reasons, and how much is marked.
    :param window: the days that were audited.
    """
    drawn = list(islice(rows, MOST_DRAWN))
    entries = sorted((entry for number, row in enumerate(drawn) for entry in _entries(number, row)), key=by_person)
    table = [_table_row(number, row) for number, row in enumerate(drawn)]
    shown = {entry.kind for entry in entries} | {row["kind"] for row in table}
    text = TEMPLATES.get_template("audit.html.jinja").render(
        rows=table,
        kinds=[kind for kind in KINDS if kind in shown],
        sections=list(sections(entries)),
        audit=audit,
        left_out=sum(audit.counts[one] for one in DIFFERENCES) - len(drawn),
        window=window,
    )
    with _files.writing(page) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _entries(number: int, row: Row) -> Iterator[CalendarEntry]:
    """Yield the leave where HR has it, and where COR has it."""
    ours, theirs = {"missing": (MISSING, None), "changed": (HR_SAYS, COR_SAYS)}.get(row["status"], (None, FOREIGN))
    for kind, days in ((ours, _hr_days(row)), (theirs, _cor_days(row))):
        if kind and days:
            yield CalendarEntry(
                person=row["user_id"],
                person_key=(row["user_id"],),
                kind=kind,
                halves=all_day_halves(days[0], max(days)),
                id=row["id"] or "none",
                dates=_in_words(days),
                anchor=f"leave-{number}",
            )


def _table_row(number: int, row: Row) -> dict[str, Any]:
    return {
        "anchor": f"leave-{number}",
        "user": row["user_id"],
        "kind": {"missing": MISSING, "changed": COR_SAYS}.get(row["status"], FOREIGN),
        "finding": row["status"],
        "hr": _in_words(_hr_days(row)) or "nothing",
        "cor": _cor_says(row),
        "id": row["id"],
        "cor_id": row["cor_id"],
    }


def _cor_says(row: Row) -> str:
    if row["status"] == "missing":
        if row["reason"] != DELETED:
            return "nothing"
        day = day_of_deletion(row["cor_deleted_at"])
        return f"deleted on {day_text(day)}" if day else "deleted"
    if not (days := _cor_days(row)):
        return "unreadable dates"
    return f"{_in_words(days)}, other times" if days == _hr_days(row) else _in_words(days)


def _hr_days(row: Row) -> Days | None:
    return (date.fromisoformat(row["start"]), date.fromisoformat(row["end"])) if row["start"] else None


def _cor_days(row: Row) -> Days | None:
    return days_in_cor({"start": row["cor_start"], "end": row["cor_end"]})


def _in_words(days: Days | None) -> str:
    if not days:
        return ""
    first, last = days
    return day_text(first) if first == last else f"{day_text(first)} to {day_text(last)}"
