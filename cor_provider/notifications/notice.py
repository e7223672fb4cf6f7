"""A notice: what people read when something about leave has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cor_provider.exceptions import CorDriftError
from cor_provider.notifications.ending import Ending
from cor_provider.pages.calendar import TEMPLATES
from cor_provider.records.kinds import LEAVE

News = Literal["began", "changed", "gone"]

MOST_CAUSES = 10
"""How many causes a notice lists."""

FILES = {
    "rejected": "Rejected records, to correct",
    "report": "Report",
    "plan_page": "Page of the plan",
    "audit": "Report of the audit",
    "audit_page": "HR says, COR says",
}
"""What a notice calls the files of a task, in this order."""

_FOR_TEXT = TEMPLATES.overlay(autoescape=False)
_IN_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True)
class Notice:
    """
    What a template of a notifier finds under the name ``leave``.

    :param news: ``began``, ``changed`` or ``gone``.
    """

    news: News
    ending: Ending

    @property
    def subject(self) -> str:
        """The notice in one line."""
        return " ".join(f"{self._headline}: {self.ending.task}".split())

    @property
    def text(self) -> str:
        """The notice as plain text."""
        return _FOR_TEXT.get_template("notice.txt.jinja").render(self._parts).strip()

    @property
    def slack(self) -> str:
        """The plain text, in which Slack finds no mention and no link of its own."""
        return self.text.translate(_IN_SLACK)

    @property
    def html(self) -> str:
        """The notice as an HTML document that loads nothing else."""
        return TEMPLATES.get_template("notice.html.jinja").render(self._parts)

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of leave requests by status, and those received."""
        return self.ending.counts

    @property
    def causes(self) -> Sequence[Mapping[str, Any]]:
        """Why some leave requests were rejected or failed: status, error, count, example and advice; largest first."""
        return self.ending.causes

    @property
    def links(self) -> Mapping[str, str]:
        """The URLs of pages about it, by their names."""
        return self.ending.links

    @property
    def files(self) -> Mapping[str, str]:
        """The files that the task has written, by their kinds."""
        return self.ending.files

    @property
    def _headline(self) -> str:
        if self.news == "gone":
            what = LEAVE.some if self.ending.records == LEAVE.many else self.ending.records
            return f"Nothing is wrong with {what} any more"
        if self.ending.error == CorDriftError.default_name:
            return "COR does not hold all leave as HR says"
        if self.ending.error:
            return f"{self.ending.error} stopped the task"
        received, rejected, failed = (self.counts.get(name, 0) for name in ("received", "rejected", "failed"))
        parts = [f"{self._of(rejected, received)} {'was' if rejected == 1 else 'were'} rejected"] if rejected else []
        if failed:
            failed += self.counts.get("not_sent", 0)
            parts.append(f"{failed if parts else self._of(failed, received)} could not be sent")
        return ", ".join(parts)

    @property
    def _parts(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "ending": self.ending,
            "causes": self.causes[:MOST_CAUSES],
            "left_out": max(0, len(self.causes) - MOST_CAUSES),
            "counts": [f"{count} {name.replace('_', ' ')}" for name, count in self.counts.items()],
            "files": {label: self.files[kind] for kind, label in FILES.items() if kind in self.files},
            "is_gone": self.news == "gone",
        }

    def _of(self, count: int, received: int) -> str:
        records = self.ending.records
        return f"{count} of {received} {records.removesuffix('s') if received == 1 else records}"
