"""
The push: leave requests (or leaves to delete) go in, and an outcome for each comes out.

It knows neither Airflow nor the format of COR's messages: it gets the function that sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Generic

from cor_provider import _clock
from cor_provider.exceptions import (
    CorConflictingRepeatError,
    CorConnectionError,
    CorLeaveTypeNotFoundError,
    CorRecordError,
    CorTransientError,
    CorUserNotFoundError,
)
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.push.options import PushOptions
from cor_provider.push.pace import POLL_SECONDS, Pace, Stopped
from cor_provider.push.retry import Attempts, Retries
from cor_provider.push.seen_ids import SeenIds
from cor_provider.push.turns import Turns
from cor_provider.push.waiting import Waiting

Send = Callable[[Leave, Attempts], LeaveOutcome | None]
"""Sends one request for a leave request and returns its outcome, or None if that takes another request."""

MAX_READ_AHEAD = 10_000
"""How far the input is read beyond a leave request without an outcome: a task must remember outcomes out of order."""

STOP_SECONDS = 40.0
"""
How long a stopped push waits for the responses under way: longer than one takes with the default timeout. After that
they count as ``failed``, so that the task ends before Airflow kills it, a minute after asking it to stop.
"""


def push(
    leaves: Iterable[Leave | UnreadableLeave],
    send: Send[Leave],
    options: PushOptions,
    *,
    turns: Turns,
    repeated: Status,
) -> Generator[LeaveOutcome]:
    """
    Send leave requests and yield the outcome of each as soon as it is known.

    A rejection never stops the push. It stops when a leave request runs out of attempts, since the rest would meet the
    same failure: that one is ``failed``, and the rest is ``not_sent``. A configuration error also stops it.

    :param leaves: read as they are needed, never held in memory.
    :param send: sends one request for a leave request; it is given the outcome of the earlier attempts.
    :param options: once ``stopping`` is set, a leave request under way gets its outcome or, if COR does not respond for
        a while, is ``failed``; the rest is ``not_sent``. Closing the iterator sets it, and waits likewise.
    :param turns: decides when a request may go out; closed at the end.
    :param repeated: the status of a leave request that repeats an earlier one, and so is not sent.
    :raises Exception: after the last outcome, the error that stopped the push: a configuration error, or one in reading
        the input.
    """
    waiting = Waiting()
    pace = Pace(options.concurrency, turns, options.stopping, options.permit, waiting)
    with closing(turns):
        yield from _Push(send, Retries(options, pace, waiting), options, repeated).run(leaves)


def check(leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave]) -> Iterator[LeaveOutcome]:
    """
    Yield the outcomes of leave requests that are only checked: ``rejected`` or ``not_sent``.

    A repeat that contradicts an earlier leave request is ``rejected``, as in a push.
    """
    with SeenIds() as seen:
        for position, leave in enumerate(leaves, start=1):
            if isinstance(leave, UnreadableLeave):
                yield LeaveOutcome.from_error(leave.leave_id, "rejected", leave.error, position=position)
            elif seen.add(leave) == "different":
                yield LeaveOutcome.from_error(leave.id, "rejected", CorConflictingRepeatError(), position=position)
            else:
                yield LeaveOutcome(leave.id, "not_sent", position=position)


@dataclass
class _UnderWay:
    """A leave request that a thread is sending, or will send next."""

    position: int
    attempts: Attempts = field(default_factory=Attempts)


class _Push(Generic[Leave]):
    """One push. Everything except :meth:`_work` runs in the thread that iterates over the outcomes."""

    def __init__(self, send: Send[Leave], retries: Retries, options: PushOptions, repeated: Status) -> None:
        self._send: Send[Leave] = send
        self._retries = retries
        self._concurrency = options.concurrency
        self._stopping = options.stopping
        self._repeated: Status = repeated
        self._under_way: dict[str, _UnderWay] = {}
        """By external id, in the order of the input."""
        self._waiting: SimpleQueue[tuple[Leave, _UnderWay] | None] = SimpleQueue()
        self._finished: SimpleQueue[tuple[str, LeaveOutcome]] = SimpleQueue()
        self._give_up_at: float | None = None
        self._errors: list[BaseException] = []

    def run(self, leaves: Iterable[Leave | UnreadableLeave]) -> Generator[LeaveOutcome]:
        with SeenIds() as self._seen:
            self._start_threads()
            try:
                for position, leave in enumerate(self._read(leaves), start=1):
                    if isinstance(leave, UnreadableLeave):
                        yield LeaveOutcome.from_error(leave.leave_id, "rejected", leave.error, position=position)
                        continue
                    while self._finished.qsize() or self._must_wait(leave.id, position):
                        yield from self._next_outcome()
                    if outcome := self._outcome_without_sending(leave):
                        yield replace(outcome, position=position)
                    else:
                        self._under_way[leave.id] = under_way = _UnderWay(position)
                        self._waiting.put((leave, under_way))
                while self._under_way:
                    yield from self._next_outcome()
            except BaseException:  # the iterator was closed, or the thread interrupted
                self._stopping.set()
                while self._under_way:
                    tuple(self._next_outcome())
                raise
            finally:
                for _ in range(self._concurrency):
                    self._waiting.put(None)
        if self._errors:
            raise self._errors[0]

    def _read(self, leaves: Iterable[Leave | UnreadableLeave]) -> Iterator[Leave | UnreadableLeave]:
        """Yield the input. If reading it fails, the outcomes so far must not be lost."""
        try:
            yield from leaves
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # raised again at the end
            self._errors.append(error)
            if not isinstance(error, Exception):  # an interruption
                self._stopping.set()

    def _must_wait(self, leave_id: str, position: int) -> bool:
        if len(self._under_way) >= self._concurrency:
            return True
        # A repeat waits for the first leave request of its id, whose outcome decides the repeat's.
        if leave_id in self._under_way:
            return True
        first = next(iter(self._under_way.values()), None)
        return first is not None and position - first.position > MAX_READ_AHEAD

    def _outcome_without_sending(self, leave: Leave) -> LeaveOutcome | None:
        if self._stopping.is_set():
            return LeaveOutcome(leave.id, "not_sent")
        comparison = self._seen.add(leave)
        if comparison == "same":
            return LeaveOutcome(leave.id, self._repeated)
        if comparison == "different":
            return LeaveOutcome.from_error(leave.id, "rejected", CorConflictingRepeatError())
        return None

    def _next_outcome(self) -> Iterator[LeaveOutcome]:
        """Wait for an outcome and yield it, unless it comes too late: its leave request was given up."""
        leave_id, outcome = self._wait_for_outcome()
        if self._under_way.pop(leave_id, None) is None:
            return
        if outcome.status == "rejected":
            self._seen.forget(leave_id)  # another leave request may now use the id
        yield outcome

    def _wait_for_outcome(self) -> tuple[str, LeaveOutcome]:
        """Wait for an outcome. Once the push is stopped, wait only for a while."""
        while True:
            with suppress(Empty):
                return self._finished.get(timeout=POLL_SECONDS)
            if self._stopping.is_set():
                self._give_up_at = self._give_up_at or _clock.now() + STOP_SECONDS
                if _clock.now() >= self._give_up_at:
                    return self._give_up()

    def _give_up(self) -> tuple[str, LeaveOutcome]:
        """Return an outcome for the first leave request that COR has not responded to in time."""
        leave_id, under_way = next(iter(self._under_way.items()))
        attempts = under_way.attempts
        outcome = LeaveOutcome(leave_id, "not_sent")
        if made := attempts.is_under_way + attempts.made:  # read in this order: an attempt is counted before it ends
            error = CorConnectionError(NO_RESPONSE)
            outcome = LeaveOutcome.from_error(leave_id, "failed", error, attempts=made)
        return leave_id, replace(outcome, position=under_way.position)

    def _start_threads(self) -> None:
        for number in range(self._concurrency):
            # Daemons, since a response that never comes must not keep the process alive.
            threading.Thread(target=self._work, name=f"cor-push_{number}", daemon=True).start()

    def _work(self) -> None:
        """Send the waiting leave requests, in a thread of the pool."""
        while item := self._waiting.get():
            leave, under_way = item
            outcome = self._send_until_done(leave, under_way.attempts)
            self._finished.put((leave.id, replace(outcome, position=under_way.position)))

    def _send_until_done(self, leave: Leave, attempts: Attempts) -> LeaveOutcome:
        """Send one leave request until it has an outcome; whatever happens, it gets one."""
        outcome: LeaveOutcome | None = None
        try:
            while outcome is None:
                outcome = self._retries.run(attempts, lambda: self._send(leave, attempts))
        except Stopped:
            error = attempts.last_error
            outcome = LeaveOutcome(leave.id, "not_sent")
            if error:
                outcome = LeaveOutcome.from_error(leave.id, "failed", error)
        except CorRecordError as error:
            outcome = LeaveOutcome.from_error(leave.id, "rejected", error, unknown_id=_unknown_id(leave, error))
        except BaseException as error:  # noqa: BLE001  # raised again at the end, if every leave would meet it
            outcome = LeaveOutcome.from_error(leave.id, "failed", error)
            self._stopping.set()
            if not isinstance(error, CorTransientError):
                self._errors.append(error)
        return replace(outcome, attempts=attempts.made)


def _unknown_id(leave: LeaveRequest | LeaveKey, error: CorRecordError) -> str | None:
    """Return the external id of the user or the leave type that COR does not know, if that is the error."""
    if isinstance(error, CorUserNotFoundError):
        return leave.user_id
    if isinstance(error, CorLeaveTypeNotFoundError) and isinstance(leave, LeaveRequest):
        return leave.leave_type_id
    return None


NO_RESPONSE = (
    "The push was stopped before COR responded, so COR may or may not have made the change: run the task again."
)
