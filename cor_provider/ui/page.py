"""The page in the tab: outcomes by cause, whom and what COR does not know, rejected records, a plan; or an audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

from cor_provider.audit.published import WHAT_TO_DO, PublishedAudit
from cor_provider.outcome import Status
from cor_provider.pages.calendar import TEMPLATES
from cor_provider.results.published import PublishedSummary
from cor_provider.results.summary import largest_counts_first
from cor_provider.sync.page import overview_to_draw, plan_to_draw
from cor_provider.ui.contents import Rejected, ShownPlan

MOST_LISTED = 200
"""How many unknown users, and how many leave types, are listed."""

NO_LEAVE = (
    "This task instance has published no leave. Look here for tasks of the COR provider that have ended. If this one "
    "has failed, its log says why."
)
NO_REPORT = (
    "Users, leave types and rejected records are listed here if the task has a report_path: they are people's data, "
    "and XComs hold none of it."
)

LABELS: dict[str, str] = {status: status.replace("_", " ") for status in get_args(Status)}


@dataclass
class LeavePage:
    """
    What the page shows.

    :param outcomes: the counts and causes; None if there are none.
    :param users: the external ids of users that COR does not know, with the number of rejected records.
    :param leave_types: likewise those of leave types.
    :param rejected: the first rejected records.
    :param audit: how an audit ended; None if the task is none.
    :param plan: the plan; None if there is none.
    :param files: the paths of the task's files, by what they are.
    :param notes: sentences about what cannot be shown.
    """

    outcomes: PublishedSummary | None = None
    users: dict[str, int] = field(default_factory=dict)
    leave_types: dict[str, int] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    audit: PublishedAudit | None = None
    plan: ShownPlan | None = None
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def render_page(page: LeavePage) -> str:
    """Return a complete HTML document that loads nothing else."""
    rejected = page.outcomes.rejected if page.outcomes else 0
    published = page.outcomes or page.audit
    return TEMPLATES.get_template("leave.html.jinja").render(
        source=published.source if published else None,
        outcomes=page.outcomes,
        statuses=list(LABELS.items()),
        labels=LABELS,
        users=list(largest_counts_first(page.users).items()),
        leave_types=list(largest_counts_first(page.leave_types).items()),
        most_listed=MOST_LISTED,
        rejected=page.rejected,
        more_rejected=max(rejected - len(page.rejected), 0),
        audit=page.audit,
        to_do=_to_do(page.audit) if page.audit else [],
        plan=page.plan,
        files=list(page.files.items()),
        notes=page.notes,
        **(_drawn(page.plan) if page.plan else {}),
    )


def _to_do(audit: PublishedAudit) -> list[tuple[str, int, str]]:
    """Return what an audit found, how much of it, and what to do about it."""
    counts = audit.counts
    return [(name, counts[name], text) for name, text in WHAT_TO_DO.items() if counts.get(name) and name != "confirmed"]


def _drawn(plan: ShownPlan) -> dict[str, Any]:
    if plan.overview:
        return overview_to_draw(plan.overview, plan.counts)
    return plan_to_draw(plan.rows, plan.counts)


def render_problem(problem: str) -> str:
    """Return a complete HTML document that says why there is nothing to see."""
    return TEMPLATES.get_template("leave_problem.html.jinja").render(problem=problem)
