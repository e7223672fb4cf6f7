"""How a task with leave ended, as a callback of Airflow can know it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cor_provider._compat import Context
from cor_provider.exceptions import CorError, CorLeavesRejectedError, CorPushIncompleteError, CorUsersRejectedError
from cor_provider.links import XCOM_KEY
from cor_provider.records.kinds import LEAVE
from cor_provider.results.published import read_published

PROBLEMS = ("rejected", "failed")
"""The statuses of leave requests that a notice is about."""

_OF_CAUSES = (CorLeavesRejectedError, CorUsersRejectedError, CorPushIncompleteError)
"""The errors that the causes explain."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    """
    How a task ended.

    :param task: its name and that of its DAG, for people.
    :param counts: the number of records by status, and those received.
    :param records: what the records are called.
    :param causes: why some were rejected or failed, as the XCom ``summary`` has them, largest first.
    :param error: the name of the error that ended the task before it could do its work; None if it did it.
    :param message: what that error says, if it is one of ours and so names nobody.
    :param links: pages about it, by their names.
    :param files: the files that the task has written, by their kinds.
    """

    task: str
    counts: Mapping[str, int] = field(default_factory=dict)
    records: str = LEAVE.many
    causes: Sequence[Mapping[str, Any]] = ()
    error: str | None = None
    message: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """
        What is wrong, without counts and ids; empty if nothing is.

        An error that ends a task early decides alone: how much is rejected before that is a matter of chance.
        """
        if self.error:
            return frozenset({f"task {self.error}"})
        return frozenset(f"{cause['status']} {cause['error']}" for cause in self.causes)

    @property
    def says_nothing_of_rejections(self) -> bool:
        """Whether the task did its work and there was none: what was rejected before may be so still."""
        return not self.error and self.counts.get("received") == 0


def read_ending(context: Context) -> Ending:
    """
    Read how a task ended.

    :param context: the context of a task's callback.
    """
    task_instance: Any = context["ti"]
    summary = read_published(_pull(task_instance, "summary"))
    causes = [cause.model_dump() for cause in summary.causes if cause.status in PROBLEMS] if summary else []
    error, message = _error(context, has_summary=bool(summary), has_causes=bool(causes))
    return Ending(
        task=_name(task_instance),
        counts=summary.counts if summary else {},
        records=summary.records if summary else LEAVE.many,
        causes=causes,
        error=error,
        message=message,
        links=_links(task_instance),
        files=_files(task_instance),
    )


def _error(context: Context, *, has_summary: bool, has_causes: bool) -> tuple[str | None, str]:
    """Return the name and the message of the error that ended a task early; neither if the task did its work."""
    error: Any = context.get("exception")
    if error is None and (has_summary or context["ti"].state == "success"):
        return None, ""
    if has_causes and isinstance(error, _OF_CAUSES):
        return None, ""  # the causes say it
    if isinstance(error, CorError):
        return error.name, error.message
    if isinstance(error, BaseException):
        return type(error).__name__, "See the log of the task."  # the message of another's error may name people
    return "NoResult", "The task ended without a result: its process was stopped. See its log, and run it again."


def _name(task_instance: Any) -> str:
    index = f"[{task_instance.map_index}]" if task_instance.map_index >= 0 else ""
    return f"{task_instance.task_id}{index} of {task_instance.dag_id}"


def _links(task_instance: Any) -> dict[str, str]:
    urls = {"Log": getattr(task_instance, "log_url", None), "COR": _pull(task_instance, XCOM_KEY)}
    return {name: url for name, url in urls.items() if url}


def _pull(task_instance: Any, key: str) -> Any:
    try:
        return task_instance.xcom_pull(
            task_ids=task_instance.task_id, key=key, map_indexes=task_instance.map_index, default=None
        )
    except Exception as error:  # noqa: BLE001  # a notice without it is better than none
        _log.warning("The notice lacks the XCom %s, which cannot be read: %s", key, error)
        return None


def _files(task_instance: Any) -> dict[str, str]:
    """Return the files in the XCom of ours; none if there is none, or if it is another task's of that name."""
    try:
        return TypeAdapter(dict[str, str]).validate_python(_pull(task_instance, "files"))
    except ValidationError:
        return {}
