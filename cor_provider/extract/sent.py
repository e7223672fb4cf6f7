"""Remember what leave was sent to COR, and whose it was, for extracts that read only what changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from cor_provider import _files
from cor_provider.exceptions import (
    CorDeleteGuardError,
    CorUnreadableRowError,
    CorUserNotFoundError,
    CorValidationError,
)
from cor_provider.extract.json_lines import write_lines
from cor_provider.leave import read_external_id

__all__ = ["SentLeave"]

log = logging.getLogger(__name__)


class SentLeave:
    """
    What an extract has handed to COR: the external id of each leave and of its user, in a file of JSON Lines.

    HR shows only what it has now. With this, a run finds leave that HR no longer approves, even if its row is gone, and
    deletes it as the user's whose it was when it was sent: an employee's id may have changed since. And what is read
    twice is sent once. A lost file is no loss of leave: all of it is sent again, but what HR gave up in between stays
    in COR.

    Call :meth:`begin` before leave is sent, and :meth:`settle` afterwards, in a task that also runs if the push failed
    (``trigger_rule="none_skipped"``). Allow one run at a time (``max_active_runs=1``).

    :param path: path or URI of the file, personal data. Keep it when old runs are deleted.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        if (content := _files.read(_files.locate(path))) is None:
            log.warning("There is no %s yet. So no leave is known to have been sent: all of it counts as new.", path)
        self._rows: dict[str, dict[str, Any]] = {row["id"]: row for row in _parse_lines(content)}

    @property
    def taken(self) -> list[str]:
        """The external ids of the leaves that COR has as they were sent last."""
        return [leave_id for leave_id, row in self._rows.items() if row["taken"]]

    def changed(self, leave_requests: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the leave requests that COR has not taken as they are, for :meth:`begin` and the push."""
        taken = {row["digest"] for row in self._rows.values() if row["taken"]}
        return [leave for leave in leave_requests if _digest(leave) not in taken]

    def gone(self, current: Collection[str], *, max_deletes: int) -> list[dict[str, Any]]:
        """
        Return what to delete from COR: the leave requests that were sent, and that HR no longer has.

        Where it is not certain whose leave COR has, the user to whom it was sent last comes first, and the one before
        in the next run.

        :param current: the external ids of all leave that HR has approved, whenever that was, as they are sent.
        :param max_deletes: how many may be gone at once. More look like an extract that is not complete.
        :raises CorDeleteGuardError: if there are more, or if HR has no leave at all.
        """
        current = {read_external_id("id", one) for one in current}
        if self._rows and not current:
            raise CorDeleteGuardError(
                f"HR has no leave, but {len(self._rows)} leaves were sent to COR. Nothing was sent. Check the query, "
                "and that the database is complete."
            )
        gone = [{"id": one, "user_id": row["users"][-1]} for one, row in self._rows.items() if one not in current]
        if len(gone) > max_deletes:
            raise CorDeleteGuardError(
                f"HR no longer has {len(gone)} of {len(self._rows)} leaves that were sent to COR, more than "
                f"max_deletes={max_deletes}. Nothing was sent. Check that the query finds all leave; if it does, raise "
                "max_deletes."
            )
        return gone

    def begin(self, leave_requests: Iterable[Mapping[str, Any]], gone: Iterable[Mapping[str, Any]] = ()) -> None:
        """
        Remember leave that is about to be sent or deleted: if the run is cut off, nobody knows whether COR has it.

        :param leave_requests: as they are written for the push. What it will reject for its ids is left out.
        :param gone: as :meth:`gone` has returned it.
        """
        for leave in leave_requests:
            with suppress(CorValidationError, CorUnreadableRowError):
                leave_id, user_id = (read_external_id(name, leave[name]) for name in ("id", "user_id"))
                users = self._rows.get(leave_id, {"users": []})["users"]
                users = [*(user for user in users if user != user_id), user_id]
                self._rows[leave_id] = {"id": leave_id, "users": users, "digest": _digest(leave), "taken": False}
        for leave in gone:
            self._rows[leave["id"]]["taken"] = False
        self._write()

    def settle(self, leave_requests: str, reports: Iterable[str]) -> None:
        """
        Remember what became of a run.

        If an old run is cleared, COR may have older leave again. So that leave counts as not taken, and is sent again.

        :param leave_requests: path or URI of the file of JSON Lines that was pushed.
        :param reports: paths or URIs of the reports of its pushes and deletions.
        """
        pushed = {str(row["id"]): row for row in _read_lines(leave_requests)}
        for outcome in (row for report in reports for row in _read_lines(report)):
            row = self._rows.get(outcome["id"])
            if row and outcome["status"] == "deleted":
                self._forget(row, outcome["error"])
            elif row and outcome["id"] in pushed:
                _settle(row, outcome["status"], pushed[outcome["id"]])
        self._write()

    def _forget(self, row: dict[str, Any], error: str | None) -> None:
        """Forget leave that is deleted, unless COR may have it as that of another user to whom it was sent before."""
        if error == CorUserNotFoundError.default_name and len(row["users"]) > 1:
            row["users"].pop()
        else:
            del self._rows[row["id"]]

    def _write(self) -> None:
        write_lines(self._path, self._rows.values())


def _settle(row: dict[str, Any], status: str, leave: Mapping[str, Any]) -> None:
    user_id = str(leave["user_id"])
    others = [user for user in row["users"] if user != user_id]
    if status in {"created", "updated", "existing"}:
        row["taken"] = row["digest"] == _digest(leave)
        row["users"] = [user_id] if row["taken"] else [*others, user_id]
    elif status in {"rejected", "not_sent"} and others:  # COR still has it as before
        row["users"] = others


def _digest(leave: Mapping[str, Any]) -> str:
    return sha256(json.dumps(leave, sort_keys=True).encode()).hexdigest()[:32]


def _read_lines(path: str) -> list[dict[str, Any]]:
    return _parse_lines(_files.read(_files.locate(path)))


def _parse_lines(content: bytes | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (content or b"").split(b"\n") if line.strip()]
