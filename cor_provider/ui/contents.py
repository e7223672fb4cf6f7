"""What is read of a task's files: nothing but summaries, reports and plans of this provider, and not without end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.outcome import Status
from cor_provider.results.published import PublishedSummary
from cor_provider.sync.by_user import Overview, by_user
from cor_provider.sync.page import MOST_DRAWN, is_drawn
from cor_provider.sync.plan_row import PlanRow
from cor_provider.sync.window import Window
from cor_provider.ui.published import TaskKey, UnavailableError

MOST_BYTES = 32 * 2**20
"""What is read of a file at most. A report of a million rows is longer; its summary has their counts."""

MOST_BYTES_OF_PLAN = 128 * 2**20
"""What is read of a plan at most: some 400,000 operations, which take some seconds."""

MOST_REJECTED = 200
"""How many rejected records are shown."""

LONGEST_LINE = 64 * 2**10

COMMANDS = {"summary": "report", "report": "report", "plan": "plan"}
"""The commands that show what is too long for the tab."""


class SummaryFile(PublishedSummary):
    """The file of a summary, which names the task instance that wrote it, and people."""

    format: Literal["airflow-provider-cor summary"]
    task: dict[str, Any]
    users: dict[str, int] = Field(default_factory=dict)
    leave_types: dict[str, int] = Field(default_factory=dict)


class Rejected(BaseModel):
    """A rejected record in a report."""

    id: str | None
    status: Status
    error: str | None
    message: str | None
    position: int | None


COUNTED = ("create", "may_overwrite", "update", "delete", "forget")


@dataclass
class ShownPlan:
    """
    What is shown of a plan.

    :param rows: its operations, the first :data:`~cor_provider.sync.page.MOST_DRAWN` of them.
    :param counts: the number of operations of each kind.
    :param window: the days that the sync owns; None if the plan is empty.
    :param overview: the totals and the largest changes, if there are more than these rows.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    window: Window | None = None
    overview: Overview | None = None


def read_summary(path: ObjectStoragePath, key: TaskKey) -> SummaryFile:
    """
    Read the summary of a push.

    :param key: the task instance that must have written it.
    :raises UnavailableError: if it cannot be read, is something else, or another task instance has written it.
    """
    content = b"".join(_lines(path, "summary", MOST_BYTES, whole=True))
    try:
        summary = SummaryFile.model_validate_json(content)
    except ValidationError:
        raise _not_ours("summary of the report") from None
    if summary.task != vars(key):
        raise _overwritten("report")
    return summary


def read_rejected(path: ObjectStoragePath) -> list[Rejected]:
    """
    Read the first rejected records of a report.

    :raises UnavailableError: if it cannot be read, or is something else.
    """
    found: list[Rejected] = []
    for line in _lines(path, "report", MOST_BYTES):
        try:
            row = json.loads(line)
            if row["status"] == "rejected":
                found.append(Rejected.model_validate(row))
        except (ValueError, LookupError, TypeError):  # pydantic's is a ValueError
            raise _not_ours("report") from None
        if len(found) == MOST_REJECTED:
            break
    return found


def read_plan(path: ObjectStoragePath, plan_id: str | None) -> ShownPlan:
    """
    Read a plan.

    :param plan_id: the id of the plan that the task has published.
    :raises UnavailableError: if it cannot be read, is something else, or is another plan.
    """
    plan = ShownPlan()
    try:
        with by_user(_noted(plan, path, plan_id)) as changes:
            if not is_drawn(plan.counts):
                plan.overview = changes.overview()
    except sqlite3.Error:
        raise UnavailableError("Airflow's API server has no room for the plan in its temporary folder.") from None
    return plan


def _noted(plan: ShownPlan, path: ObjectStoragePath, plan_id: str | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a plan, and note in it what of them is shown."""
    for line in _lines(path, "plan", MOST_BYTES_OF_PLAN, whole=True):
        row, plan.window = _plan_row(line)
        if row.plan != plan_id:
            raise _overwritten("plan")
        plan.counts[row.operation] += 1
        plan.counts["may_overwrite"] += row.may_overwrite
        shown = row.model_dump(mode="json", exclude_none=True)
        if len(plan.rows) < MOST_DRAWN:
            plan.rows.append(shown)
        yield shown


def _plan_row(line: bytes) -> tuple[PlanRow, Window]:
    try:
        row = PlanRow.model_validate_json(line)
        return row, _read_window(row.window)
    except Exception:  # noqa: BLE001  # pydantic's error, and that of the window, would quote the content
        raise _not_ours("plan") from None


@lru_cache(maxsize=1)  # all rows of a plan have the same
def _read_window(text: str) -> Window:
    return Window.read(text)


def _lines(path: ObjectStoragePath, what: str, most_bytes: int, *, whole: bool = False) -> Iterator[bytes]:
    """
    Yield the lines of a file.

    :param most_bytes: of what is read of it.
    :param whole: whether a part of the file is of no use.
    :raises UnavailableError: with the reason, which says nothing of the content.
    """
    place = _files.on_disk(path)
    if place is not None and not place.is_file():  # a pipe would keep us waiting
        raise _missing(what)
    left = most_bytes
    try:
        with path.open("rb") as file:
            while left > 0 and (line := file.readline(LONGEST_LINE)):
                left -= len(line)
                yield line
            if whole and left <= 0:
                raise UnavailableError(
                    f"The {what} is too long to be shown here. Use: python -m cor_provider {COMMANDS[what]} FILE."
                )
    except UnavailableError:
        raise
    except FileNotFoundError:
        raise _missing(what) from None
    except PermissionError:
        raise UnavailableError(
            f"Airflow's API server may not read the {what}. Let it run as the workers' user, or use an object store."
        ) from None
    except Exception as error:  # noqa: BLE001  # clients of object stores raise all kinds
        raise UnavailableError(f"Airflow's API server cannot read the {what}: {type(error).__name__}.") from None


def _missing(what: str) -> UnavailableError:
    return UnavailableError(
        f"The {what} is not there: it was deleted, or Airflow's API server does not see the disk of the workers."
    )


def _not_ours(what: str) -> UnavailableError:
    return UnavailableError(f"The file is not a {what} that this version of the provider wrote, so it is not shown.")


def _overwritten(what: str) -> UnavailableError:
    return UnavailableError(
        f"Another task has overwritten this {what}. To keep one for each, put {{{{ run_id }}}} into its path, and "
        f"{{{{ ti.map_index }}}} if the task is mapped."
    )
