"""``check``: what a push would reject, without sending anything."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cor_provider.cli.output import Output
from cor_provider.cli.rows import absolute
from cor_provider.fields.sources import doubt
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import Translation
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.engine import check
from cor_provider.results.causes import place_in, without_place
from cor_provider.results.summary import largest_counts_first

MOST_EXAMPLES = 3
"""How many leave requests are named for a cause."""


@dataclass
class Cause:
    """
    Why leave requests would be rejected.

    :param problem: the error's message, without the place.
    :param examples: the external id and the place of the first ones.
    """

    error: str
    problem: str
    count: int = 0
    examples: list[dict[str, str | None]] = field(default_factory=list)


@dataclass
class Checked:
    """What a file holds."""

    received: int = 0
    rejected: int = 0
    causes: dict[tuple[str, str], Cause] = field(default_factory=dict)
    users: Counter[str] = field(default_factory=Counter)
    leave_types: Counter[str] = field(default_factory=Counter)

    def count(self, leaves: Iterable[LeaveRequest | UnreadableLeave]) -> Iterator[LeaveRequest | UnreadableLeave]:
        """Yield leave requests, and count their users and types."""
        for leave in leaves:
            if isinstance(leave, LeaveRequest):
                self.users[leave.user_id] += 1
                self.leave_types[leave.leave_type_id] += 1
            yield leave

    def add(self, outcome: LeaveOutcome) -> None:
        """Add one outcome."""
        self.received += 1
        if outcome.status != "rejected":
            return
        self.rejected += 1
        problem, place = split_message(outcome)
        name = outcome.error or ""
        cause = self.causes.setdefault((name, problem), Cause(name, problem))
        cause.count += 1
        if len(cause.examples) < MOST_EXAMPLES:
            cause.examples.append({"id": outcome.leave_id, "place": place})

    @property
    def largest_causes(self) -> list[Cause]:
        """The causes, largest first."""
        return sorted(self.causes.values(), key=lambda cause: (-cause.count, cause.error, cause.problem))


def run(options: Namespace, output: Output) -> bool:
    """Check a file, print the result, and return whether anything would be rejected."""
    warnings = list(_check_connection(options.conn_id)) if options.conn_id else []
    translation = Translation(options.columns, options.values, options.date_format)
    checked = Checked()
    leaves = iter_leaves(absolute(options.file), timezone=options.timezone, translation=translation)
    for outcome in check(checked.count(leaves)):
        checked.add(outcome)
    output.result(_data(options.file, checked, warnings), lambda: _show(output, options, checked, warnings))
    return bool(checked.rejected)


def split_message(outcome: LeaveOutcome) -> tuple[str, str]:
    """Return an error's message without the place of its record, and the place."""
    message = outcome.message or ""
    problem = (without_place(message) or "").removesuffix(".")
    return problem, (place_in(message) or f"record {outcome.position}").lower()


def _check_connection(conn_id: str) -> Iterator[str]:
    """Check the Connection and its source, and yield what a person should know about them."""
    from cor_provider.hooks.cor_integrations import CorIntegrationsHook  # noqa: PLC0415  # only if it is asked for

    hook = CorIntegrationsHook(conn_id)
    hook.get_conn()
    if problem := doubt(hook.check_source()):
        yield problem


def _data(file: str, checked: Checked, warnings: list[str]) -> dict[str, Any]:
    return {
        "file": file,
        "received": checked.received,
        "fine": checked.received - checked.rejected,
        "rejected": checked.rejected,
        "causes": [vars(cause) for cause in checked.largest_causes],
        "users": largest_counts_first(checked.users),
        "leave_types": largest_counts_first(checked.leave_types),
        "warnings": warnings,
    }


def _show(output: Output, options: Namespace, checked: Checked, warnings: list[str]) -> None:
    fine, rejected = checked.received - checked.rejected, checked.rejected
    output.line(
        f"{options.file}: {fine} fine, {rejected} would be rejected; nothing was sent.",
        style="bold red" if rejected else "bold green",
    )
    for warning in warnings:
        output.line(f"warning: {warning}", style="yellow")
    if options.conn_id:
        output.line(f"The Connection {options.conn_id} is valid. doctor shows whether COR takes its token.")
    for cause in checked.largest_causes:
        output.line()
        output.line(f"{cause.error} {cause.count}: {cause.problem}")
        output.table(("", ""), ((one["place"], one["id"]) for one in cause.examples), indent=2)
        if (more := cause.count - len(cause.examples)) > 0:
            output.line(f"and {more} more", indent=2)
    output.counts(("leave type", "leaves"), checked.leave_types, "leave types")
    output.counts(("user", "leaves"), checked.users, "users")
    if checked.users:
        output.line()
        output.line("Only COR knows if these users and leave types exist: a push shows that.")
