"""The plan of a sync: the changes that make COR match the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from uuid import uuid4

from cor_provider.exceptions import CorConflictingRepeatError
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.ledger import LeaveVersion, Ledger, LedgerEntry
from cor_provider.sync.window import Window

Change = Literal["delete", "update", "create", "forget"]
CHANGES: tuple[Change, ...] = get_args(Change)
"""In the order in which they are made: leave that got a new id must not overlap with its old self."""


@dataclass(frozen=True, repr=False)
class Operation:
    """
    One change that a sync would make.

    :param leave: the leave that COR will hold; None for a delete or forget.
    :param before: the ledger's entry of the leave.
    :param digest: keyed digest of the leave to send, or of the leave to delete or forget.
    :param position: the leave request's place in the input, from 1.
    :param may_overwrite: whether a create may replace leave in COR that the ledger does not know.
    """

    change: Change
    id: str
    leave: LeaveRequest | None
    before: LedgerEntry | None
    digest: str | None
    position: int | None = None
    may_overwrite: bool = False

    @property
    def version(self) -> LeaveVersion:
        """The leave as it will be, or as it was if it is deleted or forgotten."""
        if self.leave:
            return LeaveVersion.of(self.leave)
        assert self.before  # noqa: S101  # only what the ledger remembers can be deleted
        return self.before.version

    def to_row(self, *, show_type: bool) -> dict[str, Any]:
        """
        Return the operation's row in a written plan.

        :param show_type: include the leave type, which can be health data.
        """
        row: dict[str, Any] = {"operation": self.change, "id": self.id, **_fields(self.version), "digest": self.digest}
        if self.change == "create":
            row["may_overwrite"] = self.may_overwrite
        if self.change == "update" and self.before:
            was = _fields(self.before.version)
            row |= {f"previous_{name}": value for name, value in was.items() if value != row[name]}
        if show_type and self.leave:
            row["leave_type_id"] = self.leave.leave_type_id
        return row


@dataclass
class Plan:
    """
    What a sync would do.

    To save memory, it keeps leave requests in full only if they must be sent, and only the ids of unchanged ones.

    :param window: the days that the sync owns.
    :param id: unique, even among plans of the same operations.
    :param received: how many leave requests came in.
    :param operations: in no particular order; :meth:`of` returns them by change.
    :param rejected: records that cannot be read, or that contradict an earlier one.
    :param unchanged: external id and position of each leave request that needs no operation.
    :param nameless: how many records have no readable id and so may be any leave.
    :param remembered: how many leaves the ledger held.
    :param in_window: how many of these have a day in the window.
    """

    window: Window
    id: str = field(default_factory=lambda: uuid4().hex)
    received: int = 0
    operations: list[Operation] = field(default_factory=list)
    rejected: list[LeaveOutcome] = field(default_factory=list)
    unchanged: list[tuple[str, int]] = field(default_factory=list)
    nameless: int = 0
    remembered: int = 0
    in_window: int = 0

    def of(self, change: Change) -> list[Operation]:
        """Return the operations that make one kind of change."""
        return [operation for operation in self.operations if operation.change == change]

    @property
    def counts(self) -> dict[str, int]:
        """
        The number of operations of each kind, and of leave requests that need none.

        ``may_overwrite`` is the number of creates that may replace leave in COR.
        """
        changes = Counter(operation.change for operation in self.operations)
        return {
            "create": changes["create"],
            "may_overwrite": sum(operation.may_overwrite for operation in self.operations),
            "update": changes["update"],
            "delete": changes["delete"],
            "forget": changes["forget"],
            "unchanged": len(self.unchanged),
            "rejected": len(self.rejected),
        }

    def __str__(self) -> str:
        """Return the counts for people, such as ``1 create, 2 create or overwrite if COR has it, 1 update, …``."""
        return ", ".join(f"{count} {words}" for words, count in in_words(self.counts).items())

    def without_request(self) -> Iterator[LeaveOutcome]:
        """Yield the outcome of every leave request that needs no request."""
        yield from self.rejected
        for leave_id, position in self.unchanged:
            yield LeaveOutcome(leave_id, "unchanged", position=position)

    def not_sent(self) -> Iterator[LeaveOutcome]:
        """Yield a ``not_sent`` outcome for each operation."""
        for operation in self.operations:
            if operation.change != "forget":  # nothing is sent for it anyway
                yield LeaveOutcome(operation.id, "not_sent", position=operation.position)

    def rows(self, *, show_types: bool = False) -> list[dict[str, Any]]:
        """Return the rows of the written plan: deletes, updates, creates, and what is forgotten."""
        of_plan = {"window": str(self.window), "plan": self.id}
        return [operation.to_row(show_type=show_types) | of_plan for change in CHANGES for operation in self.of(change)]


def in_words(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of a plan by words for people, which name the creates that may overwrite on their own."""
    others = {name: count for name, count in counts.items() if name not in {"create", "may_overwrite"}}
    if not (may_overwrite := counts["may_overwrite"]):
        return {"create": counts["create"], **others}
    creates = {"create": counts["create"] - may_overwrite, "create or overwrite if COR has it": may_overwrite}
    return {**{words: count for words, count in creates.items() if count}, **others}


class UnfinishedPlanError(Exception):
    """
    Reading the input failed before its end; the cause is the input's own error.

    :param plan: the plan so far. It must not be carried out, but every leave request in it has its outcome.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


def make_plan(
    leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave], ledger: Ledger, window: Window, *, reassert: bool
) -> Plan:
    """
    Compare leave requests with the ledger.

    Leave in the ledger that the input lacks is deleted if it has a day in the window, and forgotten otherwise. If an
    unreadable record has an external id, the leave with that id stays as it is.

    :param leaves: all leave that should be in COR; read once.
    :param window: the days that the sync owns.
    :param reassert: send unchanged leave too. After a change of the digests' key, all leave looks changed.
    :raises UnfinishedPlanError: if the input raises.
    """
    planner = _Planner(ledger, window, reassert=reassert)
    try:
        for position, leave in enumerate(leaves, start=1):
            planner.add(position, leave)
    except Exception as error:
        raise UnfinishedPlanError(planner.plan) from error
    planner.add_what_is_gone()
    return planner.plan


class _Planner:
    def __init__(self, ledger: Ledger, window: Window, *, reassert: bool) -> None:
        ours = [entry for entry in ledger.entries.values() if not entry.is_foreign]
        in_window = sum(entry.overlaps(window) for entry in ours)
        self.plan = Plan(window, remembered=len(ours), in_window=in_window)
        self._ledger = ledger
        self._reassert = reassert
        self._seen: dict[str, str] = {}
        """The digest of each leave request so far, by external id."""
        self._unreadable: set[str] = set()

    def add(self, position: int, leave: LeaveRequest | LeaveKey | UnreadableLeave) -> None:
        self.plan.received = position
        if isinstance(leave, UnreadableLeave):
            self._reject(leave.leave_id, leave.error, position)
            if leave.leave_id is None:
                self.plan.nameless += 1
            else:
                self._unreadable.add(leave.leave_id)
            return
        assert isinstance(leave, LeaveRequest)  # noqa: S101  # a sync never reads leave keys
        digest = self._ledger.digest(leave)
        first = self._seen.setdefault(leave.id, digest)
        if first is not digest:  # a repeat
            if first == digest:
                self.plan.unchanged.append((leave.id, position))
            else:
                self._reject(leave.id, CorConflictingRepeatError(), position)
        elif operation := self._operation(leave, digest, position):
            self.plan.operations.append(operation)
        else:
            self.plan.unchanged.append((leave.id, position))

    def add_what_is_gone(self) -> None:
        for leave_id, entry in self._ledger.entries.items():
            if leave_id in self._seen or leave_id in self._unreadable:
                continue
            is_to_be_deleted = entry.overlaps(self.plan.window) and not entry.is_foreign
            change: Change = "delete" if is_to_be_deleted else "forget"
            self.plan.operations.append(Operation(change, leave_id, None, entry, entry.digest))

    def _operation(self, leave: LeaveRequest, digest: str, position: int) -> Operation | None:
        before = self._ledger.entries.get(leave.id)
        if before is None or not before.is_held:
            may_overwrite = self._ledger.is_new or before is not None
            return Operation("create", leave.id, leave, before, digest, position, may_overwrite)
        if before.in_cor == "yes" and before.digest == digest and not self._reassert:
            return None
        return Operation("update", leave.id, leave, before, digest, position)

    def _reject(self, leave_id: str | None, error: Exception, position: int) -> None:
        self.plan.rejected.append(LeaveOutcome.from_error(leave_id, "rejected", error, position=position))


def _fields(version: LeaveVersion) -> dict[str, str]:
    return {"user_id": version.user_id, "start": version.start.isoformat(), "end": version.end.isoformat()}
