"""
What refusals tell of COR's limit.

COR says neither how much it accepts nor how it counts. All that is known after a refusal is when the requests before it
were sent. From that, the kinds of limit that gateways have can be told apart, well enough to stay below each:

- A **bucket** (token bucket, leaky bucket) accepts a rate and, on top of it, a burst. A refusal comes when the burst is
  used up. So for two different stretches of requests, each up to a refusal, there is one rate at which they used up the
  same burst.
- A **window** (fixed, sliding) accepts a number per second. Stretches that are shorter end after equally many.
- With a **large burst**, such as a second's worth, a bucket is not told from a window, nor need it be: what was
  accepted in the last second or two is as good a bound for either.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FEW = 10
"""From fewer requests than this nothing is concluded: any limit may refuse them if others use it too."""

FORGIVING = 2.0
"""Requests: a burst from which on nothing depends on when exactly one arrives."""

LARGE_BURST = 0.3
"""Seconds' worth of requests: a burst of more is large, since a pause of a second refills most of it."""

WINDOW = 1.0
"""Seconds: the usual window of a limit. A longer one shows in the pause that it asks for."""

SHORT = 2.0
"""Seconds: a stretch this short does not show which rate COR sustains."""

EQUAL = 0.01
"""By how much the numbers of two stretches may differ to count as equal; by one in any case."""

LEAST = 0.5
"""The share of a refused rate below which one refusal never takes it."""

DENIED = 0.9
"""The factor for a rate that was refused although it seemed to be below the limit."""

STEP = 1.15
"""The factor between the rates that are tried to find the one that fits: finer than any two that would both fit."""

REMEMBERED_COUNTS = 3
"""How many short stretches are compared."""

HALVINGS = 8
"""How often that step is halved: to less than a thousandth."""


@dataclass(frozen=True)
class Stretch:
    """
    Requests up to one that was refused, after a pause or from the beginning.

    :ivar sent_at: when they were sent; of many, the last.
    :ivar count: how many there were.
    :ivar seconds: from the first to the one that was refused.
    :ivar refused_at: when that one was sent.
    :ivar pause: seconds before the first in which nothing was sent.
    """

    sent_at: Sequence[float]
    count: int
    seconds: float
    refused_at: float
    pause: float

    def burst(self, rate: float) -> float:
        """Return how much of a burst had been used up at the refusal if COR accepts a rate besides it."""
        used = 0.0
        last = self.sent_at[0]
        for moment in self.sent_at:
            used = max(0.0, used - rate * (moment - last)) + 1
            last = moment
        return max(0.0, used - rate * (self.refused_at - last))

    @property
    def latest(self) -> float:
        """Requests per second in the last two seconds before the refusal, or in the last one if it was shorter."""
        seconds = 2 * WINDOW if self.seconds >= 2 * WINDOW else WINDOW
        return sum(moment >= self.refused_at - seconds for moment in self.sent_at) / seconds

    @property
    def mean(self) -> float:
        """Requests per second, with the pause before them."""
        seconds = self.seconds + self.pause
        return self.count / seconds if seconds else math.inf


@dataclass
class Limit:
    """
    What is believed of COR's limit, from one refusal to the next.

    :ivar is_sure: whether the last answer of :meth:`learn` is more than a guess to begin with.
    :ivar burst: how large the burst is; infinity for a large one, or a window.
    :ivar counts: how many requests the latest short stretches had.
    """

    is_sure: bool = False
    first: Stretch | None = None
    burst: float | None = None
    counts: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.counts = deque(self.counts, maxlen=REMEMBERED_COUNTS)

    @property
    def forgives(self) -> bool:
        """Whether a request may come a little sooner after another than at an even rate."""
        return self.burst is not None and self.burst >= FORGIVING

    def learn(self, stretch: Stretch, rate: float, *, is_news: bool) -> float | None:
        """
        Return how many requests per second COR seems to accept, or None if nothing can be concluded.

        :param rate: the one at which the request was sent that was refused.
        :param is_news: whether that rate seemed to be below the limit.
        """
        is_window = self._ends_like_a_window(stretch)
        if self.first is None:
            self.first = stretch
            return None
        if stretch.count < FEW:
            return None
        self.is_sure = True
        is_first_guess = self.burst is None
        if is_window or (is_news and stretch.seconds < SHORT):
            self.burst = math.inf  # no small burst explains that
        if self.burst is None:
            first = self.first
            limit = _where_it_ends(lambda rate: _later_burst(first, stretch, rate) - first.burst(rate), 1.0, rate)
            burst = stretch.burst(limit)
            self.burst = burst if burst <= LARGE_BURST * limit else math.inf
        if math.isinf(burst := self.burst):
            return self._with_large_burst(stretch, rate, is_window=is_window, is_first_guess=is_first_guess)
        return _where_it_ends(
            lambda rate: stretch.burst(rate) - min(burst, max(1.0, rate * stretch.pause)), LEAST * rate, rate
        )

    def _with_large_burst(self, stretch: Stretch, rate: float, *, is_window: bool, is_first_guess: bool) -> float:
        if stretch.seconds >= SHORT or is_window:
            return min(rate, stretch.latest)
        if not stretch.pause:  # the limit was reached before the first and at the last, so this is exact
            return min(rate, stretch.mean)
        if is_first_guess:
            self.is_sure = False
            return max(LEAST * rate, min(rate, math.sqrt(stretch.mean * stretch.latest)))
        return max(LEAST * rate, min(DENIED * rate, stretch.latest))

    def _ends_like_a_window(self, stretch: Stretch) -> bool:
        """Return whether a stretch ended after as many requests as an earlier one, within about a window."""
        if stretch.seconds >= SHORT - WINDOW / 2 or (self.first and stretch.count < FEW):
            return False
        is_equal = any(abs(stretch.count - count) <= max(1, EQUAL * count) for count in self.counts)
        self.counts.append(stretch.count)
        return is_equal


def _later_burst(first: Stretch, later: Stretch, rate: float) -> float:
    """Return how much of a burst two stretches have used up, where the pause between them refilled some of it."""
    began_at = later.refused_at - later.seconds
    return max(0.0, first.burst(rate) - rate * (began_at - first.refused_at)) + later.burst(rate)


def _where_it_ends(excess: Callable[[float], float], low: float, high: float) -> float:
    """Return the lowest rate at which an excess is no longer above zero, or the highest rate if it always is."""
    rate = low
    while excess(rate) > 0:
        if rate >= high:
            return high
        low, rate = rate, min(high, rate * STEP)
    for _ in range(HALVINGS):
        middle = (low + rate) / 2
        if excess(middle) > 0:
            low = middle
        else:
            rate = middle
    return rate
