"""
When the next request may go out: what the answers so far decide, without a thread, a clock or the network.

:mod:`~cor_provider.push.turns` tells it what happens, in real time; the simulation of ``make bench`` does so in its own
time. It is a plain value, so that pushes can share one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from cor_provider.push.pauses import Pauses
from cor_provider.push.rate import Rate

MAX_CATCH_UP = 0.5
"""The share of an interval that a late request may take from the next one, so that they never go out in bursts."""

TRIES_PER_SECOND = 10.0
"""The rate at which is tried whether COR accepts requests again: one within the latency, where all would be refused."""


class Sent(NamedTuple):
    """A request that is under way: when it was sent, and at which rate."""

    at: float
    rate: float


@dataclass
class Control:
    """
    What is known of how much COR accepts. Times are seconds of one clock.

    :ivar next_at: when the next request may go out.
    """

    rate: Rate = field(default_factory=Rate)
    pauses: Pauses = field(default_factory=Pauses)
    next_at: float = -math.inf

    @property
    def interval(self) -> float:
        """Seconds from one request to the next."""
        rate = self.rate.per_second
        return 1 / (min(rate, TRIES_PER_SECOND) if self.pauses.is_trying else rate)

    def send(self, now: float, late: float = 0.0) -> Sent:
        """
        Note that a request goes out.

        :param late: seconds after it was to go out, because a wait ended late.
        """
        self.rate.sent(now)
        interval = self.interval
        made_up = min(late, interval * MAX_CATCH_UP) if self.rate.may_catch_up else 0.0
        self.next_at = now + interval - made_up
        return Sent(now, self.rate.per_second)

    def accepted(self, sent: Sent, now: float) -> None:
        """Learn from a request that COR has carried out or rejected, which takes it as much work."""
        was_trying = self.pauses.is_trying
        self.pauses.accepted(sent.at)
        if was_trying and not self.pauses.is_trying:
            self.next_at = min(self.next_at, now)
        self.rate.accepted()

    def refused(self, sent: Sent, now: float, retry_after: float | None) -> None:
        """Learn from a 429."""
        self.pauses.refused(sent.at, now, retry_after)
        self.rate.refused(sent.at, sent.rate, self.pauses.until)
        self.next_at = max(self.next_at, self.pauses.until)

    def failed(self, sent: Sent) -> None:
        """Learn from another failure: it was none of the limit's."""
        self.pauses.accepted(sent.at)
