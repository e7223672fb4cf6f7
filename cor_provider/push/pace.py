"""
When the requests of one push may go out: evenly spaced, not too many at once, and not while COR asks to wait.

COR responds with 429 to requests that come too fast, and with 503 when it is overloaded
(developers.projectcor.com/quickstart). It documents no limit, so the pace finds the limit, and then stays below it.
Only this module decides how a push reacts to a 429.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from cor_provider import _clock
from cor_provider.exceptions import CorError, CorRateLimitError, CorRecordError
from cor_provider.push.options import Permit, always
from cor_provider.push.rate import Rate
from cor_provider.push.waiting import Waiting

T = TypeVar("T")

MAX_PAUSE = 300.0
"""Seconds: the longest ``Retry-After`` that is honoured. It is COR's own advice for a 503."""

MIN_PAUSE = 0.1
"""Seconds: the shortest pause, whatever ``Retry-After`` says; doubled for each further pause in a row."""

MAX_DOUBLED_MIN_PAUSE = 1.0
"""Seconds: the end of that doubling; from here on, COR's ``Retry-After`` is trusted."""

FIRST_PAUSE = 1.0
"""Seconds: the pause after a 429 without ``Retry-After``; doubled for each further one in a row."""

MAX_DOUBLINGS = 10
"""Enough to reach ``MAX_PAUSE``, and few enough to calculate with."""

MAX_CATCH_UP = 0.5
"""The share of an interval that a late request may take from the next one, so that they never go out in bursts."""

POLL_SECONDS = 1.0
"""How long it may take until a thread that waits for a response notices that the push is to stop."""


class Stopped(Exception):  # noqa: N818  # not an error: somebody asked for it
    """The push was stopped while a leave request waited."""


class Pace:
    """
    The pace of one push, shared by its threads.

    :param concurrency: the maximum number of requests under way at once; fewer after a 429 or a 503.
    :param ceiling: requests per second, at most.
    :param stopping: set when the push is to stop; waiting threads then wait no longer.
    :param permit: called right before each request; if it returns False, the push stops.
    :param waiting: told of pauses and of good responses.
    """

    def __init__(
        self,
        concurrency: int,
        ceiling: float | None,
        stopping: threading.Event,
        permit: Permit = always,
        waiting: Waiting | None = None,
    ) -> None:
        self._rate = Rate(ceiling or math.inf)
        self._window = _Window(concurrency)
        self._under_way = 0
        self._next_at = -math.inf
        self._paused_until = -math.inf
        self._pauses_in_a_row = 0
        self._stopping = stopping
        self._permit = permit
        self._waiting = waiting or Waiting()
        self._turn = threading.Lock()
        self._state = threading.Condition()

    def run(self, send: Callable[[], T]) -> T:
        """
        Send when it is time, and learn from the response.

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
                error = None  # otherwise its traceback would keep this frame alive, and the leave in it

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, because COR asked for it."""
        return max(0.0, self._paused_until - _clock.now())

    def _take_turn(self) -> float:
        """Wait until the next request may go out, and return that time; other threads queue behind."""
        late = 0.0
        with self._turn:
            while True:
                with self._state:
                    while self._under_way >= self._window.size and not self._stopping.is_set():
                        self._state.wait(POLL_SECONDS)  # there is no notification when the push is to stop
                    now = _clock.now()
                    if self._stopping.is_set():
                        raise Stopped
                    if now >= self._next_at:
                        self._under_way += 1
                        interval = 1 / self._rate.per_second
                        self._next_at = now + interval - min(late, interval * MAX_CATCH_UP)
                        return now
                    until = self._next_at
                _clock.wait(self._stopping, until - now)
                late = _clock.now() - until  # waits end late; the next one makes up for it, or the pace would drop

    def _learn(self, sent_at: float, error: BaseException | None) -> None:
        now = _clock.now()
        if isinstance(error, CorRateLimitError):
            self._pause(sent_at, now, error)
        else:
            self._pauses_in_a_row = 0
        if error is None or isinstance(error, CorRecordError):  # a rejection takes COR as much work as a success
            self._window.increase()
            self._rate.on_success(sent_at, now)
            self._waiting.end(sent_at)
        elif _asks_for_less(error):
            self._window.decrease(sent_at, now)

    def _pause(self, sent_at: float, now: float, error: CorRateLimitError) -> None:
        """Send nothing for as long as COR asks or, if it does not say how long, for longer each time."""
        is_new = sent_at >= self._paused_until  # requests that were under way meet the same limit: no further pause
        if is_new:
            self._pauses_in_a_row += 1
        doubled = 2.0 ** min(self._pauses_in_a_row - 1, MAX_DOUBLINGS)
        if error.retry_after is None:
            seconds = FIRST_PAUSE * doubled
        else:
            seconds = max(error.retry_after, min(MIN_PAUSE * doubled, MAX_DOUBLED_MIN_PAUSE))
        seconds = min(seconds, MAX_PAUSE)
        if is_new:
            self._rate.on_429(sent_at, now, seconds)
            self._waiting.begin(error, seconds)
        self._paused_until = max(self._paused_until, now + seconds)
        self._next_at = max(self._next_at, self._paused_until)


class _Window:
    """
    How many requests may be under way at once: additive increase, multiplicative decrease.

    :param maximum: where it begins, and what it never exceeds.
    """

    DECREASE = 0.5
    """The factor by which it shrinks when COR asks for less."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._width = float(maximum)
        self._decreased_at = -math.inf

    @property
    def size(self) -> int:
        """The number of requests; at least one."""
        return int(self._width)

    def increase(self) -> None:
        """Widen it by one for each round of good responses."""
        self._width = min(self._width + 1 / self._width, self._maximum)

    def decrease(self, sent_at: float, now: float) -> None:
        """Narrow it, once for all requests that were under way together."""
        if sent_at > self._decreased_at:
            self._width = max(1.0, self._width * self.DECREASE)
            self._decreased_at = now


def _asks_for_less(error: BaseException) -> bool:
    return isinstance(error, CorError) and error.status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
