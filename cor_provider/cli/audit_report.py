"""``report`` of an audit's report: what was found, why, and what to do about it; drift first."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cor_provider.audit.compare import DRIFT
from cor_provider.audit.published import WHAT_TO_DO
from cor_provider.audit.report_row import ReportRow
from cor_provider.cli.output import Output, number_of
from cor_provider.cli.rows import read_rows
from cor_provider.exceptions import CorConfigurationError

_WHAT = "the report of an audit (its report_path)"


def is_of_an_audit(row: Mapping[str, Any]) -> bool:
    """Return whether a row of a report is an audit's; the report of a push says nothing of differences."""
    return "differs" in row


def run(options: Namespace, output: Output) -> bool:
    """Print the report, and return whether anything is missing or changed."""
    rows = read_rows(options.file, ReportRow.read, what=_WHAT)
    if options.id is not None:
        return _run_for(options.id, [row for row in rows if row.id == options.id], output)
    counts: Counter[str] = Counter()
    reasons: Counter[tuple[str, str | None]] = Counter()
    examples: dict[tuple[str, str | None], str | None] = {}
    for row in rows:
        kind = row.status, row.reason
        counts[row.status] += 1
        reasons[kind] += 1
        examples.setdefault(kind, row.id)
    causes = [
        {"status": status, "reason": reason, "count": count, "example": examples[status, reason]}
        for status, reason, count in _ordered(reasons)
    ]
    audited = counts.total() - counts["foreign"]
    data = {"audited": audited, **{status: counts[status] for status in WHAT_TO_DO}}
    with_advice = [{**cause, "advice": WHAT_TO_DO[str(cause["status"])]} for cause in causes]
    output.result({**data, "causes": with_advice}, lambda: _show(output, audited, counts, causes))
    return any(counts[status] for status in DRIFT)


def _ordered(reasons: Counter[tuple[str, str | None]]) -> Iterator[tuple[str, str | None, int]]:
    """Yield what was found and why, drift first, except for what is confirmed."""
    for wanted in WHAT_TO_DO:
        for (status, reason), count in reasons.most_common():
            if status == wanted != "confirmed":
                yield status, reason, count


def _show(output: Output, audited: int, counts: Mapping[str, int], causes: Iterable[Mapping[str, Any]]) -> None:
    output.line(f"{number_of(audited, 'leave')} audited", style="bold")
    output.table(("", ""), [(status, counts[status]) for status in WHAT_TO_DO if counts[status]])
    for cause in causes:
        output.line()
        example = f", such as {cause['example']}" if cause["example"] else ""
        output.line(f"{cause['status']} {cause['count']}{example}", style="bold")
        if cause["reason"]:
            output.line(f"{cause['reason']}.", indent=2)
        output.line(WHAT_TO_DO[cause["status"]], indent=2)


def _run_for(leave_id: str, rows: list[ReportRow], output: Output) -> bool:
    if not rows:
        raise CorConfigurationError(f"the report has no leave {leave_id!r}: give its external id.")
    data = [{**row.model_dump(mode="json"), "advice": WHAT_TO_DO[row.status]} for row in rows]
    output.result(data, lambda: _show_each(output, rows))
    return any(row.status in DRIFT for row in rows)


def _show_each(output: Output, rows: Iterable[ReportRow]) -> None:
    for row in rows:
        shown = {
            "leave": row.id,
            "finding": row.status,
            "reason": row.reason,
            "what to do": WHAT_TO_DO[row.status],
            "HR says": _days(row.start, row.end),
            "COR says": _days(row.cor_start, row.cor_end),
            "deleted in COR": row.cor_deleted_at,
            "differs": ", ".join(row.differs) or None,
            "COR's own id": row.cor_id,
            "COR's own id of the user": row.cor_user_id,
        }
        output.table(("", ""), [(name, str(value)) for name, value in shown.items() if value is not None])


def _days(start: object, end: object) -> str | None:
    return f"{start} to {end}" if start or end else None
