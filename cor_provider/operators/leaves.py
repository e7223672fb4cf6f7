"""Operators that put leave into COR, change it there and take it out."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

from cor_provider import files
from cor_provider.account import Account
from cor_provider.checkpoint import Checkpoint
from cor_provider.exceptions import CorConfigurationError, CorDeleteGuardError
from cor_provider.hooks.cor_integrations import (
    CorIntegrationsHook,
    IfExists,
    IfMissing,
    IfMissingOnUpdate,
    check_choice,
)
from cor_provider.inputs import iter_leave_keys
from cor_provider.lease import Lease, Owner, lease_files
from cor_provider.ledger import Ledger, Window
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.run import Run
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.plan import KEY_ADVICE, ApprovedPlan, Guards, Plan, make_plan
from cor_provider.plan_page import page_of, render_plan
from cor_provider.sync import Sync


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
        return hook.push_leaves(leaves, if_exists=self.if_exists, **patience)


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
        return iter_leave_keys(leave_requests, opening=self.opening)

    def send(self, leaves: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Iterable[LeaveOutcome]:
        """Delete leave."""
        return hook.delete_leaves(leaves, if_missing=self.if_missing, **patience)


@dataclass(kw_only=True)
class SyncRun(Run):
    """The state of one run of a sync: whose lease it takes, and what it has planned, besides."""

    owner: Owner
    plan: Plan | None = None


class SyncLeavesOperator(LeaveOperator, without=("validate_only",)):
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
        window: Any,
        ledger: Any,
        max_deletes: int | None = None,
        max_delete_fraction: float = 0.2,
        allow_empty: bool = False,
        plan_only: bool = False,
        reassert: bool = False,
        plan_path: str | None = None,
        plan_shows_types: bool = False,
        approved_plan: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(validate_only=plan_only, **kwargs)
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
                page = page_of(files.locate(self.plan_path))
        return {**super().written(), "plan_path (its page)": page}

    def read_files(self, leave_requests: object) -> dict[str, Iterable[object]]:
        """Return the files that this task reads."""
        return {
            **super().read_files(leave_requests),
            "approved_plan": [self.approved_plan] if self.approved_plan else [],
        }

    def settle(
        self, leave_requests: object, hook: CorIntegrationsHook, account: Account, stopping: threading.Event
    ) -> None:
        """Plan, and do what was planned."""
        if self._is_plan_a_page():
            raise CorConfigurationError("plan_path: names the plan, such as plan.jsonl; its page goes to plan.html.")
        hook.get_conn()
        self._keep_ledger(self._ledger_of(hook).path)
        leaves = account.open(lambda: self.read(leave_requests))
        with closing(self.send(leaves, hook, **self.patience, stopping=stopping)) as outcomes:
            account.keep(outcomes)

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
        deleted = self._run.account.deletions.counts["deleted"] if self._run else 0
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
        path, rows = files.locate(self.plan_path), plan.rows(show_types=self.plan_shows_types)
        files.make_folder(path.parent)
        files.replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
        if page := page_of(path):
            html = render_plan(rows, counts=plan.counts, window=window, source=source)
            files.replace(page, html.encode())

    def _is_plan_a_page(self) -> bool:
        return str(self.plan_path or "").strip().lower().endswith(".html")

    def _keep_ledger(self, ledger: ObjectStoragePath) -> None:
        """Make sure that this task writes nothing else in the place of its ledger, or of the leases beside it."""
        files_of_task = self._this_run.files
        files_of_task.keep("ledger", ledger)
        files_of_task.keep("ledger", lease_files(ledger), is_beginning=True)
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
