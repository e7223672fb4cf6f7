"""The operator that keeps the leave of a window in step with COR."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorDeleteGuardError
from cor_provider.hooks.cor_integrations import (
    CorIntegrationsHook,
)
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.run import Run
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.push.retry import RetryLimits
from cor_provider.sync.apply import Sync
from cor_provider.sync.lease import Lease, Owner, lease_files
from cor_provider.sync.ledger import Ledger, Window
from cor_provider.sync.page import page_of, render_plan
from cor_provider.sync.plan import KEY_ADVICE, ApprovedPlan, Guards, Plan, make_plan
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.recorder import OutcomeRecorder


@dataclass(kw_only=True)
class SyncRun(Run):
    """The state of one run of a sync: whose lease it takes, and what it has planned, besides."""

    owner: Owner
    plan: Plan | None = None


class SyncLeavesOperator(LeaveOperator):
    """
    Keep the leave of a window in step with COR: what is new is created, what changed is replaced, what is gone deleted.

    COR cannot be asked what it holds, so the ledger remembers what was put there, and only leave that it remembers is
    ever deleted: if the input lacks it and it has a day in the window. What has fallen out of the window is left alone
    and forgotten. Deletes come first, then updates, then creates; leave that COR holds as it is costs no request. What
    was rejected or failed is tried again by the next run. What is not told here is as :class:`CreateLeaveOperator`
    tells it.

    :param leave_requests: all leave that should be in COR for the window (templated). A record that cannot be read is
        ``rejected``, and the leave of its external id stays as it is.
    :param window: the first and the last day, both included: two dates, or text such as ``2026-01-01/2026-12-31``
        (templated).
    :param ledger: path or URI of a folder, on a disk that all workers share or in an object store, which this sync has
        for itself: two extracts that shared one would delete each other's leave (templated).
    :param max_deletes: how many leaves may be deleted; None for any number.
    :param max_delete_fraction: which share of the leaves that the ledger holds in the window may be deleted, 0 to 1.
    :param allow_empty: whether an empty input may be meant, while the ledger is not empty.
    :param plan_only: compute and write the plan, send nothing: what would be sent is ``not_sent``, and the guards warn.
    :param reassert: send what is unchanged too, to heal what somebody changed in COR by hand.
    :param plan_path: path or URI of a JSON Lines file for the plan, with a row for every operation:
        ``{"operation", "id", "user_id", "start", "end", "digest"}`` and ``previous_…`` for what an update changes of
        these; beside it, a page that shows it on a calendar, with the suffix ``.html`` (templated).
    :param plan_shows_types: tell leave types in the plan too, which can be health data.
    :param approved_plan: path or URI of a plan that was written before: the sync does exactly that, or what an earlier
        try has left of it, or nothing (templated).
    :return: the counts ``{"received", "created", "updated", "deleted", "unchanged", "rejected", "failed", "not_sent",
        "report", "plan"}``. Each leave request counts once; deletions count in ``deleted`` besides, and nowhere else:
        those that are rejected, fail or are not sent are told by the report, whose rows have no position then, and by
        the error that ends the task. The XCom ``planned`` holds how many operations of each kind the plan had.
    :raises CorDeleteGuardError: if more would be deleted than allowed; nothing is sent, and a retry could not help.
    :raises CorPlanChangedError: if the plan is not the approved one; likewise.
    :raises CorLedgerBusyError: if another run works on the ledger; Airflow retries the task.
    :raises CorLedgerError: if the ledger cannot be read, or is about another source or COR.
    """

    statuses = ("created", "updated", "deleted", "unchanged", "rejected", "failed", "not_sent")

    repeated = "unchanged"

    template_fields: Sequence[str] = (*LeaveOperator.template_fields, "window", "ledger", "plan_path", "approved_plan")
    outputs = (*LeaveOperator.outputs, "plan_path")

    _run: SyncRun | None = None

    def __init__(
        self,
        *,
        leave_requests: Any,
        window: Any,
        ledger: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        max_deletes: int | None = None,
        max_delete_fraction: float = 0.2,
        allow_empty: bool = False,
        plan_only: bool = False,
        reassert: bool = False,
        plan_path: str | None = None,
        plan_shows_types: bool = False,
        approved_plan: str | None = None,
        max_rejected: int = 0,
        concurrency: int = 8,
        timezone: str | None = None,
        report_path: str | None = None,
        max_attempts: int = RetryLimits.max_attempts,
        max_wait: float = RetryLimits.max_wait,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            leave_requests=leave_requests,
            source=source,
            cor_conn_id=cor_conn_id,
            max_rejected=max_rejected,
            concurrency=concurrency,
            timezone=timezone,
            report_path=report_path,
            validate_only=plan_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        Guards(max_deletes, max_delete_fraction, allow_empty)
        self.window = window
        self.ledger = ledger
        self.max_deletes = max_deletes
        self.max_delete_fraction = max_delete_fraction
        self.allow_empty = allow_empty
        self.plan_only = plan_only
        self.reassert = reassert
        self.plan_path = plan_path
        self.plan_shows_types = plan_shows_types
        self.approved_plan = approved_plan

    def begin(self, leave_requests: object, context: Context) -> SyncRun:
        """Return what this run needs and remembers."""
        return SyncRun(**vars(super().begin(leave_requests, context)), owner=Owner.from_context(context))

    def written(self) -> dict[str, object]:
        """Return the files that this task writes: the plan has a page."""
        page = None
        if self.plan_path and not self._is_plan_a_page():
            with suppress(ValueError):  # no path or URI, which is told before anything is sent
                page = page_of(_files.locate(self.plan_path))
        return {**super().written(), "plan_path (its page)": page}

    def read_files(self, leave_requests: object) -> dict[str, Iterable[object]]:
        """Return the files that this task reads."""
        return {
            **super().read_files(leave_requests),
            "approved_plan": [self.approved_plan] if self.approved_plan else [],
        }

    def push(
        self, leave_requests: object, hook: CorIntegrationsHook, recorder: OutcomeRecorder, stopping: threading.Event
    ) -> None:
        """Plan, and do what was planned."""
        if self._is_plan_a_page():
            raise CorConfigurationError("plan_path: names the plan, such as plan.jsonl; its page goes to plan.html.")
        hook.get_conn()
        self._keep_ledger(self._ledger_of(hook).path)
        leaves = recorder.resume(lambda: self.read(leave_requests))
        with closing(self.send(leaves, hook, **self.patience, stopping=stopping)) as outcomes:
            recorder.record(outcomes)

    def send(self, leaves: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[LeaveOutcome]:
        """Send what the plan says, and nothing else."""
        window = Window.read(self.window)
        ledger = self._ledger_of(hook)
        if self.plan_only:
            plan = yield from self._make_plan(leaves, ledger, window)
            yield from plan.not_sent()
            return
        lease = Lease(ledger.path, self._owner)
        lease.take()
        try:
            with lease.kept(patience["stopping"]):
                plan = yield from self._make_plan(leaves, ledger, window)
                yield from Sync(hook, ledger, lease, **patience).apply(plan)
        finally:
            lease.release()

    def counts(self, tally: Tally) -> dict[str, Any]:
        """Return what the task returns."""
        deleted = self._run.recorder.deletions.counts["deleted"] if self._run else 0
        return {**super().counts(tally), "deleted": deleted, "plan": self.plan_path and str(self.plan_path)}

    def _ledger_of(self, hook: CorIntegrationsHook) -> Ledger:
        return Ledger(self.ledger, source=hook.check_source(), cor=hook.leaves_url, key=hook.ledger_key)

    def _make_plan(self, leaves: Iterator[Any], ledger: Ledger, window: Window) -> Generator[LeaveOutcome, None, Plan]:
        """Return the plan, and yield what needs no request; everything, if the plan must not be done."""
        approved = ApprovedPlan(self.approved_plan) if self.approved_plan else None
        ledger.read()
        if ledger.key_changed:
            self.log.warning("Everything is sent again, since the ledger's digests cannot be compared: %s", KEY_ADVICE)
        self._plan = plan = Plan()
        try:
            make_plan(leaves, ledger, window, reassert=self.reassert, plan=plan)
            self.log.info("The plan: %s", plan)
            self._write_plan(plan, window, ledger.source)
            self._check(plan, ledger, approved)
        except Exception:
            yield from plan.settled()
            yield from plan.not_sent()
            raise
        yield from plan.settled()
        return plan

    def _check(self, plan: Plan, ledger: Ledger, approved: ApprovedPlan | None) -> None:
        """Refuse what must not be done, or warn of it where nothing is done anyway."""
        guards = Guards(self.max_deletes, self.max_delete_fraction, self.allow_empty)
        try:
            guards.check(plan)
        except CorDeleteGuardError as error:
            if not self.plan_only:
                raise
            self.log.warning("This plan would be refused. %s", error)
        if approved:
            approved.check(plan, ledger)

    def _write_plan(self, plan: Plan, window: Window, source: str) -> None:
        if not self.plan_path:
            return
        self._this_run.files.check()
        path, rows = _files.locate(self.plan_path), plan.rows(show_types=self.plan_shows_types)
        _files.make_folder(path.parent)
        _files.replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
        if page := page_of(path):
            html = render_plan(rows, counts=plan.counts, window=window, source=source)
            _files.replace(page, html.encode())

    def _is_plan_a_page(self) -> bool:
        return str(self.plan_path or "").strip().lower().endswith(".html")

    def _keep_ledger(self, ledger: ObjectStoragePath) -> None:
        """Make sure that this task writes nothing else in the place of its ledger, or of the leases beside it."""
        files_of_task = self._this_run.files
        files_of_task.protect("ledger", ledger)
        files_of_task.protect("ledger", lease_files(ledger), is_prefix=True)
        files_of_task.check()

    @property
    def _this_run(self) -> SyncRun:
        assert self._run  # noqa: S101  # what asks for it is part of one
        return self._run

    @property
    def _owner(self) -> Owner:
        return self._this_run.owner

    @property
    def _plan(self) -> Plan | None:
        return self._run.plan if self._run else None

    @_plan.setter
    def _plan(self, plan: Plan) -> None:
        self._this_run.plan = plan

    def _checkpoint(self, *_: Any) -> Checkpoint | None:
        """Return nothing: the ledger remembers."""
        return None

    def _publish(self, context: Context, *, seconds: float, **xcoms: Any) -> None:
        planned = {"planned": self._plan.counts} if self._plan else {}
        super()._publish(context, seconds=seconds, **planned, **xcoms)
