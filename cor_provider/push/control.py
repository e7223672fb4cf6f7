"""
When the next request of a push may go out: what the answers so far decide, without a thread, a clock or the network.

:mod:`~cor_provider.push.pace` tells it what happens, in real time. The simulation of ``make bench`` does so in its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from cor_provider.push.pauses import Pauses
from cor_provider.push.rate import Rate
from cor_provider.push.width import Width

MAX_CATCH_UP = 0.5
"""The share of an interval that a late request may take from the next one, so that they never go out in bursts."""

TRIES_PER_SECOND = 10.0
"""The rate at which is tried whether COR accepts requests again: one within the latency, where all would be refused."""


class Sent(NamedTuple):
    """A request that is under way: when it was sent, and at which rate."""

    at: float
    rate: float


class Control:
    """
    What one push knows. Times are seconds of one clock.

    :param concurrency: the maximum number of requests under way at once; fewer after a 503.
    :param ceiling: requests per second, at most; infinity for none.
    """

    def __init__(self, concurrency: int, ceiling: float) -> None:
        self.next_at = -math.inf
        """When the next request may go out."""
        self._rate = Rate(ceiling)
        self._width = Width(concurrency)
        self._pauses = Pauses()

    @property
    def width(self) -> int:
        """How many requests may be under way at once."""
        return self._width.requests

    @property
    def paused_until(self) -> float:
        """When the latest pause ends."""
        return self._pauses.until

    def send(self, now: float, late: float = 0.0) -> Sent:
        """
        Note that a request goes out.

        :param late: seconds after it was to go out, because a wait ended late.
        """
        self._rate.sent(now)
        rate = self._rate.per_second
        interval = 1 / (min(rate, TRIES_PER_SECOND) if self._pauses.is_trying else rate)
        made_up = min(late, interval * MAX_CATCH_UP) if self._rate.may_catch_up else 0.0
        self.next_at = now + interval - made_up
        return Sent(now, rate)

    def accepted(self, sent: Sent, now: float) -> None:
        """Learn from a request that COR has carried out or rejected, which takes it as much work."""
        was_trying = self._pauses.is_trying
        self._pauses.accepted(sent.at)
        if was_trying and not self._pauses.is_trying:
            self.next_at = min(self.next_at, now)
        self._rate.accepted()
        self._width.increase()

    def refused(self, sent: Sent, now: float, retry_after: float | None) -> None:
        """Learn from a 429."""
        self._pauses.refused(sent.at, now, retry_after)
        self._rate.refused(sent.at, sent.rate, self._pauses.until)
        self.next_at = max(self.next_at, self._pauses.until)

    def overloaded(self, sent: Sent, now: float) -> None:
        """Learn from a 503."""
        self._pauses.accepted(sent.at)
        self._width.decrease(sent.at, now)

    def failed(self, sent: Sent) -> None:
        """Learn from another failure: it was none of the limit's."""
        self._pauses.accepted(sent.at)
