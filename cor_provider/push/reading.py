"""
Many reads from COR, each of one request or several: with the pace, the retries and the stop of a push.

A read changes nothing, so nothing has to be known of those that are cut short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from cor_provider import _clock
from cor_provider.exceptions import (
    CorConfigurationError,
    CorConnectionError,
    CorError,
    CorPermissionError,
    CorRateLimitError,
    CorRecordError,
    CorTransientError,
)
from cor_provider.push.engine import STOP_SECONDS
from cor_provider.push.options import PushOptions
from cor_provider.push.pace import POLL_SECONDS, Pace, Stopped
from cor_provider.push.retry import Attempts, LessPatience, Retries
from cor_provider.push.turns import Turns
from cor_provider.push.waiting import Waiting

Key = TypeVar("Key")
Value = TypeVar("Value")
T = TypeVar("T")


FAILURES_IN_A_ROW = 4
"""So many, and as many as may be under way at once, without an answer between them are no longer about one key each."""

REFUSED_AT_FIRST = 100
"""If COR refuses so many before one could be read, it refuses all. They may be more than failures: nobody waits."""

ATTEMPTS_AT_ONE_KEY = 3
"""
How often a request is sent with an error that may be about its key alone: at the next key, COR is likely to answer.

While it answers at none, it is asked as often as usual: it may be down for a moment.
"""

SECONDS_FOR_SINGLE_KEYS = 300.0
"""How long waits after such errors may take in total. After that, such a request is not sent again."""


class Ask(Protocol):
    """Makes a request when it is time, and again if that may help."""

    def __call__(self, request: Callable[[], T]) -> T:
        """Return what the request returns, or raise its last error."""


def read_each(
    keys: Iterable[Key], read: Callable[[Key, Ask], Value], options: PushOptions, *, turns: Turns
) -> Generator[tuple[Key, Value | CorError]]:
    """
    Read something for each key, and yield it as soon as it is known, or the error that kept this key from being read.

    COR may refuse one key, or fail at one again and again: the others go on. An error that the rest would meet too
    stops the reading, and so do such errors of single keys if nothing else comes: see :data:`FAILURES_IN_A_ROW` and
    :data:`REFUSED_AT_FIRST`. Then, and once ``stopping`` is set, no more requests go out, and the rest is not yielded.
    An answer as of a wrong address is also raised at the end, if nothing could be read until then.

    A request that fails at one key is sent again less often than others: see :data:`ATTEMPTS_AT_ONE_KEY`.

    :param keys: read as they are needed.
    :param read: makes the requests for one key, each through what it is given.
    :param turns: decides when a request may go out; closed at the end.
    :raises Exception: after what was read, the error that stopped it.
    """
    waiting = Waiting()
    pace = Pace(options.concurrency, turns, options.stopping, options.permit, waiting)
    with closing(turns):
        yield from _Reading(read, options, pace, waiting).run(keys)


def is_about_one_key(error: object) -> bool:
    """
    Return whether an error may be about one key only, after all retries.

    A 503 is not, since COR sends it when it is overloaded (developers.projectcor.com/quickstart). Nor is what keeps a
    request from being sent, such as a token that is not issued.
    """
    if isinstance(error, CorTransientError):
        is_about_all = isinstance(error, CorRateLimitError) or error.status == HTTPStatus.SERVICE_UNAVAILABLE
        return error.lost_answer and not is_about_all
    return isinstance(error, (CorRecordError, CorPermissionError)) or is_from_elsewhere(error)


def is_from_elsewhere(error: object) -> bool:
    """
    Return whether an error stands for an answer as of a wrong address: a 404 without a name, a 405, a redirect.

    If the same address has answers for other keys, it is about one key.
    """
    if type(error) is not CorConfigurationError:
        return False
    return error.status not in {None, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}


class _Reading(Generic[Key, Value]):
    """Everything except :meth:`_work` runs in the thread that iterates."""

    def __init__(self, read: Callable[[Key, Ask], Value], options: PushOptions, pace: Pace, waiting: Waiting) -> None:
        self._read = read
        self._retries = Retries(
            options, pace, waiting, less=LessPatience(self._attempts_worth, SECONDS_FOR_SINGLE_KEYS)
        )
        self._max_attempts = options.max_attempts
        self._concurrency = options.concurrency
        self._stopping = options.stopping
        self._to_read: SimpleQueue[tuple[Key] | None] = SimpleQueue()
        self._finished: SimpleQueue[tuple[Key, Any]] = SimpleQueue()
        self._under_way = 0
        self._error: BaseException | None = None
        self._has_read = False
        self._refused = 0
        self._failures_in_a_row = 0
        self._from_elsewhere: CorError | None = None

    def run(self, keys: Iterable[Key]) -> Generator[tuple[Key, Value | CorError]]:
        for number in range(self._concurrency):
            threading.Thread(target=self._work, name=f"cor-read_{number}", daemon=True).start()
        try:
            for key in keys:
                while self._under_way >= self._concurrency:
                    yield from self._next()
                if self._stopping.is_set():
                    break
                self._under_way += 1
                self._to_read.put((key,))
            while self._under_way:
                yield from self._next()
        except BaseException:  # the iterator was closed, or the keys cannot be read
            self._stopping.set()
            raise
        finally:
            for _ in range(self._concurrency):
                self._to_read.put(None)
        if not (self._has_read or self._stopping.is_set()):
            self._error = self._from_elsewhere
        if self._error:
            raise self._error

    def _next(self) -> Iterator[tuple[Key, Value | CorError]]:
        """
        Wait for one to end, and yield it unless its error is about all.

        Once the reading is stopped, wait only for a while.
        """
        give_up_at: float | None = None
        while True:
            try:
                key, result = self._finished.get(timeout=POLL_SECONDS)
            except Empty:
                if not self._stopping.is_set():
                    continue
                give_up_at = give_up_at or _clock.now() + STOP_SECONDS
                if _clock.now() >= give_up_at:
                    self._under_way = 0
                    return
                continue
            self._under_way -= 1
            if isinstance(result, BaseException) and not is_about_one_key(result):
                self._stop(None if isinstance(result, Stopped) else result)
                return
            self._count(result)
            yield key, result
            return

    def _count(self, result: object) -> None:
        """Stop if nothing but errors of single keys comes."""
        if not isinstance(result, CorError):
            self._has_read = True
            self._failures_in_a_row = 0
            return
        if is_from_elsewhere(result):
            self._from_elsewhere = result
        if self._is_refusal(result):
            self._refused += 1
            self._failures_in_a_row = 0
        else:
            self._failures_in_a_row += 1
        are_all_refused = self._refused >= REFUSED_AT_FIRST and not self._has_read
        if are_all_refused or self._failures_in_a_row >= self._concurrency + FAILURES_IN_A_ROW:
            self._stop(result)

    def _is_refusal(self, error: CorError) -> bool:
        """Return whether COR has refused a key. A 404 without a name may do so if the address has answers at all."""
        is_missing = self._has_read and error.status == HTTPStatus.NOT_FOUND and is_from_elsewhere(error)
        return is_missing or isinstance(error, (CorRecordError, CorPermissionError))

    def _attempts_worth(self, error: BaseException) -> int | None:
        """Return how many attempts an error is worth that may be about one key; the others are worth all."""
        if not is_about_one_key(error):
            return None
        if isinstance(error, CorConnectionError) and error.too_large:
            return 1  # it would be so again
        is_about_more = self._failures_in_a_row >= self._concurrency
        return self._max_attempts if is_about_more else ATTEMPTS_AT_ONE_KEY

    def _stop(self, error: BaseException | None) -> None:
        self._error = self._error or error
        self._stopping.set()

    def _work(self) -> None:
        while item := self._to_read.get():
            (key,) = item
            try:
                result: object = self._read(key, self._ask)
            except BaseException as error:  # noqa: BLE001  # raised again at the end
                result = error
            self._finished.put((key, result))

    def _ask(self, request: Callable[[], T]) -> T:
        return self._retries.run(Attempts(), request)
