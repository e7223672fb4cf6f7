"""The base of the operators that carry leave or users to COR."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from hashlib import blake2b
from typing import Any, ClassVar

from cor_provider import _clock, _files, links
from cor_provider._compat import BaseOperator, Context, ObjectStoragePath, airflow_since, load_lazy
from cor_provider.exceptions import CorConfigurationError, CorError
from cor_provider.fields.sources import doubt
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.inputs.inspection import can_be_read_again, files_in, label, label_of_file, uris_in
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import FIELDS, LEAVE_FORM, Form, Translation
from cor_provider.operators.parameters import at_run_time, check_literal, check_switch
from cor_provider.operators.run import Run
from cor_provider.outcome import LeaveOutcome, Outcome, Status
from cor_provider.push.engine import check_records
from cor_provider.push.options import PushOptions
from cor_provider.results.rejections import RejectionLimits
from cor_provider.results.summary import Summary
from cor_provider.task import metrics
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.ending import error_at_the_end, log_check, log_ending
from cor_provider.task.files import TaskFiles
from cor_provider.task.later_try import SUMMARY as SUMMARY_XCOM
from cor_provider.task.later_try import LaterTry
from cor_provider.task.limits import read_count, read_fraction
from cor_provider.task.lineage import annotate_outlets, openlineage_facets
from cor_provider.task.recorder import OutcomeRecorder
from cor_provider.task.redaction import redact, reveal
from cor_provider.task.rejected_file import RejectedFile, check_rejected_path
from cor_provider.task.shield import run_shielded
from cor_provider.task.summary_file import replaced_map_index, summary_path, task_key, write_summary

__all__ = ["LeaveOperator", "RecordsOperator"]

BY_INPUT = "{% if ti.map_index >= 0 %}{{ task.label_of_input or ti.map_index }}{% endif %}"
"""The default name of a mapped task."""

SUMMARY = "report_path (its summary)"
"""What errors call the summary of the report."""

LONGEST_LABEL = 200
"""Characters; Airflow's database takes 250."""


class RecordsOperator(BaseOperator):
    """
    The base of the operators that carry records to COR: input, results, report, endings, lineage and metrics.

    A subclass sends the records with one call of the hook in :meth:`send`, or overrides :meth:`push` to do more.
    :class:`~cor_provider.operators.leaves.CreateLeaveOperator` documents the parameters.

    :param records: the input: the value of the parameter that :attr:`outcome_type` names.
    """

    outcome_type: ClassVar[type[Outcome]]
    """What the outcomes are, and so what the records are."""

    form: ClassVar[Form]
    """The fields of the records."""

    statuses: ClassVar[tuple[Status, ...]]
    """The statuses that the task counts."""

    repeated: ClassVar[Status]
    """The status of a record that repeats an earlier one."""

    decided_by: ClassVar[tuple[str, ...]] = ()
    """The parameters that affect the outcome of a record."""

    template_fields: Sequence[str] = (
        *("source", "cor_conn_id", "columns", "values"),
        *("report_path", "rejected_path", "max_rejected", "max_rejected_fraction"),
    )
    ui_color = "#dfe9f5"

    outputs: ClassVar[tuple[str, ...]] = ("report_path", "rejected_path")
    """The parameters that name the task's output files."""

    operator_extra_links = (links.CorLink(),)

    _run: Run | None = None

    def __init__(
        self,
        *,
        records: Any,
        source: str | None = None,
        cor_conn_id: str = CorIntegrationsHook.default_conn_name,
        columns: Mapping[str, str | list[str]] | str | None = None,
        values: Mapping[str, Mapping[str, Any]] | str | None = None,
        max_rejected: int | str = 0,
        max_rejected_fraction: float | str | None = None,
        concurrency: int = 8,
        report_path: str | None = None,
        rejected_path: str | None = None,
        validate_only: bool = False,
        max_attempts: int = PushOptions.max_attempts,
        max_wait: float = PushOptions.max_wait,
        map_index_template: str | None = BY_INPUT,
        retry_policy: Any = None,
        **kwargs: Any,
    ) -> None:
        # Airflow gives a mapped task None for every parameter that it does not set.
        if airflow_since("3.3"):
            from cor_provider.retry_policy import CorRetryPolicy  # noqa: PLC0415  # older Airflow has none

            kwargs["retry_policy"] = retry_policy or CorRetryPolicy()
        super().__init__(map_index_template=map_index_template or BY_INPUT, **kwargs)
        PushOptions(concurrency=concurrency, max_attempts=max_attempts, max_wait=max_wait)
        check_switch("validate_only", validate_only)
        check_literal(read_count, "max_rejected", max_rejected)
        check_literal(read_fraction, "max_rejected_fraction", max_rejected_fraction)
        check_literal(check_rejected_path, "rejected_path", rejected_path)
        for name, value in {"columns": columns, "values": values}.items():
            check_literal(self._read_translation, name, value)
        self.records = records
        self.source = source
        self.cor_conn_id = cor_conn_id
        self.columns = columns
        self.values = values
        self.max_rejected = max_rejected
        self.max_rejected_fraction = max_rejected_fraction
        self.concurrency = concurrency
        self.report_path = report_path
        self.rejected_path = rejected_path
        self.validate_only = validate_only
        self.max_attempts = max_attempts
        self.max_wait = max_wait

    @property
    def records(self) -> Any:
        """The records, as far as Airflow may show them."""
        return redact(self._records, self.outcome_type.kind)

    @records.setter
    def records(self, value: Any) -> None:
        self._records = reveal(value)

    @property
    def label_of_input(self) -> str | None:
        """The name of this task among its mapped siblings."""
        return (self.name_of_input(self._records) or "")[:LONGEST_LABEL] or None

    def name_of_input(self, records: object) -> str | None:
        """Return a short name that distinguishes this input among mapped tasks; None if it has none to show."""
        return label_of_file(records)

    def execute(self, context: Context) -> dict[str, Any]:
        """Push every record, and return the counts."""
        if "map_index_template" in context:  # Airflow 2 read it before this mapped task was made
            context["map_index_template"] = self.map_index_template
        records = load_lazy(self._records)
        self._run = run = self.begin(records, context)
        summary = run.recorder.summary
        start = _clock.now()

        def work() -> None:
            with run.recorder:
                self.check_parameters()
                run.files.check()
                run.files.try_writing(leave_out=SUMMARY)
                self.push(records, run.hook, run.recorder, run.stopping)

        try:
            run_shielded(work, stop=run.stopping.set)
            if error := self._ending(run):
                raise error
        except BaseException as error:
            self._publish(context, seconds=_clock.now() - start, return_value=self.counts(summary))
            if isinstance(error, CorError):  # what its reader must know is in its message, not in our frames
                raise error.with_traceback(None) from None
            raise
        self._publish(context, seconds=_clock.now() - start)
        annotate_outlets(context, self.outlets, self.counts(summary))
        return self.counts(summary)

    def begin(self, records: object, context: Context) -> Run:
        """Return the state of a new run, before anything is read or sent."""
        hook = CorIntegrationsHook(self.cor_conn_id, source=self.source)
        files = TaskFiles(written=self.written(), read=self.read_files(records), kind=self.outcome_type.kind)
        stopping = threading.Event()
        later_try = LaterTry(context.get("ti"), stopping)

        def check_files() -> None:
            files.check()
            later_try.check()

        recorder = OutcomeRecorder(
            report_path=self.report_path,
            rejected=RejectedFile(self.rejected_path, lambda: self.translation),
            check_files=check_files,
            checkpoint=self._checkpoint(records, hook, context),
            stopping=stopping,
            log=self.log,
            outcome_type=self.outcome_type,
        )
        return Run(
            hook=hook,
            files=files,
            recorder=recorder,
            stopping=stopping,
            later_try=later_try,
            input_uris=list(uris_in(records)),
            is_mapped=(task_key(context.get("ti"))["map_index"] or 0) >= 0,
        )

    def check_parameters(self) -> None:
        """
        Check the parameters that a template may have rendered, before anything is read or sent.

        :raises CorConfigurationError: naming the parameter.
        """
        _ = self.limits, self.translation
        if self._run:
            self._run.recorder.rejected.check()

    @property
    def is_mapped_task(self) -> bool:
        """Whether this run is of a mapped task, or of a task in a mapped group."""
        return bool(self._run and self._run.is_mapped)

    @property
    def limits(self) -> RejectionLimits:
        """How many rejections the task tolerates."""
        with at_run_time():
            return RejectionLimits(
                read_count("max_rejected", self.max_rejected) or 0,
                read_fraction("max_rejected_fraction", self.max_rejected_fraction),
            )

    @property
    def translation(self) -> Translation:
        """How the input's columns and values become those of a record."""
        with at_run_time():
            return Translation(self.columns, self.values, form=self.form)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:  # noqa: ARG002  # OpenLineage's signature
        """Return the lineage of this task for OpenLineage, if its provider is installed; None if nothing was sent."""
        if not (run := self._run) or not (row_count := run.recorder.total.in_cor):
            return None
        return openlineage_facets(
            input_uris=run.input_uris, output_url=self.endpoint_url(run.hook), row_count=row_count
        )

    @abstractmethod
    def endpoint_url(self, hook: CorIntegrationsHook) -> str:
        """Return the URL of COR's endpoint for these records."""

    def on_kill(self) -> None:
        """Stop sending and wait for responses under way. The rest is ``not_sent``, and the task fails with counts."""
        if self._run:
            self.log.warning("The task was asked to stop. It waits for responses under way and sends nothing more.")
            self._run.stopping.set()

    def push(
        self, records: object, hook: CorIntegrationsHook, recorder: OutcomeRecorder, stopping: threading.Event
    ) -> None:
        """
        Push every record and record its outcome.

        This runs in a thread that no interruption can reach. Once ``stopping`` is set, it sends nothing more.
        """
        remaining = recorder.resume(lambda: self.read(records))
        if self.validate_only:
            hook.get_conn()
            self.check_source(hook)
            recorder.record(check_records(remaining, self.outcome_type))
            log_check(self.log, recorder.summary)
        else:
            with closing(self.send(remaining, hook, **self.patience, stopping=stopping)) as outcomes:
                recorder.record(outcomes)

    def check_source(self, hook: CorIntegrationsHook) -> None:
        """Make sure that there is a source, and warn if COR does not document it."""
        if problem := doubt(hook.check_source()):
            self.log.warning("%s", problem)

    @abstractmethod
    def read(self, records: object) -> Iterator[Any]:
        """Read the input from its beginning."""

    @abstractmethod
    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **patience: Any) -> Generator[Any]:
        """Send the records that :meth:`read` yields, and yield the outcome of each."""

    @property
    def reading(self) -> dict[str, Any]:
        """How the input is read."""
        return {"translation": self.translation, "on_open": self.on_open, "on_record": self.on_record}

    def on_open(self, path: ObjectStoragePath) -> None:
        """Refuse to open a file of records that this run would overwrite."""
        if self._run:
            self._run.files.add_input(path)

    def on_record(self, position: int, record: object) -> None:
        """Keep a record until it is known whether it is rejected."""
        if self._run:
            self._run.recorder.rejected.keep(position, record)

    def written(self) -> dict[str, object]:
        """Return the files that this task writes, by the parameters that name them."""
        summary = None
        if self.report_path:
            with suppress(ValueError):  # not a path or URI; reported before anything is sent
                summary = summary_path(_files.locate(self.report_path))
        return {**{name: getattr(self, name) for name in self.outputs}, SUMMARY: summary}

    def read_files(self, records: object) -> dict[str, Iterable[object]]:
        """Return the files that this task is known to read, by the parameters that name them."""
        return {self.outcome_type.kind.parameter: files_in(records)}

    @property
    def how_it_is_read(self) -> tuple[Any, ...]:
        """The parameters without which the input is not read as before."""
        return self.columns, self.values

    @property
    def patience(self) -> dict[str, Any]:
        """The number of requests that may be under way, and the limits after which the push gives up."""
        return {"concurrency": self.concurrency, "max_attempts": self.max_attempts, "max_wait": self.max_wait}

    def counts(self, summary: Summary) -> dict[str, Any]:
        """Return the counts that the task returns."""
        return {
            "received": summary.received,
            **{status: summary.counts[status] for status in self.statuses},
            # Only if this run has written it: an earlier one may have left another there.
            "report": str(self.report_path) if self._run and self._run.recorder.has_report else None,
        }

    def summary_of(self, run: Run) -> dict[str, Any]:
        """Return the counts and causes that the task publishes, without people."""
        return run.recorder.total.to_dict(source=run.source)

    def _checkpoint(self, records: object, hook: CorIntegrationsHook, context: Context) -> Checkpoint | None:
        """Return the checkpoint, if Airflow can store it and the input can be read again."""
        store: Any = context.get("task_state_store")
        if store is None or self.validate_only or not can_be_read_again(records):
            return None
        try:
            key = hook.derive_key("checkpoint")
        except CorConfigurationError:
            return None  # the push will raise the same error
        options = {name: getattr(self, name) for name in ("source", *self.decided_by)}
        # As a digest: it may be long, and say who somebody is.
        translation = blake2b(repr(self.how_it_is_read).encode(), key=key, digest_size=16)
        bound_to = {"max_tries": context["ti"].max_tries, "translation": translation.hexdigest(), **options}
        return Checkpoint(store, key=key, bound_to=bound_to, repeated=self.repeated, outcome_type=self.outcome_type)

    def _ending(self, run: Run) -> CorError | None:
        return error_at_the_end(
            run.recorder,
            self.limits,
            source=run.source,
            rejected_path=self.rejected_path if run.recorder.rejected.is_written else None,
            may_be_unsent=self.validate_only,
        )

    def _publish(self, context: Context, *, seconds: float, **xcoms: Any) -> None:
        if not (run := self._run):
            return
        recorder, summary = run.recorder, run.recorder.total
        self._write_summary(run, context)
        log_ending(self.log, recorder, source=run.source, traffic=run.hook.traffic, files=run.written)
        metrics.emit(summary, timedelta(seconds=seconds), earlier=recorder.earlier)
        if (task_instance := context.get("ti")) and not run.later_try.has_ended():
            xcoms |= {"rejected": summary.rejected, SUMMARY_XCOM: self.summary_of(run), "files": run.written}
            # Airflow reads the link after every task. If there is none, it logs an error.
            xcoms[links.XCOM_KEY] = run.hook.web_url if summary.in_cor else ""
            for key, value in xcoms.items():
                task_instance.xcom_push(key=key, value=value)

    def _write_summary(self, run: Run, context: Context) -> None:
        """List the files that the task has written, and write the summary beside the report."""
        if run.recorder.rejected.is_written:
            run.written["rejected"] = str(self.rejected_path)
        if not run.recorder.has_report:
            return
        run.written["report"] = str(self.report_path)
        path = summary_path(_files.locate(self.report_path))
        if path is None:
            return
        try:
            run.files.check()
            files = {**run.written, "summary": str(path)}
            task = task_key(context.get("ti"))
            if (map_index := replaced_map_index(path, task)) is not None:
                self.log.warning(
                    "report_path: this report has replaced that of mapped task %d of the same run. Put "
                    "{{ ti.map_index }} into the path.",
                    map_index,
                )
            write_summary(path, run.recorder.total, source=run.source, task=task, files=files)
            run.written["summary"] = str(path)
        except Exception as error:  # noqa: BLE001  # each store raises its own errors; the report has everything
            self.log.warning("The summary of the report could not be written: %s", error)

    @classmethod
    def _read_translation(cls, name: str, value: Any) -> None:
        Translation(**{name: value}, form=cls.form)


class LeaveOperator(RecordsOperator):
    """The base of the operators that carry leave to COR."""

    outcome_type = LeaveOutcome
    form = LEAVE_FORM

    fields: ClassVar[tuple[str, ...]] = FIELDS
    """The fields of a leave request that the task reads."""

    template_fields: Sequence[str] = (
        *("leave_requests", "source", "cor_conn_id", "columns", "values", "date_format", "timezone"),
        *("report_path", "rejected_path", "max_rejected", "max_rejected_fraction"),
    )

    def __init__(
        self, *, leave_requests: Any, date_format: str | None = None, timezone: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(records=leave_requests, **kwargs)
        check_literal(self._read_translation, "date_format", date_format)
        self.date_format = date_format
        self.timezone = timezone

    @property
    def leave_requests(self) -> Any:
        """The leave requests, as far as Airflow may show them."""
        return self.records

    @leave_requests.setter
    def leave_requests(self, value: Any) -> None:  # Airflow sets the rendered value
        self.records = value

    def name_of_input(self, records: object) -> str | None:
        """Return the name of the input's file, or an external leave id in it."""
        return label(records)

    def endpoint_url(self, hook: CorIntegrationsHook) -> str:
        """Return the URL of COR's leave endpoint."""
        return hook.leaves_url

    @property
    def translation(self) -> Translation:
        """How the input's columns, values and dates become those of a leave request."""
        with at_run_time():
            return Translation(self.columns, self.values, self.date_format, form=self.form, fields=self.fields)

    @property
    def how_it_is_read(self) -> tuple[Any, ...]:
        """The parameters without which the input is not read as before."""
        return self.columns, self.values, self.date_format

    def read(self, records: object) -> Iterator[Any]:
        """Read the input from its beginning."""
        return iter_leaves(records, timezone=self.timezone, **self.reading)
