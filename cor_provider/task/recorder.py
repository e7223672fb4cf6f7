"""The account of a push: every outcome counted, reported and remembered, however the push ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from typing import Any, TypeVar

from typing_extensions import Self

from cor_provider.leave import Leave, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.progress import Progress
from cor_provider.task.report import EarlierRows, Report, open_report, read_rows


class Account:
    """
    Keeps the account of one push. Leave its block in the thread that it is kept in, so that nothing stays open.

    :param report_path: where the report goes, if anywhere.
    :param check_files: raises something if the report would take the place of a file that must stay.
    :param checkpoint: how far an earlier try has come, where a task can know.
    :param stopping: set when nothing more is to be sent.
    :param log: the task's logger.
    """

    def __init__(
        self,
        *,
        report_path: str | None,
        checkpoint: Checkpoint | None,
        stopping: threading.Event,
        log: Any,
        check_files: Callable[[], None] = lambda: None,
    ) -> None:
        self.tally = Tally()
        self.earlier = Tally()
        self.deletions = Tally()
        """Of what the input lacks: they are no leave requests, and their outcomes have no position."""
        self._report_path = report_path
        self._check_files = check_files
        self._checkpoint = checkpoint
        self._stopping = stopping
        self._log = log
        self._earlier_rows = EarlierRows()
        self._received = 0
        self._told_of_store = False
        self._report = Report(None)
        self._progress = Progress(log, 0)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def total(self) -> Tally:
        """All that was to be done, whether the input asked for it or its silence did."""
        total = Tally()
        total.include(self.tally)
        total.include(self.deletions)
        return total

    def __str__(self) -> str:
        return f"{self.tally}; {self.deletions.describe('to delete')}" if self.deletions.received else str(self.tally)

    def open(self, read_leaves: Callable[[], Iterator[Leave | UnreadableLeave]]) -> Iterator[Leave | UnreadableLeave]:
        """
        Return the leave requests that are still to be sent, and account for those that an earlier try has settled.

        :param read_leaves: reads the input from its beginning.
        """
        if self._checkpoint and self._load(self._checkpoint, read_leaves):
            self.earlier.include(self._checkpoint.tally)
            self.tally.include(self.earlier)
            self._received = self.tally.received
            self._log.info("An earlier try has settled the first %s leave requests.", self._received)
        leaves = self._closed_in_the_end(read_leaves())
        if self._checkpoint:
            leaves = self._closed_in_the_end(self._checkpoint.watch(leaves, self._account_for))
        return self._counting(leaves)

    def keep(self, outcomes: Iterable[LeaveOutcome]) -> None:
        """
        Account for outcomes until there are no more, or something is raised.

        :raises Exception: once there are no more, if the report could not be written; nothing is sent any more then.
        """
        self._progress = Progress(self._log, self.tally.received)
        report = open_report(self._report_path, earlier=self._earlier_rows, check=self._check_files)
        with self, report as self._report, closing(_generate(outcomes)) as all_outcomes:
            try:
                for settled in all_outcomes:
                    self._account_for(self._checkpoint.add(settled) if self._checkpoint else settled)
            finally:
                self._remember()

    def _account_for(self, outcome: LeaveOutcome) -> None:
        (self.tally if outcome.position else self.deletions).add(outcome)
        if not self._report.add(outcome):
            self._stopping.set()
        if self._progress.tell(self.tally, self._received):
            self._remember()

    def _counting(self, leaves: Iterator[Leave | UnreadableLeave]) -> Iterator[Leave | UnreadableLeave]:
        for leave in leaves:
            self._received += 1
            yield leave

    def _closed_in_the_end(self, leaves: Iterator[T]) -> Iterator[T]:
        return self._open.enter_context(closing(_generate(leaves)))

    def _load(self, checkpoint: Checkpoint, read_leaves: Callable[[], Iterator[Leave | UnreadableLeave]]) -> bool:
        """Take up what an earlier try has settled, if its report tells of all that too."""
        try:
            with closing(_generate(read_leaves())) as leaves:
                loaded = checkpoint.load(leaves)
        except Exception:  # noqa: BLE001  # beginning anew is safe
            self._tell_of_store()
            return False
        if loaded and (rows := read_rows(self._report_path, checkpoint.settled, is_complete=checkpoint.is_told_by)):
            self._earlier_rows = self._open.enter_context(closing(rows))
            return True
        checkpoint.start_over()
        return False

    def _remember(self) -> None:
        """Save how far the push has come, behind the rows that tell of it."""
        self._report.flush()
        if self._checkpoint:
            try:
                self._checkpoint.save()
            except Exception:  # noqa: BLE001  # a push that cannot be resumed is better than none
                self._tell_of_store()

    def _tell_of_store(self) -> None:
        if not self._told_of_store:
            self._log.warning("Airflow's task state store does not work: a retry may have to begin anew.")
            self._told_of_store = True


T = TypeVar("T")


def _generate(items: Iterable[T]) -> Generator[T]:
    """Return a generator of what there is; closing it closes the files that it reads."""
    return items if isinstance(items, Generator) else (item for item in items)
