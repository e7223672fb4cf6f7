"""The operator that keeps the leave of a window in step with COR."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from cor_provider import _files
from cor_provider._compat import Context, ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError, CorDeleteGuardError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.parameters import NOT_GIVEN, Safeguard, at_run_time, check_literal, check_switch
from cor_provider.operators.run import Run
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.options import PushOptions
from cor_provider.results.summary import Summary
from cor_provider.sync.approval import KEY_ADVICE
from cor_provider.sync.guards import Guards
from cor_provider.sync.lease import Owner, lease_files
from cor_provider.sync.ledger import Ledger, ledger_path
from cor_provider.sync.page import is_page, page_beside, page_of, write_plan_page
from cor_provider.sync.plan import Plan, UnfinishedPlanError
from cor_provider.sync.run import SyncRun
from cor_provider.sync.window import Window
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.files import try_writing
from cor_provider.task.limits import read_count, read_flag, read_fraction
from cor_provider.task.recorder import OutcomeRecorder


@dataclass(kw_only=True)
class SyncTask(Run):
    """The state of one run of a sync. In addition, it has the lease's owner and the plan."""

    owner: Owner
    plan: Plan | None = None


class SyncLeavesOperator(LeaveOperator):
    """
    Keep the leave of a window in step with COR: create what is new, replace what changed, delete what is gone.

    COR's Integrations API cannot be asked what it holds, so the ledger records the leave that the sync has put there.
    The sync deletes only leave in the ledger: if the input lacks it and it has a day in the window. If it has none, it
    stays in COR and the ledger forgets it. Deletes come first, then updates, then creates; unchanged leave costs no
    request. The next run tries rejected and failed leave again. For the parameters that are missing here, see
    :class:`CreateLeaveOperator`.

    :param leave_requests: all leave that should be in COR for the window (templated). A record that cannot be read is
        ``rejected``, and the leave with its external id stays as it is.
    :param window: the first and the last day, both included: two dates, or text such as ``2026-01-01/2026-12-31``
        (templated).
    :param ledger: path or URI of a folder on a disk that all workers share, or in an object store. Give each sync its
        own: two syncs that share one would delete each other's leave (templated).
    :param max_deletes: how many leaves may be deleted, and how many forgotten; None for any number (templated).
    :param max_delete_fraction: the share, 0 to 1, that may be deleted of the ledger's leaves in the window, and
        forgotten of all its leaves (templated). Past leave that a moving window has left behind is always forgotten.
    :param allow_empty: accept an empty input although the ledger is not empty (templated).
    :param plan_only: compute and write the plan, send nothing. Leave that would be sent is ``not_sent``, and a guard
        that would refuse the plan logs a warning.
    :param reassert: send unchanged leave too, to undo changes made by hand in COR.
    :param plan_path: path or URI of a JSON Lines file for the plan, with a row for every operation:
        ``{"operation", "id", "user_id", "start", "end", "digest", "window", "plan"}``, ``may_overwrite`` for a create,
        and ``previous_…`` for each value that an update changes. A page that shows it to people goes beside it, with
        the suffix ``.html`` (templated).
    :param plan_shows_types: show leave types in the plan too, which can be health data.
    :param approved_plan: path or URI of a plan that an earlier task wrote. The sync carries out exactly this plan, or
        its remaining operations after an interrupted try, and otherwise sends nothing. An approval is for one run
        (templated).
    :return: the counts ``{"received", "created", "updated", "deleted", "unchanged", "rejected", "failed", "not_sent",
        "report", "plan"}``. Each leave request counts once; deletions count in ``deleted`` in addition. Deletions that
        are rejected, failed or not sent are in the report, without a position, and in the error that ends the task. The
        XCom ``planned`` holds the number of operations of each kind, and of creates that may overwrite leave.
    :raises CorDeleteGuardError: if more would be deleted or forgotten than allowed. Nothing is sent; a retry cannot
        help.
    :raises CorPlanChangedError: if the plan is not the approved one. Nothing is sent; a retry cannot help.
    :raises CorLedgerBusyError: if another run is using the ledger. Airflow retries the task.
    :raises CorLedgerError: if the ledger cannot be read, was altered, or belongs to another source or COR.
    """

    statuses = ("created", "updated", "deleted", "unchanged", "rejected", "failed", "not_sent")

    repeated = "unchanged"

    template_fields: Sequence[str] = (
        *LeaveOperator.template_fields,
        *("window", "ledger", "max_deletes", "max_delete_fraction", "allow_empty", "plan_path", "approved_plan"),
    )
    outputs = (*LeaveOperator.outputs, "plan_path")

    _run: SyncTask | None = None

    def __init__(
        self,
        *,
        leave_requests: Any,
        window: Any,
        ledger: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        max_deletes: int | str | None = None,
        max_delete_fraction: float | str = Guards.max_delete_fraction,
        allow_empty: bool | str = False,
        plan_only: bool = False,
        reassert: bool = False,
        plan_path: str | None = None,
        plan_shows_types: bool = False,
        approved_plan: str | None = NOT_GIVEN,
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        date_format: str | None = None,
        timezone: str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        **kwargs: Any,
    ) -> None:
        check_switch("plan_only", plan_only)
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
            validate_only=plan_only,
            max_attempts=max_attempts,
            max_wait=max_wait,
            **kwargs,
        )
        check_literal(read_count, "max_deletes", max_deletes)
        check_literal(read_fraction, "max_delete_fraction", max_delete_fraction)
        check_literal(read_flag, "allow_empty", allow_empty)
        self.window = window
        self.ledger = ledger
        self.max_deletes = max_deletes
        self.max_delete_fraction = max_delete_fraction
        self.allow_empty = allow_empty
        self.plan_only = plan_only
        self.reassert = reassert
        self.plan_path = plan_path
        self.plan_shows_types = plan_shows_types
        self.approved_plan = None if approved_plan is NOT_GIVEN else approved_plan
        self._approval = Safeguard("approved_plan", approved_plan, otherwise="that no approval is needed")

    def begin(self, records: object, context: Context) -> SyncTask:
        """Return the state of a new run."""
        return SyncTask(**vars(super().begin(records, context)), owner=Owner.from_context(context))

    def check_parameters(self) -> None:
        """Check the parameters that a template may have rendered, the guards' too."""
        super().check_parameters()
        self._approval.check(self.approved_plan, is_mapped=self.is_mapped_task)
        _ = self.guards

    @property
    def guards(self) -> Guards:
        """How much the sync may delete and forget."""
        with at_run_time():
            fraction = read_fraction("max_delete_fraction", self.max_delete_fraction)
            return Guards(
                read_count("max_deletes", self.max_deletes),
                Guards.max_delete_fraction if fraction is None else fraction,
                read_flag("allow_empty", self.allow_empty),
            )

    def written(self) -> dict[str, object]:
        """Return the files that this task writes, including the plan's page."""
        return {**super().written(), "plan_path (its page)": page_beside(self.plan_path)}

    def read_files(self, records: object) -> dict[str, Iterable[object]]:
        """Return the files that this task reads."""
        return {
            **super().read_files(records),
            "approved_plan": [] if self.approved_plan is None else [self.approved_plan],
        }

    def push(
        self, records: object, hook: CorIntegrationsHook, recorder: OutcomeRecorder, stopping: threading.Event
    ) -> None:
        """Make the plan and carry it out."""
        if is_page(self.plan_path):
            raise CorConfigurationError(
                "plan_path: ends in .html. Name the plan's file, such as plan.jsonl; its page then goes to plan.html."
            )
        hook.get_conn()
        if self.plan_only:
            self.check_source(hook)
        self._keep_ledger(ledger_path(self.ledger, hook.check_source()))
        leaves = recorder.resume(lambda: self.read(records))
        with closing(self.send(leaves, hook, **self.patience, stopping=stopping)) as outcomes:
            recorder.record(outcomes)

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[LeaveOutcome]:
        """Send the operations of the plan, and nothing else."""
        window, guards = Window.read(self.window), self.guards  # before anything is opened
        run = SyncRun(
            hook,
            Ledger(self.ledger, source=hook.check_source(), cor=hook.leaves_url, key=hook.ledger_key),
            window,
            owner=self._this_run.owner,
            guards=guards,
            approved_plan=self.approved_plan,
            **patience,
        )
        with closing(run), nullcontext() if self.plan_only else run.leased():
            plan, refusal = yield from self._make_plan(run, records)
            if refusal or self.plan_only:
                yield from plan.not_sent()
            else:
                yield from run.apply(plan)
        if refusal:
            raise refusal

    def counts(self, summary: Summary) -> dict[str, Any]:
        """Return the counts that the task returns."""
        deleted = self._run.recorder.deletions.counts["deleted"] if self._run else 0
        plan = self._run.written.get("plan") if self._run else None
        return {**super().counts(summary), "deleted": deleted, "plan": plan}

    def summary_of(self, run: Run) -> dict[str, Any]:
        """Return the counts and causes that the task publishes, and the id of its plan."""
        plan = self._this_run.plan
        return {**super().summary_of(run), "plan_id": plan and plan.id}

    def _make_plan(
        self, run: SyncRun, leaves: Iterator[Any]
    ) -> Generator[LeaveOutcome, None, tuple[Plan, BaseException | None]]:
        """
        Yield the outcome of each leave request that needs no request.

        :return: the plan, and the error that forbids carrying it out, if any.
        """
        try:
            self._this_run.plan = plan = yield from run.plan(leaves, reassert=self.reassert)
        except UnfinishedPlanError as unfinished:
            self._this_run.plan = unfinished.plan
            return unfinished.plan, unfinished.__cause__
        if run.ledger.key_changed:
            self.log.warning("All leave is sent again, since the ledger's digests cannot be compared: %s", KEY_ADVICE)
        self.log.info("The plan: %s", plan)
        try:
            self._write_plan(plan, run.ledger.source)
            self._check(plan, run)
        except Exception as error:  # noqa: BLE001  # raised when every leave request has its outcome
            return plan, error
        return plan, None

    def _check(self, plan: Plan, run: SyncRun) -> None:
        """Refuse a plan that must not be carried out; with ``plan_only``, only warn that the guards would refuse it."""
        try:
            run.check_guards(plan)
        except CorDeleteGuardError as error:
            if not self.plan_only:
                raise
            self.log.warning("This plan would be refused. %s", error)
        run.check_approval(plan)

    def _write_plan(self, plan: Plan, source: str) -> None:
        if not self.plan_path:
            return
        self._this_run.files.check()
        path, rows = _files.locate(self.plan_path), partial(plan.rows, show_types=self.plan_shows_types)
        _files.make_folder(path.parent)
        with _files.writing(path) as stream:
            stream.writelines((json.dumps(row, ensure_ascii=False) + "\n").encode() for row in rows())
        self._this_run.written["plan"] = str(self.plan_path)
        if page := page_of(path):
            write_plan_page(page, rows, counts=plan.counts, window=plan.window, source=source)
            self._this_run.written["plan_page"] = str(page)

    def _keep_ledger(self, ledger: ObjectStoragePath) -> None:
        """Make sure that no output of this task replaces its ledger or the lease files beside it."""
        files_of_task = self._this_run.files
        files_of_task.protect("ledger", ledger)
        files_of_task.protect("ledger", lease_files(ledger), is_prefix=True)
        files_of_task.check()
        if not self.plan_only:
            try_writing("ledger", ledger)

    @property
    def _this_run(self) -> SyncTask:
        assert self._run  # noqa: S101  # only code within a run asks for it
        return self._run

    def _checkpoint(self, *_: Any) -> Checkpoint | None:
        """Return None: a sync resumes from its ledger."""
        return None

    def _publish(self, context: Context, *, seconds: float, **xcoms: Any) -> None:
        planned = {"planned": self._run.plan.counts} if self._run and self._run.plan else {}
        super()._publish(context, seconds=seconds, **planned, **xcoms)
