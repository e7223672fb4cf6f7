"""
For how long a push sends nothing after a 429.

As long as COR asks, by ``Retry-After``. If it does not say, one refusal among good answers is no reason to stop: the
push goes on a little slower, and only that request waits. Several refusals in a row are one, and each further round of
them is one to wait twice as long, up to a quarter of a minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_PAUSE = 300.0
"""Seconds: the longest ``Retry-After`` that is honoured. It is COR's own advice for a 503."""

MIN_PAUSE = 0.1
"""Seconds: the shortest pause, whatever ``Retry-After`` says; doubled for each further pause in a row."""

MAX_DOUBLED_MIN_PAUSE = 1.0
"""Seconds: the end of that doubling; from here on, COR's ``Retry-After`` is trusted."""

FIRST_PAUSE = 1.0
"""Seconds: the pause after refusals without ``Retry-After``; doubled for each further one in a row."""

MAX_DOUBLED_PAUSE = 16.0
"""Seconds: the end of that doubling. One request in that time harms nobody, and of a minute's window little is lost."""

MAX_DOUBLINGS = 10
"""Enough for all of these, and few enough to calculate with."""


def seconds_after_refusals(refusals: int) -> float:
    """Return how long a request waits that was refused so many times in a row, without ``Retry-After``."""
    return min(FIRST_PAUSE * _doubled(refusals), MAX_DOUBLED_PAUSE)


@dataclass
class Pauses:
    """
    The pauses of one push. Times are seconds of one clock.

    :ivar until: when the latest pause ends.
    :ivar is_trying: whether one request at a time is to find out if COR accepts any again.
    :ivar rounds: how many pauses there were since a request was accepted.
    :ivar in_a_row: how many requests were refused since a later one was accepted.
    """

    until: float = -math.inf
    is_trying: bool = False
    rounds: int = 0
    in_a_row: int = 0
    refused_at: float = -math.inf

    def accepted(self, sent_at: float) -> None:
        """Note that COR has accepted a request that was sent at some time."""
        if sent_at > self.refused_at:
            self.in_a_row = 0
        if sent_at >= self.until:
            self.rounds = 0
            self.is_trying = False

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """
        Note that COR has refused one. Those that were under way together meet the same limit: they are one pause.

        :param retry_after: seconds for which COR asked to wait.
        """
        self.in_a_row += 1
        self.refused_at = max(self.refused_at, sent_at)
        is_asked = retry_after is not None
        if (is_asked or self.in_a_row > 1) and (sent_at >= self.until or not self.rounds):
            self.rounds += 1
        if retry_after is not None:
            seconds = max(retry_after, min(MIN_PAUSE * _doubled(self.rounds), MAX_DOUBLED_MIN_PAUSE))
        else:
            seconds = seconds_after_refusals(self.rounds) if self.rounds else 0.0
        self.until = max(self.until, now + min(seconds, MAX_PAUSE))
        self.is_trying = self.rounds > 1 or (self.rounds == 1 and not is_asked)


def _doubled(times: int) -> float:
    return 2.0 ** min(times - 1, MAX_DOUBLINGS)
