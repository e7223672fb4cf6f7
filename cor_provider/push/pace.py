"""
When the requests of one push may go out: evenly spaced, not too many at once, and not while COR asks to wait.

COR responds with 429 to requests that come too fast, and with 503 when it is overloaded
(developers.projectcor.com/quickstart). It documents no limit, so the pace finds the limit, and then stays below it.
Here are the threads that wait; :mod:`~cor_provider.push.turns` decides for how long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from cor_provider import _clock
from cor_provider.exceptions import CorError, CorRateLimitError, CorRecordError
from cor_provider.push.control import Sent
from cor_provider.push.options import Permit, always
from cor_provider.push.turns import Turns
from cor_provider.push.waiting import Waiting
from cor_provider.push.width import Width

T = TypeVar("T")

POLL_SECONDS = 1.0
"""How long it may take until a thread that waits for a response notices that the push is to stop."""


class Stopped(Exception):  # noqa: N818  # not an error: somebody asked for it
    """The push was stopped while a leave request waited."""


class Pace:
    """
    The pace of one push, shared by its threads.

    :param concurrency: the maximum number of requests under way at once; fewer after a 503.
    :param turns: decides when the next request may go out.
    :param stopping: set when the push is to stop; waiting threads then wait no longer.
    :param permit: called right before each request; if it returns False, the push stops.
    :param waiting: told of good responses.
    """

    def __init__(
        self,
        concurrency: int,
        turns: Turns,
        stopping: threading.Event,
        permit: Permit = always,
        waiting: Waiting | None = None,
    ) -> None:
        self._width = Width(concurrency)
        self._turns = turns
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
        turn = self._take_turn()
        sent_at = _clock.now()
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
            self._learn(turn, sent_at, error)
            error = None  # otherwise its traceback would keep this frame alive, and the leave in it

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, because COR asked for it."""
        return self._turns.pause

    def _take_turn(self) -> Sent:
        """Wait until the next request may go out, and note that it does; other threads queue behind."""
        late = 0.0
        with self._turn:
            while True:
                with self._state:
                    while self._under_way >= self._width.requests and not self._stopping.is_set():
                        self._state.wait(POLL_SECONDS)  # there is no notification when the push is to stop
                if self._stopping.is_set():
                    raise Stopped
                turn = self._turns.take(late)
                if isinstance(turn, Sent):
                    with self._state:
                        self._under_way += 1
                    return turn
                until = _clock.now() + turn
                _clock.wait(self._stopping, turn)
                late = _clock.now() - until  # waits end late; the next one makes up for it, or the pace would drop

    def _learn(self, turn: Sent, sent_at: float, error: BaseException | None) -> None:
        if error is None or isinstance(error, CorRecordError):  # a rejection takes COR as much work as a success
            self._turns.accepted(turn)
            self._waiting.end(sent_at)
        elif isinstance(error, CorRateLimitError):
            self._turns.refused(turn, error.retry_after)
        else:
            self._turns.failed(turn)
        with self._state:
            self._under_way -= 1
            self._state.notify()
            if isinstance(error, CorError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                self._width.decrease(sent_at, _clock.now())
            elif error is None or isinstance(error, CorRecordError):
                self._width.increase()
