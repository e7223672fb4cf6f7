"""A dry run of a DAG that extracts leave: its log shows the first leaves as COR would get them, and nothing is sent."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from cor_provider._compat import AirflowSkipException, Context, Param, get_current_context
from cor_provider.inputs.leaves import iter_leave_keys, iter_leaves
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave

__all__ = ["dry_run_params", "show_dry_run"]

log = logging.getLogger(__name__)

MOST_SHOWN = 10
"""Leaves of each kind: those to send, those that would be rejected, those to delete."""

SHOWS = ("ids", "dates")
"""What the reader may choose to see."""


def dry_run_params() -> dict[str, Param]:
    """Return the trigger parameters for the ``params`` of a DAG whose extract ends with :func:`show_dry_run`."""
    return {
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Show the first ten leaves in the log of the extract, and send nothing",
        ),
        "dry_run_shows": Param(
            [],
            type=["array", "null"],
            items={"type": "string", "enum": [*SHOWS]},
            examples=[*SHOWS],
            title="Shown in a dry run",
            description="ids, dates or both; otherwise only their form. They are personal data: the log keeps them",
        ),
    }


def show_dry_run(
    leave_requests: object,
    *,
    deletes: object = None,
    source: str | None = None,
    timezone: str | None = None,
    context: Context | None = None,
) -> None:
    """
    In a dry run, log the first ten leaves as COR would get them, and skip this task and those after it.

    Otherwise, return. Call it where the extract ends, with what the next tasks would send. Leave that the push would
    reject without asking COR is shown with the reason. Letters of ids are shown as ``x``, their digits as ``9``, and
    dates as ``YYYY-MM-DD``, unless the reader of the log chooses to see them.

    :param leave_requests: as the operators take them; mostly the path of the extract.
    :param deletes: likewise, what a ``DeleteLeaveOperator`` would get.
    :param source: ``metadata.source`` as the operator has it; None if it is that of the Connection.
    :param timezone: as the operator has it.
    :param context: the task's context; by default that of the running task.
    :raises AirflowSkipException: in a dry run.
    """
    params = (get_current_context() if context is None else context)["params"]
    if not params.get("dry_run"):
        return
    view = _View(params.get("dry_run_shows") or (), source)
    view.show("sent", iter_leaves(leave_requests, timezone=timezone), view.payload)
    if deletes is not None:
        view.show("deleted", iter_leave_keys(deletes), view.key)
    raise AirflowSkipException("This was a dry run: nothing was sent to COR.")


class _View:
    """What the reader of the log sees of leave."""

    def __init__(self, shows: Iterable[str], source: str | None) -> None:
        self._shows = frozenset(shows)
        self._source = source or "(that of the Connection)"

    def show(self, what: str, leaves: Iterable[Any], describe: Callable[[Any], dict[str, Any]]) -> None:
        """
        Log the first leaves, and how many there are.

        :param what: what would become of them.
        """
        fine: list[str] = []
        refused: list[str] = []
        received = 0
        for received, leave in enumerate(leaves, start=1):  # noqa: B007  # the count stays
            if isinstance(leave, UnreadableLeave):
                refused.append(self._refusal(leave))
            elif len(fine) < MOST_SHOWN:
                fine.append(json.dumps(describe(leave), ensure_ascii=False))
        log.info("Dry run: %s leaves would be %s.%s", received - len(refused), what, _beneath(fine))
        if refused:
            log.info("Dry run: %s would be rejected.%s", len(refused), _beneath(refused[:MOST_SHOWN]))

    def payload(self, leave: LeaveRequest) -> dict[str, Any]:
        """Return what COR would get to create a leave."""
        payload = leave.to_payload(self._source)
        payload |= {key: self._id(payload[key]) for key in ("id", "userId")}
        if "dates" not in self._shows:
            payload |= {key: f"YYYY-MM-DD{payload[key][10:]}" for key in ("start", "end")}
        return payload

    def key(self, leave: LeaveKey) -> dict[str, Any]:
        """Return what COR would get to delete a leave."""
        return {"metadata": {"source": self._source}, "id": self._id(leave.id), "userId": self._id(leave.user_id)}

    def _id(self, text: str) -> str:
        """Return an id as the reader may see it; an id of a day's leave may have a date in it."""
        if "ids" in self._shows:
            return text if "dates" in self._shows else _DATE.sub("YYYY-MM-DD", text)
        return _DIGIT.sub("9", _LETTER.sub("x", "".join(one for one in text if not unicodedata.combining(one))))

    def _refusal(self, leave: UnreadableLeave) -> str:
        return f"{self._id(leave.id) if leave.id else '(no id)'}: {leave.error.name}: {leave.error.message}"


def _beneath(lines: list[str]) -> str:
    return "".join(f"\n  {line}" for line in lines)


_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
