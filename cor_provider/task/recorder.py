"""Count, report and save every outcome of a push, however the push ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from typing import Any, TypeVar

from typing_extensions import Self

from cor_provider.inputs.translation import PLAIN
from cor_provider.outcome import LeaveOutcome, Outcome
from cor_provider.records.external_ids import Identified, UnreadableRecord
from cor_provider.results.summary import Summary
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.progress import Progress
from cor_provider.task.rejected_file import RejectedFile, Rejection
from cor_provider.task.report import EarlierRows, Report, open_report, read_rows

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound=Identified | UnreadableRecord)


class OutcomeRecorder:
    """
    Records the outcomes of one push.

    It is a context manager. Leave its block in the thread that records, so that all files are closed there.

    :param report_path: path or URI of the report; None for no report.
    :param rejected: takes the rejected records; None for no such file.
    :param check_files: raises an error if the report would replace a file that must stay.
    :param checkpoint: the progress of earlier tries; None if Airflow cannot store it.
    :param stopping: the recorder sets it to stop sending.
    :param log: the task's logger.
    :param outcome_type: what the outcomes are.
    """

    def __init__(
        self,
        *,
        report_path: str | None,
        rejected: RejectedFile | None = None,
        checkpoint: Checkpoint | None,
        stopping: threading.Event,
        log: Any,
        check_files: Callable[[], None] = lambda: None,
        outcome_type: type[Outcome] = LeaveOutcome,
    ) -> None:
        self._kind = kind = outcome_type.kind
        self.summary = Summary(kind=kind)
        self.earlier = Summary(kind=kind)
        self.deletions = Summary(kind=kind)
        """Deletions of leave that the input lacks. They are not leave requests, so their outcomes have no position."""
        self.rejected = rejected or RejectedFile(None, lambda: PLAIN)
        self._report_path = report_path
        self._check_files = check_files
        self._checkpoint = checkpoint
        self._stopping = stopping
        self._log = log
        self._earlier_rows = EarlierRows()
        self._earlier_rejections: list[Rejection] = []
        self._received = 0
        self._has_warned = False
        self._report = Report(None)
        self._progress = Progress(log, 0)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def has_report(self) -> bool:
        """Whether the report is in its place."""
        return self._report.is_written

    @property
    def total(self) -> Summary:
        """The outcomes of leave requests and of deletions together."""
        total = Summary(kind=self._kind)
        total.include(self.summary)
        total.include(self.deletions)
        return total

    def __str__(self) -> str:
        deletions = f"; {self.deletions.describe('to delete')}" if self.deletions.received else ""
        return f"{self.summary}{deletions}"

    def resume(self, read_leaves: Callable[[], Iterator[RecordT]]) -> Iterator[RecordT]:
        """
        Return the records that are still to be sent, and count those that earlier tries have done.

        :param read_leaves: reads the input from its beginning.
        """
        if self._checkpoint and self._load(self._checkpoint, read_leaves):
            self.earlier.include(self._checkpoint.summary)
            self.summary.include(self.earlier)
            self._received = self.summary.received
            self._log.info(
                "Resuming after the first %s %s: earlier tries have done them.", self._received, self._kind.many
            )
        self.rejected.resume(self._received, self._earlier_rejections)
        leaves = self._closed_at_the_end(read_leaves())
        if self._checkpoint:
            leaves = self._closed_at_the_end(self._checkpoint.watch(leaves, self._add))
        return self._counting(leaves)

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """
        Record outcomes until there are no more or an error is raised.

        :raises Exception: at the end, if the report could not be written. By then, sending has stopped.
        """
        self._progress = Progress(self._log, self.summary.received)
        report = open_report(self._report_path, earlier=self._earlier_rows, check=self._check_files)
        rejected = self.rejected.opened(self._check_files)
        with self, report as self._report, rejected, closing(_generate(outcomes)) as all_outcomes:
            try:
                for outcome in all_outcomes:
                    self._add(self._checkpoint.add(outcome) if self._checkpoint else outcome)
            finally:
                self._save()

    def _add(self, outcome: Outcome) -> None:
        (self.summary if outcome.position else self.deletions).add(outcome)
        if not (self._report.add(outcome) & self.rejected.add(outcome)):
            self._stopping.set()
        if self._progress.log_if_due(self.summary, self._received):
            self._save()

    def _counting(self, leaves: Iterator[RecordT]) -> Iterator[RecordT]:
        for leave in leaves:
            self._received += 1
            yield leave

    def _closed_at_the_end(self, leaves: Iterator[T]) -> Iterator[T]:
        return self._open.enter_context(closing(_generate(leaves)))

    def _load(self, checkpoint: Checkpoint, read_leaves: Callable[[], Iterator[RecordT]]) -> bool:
        """Load the progress of an earlier try, unless its report or its rejected records lack some rows."""
        try:
            with closing(_generate(read_leaves())) as leaves:
                loaded = checkpoint.load(leaves)
        except Exception as error:  # noqa: BLE001  # starting over is safe
            self._warn_about_store(error)
            checkpoint.start_over()
            return False
        if loaded and (rows := read_rows(self._report_path, checkpoint.done, is_complete=checkpoint.matches_rows)):
            self._open.enter_context(closing(rows))
            rejections = self.rejected.find_earlier(
                checkpoint.positions_rejected, is_complete=checkpoint.matches_rejections
            )
            if rejections is not None:
                self._earlier_rows, self._earlier_rejections = rows, rejections
                self._list_unknown(checkpoint.summary, rows)
                return True
        checkpoint.start_over()
        return False

    def _list_unknown(self, summary: Summary, rows: EarlierRows) -> None:
        """List what COR did not know in earlier tries. Only the report has it: checkpoints lie in the database."""
        if self._report_path:
            for error, unknown_id in rows.unknown_ids():
                summary.add_unknown(error, unknown_id)

    def _save(self) -> None:
        """Flush the report and the rejected records, then save the progress, which relies on them."""
        self._report.flush()
        self.rejected.flush()
        if self._checkpoint:
            try:
                self._checkpoint.save()
            except Exception as error:  # noqa: BLE001  # a push that cannot be resumed is better than none
                self._warn_about_store(error)

    def _warn_about_store(self, error: Exception) -> None:
        if not self._has_warned:
            self._log.warning(
                "The progress cannot be kept in Airflow's task state store (%s), so a retry may have to start over.",
                type(error).__name__,
            )
            self._has_warned = True


def _generate(items: Iterable[T]) -> Generator[T]:
    """Return a generator of the items; closing it closes the files that it reads."""
    return items if isinstance(items, Generator) else (item for item in items)
