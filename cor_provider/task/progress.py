"""How a push is getting on, in the task's log."""

from __future__ import annotations

from typing import Any

from cor_provider import _clock
from cor_provider.outcome import Tally

SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """
    Tells every few seconds how many leave requests are settled, and how fast.

    :param log: a task's logger.
    :param settled: how many were settled before.
    """

    def __init__(self, log: Any, settled: int) -> None:
        self._log = log
        self._told_at = _clock.now()
        self._told = settled

    def tell(self, tally: Tally, received: int) -> bool:
        """
        Tell how it is, if it is time to, and return whether it was.

        :param received: how many leave requests have been read so far.
        """
        now = _clock.now()
        if (seconds := now - self._told_at) < SECONDS_BETWEEN_LINES:
            return False
        rate = (tally.received - self._told) / seconds
        rejected = tally.counts["rejected"]
        self._log.info(
            "%s settled of %s received so far, %.0f/s, %s rejected", tally.received, received, rate, rejected
        )
        self._told_at, self._told = now, tally.received
        return True
