"""
What refusals tell of COR's limit.

COR says neither how much it accepts nor how it counts. All that is known after a refusal is when the requests before it
were sent. From that, the kinds of limit that gateways have can be told apart, well enough to stay below each:

- A **bucket** (token bucket, leaky bucket) accepts a rate and, on top of it, a burst. A refusal comes when the burst is
  used up. So for two different stretches of requests, each up to a refusal, there is one rate at which they used up the
  same burst.
- A **window** (fixed, sliding) accepts a number per second. Refusals agree on it (:mod:`~cor_provider.push.windows`).
- With a **large burst**, such as a second's worth, a bucket is not told from a window, nor need it be: what was
  accepted in the last second or two is as good a bound for either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cor_provider.push.windows import FEW, WINDOW, Windows

FORGIVING = 2.0
"""Requests: a burst from which on nothing depends on when exactly one arrives."""

LARGE_BURST = 0.3
"""Seconds' worth of requests: a burst of more is large, since a pause of a second refills most of it."""

SHORT = 2.0
"""Seconds: a stretch this short does not show which rate COR sustains."""

LEAST = 0.5
"""The share of a refused rate below which one refusal never takes it."""

DENIED = 0.9
"""The factor for a rate that was refused although it seemed to be below the limit."""

STEP = 1.15
"""The factor between the rates that are tried to find the one that fits: finer than any two that would both fit."""

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
    def remembered(self) -> float:
        """Seconds before the refusal of which all requests are known; infinity if those of the whole stretch are."""
        return self.refused_at - self.sent_at[0] if self.count > len(self.sent_at) else math.inf

    @property
    def latest(self) -> float:
        """Requests per second in the last two seconds before the refusal, or in the last one if it was shorter."""
        seconds = min(2 * WINDOW if self.seconds >= 2 * WINDOW else WINDOW, self.remembered)
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

    :ivar is_window: whether the last refusals are those of a window, so that its number is known exactly.
    :ivar burst: how large the burst is; infinity for a large one, or a window.
    """

    first: Stretch | None = None
    windows: Windows = field(default_factory=Windows)
    is_window: bool = False
    burst: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the last answer of :meth:`learn` is more than a guess."""
        return self.is_window or self.burst != math.inf

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
        number = self.windows.learn(stretch.sent_at, stretch.refused_at) if stretch.remembered >= WINDOW else None
        is_short = stretch.seconds < SHORT
        self.is_window = number is not None and (is_short or self.burst == math.inf)
        if number is not None and self.is_window:
            self.burst = math.inf
            return min(rate, number)
        if self.first is None:
            self.first = stretch
            return None
        if stretch.count < FEW:
            return None
        is_first_guess = self.burst is None
        if is_news and is_short and self.burst != math.inf:
            if stretch.pause:  # that has filled any small burst, so the limit has fallen, or was never that
                return None
            self.burst = math.inf
        if self.burst is None:
            first = self.first
            limit = _where_it_ends(lambda rate: _later_burst(first, stretch, rate) - first.burst(rate), 1.0, rate)
            burst = stretch.burst(limit)
            self.burst = burst if burst <= LARGE_BURST * limit else math.inf
        if math.isinf(burst := self.burst):
            return self._with_large_burst(stretch, rate, is_first_guess=is_first_guess)
        return _where_it_ends(
            lambda rate: stretch.burst(rate) - min(burst, max(1.0, rate * stretch.pause)), LEAST * rate, rate
        )

    def _with_large_burst(self, stretch: Stretch, rate: float, *, is_first_guess: bool) -> float:
        if stretch.seconds >= SHORT:
            return max(LEAST * rate, min(rate, stretch.latest))
        if not stretch.pause:  # the limit was reached before the first and at the last, so this is exact
            return min(rate, stretch.mean)
        if is_first_guess:
            return max(LEAST * rate, min(rate, math.sqrt(stretch.mean * stretch.latest)))
        return max(LEAST * rate, min(DENIED * rate, stretch.latest))


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
