"""Carry out a plan. Whenever a run is cut short, the ledger knows everything that may be in COR."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from cor_provider import _clock
from cor_provider.exceptions import CorDuplicateExternalIdError, CorUserNotFoundError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.engine import NO_RESPONSE
from cor_provider.push.options import IfExists
from cor_provider.sync.approval import ApprovedPlan
from cor_provider.sync.lease import Lease
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LedgerEntry
from cor_provider.sync.operations import Operation
from cor_provider.sync.plan import Plan

log = logging.getLogger(__name__)

SECONDS_BETWEEN_WRITES = 60.0

FEWEST_BETWEEN_WRITES = 1_000
LARGEST_SHARE_BETWEEN_WRITES = 0.05
"""
The ledger is also written after this many outcomes, so a retry of a killed run repeats at most this many requests. The
share keeps writes of a large ledger cheap compared with the requests.
"""


class Apply:
    """
    Applies plans to COR.

    :param hook: sends the requests.
    :param ledger: always current; its file is updated from time to time.
    :param lease: the right to write to the ledger.
    :param approved: the approved plan, if the run needs one. Only what it marks as ``may_overwrite`` is overwritten.
    :param stopping: set it, from any thread, to stop sending. Every operation still gets its outcome.
    :param patience: options of the hook's pushes.
    """

    def __init__(
        self,
        hook: CorIntegrationsHook,
        ledger: Ledger,
        lease: Lease,
        *,
        approved: ApprovedPlan | None,
        stopping: threading.Event,
        **patience: Any,
    ) -> None:
        self._hook = hook
        self._ledger = ledger
        self._lease = lease
        self._approved = approved
        self._stopping = stopping
        self._patience = {**patience, "stopping": stopping, "permit": lease.permits}
        self._error: Exception | None = None
        self._users: dict[str, list[str]] = {}
        self._written_at = _clock.now()
        self._noted = 0
        self._is_incomplete = False
        self._gave_up = False
        self._is_readable = True
        self._done = bytearray()
        """1 at the number of each operation that has its outcome: a byte each is little, even for millions."""
        self._overwritten = 0
        self.may_be_under_way = False
        """Whether a request may still be on its way to COR. A request that timed out is not."""

    def run(self, plan: Plan) -> Iterator[LeaveOutcome]:
        """
        Delete, update and create, in this order, and yield each outcome as soon as it is known.

        If a push stops because COR is out of reach, or the disk is full, the operations after it are not sent.

        :raises Exception: the first error that stopped a push or kept the ledger from being written, once every
            operation has its outcome.
        """
        if self._stopping.is_set():
            yield from plan.not_sent()
            if self._lease.lost:
                raise self._lease.lost
            return
        if not plan.operations and (not self._approved or self._approved.is_used_up(self._ledger)):
            return
        try:
            self._note_intents(plan)
        except Exception:
            yield from plan.not_sent()
            raise
        self.may_be_under_way = True  # in case the run is cut short before the last outcome
        self._done = bytearray(len(plan.operations) + 1)
        try:
            yield from self._send_all(plan)
            self.may_be_under_way = self._gave_up
            if self._overwritten:
                log.info(_OVERWRITTEN, self._overwritten, plan.operations.counts["create"])
            if self._approved and not self._is_incomplete:
                self._approved.end(self._ledger)
        finally:
            self._write_at_the_end()
        if error := self._lease.lost or self._error:
            raise error

    def _send_all(self, plan: Plan) -> Iterator[LeaveOutcome]:
        for operations in self._batches(plan):
            yield from self._push(self._read(operations))
        if self._error:
            yield from plan.not_sent(self._done)

    def _note_intents(self, plan: Plan) -> None:
        """
        Write every operation into the ledger before the first request.

        From here on, whatever happens, COR holds no leave of this sync that the ledger does not know.
        """
        entries = self._ledger.entries
        for operation in plan.operations:
            before = operation.before or LedgerEntry((), "unknown")
            if operation.leave and operation.digest:
                entries[operation.id] = before.replaced_by(operation.leave, operation.digest)
            elif operation.change == "delete":
                entries[operation.id] = before.deleted()
            else:
                del entries[operation.id]
        if self._approved:
            self._approved.begin(self._ledger)
        self._write()

    def _batches(self, plan: Plan) -> Iterator[Iterator[Operation]]:
        """Yield the operations of each push, in the order of the pushes."""
        yield plan.operations.of("delete")
        yield plan.operations.of("update")
        if self._approved:
            yield (create for create in plan.operations.of("create") if self._overwrites(create))
            yield (create for create in plan.operations.of("create") if not self._overwrites(create))
        else:
            yield plan.operations.of("create")

    def _overwrites(self, create: Operation) -> bool:
        return not self._approved or self._approved.allows_to_overwrite(create.id)

    def _read(self, operations: Iterator[Operation]) -> Iterator[Operation]:
        """Yield operations until reading one fails. The plan knows even then which are left."""
        if not self._is_readable:
            return
        try:
            yield from operations
        except Exception as error:  # noqa: BLE001  # raised again at the end, when everything has its outcome
            self._is_readable = False
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        self._error = self._error or error
        self._is_incomplete = True
        self._stopping.set()

    def _push(self, operations: Iterator[Operation]) -> Iterator[LeaveOutcome]:
        while first := next(operations, None):
            again: list[Operation] = []
            under_way: dict[int, Operation] = {}
            numbered = enumerate(chain([first], operations), start=1)
            try:
                for outcome in self._send(first, _noting(under_way, numbered)):
                    operation = under_way.pop(_number(outcome))
                    if self._may_be_anothers(operation, outcome):
                        again.append(operation)
                    else:
                        yield self._note(operation, outcome)
            except Exception as raised:  # noqa: BLE001  # raised again at the end, when everything has its outcome
                self._stop(raised)
            operations = iter(again)

    def _send(self, first: Operation, operations: Iterator[Operation]) -> Iterator[LeaveOutcome]:
        """
        Send operations that all make the same kind of change.

        :param first: the first of them.
        """
        if first.change == "delete":
            keys = (LeaveKey(operation.id, self._users_of(operation).pop()) for operation in operations)
            return self._hook.delete_leaves(keys, if_missing="skip", **self._patience)
        if first.change == "update":
            return self._hook.update_leaves(_leaves(operations), if_missing="create", **self._patience)
        if_exists: IfExists = "update" if self._overwrites(first) else "fail"
        return self._hook.create_leaves(_leaves(operations), if_exists=if_exists, **self._patience)

    def _users_of(self, operation: Operation) -> list[str]:
        """
        Return the users whose leave this may be and who have not been tried yet, the likeliest last.

        A delete request names the leave's user. After an interrupted update of the user, it may be the old or the new
        one.
        """
        versions = operation.before.versions if operation.before else ()
        users = dict.fromkeys(version.user_id for version in reversed(versions))
        return self._users.setdefault(operation.id, list(users))

    def _may_be_anothers(self, operation: Operation, outcome: LeaveOutcome) -> bool:
        """Return whether COR may have refused a delete, or found no such leave, because it belongs to another user."""
        if operation.change != "delete":
            return False
        is_doubtful = outcome.status == "rejected" or (outcome.status == "deleted" and not _is_sure(outcome))
        if is_doubtful and self._users_of(operation):
            return True
        self._users.pop(operation.id, None)
        return False

    def _note(self, operation: Operation, outcome: LeaveOutcome) -> LeaveOutcome:
        """Record the outcome of an operation; whatever fails, the outcome is returned."""
        self._done[operation.number] = 1
        self._overwritten += operation.change == "create" and outcome.status == "updated"
        self._is_incomplete |= outcome.status in {"failed", "not_sent"}
        self._gave_up |= outcome.message == NO_RESPONSE
        if not self._ledger.entries.error:  # otherwise the file has the intents, which is enough for the next run
            try:
                self._record(operation, outcome)
            except Exception as error:  # noqa: BLE001  # raised again at the end, when everything has its outcome
                self._stop(error)
        return replace(outcome, position=operation.position)

    def _record(self, operation: Operation, outcome: LeaveOutcome) -> None:
        """Record the outcome of an operation in the ledger."""
        entries = self._ledger.entries
        entry = self._entry_after(operation, outcome)
        if entry:
            entries[operation.id] = entry
        else:
            entries.pop(operation.id, None)
        self._noted += 1
        self._write_if_due()

    def _entry_after(self, operation: Operation, outcome: LeaveOutcome) -> LedgerEntry | None:
        before, intended = operation.before, self._ledger.entries[operation.id]
        must_not_overwrite = operation.change == "create" and not self._overwrites(operation)
        if outcome.status in {"created", "updated"} and operation.leave:
            if must_not_overwrite and outcome.attempts > 1:
                return intended  # created by the first attempt, or by somebody else before it
            return intended.sent(operation.leave, operation.digest, outcome)
        if outcome.status == "deleted":
            # Otherwise an earlier request may still be on its way to COR. What is `missing` was not there once before,
            # when it was to be deleted or when an audit asked.
            was_known = before is not None and (before.is_at_rest or before.in_cor == "missing")
            is_users = len({version.user_id for version in intended.versions}) == 1
            is_user_gone = is_users and outcome.error == CorUserNotFoundError.default_name
            return None if _is_sure(outcome) or was_known or is_user_gone else intended.missing()
        if must_not_overwrite and outcome.error == CorDuplicateExternalIdError.default_name:
            is_foreign = before is None or before.is_foreign  # otherwise an earlier try may have created it
            return replace(intended, in_cor="foreign") if is_foreign else intended
        if outcome.status == "not_sent" or (outcome.status == "rejected" and outcome.attempts <= 1):
            return before  # the request did not reach COR, or COR changed nothing
        return intended

    def _write_if_due(self) -> None:
        """Write the ledger now and then. A write may fail, since the intents are already in the file."""
        is_due = (
            self._noted >= max(FEWEST_BETWEEN_WRITES, LARGEST_SHARE_BETWEEN_WRITES * len(self._ledger.entries))
            or _clock.now() - self._written_at >= SECONDS_BETWEEN_WRITES
        )
        if not is_due or self._lease.lost:
            return
        try:
            self._write()
        except Exception:  # each store raises its own errors
            self._begin_to_count()
            if self._ledger.entries.error:
                raise
            if self._lease.lost:
                self._stopping.set()

    def _write_at_the_end(self) -> None:
        if self._ledger.entries.error or self._lease.lost:
            return
        try:
            self._write()
        except Exception:
            if not self._error:  # it came first
                raise

    def _write(self) -> None:
        self._ledger.write(before_replacing=self._lease.check)
        self._begin_to_count()

    def _begin_to_count(self) -> None:
        self._written_at, self._noted = _clock.now(), 0


_OVERWRITTEN = "Of the leave to create, COR had %s of %s already: overwritten, so it counts as updated."


def _is_sure(deleted: LeaveOutcome) -> bool:
    """Return whether this request deleted the leave; if not, COR found nothing to delete."""
    return not deleted.error and deleted.attempts <= 1


def _noting(under_way: dict[int, Operation], numbered: Iterable[tuple[int, Operation]]) -> Iterator[Operation]:
    """Yield operations, and note each by the number that the outcome of its push will have."""
    for number, operation in numbered:
        under_way[number] = operation
        yield operation


def _number(outcome: LeaveOutcome) -> int:
    assert outcome.position  # noqa: S101  # a push numbers its outcomes
    return outcome.position


def _leaves(operations: Iterator[Operation]) -> Iterator[LeaveRequest]:
    return (operation.leave for operation in operations if operation.leave)
