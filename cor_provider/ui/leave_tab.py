"""Gathers what the tab shows of one task instance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cor_provider.audit.published import read_published_audit
from cor_provider.results.published import read_published
from cor_provider.task.published_files import PUBLISHED_FILES
from cor_provider.ui.contents import read_plan, read_rejected, read_summary
from cor_provider.ui.page import NO_LEAVE, NO_REPORT, LeavePage
from cor_provider.ui.published import PublishedFiles, TaskKey, UnavailableError
from cor_provider.ui.task_instance import TaskInstance

SHOWN_FILES = ("report", "plan", "rejected", "audit", "audit_page")
"""The others lie beside them."""


def gather(key: TaskKey, task_instance: TaskInstance) -> LeavePage:
    """Return what the tab shows; what cannot be read is a note on the page."""
    outcomes = read_published(task_instance.xcoms["summary"])
    files = PublishedFiles(_mapping(task_instance.xcoms["files"]), task_instance.rendered)
    if outcomes is None:
        audit = read_published_audit(task_instance.xcoms["audit"])
        page = LeavePage(audit=audit, notes=[] if audit else [NO_LEAVE])
        if audit:
            _add_paths(page, files)
        return page
    page = LeavePage(outcomes)
    _add_paths(page, files)
    if "report" in files:
        _add_report(page, files, key)
    elif outcomes.rejected:
        page.notes.append(NO_REPORT)
    if "plan" in files:
        with _noting(page):
            page.plan = read_plan(files.path("plan"), outcomes.plan_id)
    return page


def _add_report(page: LeavePage, files: PublishedFiles, key: TaskKey) -> None:
    with _noting(page):
        page.outcomes = summary = read_summary(files.summary_path(), key)
        page.users, page.leave_types = summary.users, summary.leave_types
        if summary.rejected:
            page.rejected = read_rejected(files.path("report"))


def _add_paths(page: LeavePage, files: PublishedFiles) -> None:
    for kind in SHOWN_FILES:
        if kind in files:
            with _noting(page):
                page.files[PUBLISHED_FILES[kind].label] = files.shown_path(kind)


@contextmanager
def _noting(page: LeavePage) -> Iterator[None]:
    """Note on the page what cannot be shown, once."""
    try:
        yield
    except UnavailableError as error:
        if str(error) not in page.notes:
            page.notes.append(str(error))


def _mapping(xcom: object) -> dict[str, Any]:
    return xcom if isinstance(xcom, dict) else {}
