"""
How many requests per second COR accepts, estimated from its responses.

The estimate goes through three phases:

- **Slow start**: begin low and rise quickly until the first 429. If there is a limit, it comes soon and reveals much
  about the limit.
- **Backoff**: at a 429, decrease the rate at once to what was accepted, and wait for the responses to everything that
  was under way. Then estimate the limit from them.
- **Steady**: return to the estimate and hold it. After a while, probe for more by additive increase: the limit may be
  higher than it looked, or be raised. The more is known, the longer that takes.

COR's limit is modelled as a token bucket: over any stretch of time, it accepts at most the limit's rate and one burst.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from enum import Enum, auto

INITIAL_RATE = 40.0
"""Requests per second in the beginning: few 429s if the limit is low, and soon left behind if it is not."""

FAST_INCREASE = 10.0
"""Requests per second, added for each success below the known limit: doubles the initial rate within 0.07 s."""

PROBE_INCREASE = 0.05
"""Requests per second, added for each success above it: doubles the rate in 14 s, so few requests meet the limit."""

DECREASE = 0.98
"""The factor for a rate that was refused, so that it is not tried again. What was accepted may lower it further."""

MIN_RATE_AFTER_429 = 1.0
"""Requests per second after a 429, at least: whether the pause was long enough should show soon after it."""

INITIAL_BURST_SECONDS = 0.1
"""The assumed size of the bucket after a quiet spell, in seconds' worth of requests."""

BURST_INCREASE = 3
"""The factor by which the bucket must be larger if the estimate that assumed its size was too high."""

PAUSES_PER_PROBE = 20
"""How many pauses a rate is held before it is probed again: each probe costs one, so a twentieth of the time."""

EXPERIENCES_PER_PROBE = 10
"""How long an estimate is held, in multiples of the time it was learned from: with more experience, less is to gain."""

MAX_HOLD_SECONDS = 60.0
"""How long a rate is held at most: a limit that was raised should be found within a minute."""

REMEMBERED_SUCCESSES = 1000
"""How many successes an estimate uses at most: a few seconds at the highest rates, and little memory."""


class Phase(Enum):
    """What is known of the limit; see above."""

    SLOW_START = auto()
    BACKOFF = auto()
    STEADY = auto()


class Rate:
    """
    The estimate for one push. Times are seconds of one clock.

    :param ceiling: requests per second, at most; infinity for none.
    """

    def __init__(self, ceiling: float) -> None:
        self.per_second = min(INITIAL_RATE, ceiling)
        self._ceiling = ceiling
        self._phase = Phase.SLOW_START
        self._limit = ceiling
        """The estimate, once the slow start is over."""
        self._burst_seconds = INITIAL_BURST_SECONDS
        self._pause_seconds = 0.0
        self._resume_at = 0.0
        self._probe_at = 0.0
        self._accepted: deque[float] = deque(maxlen=REMEMBERED_SUCCESSES)
        """When the requests since the last estimate were sent that COR accepted."""

    def on_success(self, sent_at: float, now: float) -> None:
        """Learn from a request that COR accepted."""
        if self._phase is Phase.BACKOFF and sent_at >= self._resume_at:
            self._end_backoff(now)
        self._accepted.append(sent_at)
        if self._phase is Phase.SLOW_START:
            self.per_second = min(self.per_second + FAST_INCREASE, self._ceiling)
        elif self._phase is Phase.STEADY:
            if self.per_second < self._limit:
                self.per_second = min(self.per_second + FAST_INCREASE, self._limit, self._ceiling)
            elif now >= self._probe_at:
                self._limit = self.per_second = min(self.per_second + PROBE_INCREASE, self._ceiling)

    def on_429(self, sent_at: float, now: float, pause: float) -> None:
        """
        Learn from a 429, the first one before a pause.

        :param pause: seconds for which nothing will be sent.
        """
        if self._accepted and self._phase is not Phase.BACKOFF:  # without a success there is nothing to estimate from
            if self._phase is Phase.STEADY and now < self._probe_at:
                self._burst_seconds *= BURST_INCREASE
            self._limit = self.per_second = DECREASE * self.per_second
            self._phase = Phase.BACKOFF
        accepted_per_second = (len(self._accepted) + 1) / (_span([sent_at, *self._accepted]) + pause)
        self.per_second = min(self.per_second, max(MIN_RATE_AFTER_429, accepted_per_second))
        self._pause_seconds = pause
        self._resume_at = now + pause

    def _end_backoff(self, now: float) -> None:
        """Estimate the limit, now that the responses to everything sent before the pause are in."""
        self._limit = min(self._limit, self._sustained())
        hold = max(PAUSES_PER_PROBE * self._pause_seconds, EXPERIENCES_PER_PROBE * _span(self._accepted))
        self._probe_at = now + min(hold, MAX_HOLD_SECONDS)
        self._accepted.clear()
        self._phase = Phase.STEADY

    def _sustained(self) -> float:
        """
        Return the requests per second that COR was seen to sustain.

        By the token bucket, the limit is at least the highest mean of any stretch of time after subtracting one burst;
        and no burst is larger than what a whole pause refills.
        """
        burst = min(self._burst_seconds, self._pause_seconds)
        latest_first = sorted(self._accepted, reverse=True)
        return max(count / (latest_first[0] - sent_at + burst) for count, sent_at in enumerate(latest_first, start=1))


def _span(moments: Collection[float]) -> float:
    return max(moments) - min(moments)
