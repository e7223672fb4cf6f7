"""The operator that finds what COR holds otherwise than a sync has left it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from cor_provider import _clock, _files
from cor_provider._compat import BaseOperator, Context, airflow_since
from cor_provider.audit.compare import DRIFT, Finding
from cor_provider.audit.page import write_audit_page
from cor_provider.audit.published import PublishedAudit, PublishedReason
from cor_provider.audit.run import Audit, names_of
from cor_provider.exceptions import (
    CorConfigurationError,
    CorDriftError,
    CorError,
    CorPushIncompleteError,
    CorTransientError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.parameters import at_run_time, check_literal
from cor_provider.push.options import PushOptions
from cor_provider.sync.lease import Owner, lease_files
from cor_provider.sync.ledger import Ledger, ledger_path
from cor_provider.sync.page import is_page, page_beside, page_of
from cor_provider.sync.window import Window
from cor_provider.task import metrics
from cor_provider.task.files import TaskFiles
from cor_provider.task.limits import read_count, read_flag
from cor_provider.task.lineage import annotate_outlets, openlineage_facets_of_reading
from cor_provider.task.published_files import log_files
from cor_provider.task.shield import run_shielded

MOST_LISTED = 100
"""How many drifted leaves the XCom ``drift`` lists."""

MOST_NAMED = 5
"""How many of them the error and the log name."""


@dataclass(kw_only=True)
class AuditTask:
    """The state of one run of an audit. It cannot be copied, as Airflow copies operators."""

    hook: CorIntegrationsHook
    files: TaskFiles
    owner: Owner
    source: str | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("audited", *get_args(Finding), "foreign"), 0))
    not_listed: Counter[str] = field(default_factory=Counter)
    reasons: list[tuple[str, str, int]] = field(default_factory=list)
    healed: int = 0
    is_loaded: bool = False
    is_complete: bool = False
    drift: list[dict[str, str]] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()

    @property
    def drifted(self) -> int:
        """How many leaves are missing or changed."""
        return sum(self.counts[one] for one in DRIFT)

    def published(self) -> PublishedAudit:
        """Return what readers learn of the audit, without people."""
        reasons = [PublishedReason(finding=name, reason=why, count=count) for name, why, count in self.reasons]
        return PublishedAudit(
            source=self.source,
            counts=self.counts,
            reasons=reasons,
            healed=self.healed,
            is_complete=self.is_complete and not self.stopping.is_set(),
        )


class AuditLeavesOperator(BaseOperator):
    """
    Read back what COR holds of the leave that a sync has put there, and find what differs.

    The Integrations API cannot be asked, but COR's main API lists the leave of a user, by COR's own ids, which the
    ledger has from COR's answers. The audit asks about every user who has leave of the ledger in the window. It never
    creates, changes or deletes leave in COR.

    :param ledger: path or URI of the folder of the sync's ledger (templated).
    :param window: the first and the last day, both included: leave with a day in it is audited (templated).
    :param source: COR's ``metadata.source``, as the sync has it; by default, the Extra ``source`` of the Connection
        (templated).
    :param cor_conn_id: the Airflow Connection of type ``cor`` (templated).
    :param max_drift: how many leaves may be missing or changed before the task fails (templated).
    :param heal: mark exactly these in the ledger, so that the next sync sends them again. While it runs, no sync can
        (templated).
    :param report_path: path or URI of a JSON Lines file, with a row for every leave and then for all leave in COR that
        the ledger does not know: ``{"id", "status", "user_id", "cor_id", "cor_user_id", "start", "end", "cor_start",
        "cor_end", "cor_deleted_at", "cor_leave_type_id", "differs", "reason", "source", "cor"}``. A page that shows
        people what differs goes beside it, with the suffix ``.html`` (templated).
    :param concurrency: how many requests may be under way at once.
    :param max_attempts: how often a request is sent before the audit gives up.
    :param max_wait: seconds that the audit may spend waiting in total.
    :return: the counts ``{"audited", "confirmed", "missing", "changed", "unknown", "unverifiable", "foreign",
        "report"}``. ``confirmed`` to ``unverifiable`` add up to ``audited``; ``foreign`` counts besides. The XCom
        ``drift`` has the first 100 that are missing or changed, ``{"id", "status"}``, and the XCom ``audit`` the
        counts with the reasons, for readers such as the tab *Leave*. All are available even if the task fails, save
        ``audit`` and the report if it failed before the ledger was read: an earlier report stays as it is.
    :raises CorDriftError: if more than ``max_drift`` are missing or changed. Airflow does not retry the task.
    :raises CorPushIncompleteError: if COR could not be asked about everybody, or failed at more users than it listed.
        Airflow retries the task. A user whom COR refuses, or at whom it fails again and again, is no such error while
        the others go on: that user's leave is ``unverifiable``.
    :raises CorPermissionError: if COR lets the token read nobody's leave.
    :raises CorConfigurationError: if COR knows none of several users, or nobody's leave can be read for other reasons.
    :raises CorLedgerError: if there is no ledger, or it cannot be read.
    :raises CorLedgerBusyError: with ``heal``, if a sync is using the ledger; without, if one replaces it again and
        again while it is read. Airflow retries the task.
    """

    template_fields: Sequence[str] = (
        *("ledger", "window", "source", "cor_conn_id", "max_drift", "heal", "report_path"),
    )
    ui_color = "#dfe9f5"

    _run: AuditTask | None = None

    def __init__(
        self,
        *,
        ledger: Any,
        window: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        max_drift: int | str = 0,
        heal: bool | str = False,
        report_path: str | None = None,
        concurrency: int = 8,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        retry_policy: Any = None,
        **kwargs: Any,
    ) -> None:
        if airflow_since("3.3"):
            from cor_provider.retry_policy import CorRetryPolicy  # noqa: PLC0415  # older Airflow has none

            kwargs["retry_policy"] = retry_policy or CorRetryPolicy()
        super().__init__(**kwargs)
        PushOptions(concurrency=concurrency, max_attempts=max_attempts, max_wait=max_wait)
        check_literal(read_count, "max_drift", max_drift)
        check_literal(read_flag, "heal", heal)
        self.ledger = ledger
        self.window = window
        self.source = source
        self.cor_conn_id = cor_conn_id
        self.max_drift = max_drift
        self.heal = heal
        self.report_path = report_path
        self.concurrency = concurrency
        self.max_attempts = max_attempts
        self.max_wait = max_wait

    def execute(self, context: Context) -> dict[str, Any]:
        """Compare the ledger with COR, and return the counts."""
        self._run = run = AuditTask(
            hook=CorIntegrationsHook(self.cor_conn_id, source=self.source),
            files=TaskFiles(written=self._outputs(), read={}),
            owner=Owner.from_context(context),
        )
        start = _clock.now()
        try:
            run_shielded(partial(self._audit, run), stop=run.stopping.set)
            if error := self._ending(run):
                raise error
        except BaseException as error:
            self._publish(run, context, seconds=_clock.now() - start, return_value=self._returned(run))
            if isinstance(error, CorError):  # what its reader must know is in its message, not in our frames
                raise error.with_traceback(None) from None
            raise
        self._publish(run, context, seconds=_clock.now() - start)
        annotate_outlets(context, self.outlets, self._returned(run))
        return self._returned(run)

    def on_kill(self) -> None:
        """Ask COR nothing more. The task fails with what is known so far."""
        if self._run:
            self.log.warning("The task was asked to stop. It asks COR nothing more.")
            self._run.stopping.set()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:  # noqa: ARG002  # OpenLineage's signature
        """Return the lineage of this task for OpenLineage, if its provider is installed; None if nothing was read."""
        if not self._run or not self._run.counts["audited"]:
            return None
        reports = [path for kind, path in self._run.written.items() if kind == "audit"]
        return openlineage_facets_of_reading(input_url=self._run.hook.user_leaves_url, output_uris=reports)

    def _outputs(self) -> dict[str, object]:
        """Return the files that this task writes, by the parameters that name them."""
        return {"report_path": self.report_path, "report_path (its page)": page_beside(self.report_path)}

    def _audit(self, run: AuditTask) -> None:
        """Run the audit, and write its report, however it ends, if it knew what there was to compare."""
        if is_page(self.report_path):
            raise CorConfigurationError(
                "report_path: ends in .html. Name the report's file, such as audit.jsonl; its page then goes to "
                "audit.html."
            )
        with at_run_time():
            _, heal = read_count("max_drift", self.max_drift), read_flag("heal", self.heal)
        window = Window.read(self.window)
        run.source = source = run.hook.check_source()
        path = ledger_path(self.ledger, source)
        run.files.protect("ledger", path)
        run.files.protect("ledger", lease_files(path), is_prefix=True)
        run.files.check()
        run.files.try_writing()
        hook = run.hook
        audit = Audit(
            hook,
            lambda: Ledger(self.ledger, source=source, cor=hook.leaves_url, key=hook.ledger_key),
            window,
            owner=run.owner,
            heal=heal,
            stopping=run.stopping,
            concurrency=self.concurrency,
            max_attempts=self.max_attempts,
            max_wait=self.max_wait,
        )
        with closing(audit):
            error: Exception | None = None
            try:
                audit.run()
                run.is_complete = True
            except Exception as raised:  # noqa: BLE001  # raised again below
                error = raised
            if audit.is_loaded:  # otherwise the report of an earlier audit says more
                self._note_findings(audit, run)
                self._write_report(audit, run, window, is_failing=error is not None)
        if isinstance(error, CorTransientError):
            raise CorPushIncompleteError(
                f"{error.message}\nThe audit is not complete: run the task again.", retry_after=error.retry_after
            )
        if error:
            raise error

    def _note_findings(self, audit: Audit, run: AuditTask) -> None:
        run.counts, run.not_listed, run.healed = audit.findings.counts(), audit.not_listed, audit.healed
        run.reasons, run.is_loaded = audit.findings.reasons(), True
        for (leave, finding), _ in zip(audit.findings.drift(), range(MOST_LISTED), strict=False):
            run.drift.append({"id": leave.id, "status": finding})

    def _write_report(self, audit: Audit, run: AuditTask, window: Window, *, is_failing: bool) -> None:
        """
        Write the report and its page.

        :param is_failing: whether the audit has failed: that error must not be hidden by one of the report.
        """
        try:
            if self.report_path:
                self._write_files(audit, run, window)
        except Exception as error:
            if not is_failing:
                raise
            self.log.warning("The report could not be written: %s", error)

    def _write_files(self, audit: Audit, run: AuditTask, window: Window) -> None:
        run.files.check()
        path = _files.locate(self.report_path)
        _files.make_folder(path.parent)
        with _files.writing(path) as stream:
            stream.writelines(audit.findings.lines())
        run.written["audit"] = str(self.report_path)
        if page := page_of(path):
            write_audit_page(page, audit.findings.differences(), run.published(), window=window)
            run.written["audit_page"] = str(page)

    def _ending(self, run: AuditTask) -> CorError | None:
        """Return the error with which the task fails, or None if it succeeds."""
        if run.stopping.is_set():
            return CorPushIncompleteError("The audit was stopped before it was complete: run the task again.")
        if run.drifted <= (read_count("max_drift", self.max_drift) or 0):
            return None
        return CorDriftError("\n".join((*self._findings_in_words(run), self._advice(run))))

    def _findings_in_words(self, run: AuditTask) -> list[str]:
        """Return a line for each kind of drift, and one for all counts."""
        lines = []
        for finding, words in {"missing": "COR does not have it (any more)", "changed": "its days differ"}.items():
            if count := run.counts[finding]:
                ids = [one["id"] for one in run.drift if one["status"] == finding][:MOST_NAMED]
                more = ", …" if count > len(ids) else ""
                lines.append(f"{count} {finding}: {words}: {', '.join(ids)}{more}")
        counts = ", ".join(f"{count} {name}" for name, count in run.counts.items() if count and name != "audited")
        return [*lines, f"{run.counts['audited']} audited{': ' + counts if counts else ''}."]

    def _advice(self, run: AuditTask) -> str:
        if run.healed:
            return "They are marked in the ledger: the next sync sends them again."
        return "To have the next sync send them again, set heal=True. If HR is to follow COR, change them in HR."

    def _publish(self, run: AuditTask, context: Context, *, seconds: float, **xcoms: Any) -> None:
        if run.not_listed:
            names = names_of(run.not_listed)
            self.log.warning("COR did not list the leave of some users, so theirs is unverifiable: %s.", names)
        for line in self._findings_in_words(run) if run.is_loaded else ():
            (self.log.warning if run.drifted else self.log.info)("%s", line)
        for finding, reason, count in run.reasons[:MOST_NAMED]:
            self.log.info("%d %s: %s.", count, finding, reason)
        if run.healed:
            self.log.info("%d marked in the ledger: the next sync sends them again.", run.healed)
        log_files(self.log, run.written)
        metrics.emit_audit(run.counts, timedelta(seconds=seconds))
        if task_instance := context.get("ti"):
            published = {"drift": run.drift, "files": run.written}
            if run.is_loaded:
                published["audit"] = run.published().model_dump(mode="json")
            for key, value in {**xcoms, **published}.items():
                task_instance.xcom_push(key=key, value=value)

    def _returned(self, run: AuditTask) -> dict[str, Any]:
        return {**run.counts, "report": run.written.get("audit")}
