"""Operators that put leave into COR, change it there and take it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cor_provider.hooks.cor_integrations import (
    CorIntegrationsHook,
    IfExists,
    IfMissing,
    IfMissingOnUpdate,
    check_choice,
)
from cor_provider.inputs.leaves import iter_leave_keys
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.sync import SyncLeavesOperator
from cor_provider.outcome import LeaveOutcome

__all__ = ["CreateLeaveOperator", "DeleteLeaveOperator", "SyncLeavesOperator", "UpdateLeaveOperator"]


class CreateLeaveOperator(LeaveOperator):
    """
    Create leave in COR, and account for every leave request.

    Running the task again is safe: the external id is the key, and COR refuses one that it has.

    :param leave_requests: one mapping, a list of them, an upstream task's output, JSON text (it starts with ``[`` or
        ``{``), or the path or URI of a ``.json``, ``.jsonl``, ``.csv`` or ``.parquet`` file (templated). What a mapping
        may hold is told by :class:`~cor_provider.leave.LeaveRequest`. None and an empty input are nothing to do.
    :param source: COR's ``metadata.source``; the Connection's extra ``source`` by default (templated).
    :param cor_conn_id: the Airflow Connection of type ``cor`` (templated).
    :param if_exists: what to do about an external id that COR has. ``"skip"``: it is ``existing``. ``"update"``: it is
        overwritten. ``"fail"``: it is ``rejected``.
    :param max_rejected: how many rejected leave requests the task tolerates before it fails.
    :param concurrency: how many requests may be under way at once.
    :param timezone: IANA name of the zone of times that carry no offset, such as ``Europe/Madrid`` (templated).
    :param report_path: path or URI of a JSON Lines file with a row for every leave request:
        ``{"id", "status", "cor_id", "error", "message", "attempts", "position"}`` (templated). It takes the place of a
        file that is there, but never of the input, another output or a ledger, however the paths are spelt.
    :param validate_only: read and check everything, send nothing.
    :param max_attempts: how often one leave request is sent before the push gives up; a 429 does not count.
    :param max_wait: seconds that the push may spend waiting in all.
    :param retry_policy: what a failure means for the next try, on Airflow 3.3 and later; ``CorRetryPolicy`` by default.
    :param map_index_template: what a mapped task is called; by default by its file, or its external leave ids.
    :return: the counts ``{"received", "created", "updated", "existing", "rejected", "failed", "not_sent", "report"}``.
        The XCom ``rejected`` holds the first 100 of these as ``{"id", "error", "message"}``. Both are there before the
        task raises.
    :raises CorPushIncompleteError: if leave is not settled; Airflow retries the task, which sends the rest.
    :raises CorLeavesRejectedError: if more leave requests were rejected than tolerated; a retry could not help.
    :raises CorConfigurationError: if every leave request would fail alike; a retry could not help.
    """

    statuses = ("created", "updated", "existing", "rejected", "failed", "not_sent")
    decided_by = ("if_exists",)
    repeated = "existing"

    def __init__(self, *, if_exists: IfExists = "skip", **kwargs: Any) -> None:
        check_choice("if_exists", if_exists, IfExists)
        super().__init__(**kwargs)
        self.if_exists = if_exists

    def send(self, leaves: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Iterable[LeaveOutcome]:
        """Create leave."""
        return hook.create_leaves(leaves, if_exists=self.if_exists, **patience)


class UpdateLeaveOperator(LeaveOperator):
    """
    Replace leave that COR has, and account for every leave request.

    Running the task again is safe: it sends the same again. What is not told here is as :class:`CreateLeaveOperator`
    tells it.

    :param leave_requests: as for :class:`CreateLeaveOperator` (templated).
    :param if_missing: what to do about an external id that COR does not have. ``"create"``: it is created. ``"skip"``:
        it is ``unchanged``, with the error that says why in the report. ``"fail"``: it is ``rejected``.
    :return: the counts ``{"received", "created", "updated", "unchanged", "rejected", "failed", "not_sent", "report"}``.
        An external id that the input repeats is ``unchanged`` too.
    """

    statuses = ("created", "updated", "unchanged", "rejected", "failed", "not_sent")
    decided_by = ("if_missing",)
    repeated = "unchanged"

    def __init__(self, *, if_missing: IfMissingOnUpdate = "create", **kwargs: Any) -> None:
        check_choice("if_missing", if_missing, IfMissingOnUpdate)
        super().__init__(**kwargs)
        self.if_missing = if_missing

    def send(self, leaves: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Iterable[LeaveOutcome]:
        """Replace leave."""
        return hook.update_leaves(leaves, if_missing=self.if_missing, **patience)


class DeleteLeaveOperator(LeaveOperator):
    """
    Delete leave from COR, and account for every leave request.

    Running the task again is safe, but with ``if_missing="fail"``, which rejects what an earlier try deleted. What is
    not told here is as :class:`CreateLeaveOperator` tells it.

    :param leave_requests: as for :class:`CreateLeaveOperator` (templated), but that ``id`` and ``user_id`` are all that
        is read of each; so ``timezone`` changes nothing.
    :param if_missing: what to do about an external id that COR does not have, or whose user it does not have: with the
        user gone the leave is gone. ``"skip"``: it is ``deleted``, with the error that says why in the report: a wrong
        user may be behind it. ``"fail"``: it is ``rejected``, unless an answer was lost before and the user is there.
    :return: the counts ``{"received", "deleted", "rejected", "failed", "not_sent", "report"}``.
    """

    statuses = ("deleted", "rejected", "failed", "not_sent")
    decided_by = ("if_missing",)
    repeated = "deleted"

    def __init__(self, *, if_missing: IfMissing = "skip", **kwargs: Any) -> None:
        check_choice("if_missing", if_missing, IfMissing)
        super().__init__(**kwargs)
        self.if_missing = if_missing

    def read(self, leave_requests: object) -> Iterator[Any]:
        """Read what is needed to delete leave."""
        return iter_leave_keys(leave_requests, on_open=self.on_open)

    def send(self, leaves: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Iterable[LeaveOutcome]:
        """Delete leave."""
        return hook.delete_leaves(leaves, if_missing=self.if_missing, **patience)
