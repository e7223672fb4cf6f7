"""
The push: leave requests in (or leaves to delete), an outcome for each of them out.

It knows neither Airflow nor what COR's messages look like; both are the business of whoever sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Generic

from cor_provider import _clock
from cor_provider.exceptions import CorConflictingRepeatError, CorConnectionError, CorRecordError, CorTransientError
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.push.options import PushOptions
from cor_provider.push.pace import SECONDS_UNTIL_NOTICED, Pace, Stopped
from cor_provider.push.retry import Attempts, Retries
from cor_provider.push.seen_ids import Repeats

Send = Callable[[Leave, Attempts], LeaveOutcome | None]
"""Sends one request to settle a leave request; None if that takes another request."""

FURTHEST_AHEAD = 10_000
"""How many leave requests may be read behind one that is not settled: what settles out of turn has to be remembered."""

SECONDS_TO_SETTLE = 40.0
"""
How long a push that is stopped waits for the answers under way: longer than one takes with the default timeout. What
has none by then is accounted for as ``failed``, before Airflow kills the task, a minute after it told it to stop.
"""


def push(
    leaves: Iterable[Leave | UnreadableLeave],
    send: Send[Leave],
    options: PushOptions,
    *,
    requests_per_second: float | None,
    repeated: Status,
) -> Generator[LeaveOutcome]:
    """
    Send leave requests and yield every outcome as it settles.

    A rejection never stops the others. A leave request that runs out of attempts does, since the rest would only meet
    the same failure: it is ``failed``, and what was not sent yet is ``not_sent``. So does a configuration error.

    :param leaves: read as they are needed, never held.
    :param send: sends one request to settle a leave request, knowing how the attempts before it ended.
    :param options: once ``stopping`` is set, what is under way settles or, where COR does not answer for a while, is
        ``failed``; the rest is ``not_sent``. Closing the iterator sets it, and waits likewise.
    :param requests_per_second: how many requests may go out per second; None for as many as COR takes.
    :param repeated: what a leave request is that says the same as one before it, and is not sent.
    :raises Exception: once every leave request has its outcome, what kept all of them from being settled: an error of
        the configuration, or one in reading the input.
    """
    pace = Pace(options.concurrency, requests_per_second, options.stopping, options.permit)
    return _Push(send, Retries(options, pace), options.stopping, repeated).run(leaves, options.concurrency)


def check(leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave]) -> Iterator[LeaveOutcome]:
    """Yield what can be told of leave requests without sending them: ``rejected`` or ``not_sent``."""
    for position, leave in enumerate(leaves, start=1):
        if isinstance(leave, UnreadableLeave):
            yield LeaveOutcome.from_error(leave.leave_id, "rejected", leave.error, position=position)
        else:
            yield LeaveOutcome(leave.id, "not_sent", position=position)


@dataclass
class _UnderWay:
    """A leave request that a thread is at, or is about to take up."""

    position: int
    attempts: Attempts = field(default_factory=Attempts)


class _Push(Generic[Leave]):
    """One push. All but :meth:`_work` happens in the thread of whoever iterates."""

    def __init__(self, send: Send[Leave], retries: Retries, stopping: threading.Event, repeated: Status) -> None:
        self._send: Send[Leave] = send
        self._retries = retries
        self._stopping = stopping
        self._repeated: Status = repeated
        self._under_way: dict[str, _UnderWay] = {}
        """By external id, the first of them first."""
        self._waiting: SimpleQueue[tuple[Leave, _UnderWay] | None] = SimpleQueue()
        self._settled: SimpleQueue[tuple[str, LeaveOutcome]] = SimpleQueue()
        self._give_up_at: float | None = None
        self._errors: list[BaseException] = []

    def run(self, leaves: Iterable[Leave | UnreadableLeave], concurrency: int) -> Generator[LeaveOutcome]:
        with Repeats() as self._repeats:
            self._start_threads(concurrency)
            try:
                for position, leave in enumerate(self._until_it_breaks(leaves), start=1):
                    if isinstance(leave, UnreadableLeave):
                        yield LeaveOutcome.from_error(leave.leave_id, "rejected", leave.error, position=position)
                        continue
                    while self._settled.qsize() or self._must_wait(leave.id, position, concurrency):
                        yield self._next_settled()
                    if outcome := self._settle_without_sending(leave):
                        yield replace(outcome, position=position)
                    else:
                        self._under_way[leave.id] = under_way = _UnderWay(position)
                        self._waiting.put((leave, under_way))
                while self._under_way:
                    yield self._next_settled()
            except BaseException:  # nobody wants the rest
                self._stopping.set()
                while self._under_way:
                    self._next_settled()
                raise
            finally:
                for _ in range(concurrency):
                    self._waiting.put(None)
        if self._errors:
            raise self._errors[0]

    def _until_it_breaks(self, leaves: Iterable[Leave | UnreadableLeave]) -> Iterator[Leave | UnreadableLeave]:
        """Yield what can be read; an input that breaks off must not take the outcomes of what came before with it."""
        try:
            yield from leaves
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # raised again in the end
            self._errors.append(error)
            if not isinstance(error, Exception):  # somebody wants this to end
                self._stopping.set()

    def _must_wait(self, leave_id: str, position: int, concurrency: int) -> bool:
        if len(self._under_way) >= concurrency:
            return True
        # A repeat waits for the first of its id: what became of that decides what it is.
        if leave_id in self._under_way:
            return True
        first = next(iter(self._under_way.values()), None)
        return first is not None and position - first.position > FURTHEST_AHEAD

    def _settle_without_sending(self, leave: Leave) -> LeaveOutcome | None:
        if self._stopping.is_set():
            return LeaveOutcome(leave.id, "not_sent")
        seen = self._repeats.add(leave)
        if seen == "same":
            return LeaveOutcome(leave.id, self._repeated)
        if seen == "different":
            return LeaveOutcome.from_error(leave.id, "rejected", CorConflictingRepeatError())
        return None

    def _next_settled(self) -> LeaveOutcome:
        leave_id, outcome = self._wait_for_one()
        del self._under_way[leave_id]
        if outcome.status == "rejected":
            self._repeats.forget(leave_id)  # nothing of that id is in COR
        return outcome

    def _wait_for_one(self) -> tuple[str, LeaveOutcome]:
        """Wait until one is settled, or after a while in a push that is stopped, until none will be."""
        while True:
            with suppress(Empty):
                return self._settled.get(timeout=SECONDS_UNTIL_NOTICED)
            if self._stopping.is_set():
                self._give_up_at = self._give_up_at or _clock.now() + SECONDS_TO_SETTLE
                if _clock.now() >= self._give_up_at:
                    return self._give_up()

    def _give_up(self) -> tuple[str, LeaveOutcome]:
        """Account for one that COR has not answered in time."""
        leave_id, under_way = next(iter(self._under_way.items()))
        outcome = LeaveOutcome(leave_id, "not_sent")
        if made := under_way.attempts.made:
            error = CorConnectionError(_NO_ANSWER)
            outcome = LeaveOutcome.from_error(leave_id, "failed", error, attempts=made)
        return leave_id, replace(outcome, position=under_way.position)

    def _start_threads(self, concurrency: int) -> None:
        for number in range(concurrency):
            # Daemons, since an answer that does not come must not keep the process from ending.
            threading.Thread(target=self._work, name=f"cor-push_{number}", daemon=True).start()

    def _work(self) -> None:
        """Settle what is waiting, in a thread of its own."""
        while item := self._waiting.get():
            leave, under_way = item
            outcome = self._settle(leave, under_way.attempts)
            self._settled.put((leave.id, replace(outcome, position=under_way.position)))

    def _settle(self, leave: Leave, attempts: Attempts) -> LeaveOutcome:
        """Settle one leave request; whatever happens, there is an outcome."""
        outcome: LeaveOutcome | None = None
        try:
            while outcome is None:
                outcome = self._retries.run(attempts, lambda: self._send(leave, attempts))
        except Stopped:
            error = attempts.last_error
            outcome = (
                LeaveOutcome.from_error(leave.id, "failed", error) if error else LeaveOutcome(leave.id, "not_sent")
            )
        except CorRecordError as error:
            outcome = LeaveOutcome.from_error(leave.id, "rejected", error)
        except BaseException as error:  # noqa: BLE001  # raised again in the end, if all would meet it
            outcome = LeaveOutcome.from_error(leave.id, "failed", error)
            self._stopping.set()
            if not isinstance(error, CorTransientError):
                self._errors.append(error)
        return replace(outcome, attempts=attempts.made)


_NO_ANSWER = "The push was stopped before COR answered: whether COR did what was asked is not known."
