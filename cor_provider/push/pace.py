"""
When the requests of one push may go out: evenly spaced, not too many at once, and not while COR asks to wait.

COR answers 429 to what comes too fast, and 503 when it is overloaded (developers.projectcor.com/quickstart). It
documents no limit, so the limit is found, and then kept instead of hit over and over.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import TypeVar

from cor_provider import _clock
from cor_provider.exceptions import CorError, CorRateLimitError, CorRecordError
from cor_provider.push.options import Permit, always

T = TypeVar("T")

log = logging.getLogger(__name__)

LONGEST_PAUSE = 300.0
"""Seconds: the most that a ``Retry-After`` is heeded. It is COR's own advice for a 503."""

SHORTEST_PAUSE = 0.1
"""Seconds: the least, whatever ``Retry-After`` says; doubled for each further pause in a row, up to a second."""

WORTH_TELLING = 5.0
"""Seconds: pauses as long as this are told in the log."""


SECONDS_UNTIL_NOTICED = 1.0
"""How long it may take until who waits for an answer notices that the push is to stop."""


class Stopped(Exception):  # noqa: N818  # nothing went wrong: somebody asked for it
    """The push was stopped while a leave request waited."""


class Pace:
    """
    The pace of one push, shared by its threads.

    :param concurrency: how many requests may be under way at once, at most; fewer after a 429 or a 503, and one more
        again after each round of good answers.
    :param ceiling: requests per second, at most.
    :param stopping: set when the push is to stop; whoever waits then waits no longer.
    :param permit: asked right before each request; where it says no, the push stops.
    """

    def __init__(
        self, concurrency: int, ceiling: float | None, stopping: threading.Event, permit: Permit = always
    ) -> None:
        self._rate = Rate(ceiling or math.inf)
        self._most_under_way = concurrency
        self._room = float(concurrency)
        self._room_left_at = -math.inf
        self._under_way = 0
        self._next_at = -math.inf
        self._paused_until = -math.inf
        self._pauses_in_a_row = 0
        self._stopping = stopping
        self._permit = permit
        self._turn = threading.Lock()
        self._state = threading.Condition()

    def run(self, send: Callable[[], T]) -> T:
        """
        Send when it is time, and learn from the answer.

        :raises Stopped: if the push is stopped before that.
        """
        sent_at = self._take_turn()
        error: BaseException | None = None
        try:
            if not self._permit():
                self._stopping.set()
            if self._stopping.is_set():
                raise Stopped
            return send()
        except BaseException as raised:
            error = raised
            raise
        finally:
            with self._state:
                self._under_way -= 1
                self._state.notify()
                self._learn(sent_at, error)
                error = None  # which would keep this frame alive, and the leave in it

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, because COR asked for it."""
        return max(0.0, self._paused_until - _clock.now())

    def _take_turn(self) -> float:
        """Wait until the next request may go, and return when that is; the others wait behind."""
        late = 0.0
        with self._turn:
            while True:
                with self._state:
                    while self._under_way >= max(1, int(self._room)) and not self._stopping.is_set():
                        self._state.wait(SECONDS_UNTIL_NOTICED)  # being stopped notifies nobody
                    now = _clock.now()
                    if self._stopping.is_set():
                        raise Stopped
                    if now >= self._next_at:
                        self._under_way += 1
                        interval = 1 / self._rate.per_second
                        self._next_at = now + interval - min(late, interval / 2)
                        return now
                    until = self._next_at
                _clock.wait(self._stopping, until - now)
                late = _clock.now() - until  # as waits end; unless the next one makes up for it, the pace is slower

    def _learn(self, sent_at: float, error: BaseException | None) -> None:
        now = _clock.now()
        if isinstance(error, CorRateLimitError):
            self._pause(sent_at, now, error.retry_after)
        else:
            self._pauses_in_a_row = 0
        if error is None or isinstance(error, CorRecordError):  # a rejection is as good an answer as any
            self._room = min(self._room + 1 / self._room, self._most_under_way)
            self._rate.rise(sent_at, now)
        elif _asks_for_less(error) and sent_at > self._room_left_at:  # once for all that was under way
            self._room = max(1.0, self._room / 2)
            self._room_left_at = now

    def _pause(self, sent_at: float, now: float, asked: float | None) -> None:
        """Let nobody send for as long as COR asks, or for longer each time that it does not say how long."""
        is_new = sent_at >= self._paused_until  # what was under way meets the same limit, and is no further pause
        if is_new:
            self._pauses_in_a_row += 1
        doubled = 2.0 ** min(self._pauses_in_a_row - 1, 10)
        seconds = doubled if asked is None else max(asked, min(SHORTEST_PAUSE * doubled, 1.0))
        seconds = min(seconds, LONGEST_PAUSE)
        if is_new:
            self._rate.fall(sent_at, now, seconds)
            if seconds >= WORTH_TELLING:
                log.info("COR asks to slow down: nothing is sent for %.0f seconds.", seconds)
        self._paused_until = max(self._paused_until, now + seconds)
        self._next_at = max(self._next_at, self._paused_until)


def _asks_for_less(error: BaseException) -> bool:
    return isinstance(error, CorError) and error.status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }


class Rate:
    """
    How many requests per second COR takes, as far as its answers tell.

    It begins low, and rises quickly until the first 429: that comes soon, where there is a limit, and tells much about
    it. From then on it is what COR was seen to take. After a while, the longer the more is known, it creeps up: a limit
    may be higher than it looked, or be raised. Times are seconds of one clock.

    :param ceiling: requests per second, at most.
    """

    FIRST = 40.0
    """Per second, to begin with."""
    RISE = 10.0
    """Per second and good answer, below what COR is known to take: doubles the rate in 0.07 s."""
    CREEP = 0.05
    """Per second and good answer, above that: doubles the rate in 14 s."""
    MARGIN = 0.98
    """Of a rate that was refused: the most that is tried next."""
    BURST = 0.1
    """Seconds' worth of requests that a limit is first believed to take at once, when none came for a while."""
    KEPT = 1000
    """How many good answers are remembered to learn from."""

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self.per_second = min(self.FIRST, ceiling)
        self._known = math.inf
        self._creep_at = -math.inf
        self._burst = self.BURST
        self._is_refused = False
        self._pause = math.inf
        self._resumes_at = -math.inf
        self._taken: deque[float] = deque(maxlen=self.KEPT)

    def rise(self, sent_at: float, now: float) -> None:
        """Learn from a good answer."""
        if self._is_refused and sent_at >= self._resumes_at:
            self._settle(now)
        self._taken.append(sent_at)
        if self._is_refused:
            return  # sent before the pause: it tells what COR takes, but not that it takes more again
        if self.per_second < self._known:
            self.per_second = min(self.per_second + self.RISE, self._known, self._ceiling)
        elif now >= self._creep_at:
            self._known = self.per_second = min(self.per_second + self.CREEP, self._ceiling)

    def fall(self, sent_at: float, now: float, pause: float) -> None:
        """
        Learn from a 429, the first one before a pause.

        :param pause: seconds for which nothing will be sent.
        """
        if self._taken and not self._is_refused:
            if now < self._creep_at:  # what was thought to be known was too much
                self._burst *= 3
            self._known = self.MARGIN * self.per_second
            self._is_refused = True
        # Not slower than one a second: whether the pause was enough should show soon after it.
        taken_per_second = (len(self._taken) + 1) / (_stretch([sent_at, *self._taken]) + pause)
        self.per_second = min(self._known, self.per_second, max(1.0, taken_per_second))
        self._pause = pause
        self._resumes_at = now + pause

    def _settle(self, now: float) -> None:
        """Make use of what was taken, now that the answers to all that was under way before the pause are in."""
        self._known = min(self._known, self._seen())
        # Each try for more costs a pause: a twentieth of the time, or less where long experience leaves little to gain.
        self._creep_at = now + min(max(20 * self._pause, 10 * _stretch(self._taken)), 60)
        self._taken.clear()
        self._is_refused = False

    def _seen(self) -> float:
        """
        Return the requests per second that COR was seen to take.

        Over no stretch of time did COR take more than its limit and one burst. So the limit is at least the highest
        mean that forgives the burst; and no burst is more than a whole pause would bring.
        """
        burst = min(self._burst, self._pause)
        latest_first = sorted(self._taken, reverse=True)
        return max(count / (latest_first[0] - sent_at + burst) for count, sent_at in enumerate(latest_first, start=1))


def _stretch(moments: Collection[float]) -> float:
    return max(moments) - min(moments)
