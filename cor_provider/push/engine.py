"""
The push: records (leave requests, leaves to delete, users) go in, and an outcome for each comes out.

It knows neither Airflow nor the format of COR's messages: it gets the function that sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from cor_provider import _clock
from cor_provider.exceptions import (
    CorConflictingRepeatError,
    CorConnectionError,
    CorLeaveTypeNotFoundError,
    CorRecordError,
    CorTransientError,
    CorUserNotFoundError,
)
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.outcome import LeaveOutcome, Outcome, Status
from cor_provider.push.options import PushOptions
from cor_provider.push.pace import POLL_SECONDS, Pace, Stopped
from cor_provider.push.retry import Attempts, Retries
from cor_provider.push.seen_ids import SeenIds
from cor_provider.push.turns import Turns
from cor_provider.push.waiting import Waiting
from cor_provider.records.external_ids import Identified, UnreadableRecord

RecordT = TypeVar("RecordT", bound=Identified)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)

Send = Callable[[RecordT, Attempts], OutcomeT | None]
"""Sends one request for a record and returns its outcome, or None if that takes another request."""

MAX_READ_AHEAD = 10_000
"""How far the input is read beyond a record without an outcome: a task must remember outcomes out of order."""

STOP_SECONDS = 40.0
"""
How long a stopped push waits for the responses under way: longer than one takes with the default timeout. After that
they count as ``failed``, so that the task ends before Airflow kills it, a minute after asking it to stop.
"""


def push(
    records: Iterable[RecordT | UnreadableRecord],
    send: Send[RecordT, OutcomeT],
    options: PushOptions,
    *,
    turns: Turns,
    repeated: Status,
    outcome_type: type[OutcomeT],
) -> Generator[OutcomeT]:
    """
    Send records and yield the outcome of each as soon as it is known.

    A rejection never stops the push. It stops when a record runs out of attempts, since the rest would meet the
    same failure: that one is ``failed``, and the rest is ``not_sent``. A configuration error also stops it.

    :param records: read as they are needed, never held in memory.
    :param send: sends one request for a record; it is given the outcome of the earlier attempts.
    :param options: once ``stopping`` is set, a record under way gets its outcome or, if COR does not respond for
        a while, is ``failed``; the rest is ``not_sent``. Closing the iterator sets it, and waits likewise.
    :param turns: decides when a request may go out; closed at the end.
    :param repeated: the status of a record that repeats an earlier one, and so is not sent.
    :param outcome_type: what the outcomes are.
    :raises Exception: after the last outcome, the error that stopped the push: a configuration error, or one in reading
        the input.
    """
    waiting = Waiting()
    pace = Pace(options.concurrency, turns, options.stopping, options.permit, waiting)
    with closing(turns):
        yield from _Push(send, Retries(options, pace, waiting), options, repeated, outcome_type).run(records)


def check(leaves: Iterable[Identified | UnreadableRecord]) -> Iterator[LeaveOutcome]:
    """Check leave requests as :func:`check_records` does."""
    return check_records(leaves, LeaveOutcome)


def check_records(records: Iterable[Identified | UnreadableRecord], outcome_type: type[OutcomeT]) -> Iterator[OutcomeT]:
    """
    Yield the outcomes of records that are only checked: ``rejected`` or ``not_sent``.

    A repeat that contradicts an earlier record is ``rejected``, as in a push.
    """
    with SeenIds() as seen:
        for position, record in enumerate(records, start=1):
            if isinstance(record, UnreadableRecord):
                yield outcome_type.from_error(record.id, "rejected", record.error, position=position)
            elif seen.add(record) == "different":
                yield outcome_type.from_error(record.id, "rejected", CorConflictingRepeatError(), position=position)
            else:
                yield outcome_type(record.id, "not_sent", position=position)


@dataclass
class _UnderWay:
    """A record that a thread is sending, or will send next."""

    position: int
    attempts: Attempts = field(default_factory=Attempts)


class _Push(Generic[RecordT, OutcomeT]):
    """One push. Everything except :meth:`_work` runs in the thread that iterates over the outcomes."""

    def __init__(
        self,
        send: Send[RecordT, OutcomeT],
        retries: Retries,
        options: PushOptions,
        repeated: Status,
        outcome_type: type[OutcomeT],
    ) -> None:
        self._send: Send[RecordT, OutcomeT] = send
        self._retries = retries
        self._concurrency = options.concurrency
        self._stopping = options.stopping
        self._repeated: Status = repeated
        self._outcome_type = outcome_type
        self._under_way: dict[str, _UnderWay] = {}
        """By external id, in the order of the input."""
        self._waiting: SimpleQueue[tuple[RecordT, _UnderWay] | None] = SimpleQueue()
        self._finished: SimpleQueue[tuple[str, OutcomeT]] = SimpleQueue()
        self._give_up_at: float | None = None
        self._errors: list[BaseException] = []

    def run(self, records: Iterable[RecordT | UnreadableRecord]) -> Generator[OutcomeT]:
        with SeenIds() as self._seen:
            self._start_threads()
            try:
                for position, record in enumerate(self._read(records), start=1):
                    if isinstance(record, UnreadableRecord):
                        yield self._outcome_type.from_error(record.id, "rejected", record.error, position=position)
                        continue
                    while self._finished.qsize() or self._must_wait(record.id, position):
                        yield from self._next_outcome()
                    if outcome := self._outcome_without_sending(record):
                        yield replace(outcome, position=position)
                    else:
                        self._under_way[record.id] = under_way = _UnderWay(position)
                        self._waiting.put((record, under_way))
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

    def _read(self, records: Iterable[RecordT | UnreadableRecord]) -> Iterator[RecordT | UnreadableRecord]:
        """Yield the input. If reading it fails, the outcomes so far must not be lost."""
        try:
            yield from records
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001  # raised again at the end
            self._errors.append(error)
            if not isinstance(error, Exception):  # an interruption
                self._stopping.set()

    def _must_wait(self, record_id: str, position: int) -> bool:
        if len(self._under_way) >= self._concurrency:
            return True
        # A repeat waits for the first record of its id, whose outcome decides the repeat's.
        if record_id in self._under_way:
            return True
        first = next(iter(self._under_way.values()), None)
        return first is not None and position - first.position > MAX_READ_AHEAD

    def _outcome_without_sending(self, record: RecordT) -> OutcomeT | None:
        if self._stopping.is_set():
            return self._outcome_type(record.id, "not_sent")
        comparison = self._seen.add(record)
        if comparison == "same":
            return self._outcome_type(record.id, self._repeated)
        if comparison == "different":
            return self._outcome_type.from_error(record.id, "rejected", CorConflictingRepeatError())
        return None

    def _next_outcome(self) -> Iterator[OutcomeT]:
        """Wait for an outcome and yield it, unless it comes too late: its record was given up."""
        record_id, outcome = self._wait_for_outcome()
        if self._under_way.pop(record_id, None) is None:
            return
        if outcome.status == "rejected":
            self._seen.forget(record_id)  # another record may now use the id
        yield outcome

    def _wait_for_outcome(self) -> tuple[str, OutcomeT]:
        """Wait for an outcome. Once the push is stopped, wait only for a while."""
        while True:
            with suppress(Empty):
                return self._finished.get(timeout=POLL_SECONDS)
            if self._stopping.is_set():
                self._give_up_at = self._give_up_at or _clock.now() + STOP_SECONDS
                if _clock.now() >= self._give_up_at:
                    return self._give_up()

    def _give_up(self) -> tuple[str, OutcomeT]:
        """Return an outcome for the first record that COR has not responded to in time."""
        record_id, under_way = next(iter(self._under_way.items()))
        attempts = under_way.attempts
        outcome = self._outcome_type(record_id, "not_sent")
        if made := attempts.is_under_way + attempts.made:  # read in this order: an attempt is counted before it ends
            error = CorConnectionError(NO_RESPONSE)
            outcome = self._outcome_type.from_error(record_id, "failed", error, attempts=made)
        return record_id, replace(outcome, position=under_way.position)

    def _start_threads(self) -> None:
        for number in range(self._concurrency):
            # Daemons, since a response that never comes must not keep the process alive.
            threading.Thread(target=self._work, name=f"cor-push_{number}", daemon=True).start()

    def _work(self) -> None:
        """Send the waiting records, in a thread of the pool."""
        while item := self._waiting.get():
            record, under_way = item
            outcome = self._send_until_done(record, under_way.attempts)
            self._finished.put((record.id, replace(outcome, position=under_way.position)))

    def _send_until_done(self, record: RecordT, attempts: Attempts) -> OutcomeT:
        """Send one record until it has an outcome; whatever happens, it gets one."""
        outcome: OutcomeT | None = None
        try:
            while outcome is None:
                outcome = self._retries.run(attempts, lambda: self._send(record, attempts))
        except Stopped:
            error = attempts.last_error
            outcome = self._outcome_type(record.id, "not_sent")
            if error:
                outcome = self._outcome_type.from_error(record.id, "failed", error)
        except CorRecordError as error:
            outcome = self._outcome_type.from_error(record.id, "rejected", error, unknown_id=_unknown_id(record, error))
        except BaseException as error:  # noqa: BLE001  # raised again at the end, if every record would meet it
            outcome = self._outcome_type.from_error(record.id, "failed", error)
            self._stopping.set()
            if not isinstance(error, CorTransientError):
                self._errors.append(error)
        return replace(outcome, attempts=attempts.made)


def _unknown_id(record: object, error: CorRecordError) -> str | None:
    """Return the external id of the user or the leave type that COR does not know, if that is the error."""
    if isinstance(error, CorUserNotFoundError) and isinstance(record, (LeaveRequest, LeaveKey)):
        return record.user_id
    if isinstance(error, CorLeaveTypeNotFoundError) and isinstance(record, LeaveRequest):
        return record.leave_type_id
    return None


NO_RESPONSE = (
    "The push was stopped before COR responded, so COR may or may not have made the change: run the task again."
)
