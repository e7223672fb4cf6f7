"""The account of a push: every outcome counted, reported and remembered, however the push ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from typing import IO, Any

from cor_provider.checkpoint import Checkpoint
from cor_provider.leave import Leave, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.progress import Progress
from cor_provider.report import Report, open_report, read_rows


class Account:
    """
    Keeps the account of one push.

    :param report_path: where the report goes, if anywhere.
    :param checkpoint: how far an earlier try has come, where a task can know.
    :param stopping: set when nothing more is to be sent.
    :param log: the task's logger.
    """

    def __init__(
        self, *, report_path: str | None, checkpoint: Checkpoint | None, stopping: threading.Event, log: Any
    ) -> None:
        self.tally = Tally()
        self.earlier = Tally()
        self.deletions = Tally()
        """Of what the input lacks: they are no leave requests, and their outcomes have no position."""
        self._report_path = report_path
        self._checkpoint = checkpoint
        self._stopping = stopping
        self._log = log
        self._earlier_rows: IO[str] = StringIO()
        self._received = 0
        self._told_of_store = False

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
        if self._checkpoint and self._load(self._checkpoint, read_leaves()):
            self.earlier.include(self._checkpoint.tally)
            self.tally.include(self.earlier)
            self._received = self.tally.received
            self._log.info("An earlier try has settled the first %s leave requests.", self._received)
        leaves = read_leaves()
        return self._counting(self._checkpoint.watch(leaves) if self._checkpoint else leaves)

    def keep(self, outcomes: Iterable[LeaveOutcome]) -> None:
        """
        Account for outcomes until there are no more, or something is raised.

        :raises Exception: once there are no more, if the report could not be written; nothing is sent any more then.
        """
        progress = Progress(self._log, self.tally.received)
        with self._earlier_rows as rows, open_report(self._report_path, earlier_rows=rows) as report:
            try:
                for settled in outcomes:
                    outcome = self._checkpoint.add(settled) if self._checkpoint else settled
                    (self.tally if outcome.position else self.deletions).add(outcome)
                    if not report.add(outcome):
                        self._stopping.set()
                    if progress.tell(self.tally, self._received):
                        self._remember(report)
            finally:
                self._remember(report)

    def _counting(self, leaves: Iterator[Leave | UnreadableLeave]) -> Iterator[Leave | UnreadableLeave]:
        for leave in leaves:
            self._received += 1
            yield leave

    def _load(self, checkpoint: Checkpoint, leaves: Iterator[Leave | UnreadableLeave]) -> bool:
        """Take up what an earlier try has settled, if its report tells of all that too."""
        try:
            loaded = checkpoint.load(leaves)
        except Exception:  # noqa: BLE001  # beginning anew is safe
            self._tell_of_store()
            return False
        rows = read_rows(self._report_path, until=checkpoint.settled) if loaded else None
        if rows is None:
            checkpoint.start_over()
            return False
        self._earlier_rows = rows
        return True

    def _remember(self, report: Report) -> None:
        """Save how far the push has come, behind the rows that tell of it."""
        report.flush()
        if self._checkpoint:
            try:
                self._checkpoint.save()
            except Exception:  # noqa: BLE001  # a push that cannot be resumed is better than none
                self._tell_of_store()

    def _tell_of_store(self) -> None:
        if not self._told_of_store:
            self._log.warning("Airflow's task state store does not work: a retry may have to begin anew.")
            self._told_of_store = True
