"""The files that a task publishes in its XCom ``files``, and what readers of its log and of the tab call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class PublishedFile(NamedTuple):
    """
    A kind of file.

    :param label: what readers call it.
    :param parameter: the operator's parameter that names it, or the file that it lies beside.
    """

    label: str
    parameter: str


PUBLISHED_FILES: Mapping[str, PublishedFile] = {
    "report": PublishedFile("Report", "report_path"),
    "summary": PublishedFile("Summary of the report", "report_path"),
    "plan": PublishedFile("Plan", "plan_path"),
    "plan_page": PublishedFile("Page of the plan", "plan_path"),
    "users_plan": PublishedFile("Plan of users", "plan_path"),
    "users_plan_page": PublishedFile("Page of the plan of users", "plan_path"),
    "rejected": PublishedFile("Rejected records", "rejected_path"),
    "audit": PublishedFile("Report", "report_path"),
    "audit_page": PublishedFile("Page of the report", "report_path"),
}
"""By the names in the XCom, in the order in which they are shown."""


def log_files(log: Any, files: Mapping[str, str]) -> None:
    """
    Log where the files are.

    :param log: the task's logger.
    :param files: the paths of the files that the task has written, by their kind.
    """
    for kind, file in PUBLISHED_FILES.items():
        if path := files.get(kind):
            log.info("%s: %s", file.label, path)
