"""
When the requests of one push may go out: evenly spaced, not too many at once, and not while COR asks to wait.

COR responds with 429 to requests that come too fast, and with 503 when it is overloaded
(developers.projectcor.com/quickstart). It documents no limit, so the pace finds the limit, and then stays below it.
Here are the threads that wait; :mod:`~cor_provider.push.control` decides what for.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from cor_provider import _clock
from cor_provider.exceptions import CorError, CorRateLimitError, CorRecordError
from cor_provider.push.control import Control, Sent
from cor_provider.push.options import Permit, always
from cor_provider.push.waiting import Waiting

T = TypeVar("T")

POLL_SECONDS = 1.0
"""How long it may take until a thread that waits for a response notices that the push is to stop."""


class Stopped(Exception):  # noqa: N818  # not an error: somebody asked for it
    """The push was stopped while a leave request waited."""


class Pace:
    """
    The pace of one push, shared by its threads.

    :param concurrency: the maximum number of requests under way at once; fewer after a 503.
    :param ceiling: requests per second, at most.
    :param stopping: set when the push is to stop; waiting threads then wait no longer.
    :param permit: called right before each request; if it returns False, the push stops.
    :param waiting: told of good responses.
    """

    def __init__(
        self,
        concurrency: int,
        ceiling: float | None,
        stopping: threading.Event,
        permit: Permit = always,
        waiting: Waiting | None = None,
    ) -> None:
        self._control = Control(concurrency, ceiling or math.inf)
        self._under_way = 0
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
        sent = self._take_turn()
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
                self._learn(sent, error)
                error = None  # otherwise its traceback would keep this frame alive, and the leave in it

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, because COR asked for it."""
        return max(0.0, self._control.paused_until - _clock.now())

    def _take_turn(self) -> Sent:
        """Wait until the next request may go out, and note that it does; other threads queue behind."""
        late = 0.0
        with self._turn:
            while True:
                with self._state:
                    while self._under_way >= self._control.width and not self._stopping.is_set():
                        self._state.wait(POLL_SECONDS)  # there is no notification when the push is to stop
                    now = _clock.now()
                    if self._stopping.is_set():
                        raise Stopped
                    if now >= self._control.next_at:
                        self._under_way += 1
                        return self._control.send(now, late)
                    until = self._control.next_at
                _clock.wait(self._stopping, until - now)
                late = _clock.now() - until  # waits end late; the next one makes up for it, or the pace would drop

    def _learn(self, sent: Sent, error: BaseException | None) -> None:
        now = _clock.now()
        if error is None or isinstance(error, CorRecordError):  # a rejection takes COR as much work as a success
            self._control.accepted(sent, now)
            self._waiting.end(sent.at)
        elif isinstance(error, CorRateLimitError):
            self._control.refused(sent, now, error.retry_after)
        elif isinstance(error, CorError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self._control.overloaded(sent, now)
        else:
            self._control.failed(sent)
