"""
The push: leave requests in (or leaves to delete), an outcome for each of them out.

It knows neither Airflow nor what COR's messages look like; both are the business of whoever sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Generic

from cor_provider.affinity import one_cpu
from cor_provider.exceptions import CorConflictingRepeatError, CorRecordError, CorTransientError
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.pace import Pace, Stopped
from cor_provider.repeats import Repeats
from cor_provider.retry import Attempts, Retries, RetryLimits

Send = Callable[[Leave, Attempts], LeaveOutcome]

FURTHEST_AHEAD = 10_000
"""How many leave requests may be read behind one that is not settled: what settles out of turn has to be remembered."""


def push(
    leaves: Iterable[Leave | UnreadableLeave],
    send: Send[Leave],
    *,
    concurrency: int,
    requests_per_second: float | None,
    limits: RetryLimits,
    stopping: threading.Event,
    repeated: Status = "existing",
) -> Generator[LeaveOutcome]:
    """
    Send leave requests and yield every outcome as it settles.

    A rejection never stops the others. A leave request that runs out of attempts does, since the rest would only meet
    the same failure: it is ``failed``, and what was not sent yet is ``not_sent``. So does a configuration error.

    :param leaves: read as they are needed, never held.
    :param send: makes one attempt to settle a leave request, knowing how the attempts before it ended.
    :param concurrency: how many requests may be under way at once.
    :param requests_per_second: how many requests may go out per second; None for as many as COR takes.
    :param limits: how patient to be.
    :param stopping: set it, from any thread, to stop sending: what is under way settles, the rest is ``not_sent``.
        Closing the iterator sets it, and waits for what is under way.
    :param repeated: what a leave request is that says the same as one before it, and is not sent.
    :raises Exception: once every leave request has its outcome, what kept all of them from being settled: an error of
        the configuration, or one in reading the input.
    """
    pace = Pace(concurrency, requests_per_second, stopping)
    return _Push(send, Retries(limits, pace, stopping), stopping, repeated).run(leaves, concurrency)


def check(leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave]) -> Iterator[LeaveOutcome]:
    """Yield what can be told of leave requests without sending them: ``rejected`` or ``not_sent``."""
    for position, leave in enumerate(leaves, start=1):
        if isinstance(leave, UnreadableLeave):
            yield LeaveOutcome.of_error(leave.leave_id, "rejected", leave.error, position=position)
        else:
            yield LeaveOutcome(leave.id, "not_sent", position=position)


class _Push(Generic[Leave]):
    """One push. All but :meth:`_work` happens in the thread of whoever iterates."""

    def __init__(self, send: Send[Leave], retries: Retries, stopping: threading.Event, repeated: Status) -> None:
        self._send: Send[Leave] = send
        self._retries = retries
        self._stopping = stopping
        self._repeated: Status = repeated
        self._under_way: dict[str, int] = {}
        """The positions of the external ids that are, the first of them first."""
        self._waiting: SimpleQueue[tuple[Leave, int] | None] = SimpleQueue()
        self._settled: SimpleQueue[tuple[str, LeaveOutcome]] = SimpleQueue()
        self._errors: list[BaseException] = []

    def run(self, leaves: Iterable[Leave | UnreadableLeave], concurrency: int) -> Generator[LeaveOutcome]:
        self._repeats = Repeats()
        with ThreadPoolExecutor(concurrency, thread_name_prefix="cor-push", initializer=one_cpu()) as threads:
            for _ in range(concurrency):
                threads.submit(self._work)
            try:
                for position, leave in enumerate(self._until_it_breaks(leaves), start=1):
                    if isinstance(leave, UnreadableLeave):
                        yield LeaveOutcome.of_error(leave.leave_id, "rejected", leave.error, position=position)
                        continue
                    while self._settled.qsize() or self._must_wait(leave.id, position, concurrency):
                        yield self._next_settled()
                    if outcome := self._settle_without_sending(leave):
                        yield replace(outcome, position=position)
                    else:
                        self._under_way[leave.id] = position
                        self._waiting.put((leave, position))
                while self._under_way:
                    yield self._next_settled()
            except BaseException:  # nobody wants the rest
                self._stopping.set()
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
        return leave_id in self._under_way or position - next(iter(self._under_way.values()), position) > FURTHEST_AHEAD

    def _settle_without_sending(self, leave: Leave) -> LeaveOutcome | None:
        if self._stopping.is_set():
            return LeaveOutcome(leave.id, "not_sent")
        seen = self._repeats.add(leave)
        if seen == "same":
            return LeaveOutcome(leave.id, self._repeated)
        if seen == "different":
            return LeaveOutcome.of_error(leave.id, "rejected", CorConflictingRepeatError())
        return None

    def _next_settled(self) -> LeaveOutcome:
        leave_id, outcome = self._settled.get()
        del self._under_way[leave_id]
        if outcome.status == "rejected":
            self._repeats.forget(leave_id)  # nothing of that id is in COR
        return outcome

    def _work(self) -> None:
        """Settle what is waiting, in a thread of its own."""
        while item := self._waiting.get():
            leave, position = item
            self._settled.put((leave.id, replace(self._settle(leave), position=position)))

    def _settle(self, leave: Leave) -> LeaveOutcome:
        """Settle one leave request; whatever happens, there is an outcome."""
        attempts = Attempts()
        try:
            outcome = self._retries.run(lambda: attempts.run(lambda: self._send(leave, attempts)))
        except Stopped:
            error = attempts.last_error
            outcome = LeaveOutcome.of_error(leave.id, "failed", error) if error else LeaveOutcome(leave.id, "not_sent")
        except CorRecordError as error:
            outcome = LeaveOutcome.of_error(leave.id, "rejected", error)
        except BaseException as error:  # noqa: BLE001  # raised again in the end, if all would meet it
            outcome = LeaveOutcome.of_error(leave.id, "failed", error)
            self._stopping.set()
            if not isinstance(error, CorTransientError):
                self._errors.append(error)
        return replace(outcome, attempts=attempts.made)
