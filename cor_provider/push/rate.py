"""
How many requests per second a push sends.

- **Start**: begin low, and rise quickly until the first refusal. If there is a limit, it comes soon.
- **Search**: resume at half of what was refused, and return towards it. The second refusal tells what kind of limit it
  is (:mod:`~cor_provider.push.limit`), and a third one makes sure.
- **Hold**: keep a little below what COR seems to accept: the plateau.
- **Growth**: after a while rise above it, slowly at first and then faster and faster, since the limit may have been
  raised or somebody who shared it may have left. The next refusal gives the next plateau. If it comes sooner than
  any limit explains that was believed in, the limit has fallen: search again.

Where a refusal costs a pause of a second, a hold is a dozen times as long. Where it costs none, growth begins soon.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from cor_provider.push.limit import SHORT, Limit, Stretch
from cor_provider.push.windows import FEW

INITIAL_RATE = 40.0
"""Requests per second in the beginning: few refusals if the limit is low, and soon left behind if it is not."""

START_INCREASE = 6.0
"""Requests per second for each that was accepted: tenfold in half a second, a quarter more in 50 ms."""

SEARCH_FROM = 0.5
"""The share of the refused rate at which the search begins: below a limit without burst, and most with a small one."""

BELOW = 0.985
"""The share of what COR seems to accept that is sent: what is left over makes refusals rare, and costs little."""

RESUMED = 0.95
"""The share of the plateau at which sending is resumed, in case that others have taken what was paused."""

RETURN_SECONDS = 0.7
"""How soon the plateau is reached from there (the time constant)."""

FIRST_HOLD, LONGEST_HOLD = 12.0, 20.0
"""Seconds between a pause of a second and growth: each refusal costs such a pause, so a twentieth of the time."""

SHORTEST_HOLD = 1.5
"""Seconds of it if the last plateau has proved wrong, so that the limit may still be moving."""

FREE_HOLD = 2.0
"""Seconds of it after a refusal that cost no pause, and in the search, of which the plateau is a guess."""

ALIKE = 0.2
"""By how much a plateau may differ from the last one to confirm it; then the hold is doubled."""

GROWTH, GROWTH_POWER, GROWTH_PER_SECOND = 0.13, 0.75, 0.6
"""
Growth is ``GROWTH * plateau ** GROWTH_POWER * (exp(GROWTH_PER_SECOND * seconds) - 1)``: of 50/s, a twentieth
in a second, and all of it in five. The power below 1 lets who has little gain more of it than who has much.
"""

FEW_LESS = 0.95
"""The factor for a plateau at which few requests were accepted, from which nothing else is concluded."""

FEW_RESUMED = 0.8
"""The share of the refused rate at which sending is then resumed."""

LONG_PAUSE = 5.0
"""Seconds: a pause from which on the limit seems to count in minutes, if much was accepted before it."""

WORTH_A_PAUSE = 5.0
"""How many must have been accepted for each second of it: then the next ones may be sent as fast as from the start."""

LEAST = 1.0
"""Requests per second, at least: whether there is a limit still should show soon."""

REMEMBERED = 1000
"""Of how many requests it is remembered when they were sent: a second's at the highest rate of a push."""

MOST_INTERVALS = 3
"""The most that counts of the time between two requests, in intervals: a rate that is not used proves nothing."""

SPREAD = 1.1
"""By how much the rate of a refusal may be above the one that the gaps between the last requests show."""

SHORT_PAUSE = 0.1
"""Seconds: a shorter time without requests is no pause."""


class _Refusal(NamedTuple):
    sent_at: float
    rate: float


@dataclass
class Rate:
    """
    The rate of one push. Times are seconds of one clock.

    :ivar ceiling: requests per second, at most; infinity for none.
    :ivar refusal: the first request of this stretch that was refused.
    """

    ceiling: float = math.inf
    value: float = INITIAL_RATE
    plateau: float | None = None
    resumed: float = 0.0
    limit: Limit = field(default_factory=Limit)
    is_searching: bool = True
    was_few: bool = False
    hold: float = FIRST_HOLD
    hold_now: float = FREE_HOLD
    until: float = -math.inf
    pause: float = 0.0
    refusal: _Refusal | None = None
    sent_at: deque[float] = field(default_factory=deque)
    count: int = 0
    began_at: float = 0.0
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        self.sent_at = deque(self.sent_at, maxlen=REMEMBERED)

    @property
    def per_second(self) -> float:
        """Requests per second from now on."""
        return min(self.value, self.ceiling)

    @property
    def may_catch_up(self) -> bool:
        """Whether a request that goes out late may be made up for: not if the limit may be one without a burst."""
        return self.plateau is None or self.limit.forgives

    def sent(self, now: float) -> None:
        """Note that a request goes out. The first one after a refusal learns from it: by now all answers are in."""
        if self.refusal is not None:
            self._end_stretch(self.refusal)
        if not self.count:
            self.began_at = now
        else:
            gap = max(0.0, now - self.sent_at[-1])  # the clock of a Redis may be set back a little
            self.elapsed += min(gap, MOST_INTERVALS / self.value)
        self.count += 1
        self.sent_at.append(now)
        if self.plateau is not None:
            self.value = self._value_after(self.elapsed, self.plateau)

    def accepted(self) -> None:
        """Note that COR has accepted a request."""
        if self.plateau is None and self.refusal is None:
            self.value += START_INCREASE

    def refused(self, sent_at: float, rate: float, until: float) -> None:
        """
        Note that COR has refused a request.

        :param rate: the one at which it was sent.
        :param until: when the next request may go out.
        """
        self.until = max(self.until, until)
        if self.refusal is None or sent_at < self.refusal.sent_at:
            self.refusal = _Refusal(sent_at, rate)

    def _value_after(self, seconds: float, plateau: float) -> float:
        value = plateau - (plateau - self.resumed) * math.exp(-seconds / RETURN_SECONDS)
        if (grown := seconds - self.hold_now) > 0:
            value += GROWTH * plateau**GROWTH_POWER * math.expm1(min(GROWTH_PER_SECOND * grown, 50.0))
        return value

    def _end_stretch(self, refusal: _Refusal) -> None:
        sent_at, rate = refusal
        pause = max(0.0, self.until - sent_at)
        times = list(self.sent_at)
        before = bisect_left(times, sent_at)
        if before:  # otherwise it was sent long before the others, which were accepted
            count = self.count - (len(times) - before)
            times = times[:before]
            if before >= FEW:  # who was held up elsewhere did not send at the rate that it might have
                gaps = [later - earlier for earlier, later in pairwise(times[-2 * FEW :])]
                rate = min(rate, SPREAD / max(statistics.median(gaps), SPREAD / rate))
            stretch = Stretch(times, count, sent_at - self.began_at, sent_at, self.pause)
            if pause >= LONG_PAUSE and count >= WORTH_A_PAUSE * pause:
                vars(self).update(vars(Rate(self.ceiling)))  # as at the start
                pause = 0.0
            else:
                self._learn(stretch, rate)
        self._begin_stretch(pause)

    def _begin_stretch(self, pause: float) -> None:
        self.pause = pause if pause > SHORT_PAUSE else 0.0
        longer = 0.0 if self.is_searching else self.hold - FREE_HOLD
        self.hold_now = FREE_HOLD + longer * min(1.0, self.pause)
        self.refusal = None
        self.sent_at = deque(maxlen=REMEMBERED)
        self.count = 0
        self.began_at = 0.0
        self.elapsed = 0.0

    def _learn(self, stretch: Stretch, rate: float) -> None:
        plateau = self.plateau
        believed = min(rate, plateau or math.inf)
        is_news = plateau is not None and not self.is_searching and rate < (2 - BELOW) * plateau
        limit = self.limit.learn(stretch, rate, is_news=is_news)
        if limit is not None:
            self._settle(BELOW * limit)
        elif plateau is None or self.is_searching:
            self._move(believed, SEARCH_FROM * believed)
        elif self.was_few or (self.pause and stretch.count >= FEW and stretch.seconds < SHORT):
            self.limit = Limit(stretch, self.limit.windows)
            self.is_searching = True
            self._move(believed, SEARCH_FROM * believed)
        else:
            self._move(FEW_LESS * plateau, FEW_RESUMED * rate)
        self.was_few = limit is None

    def _settle(self, plateau: float) -> None:
        was_right = self.plateau is not None and abs(plateau / self.plateau - 1) <= ALIKE
        if self.is_searching or self.limit.is_window:
            self.hold = FIRST_HOLD if self.limit.is_sure else SHORTEST_HOLD
        elif was_right and self.elapsed >= self.hold_now:
            self.hold = min(2 * self.hold, LONGEST_HOLD)
        else:
            self.hold = SHORTEST_HOLD
        self.is_searching = False
        self._move(plateau)

    def _move(self, plateau: float, resumed: float = math.inf) -> None:
        self.plateau = max(LEAST, plateau)
        self.resumed = self.value = max(LEAST, min(resumed, RESUMED * plateau))
