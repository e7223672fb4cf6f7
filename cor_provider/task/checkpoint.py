"""The progress of earlier tries of a task, from which a retry resumes (Airflow 3.3 and later)."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Protocol, TypeVar

from cor_provider.exceptions import CorConfigurationError, CorConflictingRepeatError
from cor_provider.leave import LeaveRequest
from cor_provider.outcome import LeaveOutcome, Outcome, Status
from cor_provider.push.seen_ids import SeenIds
from cor_provider.records.external_ids import Identified, UnreadableRecord
from cor_provider.results.causes import Cause
from cor_provider.results.summary import Summary
from cor_provider.task.positions import Positions
from cor_provider.task.rejected_file import Rejection

RecordT = TypeVar("RecordT", bound=Identified | UnreadableRecord)

STATE_KEY = "cor_push"
VERSION = 3
"""The form of what is stored. What another version of this package stored is not read: the retry starts over."""

MOST_SAVED_BYTES = 60_000  # Airflow's state store takes values below 64 KB


class StateStore(Protocol):
    """The part of Airflow's ``context["task_state_store"]`` that this module uses. It outlives a try of the task."""

    def get(self, key: str) -> Any:
        """Return a value, or None."""

    def set(self, key: str, value: Any) -> None:
        """Store a value."""


class Checkpoint:
    """
    The progress of a push: how many leave requests are done, counted from the first without a gap, and their outcomes.

    It stores no leave. It stores counts and causes, unknown leave types, the rejections that are also in the task's
    XCom, the positions of all rejections, and keyed digests of the leave requests that are done and of their report
    rows. The digests show whether the input and the report are still the same.

    :param store: the task's state store.
    :param key: the key of the digests; without it, a leave could be guessed from its digest.
    :param bound_to: further values that must be the same for a retry to resume. They include the task instance's
        ``max_tries``, so that a cleared task starts over: Airflow 3.3 then keeps the store, but raises ``max_tries``.
    :param repeated: the status of a record that repeats an earlier one.
    :param outcome_type: what the outcomes are.
    """

    def __init__(
        self,
        store: StateStore,
        *,
        key: bytes,
        bound_to: dict[str, Any],
        repeated: Status = "existing",
        outcome_type: type[Outcome] = LeaveOutcome,
    ) -> None:
        self._store = store
        self._key = key
        self._bound_to = bound_to
        self._repeated: Status = repeated
        self._outcome_type = outcome_type
        self._positions: dict[int, int] = {}
        """The position in the whole input, by the position among the leave requests that are passed on."""
        self._digests: dict[int, str] = {}
        self._ahead: dict[int, Outcome] = {}
        self.start_over()

    def start_over(self) -> None:
        """Forget the progress of earlier tries, and begin with the first leave request."""
        self.done = 0
        self.summary = Summary(kind=self._outcome_type.kind)
        self._rejected = Positions()
        self._rejections = 0
        self._rows = 0
        self._digest = ""
        self._resumed_at = 0

    def load(self, leaves: Iterable[RecordT]) -> bool:
        """
        Load the progress of an earlier try, and return whether there is any for these leave requests.

        :param leaves: the input from its beginning. Only the part that is done is read.
        """
        saved = self._store.get(STATE_KEY)
        if not isinstance(saved, dict) or saved.get("version") != VERSION or saved["bound_to"] != self._bound_to:
            return False
        summary = self._summary_from(saved)
        digests = (digest for digest, _leave in islice(self._digesting(leaves), saved["done"]))
        last = deque(enumerate(digests, start=1), maxlen=1)
        if list(last) != [(saved["done"], saved["digest"])]:
            return False
        rejected, rows = Positions.from_text(saved["positions_rejected"]), int(saved["rows"], 16)
        self._rejections = int(saved["rejections"], 16)
        ((self.done, self._digest),) = last
        self._resumed_at, self._rejected, self._rows = self.done, rejected, rows
        self.summary = summary
        return True

    def matches_rows(self, rows: Iterable[bytes]) -> bool:
        """Return whether these are exactly the report rows of the leave requests that are done, in any order."""
        return sum(map(self._digest_of_row, rows)) % _ROWS == self._rows

    @property
    def positions_rejected(self) -> list[int]:
        """The positions of the leave requests that are done and were rejected, ascending."""
        return list(self._rejected)

    def matches_rejections(self, rejections: Iterable[Rejection]) -> bool:
        """Return whether these are exactly the rejections among the leave requests that are done."""
        return sum(map(self._digest_of_rejection, rejections)) % _ROWS == self._rejections

    def watch(self, leaves: Iterable[RecordT], on_outcome: Callable[[Outcome], None]) -> Iterator[RecordT]:
        """
        Pass on the leave requests that are not done yet, except those that repeat one that is done.

        :param on_outcome: takes the outcomes of these repeats, which are the same as without an interruption.
        """
        rejected = iter(self._rejected)  # a rejected leave leaves its external id free for another
        next_rejected = next(rejected, 0)
        passed_on = 0
        with SeenIds() as done:
            for position, (digest, leave) in enumerate(self._digesting(leaves), start=1):
                if position > self._resumed_at:
                    self._digests[position] = digest
                    if self._resumed_at and (outcome := self._outcome_of_repeat(leave, done)):
                        on_outcome(self._note(replace(outcome, position=position)))
                        continue
                    passed_on += 1
                    self._positions[passed_on] = position
                    yield leave
                elif position == self._resumed_at and digest != self._digest:
                    raise CorConfigurationError(
                        f"{self._outcome_type.kind.parameter}: the input changed while the task read it. Run it again."
                    )
                elif position == next_rejected:
                    next_rejected = next(rejected, 0)
                elif not isinstance(leave, UnreadableRecord):
                    done.add(leave)

    def add(self, outcome: Outcome) -> Outcome:
        """
        Add an outcome, and return it with its position in the whole input. Outcomes may come in any order.

        :param outcome: the outcome of a leave request that was passed on, with its position among those.
        """
        position = self._positions.pop(outcome.position or 0)
        return self._note(outcome if position == outcome.position else replace(outcome, position=position))

    def save(self) -> None:
        """Save the progress. If it is too large for the store, keep what was saved last."""
        saved: dict[str, Any] = {
            "version": VERSION,
            "bound_to": self._bound_to,
            "done": self.done,
            "digest": self._digest,
            "rows": f"{self._rows:x}",
            "rejections": f"{self._rejections:x}",
            "counts": dict(self.summary.counts),
            "causes": [list(astuple(cause)) for cause in self.summary.causes.values()],
            "positions_rejected": self._rejected.to_text(),
            "rejected": self.summary.rejected,
        }
        while len(json.dumps(saved)) > MOST_SAVED_BYTES:
            if not saved["rejected"]:
                return
            saved["rejected"] = saved["rejected"][: len(saved["rejected"]) // 2]
        self._store.set(STATE_KEY, saved)

    def _note(self, outcome: Outcome) -> Outcome:
        position = outcome.position or 0
        if outcome.status in {"failed", "not_sent"}:
            self._digests.pop(position, None)
        else:
            self._ahead[position] = outcome
        while next_outcome := self._ahead.pop(self.done + 1, None):
            self.done += 1
            self.summary.add(next_outcome)
            self._rows = (self._rows + self._digest_of_row(next_outcome.line)) % _ROWS
            self._digest = self._digests.pop(self.done)
            if next_outcome.status == "rejected":
                self._rejected.add(self.done)
                digest = self._digest_of_rejection(Rejection.of(next_outcome))
                self._rejections = (self._rejections + digest) % _ROWS
        return outcome

    def _outcome_of_repeat(self, leave: RecordT, done: SeenIds) -> Outcome | None:
        if isinstance(leave, UnreadableRecord):
            return None
        comparison = done.compare(leave)
        if comparison == "same":
            return self._outcome_type(leave.id, self._repeated)
        if comparison == "different":
            return self._outcome_type.from_error(leave.id, "rejected", CorConflictingRepeatError())
        return None

    def _digesting(self, leaves: Iterable[RecordT]) -> Iterator[tuple[str, RecordT]]:
        """Yield each leave request with a digest of the input up to and including it."""
        hashed = blake2b(key=self._key, digest_size=16)
        for leave in leaves:
            hashed.update(_content(leave).encode("utf-8", "surrogatepass"))
            yield hashed.hexdigest(), leave

    def _digest_of_rejection(self, rejection: Rejection) -> int:
        return self._digest_of_row(repr(tuple(rejection)).encode())

    def _digest_of_row(self, row: bytes) -> int:
        return int.from_bytes(blake2b(row, key=self._key, digest_size=16).digest(), "big")

    def _summary_from(self, saved: Mapping[str, Any]) -> Summary:
        causes = [Cause(*cause) for cause in saved["causes"]]
        return Summary(
            counts=Counter(saved["counts"]),
            causes={(cause.status, cause.error, cause.message): cause for cause in causes},
            rejected=saved["rejected"],
            kind=self._outcome_type.kind,
        )


_ROWS = 2**128  # row digests are summed modulo this: a sum does not depend on the order of the rows


def _content(record: Identified | UnreadableRecord) -> str:
    """Return a line with all that is read of a record; nothing in it can be taken for the end of a field or line."""
    if isinstance(record, LeaveRequest):  # a million of them, so this must be quick
        start, end, kind = record.start.isoformat(), record.end.isoformat(), "all-day" if record.all_day else "timed"
        return f"{record.id}\0{record.user_id}\0{record.leave_type_id}\0{start}\0{end}\0{kind}\n"
    if isinstance(record, UnreadableRecord):
        return f"{(record.id, record.error.message)!r}\n"
    return f"{tuple(vars(record).values())!r}\n"
