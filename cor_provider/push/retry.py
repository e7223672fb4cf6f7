"""
When a record is sent again, how long to wait before that, and when to give up.

COR documents 429, 500 and 503 as worth a retry, with exponential backoff, and asks for five minutes' patience after a
503 (developers.projectcor.com/quickstart and /development). A 429 does not count as an attempt:
:mod:`~cor_provider.push.pauses` says for how long the push pauses, or only that request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from cor_provider import _clock
from cor_provider.client.statuses import is_transient
from cor_provider.exceptions import (
    CorConnectionError,
    CorRateLimitError,
    CorRecordError,
    CorServerError,
    CorTransientError,
    CorUnexpectedAnswerError,
)
from cor_provider.push.options import PushOptions
from cor_provider.push.pace import Pace, Stopped
from cor_provider.push.pauses import MAX_PAUSE, seconds_after_refusals
from cor_provider.push.waiting import Waiting

T = TypeVar("T")


class Attempts:
    """
    What happened to one record so far.

    :ivar made: the number of attempts; responses of 429, and requests that only led to the next one, do not count.
    :ivar is_under_way: whether a request was sent whose outcome is not counted yet.
    :ivar lost_answer: whether COR may have done the work although no response says so.
    :ivar existed: once COR has said that it has the external id, whether it had it before this push.
    :ivar missing: whether COR has said that it does not have the external id.
    :ivar refusal: with what COR refused it, if another request has to settle what that means.
    :ivar last_error: the last error that was worth a retry.
    """

    def __init__(self) -> None:
        self.made = 0
        self.is_under_way = False
        self.lost_answer = False
        self.existed: bool | None = None
        self.missing = False
        self.refusal: CorRecordError | None = None
        self.last_error: CorTransientError | None = None

    def run(self, send: Callable[[], T]) -> T:
        """Send one request, and remember its outcome."""
        counts = True
        self.is_under_way = True
        try:
            result = send()
            counts = result is not None
        except CorRateLimitError:
            counts = False
            raise
        except CorTransientError as error:
            self.last_error = error
            self.lost_answer = self.lost_answer or error.lost_answer
            raise
        finally:
            self.made += counts
            self.is_under_way = False
        return result


class LessPatience(NamedTuple):
    """
    With which errors a request is not sent again for long.

    :param attempts: returns how many attempts an error is worth; None if as many as any other.
    :param seconds: how long the waits after these errors may take in total. They do not use up the other patience.
    """

    attempts: Callable[[BaseException], int | None]
    seconds: float


class Retries:
    """
    The patience of one push, shared by its threads.

    :param options: when to give up, and when to stop waiting.
    :param pace: decides when a request may go out.
    :param waiting: told of every wait before another attempt.
    :param less: for which errors there is less patience than the options have; for none by default.
    """

    def __init__(self, options: PushOptions, pace: Pace, waiting: Waiting, less: LessPatience | None = None) -> None:
        self._pace = pace
        self._waiting = waiting
        self._max_attempts = options.max_attempts
        self._stopping = options.stopping
        self._budget = _Budget(options.max_wait)
        self._less = less or LessPatience(lambda _: None, 0.0)
        self._smaller_budget = _Budget(min(self._less.seconds, options.max_wait))
        self._retrying = Retrying(
            retry=retry_if_exception(is_worth_retrying),
            wait=seconds_before_retry,
            stop=self._gives_up,
            before_sleep=self._announce,
            sleep=self._wait,
            reraise=True,
        )

    def run(self, attempts: Attempts, send: Callable[[], T]) -> T:
        """
        Send until there is a response that is not worth a retry.

        :param attempts: those made so far for the record.
        :raises CorTransientError: the last one, when patience is exhausted.
        :raises Stopped: if the push is stopped before that.
        """
        result: T = self._retrying(self._attempt, attempts, send)
        return result

    def _gives_up(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        worth = self._less.attempts(error) if error else None
        budget = self._budget if worth is None else self._smaller_budget
        most = self._max_attempts if worth is None else min(worth, self._max_attempts)
        return state.args[0].made >= most or not budget.spend(state.upcoming_sleep)

    def _attempt(self, attempts: Attempts, send: Callable[[], T]) -> T:
        """Make one attempt, with another turn after each 429."""
        refusals = 0
        while True:
            try:
                result = self._pace.run(lambda: attempts.run(send))
            except CorRateLimitError as error:  # noqa: PERF203  # it is rare
                refusals += 1
                own = seconds_after_refusals(refusals) if error.retry_after is None else 0.0
                seconds = max(own, self._pace.pause)
                if not self._budget.spend(seconds, is_limited=True):
                    raise
                self._waiting.begin(error, seconds)
                if own:  # the pace sees to the rest
                    self._wait(own)
            except CorRecordError:
                self._budget.restore()
                raise
            else:
                self._budget.restore()
                return result

    def _announce(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, CorTransientError):
            self._waiting.begin(error, state.upcoming_sleep)

    def _wait(self, seconds: float) -> None:
        _clock.wait(self._stopping, seconds)
        if self._stopping.is_set():
            raise Stopped


class _Budget:
    """The seconds that waits may take in total; simultaneous ones count once."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._left = seconds
        self._limited = 0.0
        """The part of it that waits for the rate limit have taken since COR last accepted a request."""
        self._waiting_until = float("-inf")

    def spend(self, seconds: float, *, is_limited: bool = False) -> bool:
        """Subtract a wait that begins now from what is left, and return whether that was enough."""
        with self._lock:
            now = _clock.now()
            wait = max(0.0, now + seconds - max(now, self._waiting_until))
            self._waiting_until = max(self._waiting_until, now + seconds)
            self._left -= wait
            self._limited += wait * is_limited
            return self._left >= 0

    def restore(self) -> None:
        """Forget the waits for the rate limit: once COR accepts requests again, they were how a push keeps to it."""
        if self._limited:
            with self._lock:
                self._left += self._limited
                self._limited = 0.0


def is_worth_retrying(error: BaseException) -> bool:
    """Return whether the same request may succeed a little later."""
    if isinstance(error, CorServerError):
        return error.status is not None and is_transient(error.status)
    return isinstance(error, (CorConnectionError, CorUnexpectedAnswerError))


_backoff = wait_exponential(multiplier=0.5, max=60) + wait_random(0, 0.5)


def seconds_before_retry(state: RetryCallState) -> float:
    """Return how long to wait: longer after each attempt, and at least as long as COR asks."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, CorTransientError) and error.retry_after else 0.0
    return max(_backoff(state), min(asked, MAX_PAUSE))
