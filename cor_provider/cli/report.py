"""``report``: what became of leave or of users, by cause, and what to do about it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, get_args

from cor_provider import _files
from cor_provider.cli import audit_report
from cor_provider.cli.output import Output, number_of
from cor_provider.cli.rows import locate, read_rows
from cor_provider.exceptions import CorConfigurationError
from cor_provider.outcome import LeaveOutcome, Outcome, Status, UserOutcome
from cor_provider.records.kinds import LEAVE, USERS, Kind
from cor_provider.results.causes import Cause, is_number
from cor_provider.results.summary import Summary, largest_counts_first
from cor_provider.task.summary_file import summary_path

WHAT = "a report as report_path has it (JSON Lines)"
UNSETTLED: tuple[Status, ...] = ("rejected", "failed", "not_sent")
_STATUSES = frozenset(get_args(Status))
_ONE = {LEAVE: "leave", USERS: "user"}
"""What a record is called beside its id."""


def run(options: Namespace, output: Output) -> bool:
    """
    Print the report, and return whether it has leave or users that COR did not take.

    The report of an audit is printed by :mod:`~cor_provider.cli.audit_report`.
    """
    if next(read_rows(options.file, audit_report.is_of_an_audit, what=WHAT), False):
        return audit_report.run(options, output)
    source, outcome_type = _told_by_summary(options.file)
    outcomes = read_rows(options.file, partial(_read, outcome_type), what=WHAT)
    if options.id is not None:
        return _run_for(
            options.id, [one for one in outcomes if one.id == options.id], outcome_type.kind, source, output
        )
    summary = Summary(kind=outcome_type.kind)
    for outcome in outcomes:
        summary.add(outcome)
    users, leave_types = largest_counts_first(summary.users), largest_counts_first(summary.leave_types)
    data = {**summary.to_dict(source=source), "users": users, "leave_types": leave_types}
    output.result(data, lambda: _show(output, summary, source))
    return any(summary.counts[status] for status in UNSETTLED)


def _read(outcome_type: type[Outcome], row: Mapping[str, Any]) -> Outcome:
    outcome = outcome_type.from_row(row)
    if outcome.status not in _STATUSES:
        raise ValueError
    return outcome


def _told_by_summary(report: str) -> tuple[str | None, type[Outcome]]:
    """
    Return the source that a report's summary names, for the advice, and what the outcomes are.

    Without a summary beside it, there is no source, and the report counts as one of leave.
    """
    path = summary_path(locate(report))
    with suppress(Exception):  # the advice does without
        summary = json.loads((path and _files.read(path)) or b"{}")
        is_of_users = summary.get("records") == USERS.many
        return summary.get("source") and str(summary["source"]), UserOutcome if is_of_users else LeaveOutcome
    return None, LeaveOutcome


def _run_for(record_id: str, outcomes: list[Outcome], kind: Kind, source: str | None, output: Output) -> bool:
    if not outcomes:
        raise CorConfigurationError(f"the report has no {_ONE[kind]} {record_id!r}: give its external id.")
    output.result(
        [{**one.to_row(), "advice": _advice(one, source)} for one in outcomes],
        lambda: _show_each(output, outcomes, kind, source),
    )
    return any(one.status in UNSETTLED for one in outcomes)


def _advice(outcome: Outcome, source: str | None) -> str | None:
    if not outcome.error:
        return None
    cause = Cause(outcome.status, outcome.error, outcome.message, has_number=is_number(outcome.unknown_id))
    return cause.advice(source)


def _show(output: Output, summary: Summary, source: str | None) -> None:
    output.line(f"{number_of(summary.received, summary.kind.one)}", style="bold")
    output.table(("", ""), ((status, summary.counts[status]) for status in get_args(Status) if summary.counts[status]))
    _show_causes(output, summary.causes_of(*get_args(Status)), source)
    output.counts(("user that COR does not know", "leaves"), summary.users, "users")
    output.counts(("leave type that COR does not know", "leaves"), summary.leave_types, "leave types")


def _show_causes(output: Output, causes: Iterable[Cause], source: str | None) -> None:
    for cause in causes:
        output.line()
        example = f", such as {cause.example}" if cause.example else ""
        output.line(f"{cause.error} {cause.count} {cause.status}{example}", style="bold")
        output.line(cause.advice(source), indent=2)


def _show_each(output: Output, outcomes: Iterable[Outcome], kind: Kind, source: str | None) -> None:
    for outcome in outcomes:
        rows = {
            _ONE[kind]: outcome.id,
            "outcome": outcome.status,
            "error": outcome.error,
            "what to do": _advice(outcome, source),
            "COR does not know": outcome.unknown_id,
            "COR's own id": outcome.cor_id,
            "COR's own id of the user": outcome.cor_user_id,
            "sent": number_of(outcome.attempts, "time"),
            "record": outcome.position,
        }
        output.table(("", ""), [(name, str(value)) for name, value in rows.items() if value is not None])
