"""Operators that create, update, delete, sync and audit leave in COR."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.inputs.leaves import iter_leave_keys
from cor_provider.inputs.translation import KEY_FIELDS
from cor_provider.operators.audit import AuditLeavesOperator
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.sync import SyncLeavesOperator
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.options import IfExists, IfMissing, IfMissingOnUpdate, PushOptions, check_choice

__all__ = [
    "AuditLeavesOperator",
    "CreateLeaveOperator",
    "DeleteLeaveOperator",
    "SyncLeavesOperator",
    "UpdateLeaveOperator",
]


class CreateLeaveOperator(LeaveOperator):
    """
    Create leave in COR, and report the outcome of every leave request.

    It is safe to run again: COR refuses an external id that it already has.

    :param leave_requests: one mapping, a list of them, an upstream task's output, JSON text (it starts with ``[`` or
        ``{``), a data frame of pandas, polars or pyarrow, or the path or URI of a ``.json``, ``.jsonl``, ``.csv``,
        ``.xlsx`` or ``.parquet`` file, also packed by gzip (templated). See :class:`~cor_provider.leave.LeaveRequest`
        for the keys of a mapping. None and an empty input are a no-op.
    :param source: COR's ``metadata.source``; by default, the Extra ``source`` of the Connection (templated).
    :param cor_conn_id: the Airflow Connection of type ``cor`` (templated).
    :param if_exists: what to do with leave whose external id COR already has. ``"skip"``: it is ``existing``.
        ``"update"``: it is overwritten. ``"fail"``: it is ``rejected``.
    :param columns: the input's names of the fields, such as ``{"id": "Request No", "user_id": "Employee"}``
        (templated). A field that is not in it keeps its own name. ``id`` may have a list of columns, for an input that
        has no id: their values make one. A mapping, or its JSON text.
    :param values: for each field, COR's values by the input's, such as ``{"leave_type_id": {"Sick": "absence"}}``
        (templated). ``"*"`` stands for every other value; without it, they are sent as they are.
    :param date_format: the form of dates that are not ISO 8601, as of ``strptime``: ``%d/%m/%Y`` (templated).
    :param timezone: IANA name of the zone for times without an offset, such as ``Europe/Madrid`` (templated).
    :param max_rejected: how many rejected leave requests the task tolerates before it fails (templated).
    :param max_rejected_fraction: the share of rejected leave requests, 0 to 1, that it tolerates even if they are more
        than ``max_rejected`` (templated). If everything is rejected, the task fails in any case.
    :param concurrency: how many requests may be under way at once.
    :param report_path: path or URI of a JSON Lines file with a row for every leave request:
        ``{"id", "status", "cor_id", "cor_user_id", "error", "message", "attempts", "position"}`` (templated). It
        replaces an existing file, but never the input, another output or a ledger.
    :param rejected_path: path or URI of a ``.csv``, ``.jsonl`` or ``.xlsx`` file for the rejected records, as they were
        handed in, with the columns ``error`` and ``message`` in front (templated). Correct them there, and give the
        file to a task with the same parameters. If nothing is rejected, there is no file, and an older one is deleted.
    :param validate_only: read and check everything, send nothing.
    :param max_attempts: how many times one leave request is sent before the push gives up; a 429 does not count.
    :param max_wait: how many seconds the push may spend waiting in total.
    :param retry_policy: when to try again after a failure, on Airflow 3.3 and later; by default ``CorRetryPolicy``.
    :param map_index_template: the name of a mapped task; by default its file, or its external leave ids.
    :return: the counts ``{"received", "created", "updated", "existing", "rejected", "failed", "not_sent", "report"}``.
        The XCom ``rejected`` holds the first 100 rejected as ``{"id", "error", "message"}``. Both are pushed before the
        task raises.
    :raises CorPushIncompleteError: if leave ``failed`` or was ``not_sent``; Airflow retries the task, which sends it.
    :raises CorLeavesRejectedError: if more leave requests were rejected than tolerated; Airflow does not retry.
    :raises CorConfigurationError: if every leave request would fail for the same reason; Airflow does not retry.
    """

    statuses = ("created", "updated", "existing", "rejected", "failed", "not_sent")
    decided_by = ("if_exists",)
    repeated = "existing"

    def __init__(
        self,
        *,
        leave_requests: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        if_exists: IfExists = "skip",
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        date_format: str | None = None,
        timezone: str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        validate_only: bool = False,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        **kwargs: Any,
    ) -> None:
        check_choice("if_exists", if_exists, IfExists)
        super().__init__(
            leave_requests=leave_requests,
            source=source,
            cor_conn_id=cor_conn_id,
            columns=columns,
            values=values,
            date_format=date_format,
            timezone=timezone,
            max_rejected=max_rejected,
            max_rejected_fraction=max_rejected_fraction,
            concurrency=concurrency,
            report_path=report_path,
            rejected_path=rejected_path,
            validate_only=validate_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        self.if_exists = if_exists

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[LeaveOutcome]:
        """Create leave."""
        return hook.create_leaves(records, if_exists=self.if_exists, **patience)


class UpdateLeaveOperator(LeaveOperator):
    """
    Replace leave that COR has, and report the outcome of every leave request.

    It is safe to run again: it sends the same leave again. For the parameters that are missing here, see
    :class:`CreateLeaveOperator`.

    :param leave_requests: as for :class:`CreateLeaveOperator` (templated).
    :param if_missing: what to do with leave whose external id COR does not have. ``"create"``: it is created.
        ``"skip"``: it is ``unchanged``, and the report has the error that explains it. ``"fail"``: it is ``rejected``.
    :return: the counts ``{"received", "created", "updated", "unchanged", "rejected", "failed", "not_sent", "report"}``.
        An external id that the input repeats is ``unchanged`` too.
    """

    statuses = ("created", "updated", "unchanged", "rejected", "failed", "not_sent")
    decided_by = ("if_missing",)
    repeated = "unchanged"

    def __init__(
        self,
        *,
        leave_requests: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        if_missing: IfMissingOnUpdate = "create",
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        date_format: str | None = None,
        timezone: str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        validate_only: bool = False,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        **kwargs: Any,
    ) -> None:
        check_choice("if_missing", if_missing, IfMissingOnUpdate)
        super().__init__(
            leave_requests=leave_requests,
            source=source,
            cor_conn_id=cor_conn_id,
            columns=columns,
            values=values,
            date_format=date_format,
            timezone=timezone,
            max_rejected=max_rejected,
            max_rejected_fraction=max_rejected_fraction,
            concurrency=concurrency,
            report_path=report_path,
            rejected_path=rejected_path,
            validate_only=validate_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        self.if_missing = if_missing

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[LeaveOutcome]:
        """Replace leave."""
        return hook.update_leaves(records, if_missing=self.if_missing, **patience)


class DeleteLeaveOperator(LeaveOperator):
    """
    Delete leave from COR, and report the outcome of every leave request.

    It is safe to run again, except with ``if_missing="fail"``, which rejects leave that an earlier try deleted. For the
    parameters that are missing here, see :class:`CreateLeaveOperator`.

    :param leave_requests: as for :class:`CreateLeaveOperator` (templated), except that only ``id`` and ``user_id`` of
        each are read, so ``timezone`` has no effect.
    :param if_missing: what to do with leave whose external id or user COR does not have. ``"skip"``: it is ``deleted``,
        and the report names COR's error, since a wrong user id looks the same. ``"fail"``: it is ``rejected``, unless
        the response to an earlier attempt was lost and the user exists.
    :return: the counts ``{"received", "deleted", "rejected", "failed", "not_sent", "report"}``.
    """

    statuses = ("deleted", "rejected", "failed", "not_sent")
    decided_by = ("if_missing",)
    repeated = "deleted"
    fields = KEY_FIELDS

    def __init__(
        self,
        *,
        leave_requests: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        if_missing: IfMissing = "skip",
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        date_format: str | None = None,
        timezone: str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        validate_only: bool = False,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        **kwargs: Any,
    ) -> None:
        check_choice("if_missing", if_missing, IfMissing)
        super().__init__(
            leave_requests=leave_requests,
            source=source,
            cor_conn_id=cor_conn_id,
            columns=columns,
            values=values,
            date_format=date_format,
            timezone=timezone,
            max_rejected=max_rejected,
            max_rejected_fraction=max_rejected_fraction,
            concurrency=concurrency,
            report_path=report_path,
            rejected_path=rejected_path,
            validate_only=validate_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        self.if_missing = if_missing

    def read(self, records: object) -> Iterator[Any]:
        """Read the ids that a delete needs."""
        return iter_leave_keys(records, **self.reading)

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[LeaveOutcome]:
        """Delete leave."""
        return hook.delete_leaves(records, if_missing=self.if_missing, **patience)
