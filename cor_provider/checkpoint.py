"""What an earlier try of a task has settled, so that a retry goes on from there (Airflow 3.3 and later)."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Protocol

from cor_provider.exceptions import CorConfigurationError, CorConflictingRepeatError
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.repeats import Repeats

STATE_KEY = "cor_push"
MOST_SAVED_BYTES = 60_000  # Airflow wants values of its state store below 64 KB


class StateStore(Protocol):
    """Airflow's ``context["task_state_store"]``, as far as it is used here; it outlives a try of the task."""

    def get(self, key: str) -> Any:
        """Return a value, or None."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value."""


class Checkpoint:
    """
    How far a push has come: how many leave requests, from the first on, are all settled, and how.

    What is kept are counts, the rejections that the task's XCom shows too, and a keyed digest of the leave requests
    that it counts, which binds it to them. No leave is kept.

    :param store: the task's state store.
    :param key: keys the digest, so that no leave can be guessed from it.
    :param bound_to: what else must be the same for a retry to go on from here. With the task instance's ``max_tries``
        in it, a task that somebody cleared starts over: Airflow 3.3 keeps the store then, but raises ``max_tries``.
    """

    def __init__(self, store: StateStore, *, key: bytes, bound_to: dict[str, Any]) -> None:
        self._store = store
        self._key = key
        self._bound_to = bound_to
        self._digests: dict[int, str] = {}
        self._ahead: dict[int, LeaveOutcome] = {}
        self.start_over()

    def start_over(self) -> None:
        """Begin with the first leave request, whatever an earlier try settled."""
        self.settled = 0
        self.tally = Tally()
        self._digest = ""
        self._resumed_at = 0

    def load(self, leaves: Iterable[Leave | UnreadableLeave]) -> bool:
        """
        Take up what an earlier try saved; return whether there is something that is about these leave requests.

        :param leaves: the input from its beginning; as much of it is read as was settled.
        """
        saved = self._store.get(STATE_KEY)
        if not isinstance(saved, dict) or saved["bound_to"] != self._bound_to:
            return False
        digests = (digest for digest, _leave in islice(self._digesting(leaves), saved["settled"]))
        last = deque(enumerate(digests, start=1), maxlen=1)
        if list(last) != [(saved["settled"], saved["digest"])]:
            return False
        ((self.settled, self._digest),) = last
        self._resumed_at = self.settled
        self.tally = Tally(Counter(saved["counts"]), Counter(saved["errors"]), saved["rejected"])
        return True

    def watch(self, leaves: Iterable[Leave | UnreadableLeave]) -> Iterator[Leave | UnreadableLeave]:
        """Pass on the leave requests that are not settled yet; one that contradicts what is settled as unreadable."""
        conflict = CorConflictingRepeatError.default_name
        # The external id of a leave request that was refused is free for another.
        refused = {one["id"] for one in self.tally.rejected if one["error"] != conflict}
        settled = Repeats()
        for position, (digest, leave) in enumerate(self._digesting(leaves), start=1):
            if position > self._resumed_at:
                self._digests[position] = digest
                yield self._refuse_contradiction(leave, settled) if self._resumed_at else leave
            elif position == self._resumed_at and digest != self._digest:
                raise CorConfigurationError("leave_requests: the input changed while it was read.")
            elif not isinstance(leave, UnreadableLeave) and leave.id not in refused:
                settled.add(leave)

    def add(self, outcome: LeaveOutcome) -> LeaveOutcome:
        """Note an outcome, in whatever order they settle, and return it with its place in the whole input."""
        position = self._resumed_at + (outcome.position or 0)
        outcome = replace(outcome, position=position)
        if outcome.status in {"failed", "not_sent"}:
            self._digests.pop(position, None)
        else:
            self._ahead[position] = outcome
        while next_outcome := self._ahead.pop(self.settled + 1, None):
            self.settled += 1
            self.tally.add(next_outcome)
            self._digest = self._digests.pop(self.settled)
        return outcome

    def save(self) -> None:
        """Save how far the push has come."""
        saved: dict[str, Any] = {
            "bound_to": self._bound_to,
            "settled": self.settled,
            "digest": self._digest,
            "counts": dict(self.tally.counts),
            "errors": dict(self.tally.errors),
            "rejected": self.tally.rejected,
        }
        while saved["rejected"] and len(json.dumps(saved)) > MOST_SAVED_BYTES:
            saved["rejected"] = saved["rejected"][: len(saved["rejected"]) // 2]
        self._store.set(STATE_KEY, saved)

    def _refuse_contradiction(self, leave: Leave | UnreadableLeave, settled: Repeats) -> Leave | UnreadableLeave:
        if not isinstance(leave, UnreadableLeave) and settled.compare(leave) == "different":
            return UnreadableLeave(leave.id, CorConflictingRepeatError())
        return leave

    def _digesting(self, leaves: Iterable[Leave | UnreadableLeave]) -> Iterator[tuple[str, Leave | UnreadableLeave]]:
        """Yield each leave request with the digest of all up to it."""
        hashed = blake2b(key=self._key, digest_size=16)
        for leave in leaves:
            hashed.update(repr(_content(leave)).encode("utf-8", "surrogatepass"))
            yield hashed.hexdigest(), leave


def _content(leave: LeaveRequest | LeaveKey | UnreadableLeave) -> object:
    if isinstance(leave, LeaveRequest):
        return leave.to_payload("")
    if isinstance(leave, LeaveKey):
        return leave.id, leave.user_id
    return leave.leave_id, leave.error.message
