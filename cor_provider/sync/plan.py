"""The plan of a sync: the changes that make COR match the input."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cor_provider.exceptions import CorConflictingRepeatError, CorUnreadableRowError
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entries import Known
from cor_provider.sync.operations import Change, Operation, Operations
from cor_provider.sync.window import Window


@dataclass
class Plan:
    """
    What a sync would do. Close its operations after use; everything else stays.

    :param window: the days that the sync owns.
    :param operations: the changes.
    :param id: unique, even among plans of the same operations.
    :param received: how many leave requests came in.
    :param rejected: how many records cannot be read, or contradict an earlier one.
    :param unchanged: how many leave requests need no operation.
    :param nameless: how many records have no readable id and so may be any leave.
    :param remembered: how many leaves the ledger held.
    :param in_window: how many of these have a day in the window.
    """

    window: Window
    operations: Operations
    id: str = field(default_factory=lambda: uuid4().hex)
    received: int = 0
    rejected: int = 0
    unchanged: int = 0
    nameless: int = 0
    remembered: int = 0
    in_window: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """
        The number of operations of each kind, and of leave requests that need none.

        ``may_overwrite`` is the number of creates that may replace leave in COR.
        """
        changes = self.operations.counts
        return {
            "create": changes["create"],
            "may_overwrite": self.operations.may_overwrite,
            "update": changes["update"],
            "delete": changes["delete"],
            "forget": changes["forget"],
            "unchanged": self.unchanged,
            "rejected": self.rejected,
        }

    def __str__(self) -> str:
        """Return the counts for people, such as ``1 create, 2 create or overwrite if COR has it, 1 update, …``."""
        return ", ".join(f"{count} {words}" for words, count in in_words(self.counts).items())

    def not_sent(self, done: Sequence[int] = ()) -> Iterator[LeaveOutcome]:
        """
        Yield a ``not_sent`` outcome for each operation that would send a request.

        :param done: 1 at the number of each operation that has its outcome already.
        """
        for number, leave_id, position in self.operations.sent():
            if not done or not done[number]:
                yield LeaveOutcome(leave_id, "not_sent", position=position)

    def rows(self, *, show_types: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the rows of the written plan: deletes, updates, creates, and what is forgotten."""
        of_plan = {"window": str(self.window), "plan": self.id}
        for operation in self.operations:
            yield operation.to_row(show_type=show_types) | of_plan


def in_words(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of a plan by words for people, which name the creates that may overwrite on their own."""
    others = {name: count for name, count in counts.items() if name not in {"create", "may_overwrite"}}
    if not (may_overwrite := counts["may_overwrite"]):
        return {"create": counts["create"], **others}
    creates = {"create": counts["create"] - may_overwrite, "create or overwrite if COR has it": may_overwrite}
    return {**{words: count for words, count in creates.items() if count}, **others}


class UnfinishedPlanError(Exception):
    """
    The plan could not be completed, mostly because reading the input failed; the cause is that error.

    :param plan: the plan so far. It must not be carried out, but every leave request in it has its outcome.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


def make_plan(
    leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave],
    ledger: Ledger,
    window: Window,
    operations: Operations,
    *,
    reassert: bool,
) -> Generator[LeaveOutcome, None, Plan]:
    """
    Compare leave requests with the ledger, and yield the outcome of each that needs no request.

    Leave in the ledger that the input lacks is deleted if it has a day in the window, and forgotten otherwise. If an
    unreadable record has an external id, the leave with that id stays as it is; if it stands for a row that the extract
    could not read, so do the parts of the leave.

    :param leaves: all leave that should be in COR; read once, and never held in memory.
    :param window: the days that the sync owns.
    :param operations: empty; takes the plan's.
    :param reassert: send unchanged leave too. After a change of the digests' key, all leave looks changed.
    :return: the plan.
    :raises UnfinishedPlanError: if the input raises, or the disk is full.
    """
    try:
        planner = _Planner(ledger, window, operations, reassert=reassert)
    except Exception as error:
        raise UnfinishedPlanError(Plan(window, operations)) from error
    settled = 0
    try:
        for position, leave in enumerate(leaves, start=1):
            outcome = planner.add(position, leave)
            settled = position
            if outcome:
                yield outcome
        planner.add_what_is_gone()
    except Exception as error:
        if planner.plan.received > settled:
            yield LeaveOutcome(_id_of(leave), "not_sent", position=position)
        raise UnfinishedPlanError(planner.plan) from error
    return planner.plan


_SEEN = 1
_UNREADABLE = 2

_NOT_KNOWN: Known = (0, "", None)
"""In place of the entry of a leave that the ledger does not have."""


class _Planner:
    def __init__(self, ledger: Ledger, window: Window, operations: Operations, *, reassert: bool) -> None:
        entries = ledger.entries
        self.plan = Plan(window, operations, remembered=entries.count_ours(), in_window=entries.count_ours(window))
        self._ledger = ledger
        self._find = entries.find
        self._digest = ledger.digest
        self._operations = operations
        self._reassert = reassert
        self._marks = bytearray(entries.numbers)
        """Whether the input has each of the ledger's entries, by number: a byte each is little, even for millions."""

    def add(self, position: int, leave: LeaveRequest | LeaveKey | UnreadableLeave) -> LeaveOutcome | None:
        """Add a leave request to the plan, and return its outcome if it needs no request."""
        self.plan.received = position
        if isinstance(leave, UnreadableLeave):
            return self._add_unreadable(position, leave)
        assert isinstance(leave, LeaveRequest)  # noqa: S101  # a sync never reads leave keys
        digest = self._digest(leave)
        number, in_cor, known = self._find(leave.id) or _NOT_KNOWN
        first = self._first_digest(leave.id, number, known)
        if first is None:
            self._marks[number] |= _SEEN
            if in_cor != "yes" or known != digest or self._reassert:
                self._operations.add(self._operation(leave, digest, position, is_known=bool(number)))
                return None
        elif first != digest:
            return self._reject(leave.id, CorConflictingRepeatError(), position)
        self.plan.unchanged += 1
        return LeaveOutcome.unchanged(leave.id, position)

    def add_what_is_gone(self) -> None:
        """Add the deletes, and what is forgotten."""
        number = 0
        while (number := self._marks.find(0, number + 1)) > 0:
            if (found := self._ledger.entries.by_number(number)) is None:
                continue
            leave_id, entry = found
            is_to_be_deleted = entry.overlaps(self.plan.window) and not entry.is_foreign
            change: Change = "delete" if is_to_be_deleted else "forget"
            self._operations.add(Operation(change, leave_id, None, entry, entry.digest))

    def _add_unreadable(self, position: int, leave: UnreadableLeave) -> LeaveOutcome:
        if leave.leave_id is None:
            self.plan.nameless += 1
        else:
            if known := self._find(leave.leave_id):
                self._marks[known[0]] |= _UNREADABLE
            if isinstance(leave.error, CorUnreadableRowError):  # nobody knows which parts it would have
                for number in self._ledger.entries.numbers_of_parts(leave.leave_id):
                    self._marks[number] |= _UNREADABLE
        return self._reject(leave.leave_id, leave.error, position)

    def _first_digest(self, leave_id: str, number: int, known: str | None) -> str | None:
        """Return the digest of the first leave request with an external id; None if there was none so far."""
        if self._marks[number] & _SEEN:  # for leave that the ledger does not have: whether there was any such
            return self._operations.digest_of(leave_id) or known
        return None

    def _operation(self, leave: LeaveRequest, digest: str, position: int, *, is_known: bool) -> Operation:
        before = self._ledger.entries[leave.id] if is_known else None
        if before and before.is_held:
            return Operation("update", leave.id, leave, before, digest, position)
        may_overwrite = self._ledger.is_new or before is not None
        return Operation("create", leave.id, leave, before, digest, position, may_overwrite)

    def _reject(self, leave_id: str | None, error: Exception, position: int) -> LeaveOutcome:
        self.plan.rejected += 1
        return LeaveOutcome.from_error(leave_id, "rejected", error, position=position)


def _id_of(leave: LeaveRequest | LeaveKey | UnreadableLeave) -> str | None:
    return leave.leave_id if isinstance(leave, UnreadableLeave) else leave.id
