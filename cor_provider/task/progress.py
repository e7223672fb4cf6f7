"""The progress of a push, in the task's log."""

from __future__ import annotations

from typing import Any

from cor_provider import _clock
from cor_provider.results.summary import Summary

SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """
    Logs every few seconds how many records are done, and how fast.

    :param log: a task's logger.
    :param done: how many records were done before.
    """

    def __init__(self, log: Any, done: int) -> None:
        self._log = log
        self._logged_at = _clock.now()
        self._logged = done

    def log_if_due(self, summary: Summary, received: int) -> bool:
        """
        Log a line if it is time for one, and return whether it was.

        :param received: how many records have been read so far.
        """
        now = _clock.now()
        if (seconds := now - self._logged_at) < SECONDS_BETWEEN_LINES:
            return False
        rate = (summary.received - self._logged) / seconds
        rejected, failed = summary.counts["rejected"], summary.counts["failed"]
        self._log.info(
            "%s of %s received so far are done, %.0f/s, %s rejected, %s failed",
            summary.received,
            received,
            rate,
            rejected,
            failed,
        )
        self._logged_at, self._logged = now, summary.received
        return True
