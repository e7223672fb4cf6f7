"""The account of a push: every outcome counted, reported and remembered, however the push ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cor_provider.checkpoint import Checkpoint
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.progress import Progress
from cor_provider.report import Report, open_report, read_rows

Leaves = Iterator[LeaveRequest | UnreadableLeave]


class Account:
    """
    Keeps the account of one push.

    :param report_path: where the report goes, if anywhere.
    :param checkpoint: how far an earlier try has come, where a task can know.
    :param log: the task's logger.
    """

    def __init__(self, *, report_path: str | None, checkpoint: Checkpoint | None, log: Any) -> None:
        self.tally = Tally()
        self._report_path = report_path
        self._checkpoint = checkpoint
        self._log = log
        self._earlier_rows: list[str] = []
        self._received = 0

    def open(self, read_leaves: Callable[[], Leaves]) -> Leaves:
        """
        Return the leave requests that are still to be sent, and account for those that an earlier try has settled.

        :param read_leaves: reads the input from its beginning.
        """
        leaves = read_leaves()
        if self._checkpoint and self._checkpoint.load(read_leaves()):
            rows = read_rows(self._report_path, until=self._checkpoint.settled)
            if rows is None:
                self._checkpoint.start_over()
            else:
                self._earlier_rows = rows
                self.tally.include(self._checkpoint.tally)
                self._received = self.tally.received
                self._log.info("An earlier try has settled the first %s leave requests.", self._received)
        return self._counting(self._checkpoint.watch(leaves) if self._checkpoint else leaves)

    def keep(self, outcomes: Iterable[LeaveOutcome]) -> None:
        """Account for outcomes until there are no more, or something is raised."""
        progress = Progress(self._log, self.tally.received)
        with open_report(self._report_path, earlier_rows=self._earlier_rows) as report:
            try:
                for settled in outcomes:
                    outcome = self._checkpoint.add(settled) if self._checkpoint else settled
                    self.tally.add(outcome)
                    report.add(outcome)
                    if progress.tell(self.tally, self._received):
                        self._remember(report)
            finally:
                self._remember(report)

    def _counting(self, leaves: Leaves) -> Leaves:
        for leave in leaves:
            self._received += 1
            yield leave

    def _remember(self, report: Report) -> None:
        """Save how far the push has come, behind the rows that tell of it."""
        report.flush()
        if not self._checkpoint:
            return
        try:
            self._checkpoint.save()
        except Exception:  # noqa: BLE001  # a push that cannot be resumed is better than none
            self._log.warning("Airflow's task state store did not take the checkpoint: a retry will begin anew.")
            self._checkpoint = None
