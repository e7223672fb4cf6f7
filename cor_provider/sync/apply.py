"""Carries out a plan, so that whenever it is cut short the ledger knows of everything that may be in COR."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cor_provider import _clock
from cor_provider.exceptions import CorDuplicateExternalIdError, CorUserNotFoundError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.engine import NO_RESPONSE
from cor_provider.push.options import IfExists
from cor_provider.sync.approval import ApprovedPlan
from cor_provider.sync.lease import Lease
from cor_provider.sync.ledger import LeaveVersion, Ledger, LedgerEntry
from cor_provider.sync.plan import Operation, Plan

SECONDS_BETWEEN_WRITES = 60.0

FEWEST_BETWEEN_WRITES = 1_000
LARGEST_SHARE_BETWEEN_WRITES = 0.05
"""
The ledger is written after so many outcomes too: that many requests, at most, a run repeats after it was killed. The
share keeps the writing of a large ledger cheap beside the requests.
"""


class Apply:
    """
    Applies plans to COR.

    :param hook: the way to COR.
    :param ledger: what is remembered; kept up to date in memory, and in its file as often as need be.
    :param lease: the right to write to it.
    :param approved: the plan that was approved, where one had to be: leave that it does not say may be overwritten is
        not.
    :param stopping: set it, from any thread, to stop sending and still get every outcome.
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
        self.may_be_under_way = False
        """Whether a request may still be on its way. One whose time is over is not: what waits longer has ended it."""

    def run(self, plan: Plan) -> Iterator[LeaveOutcome]:
        """
        Delete, update and create, in this order, and yield the outcome of each as it settles.

        Where something cannot be settled because COR is out of reach, what comes after it is not sent.

        :raises Exception: once every operation has its outcome: what kept them from being settled, or the ledger from
            being written.
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
        self.may_be_under_way = True  # if the run ends between here and there
        try:
            for operations in self._batches(plan):
                yield from self._settle(operations)
            self.may_be_under_way = self._gave_up
            if self._approved and not self._is_incomplete:
                self._approved.end(self._ledger)
        finally:
            if not self._lease.lost:
                self._write()
        if error := self._lease.lost or self._error:
            raise error

    def _note_intents(self, plan: Plan) -> None:
        """
        Write down what is about to be done before anything is.

        Whatever happens from here on, no leave can be in COR that the ledger does not know of.
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

    def _batches(self, plan: Plan) -> Iterator[list[Operation]]:
        """Yield the operations that are sent in one push each, in their order."""
        yield plan.of("delete")
        yield plan.of("update")
        creates = plan.of("create")
        yield [operation for operation in creates if self._overwrites(operation)]
        yield [operation for operation in creates if not self._overwrites(operation)]

    def _overwrites(self, create: Operation) -> bool:
        return not self._approved or self._approved.allows_to_overwrite(create.id)

    def _settle(self, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        while operations:
            again: list[Operation] = []
            try:
                for outcome in self._send(operations):
                    operation = operations[_index(outcome)]
                    if self._may_be_anothers(operation, outcome):
                        again.append(operation)
                    else:
                        yield self._note(operation, outcome)
            except Exception as raised:  # noqa: BLE001  # raised again in the end; all of them have their outcomes
                self._error = self._error or raised
                self._stopping.set()
            operations = again

    def _send(self, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        """Send operations of one kind of change."""
        change = operations[0].change
        if change == "delete":
            keys = [LeaveKey(operation.id, self._users_of(operation).pop()) for operation in operations]
            return self._hook.delete_leaves(keys, if_missing="skip", **self._patience)
        leaves = [operation.leave for operation in operations if operation.leave]
        if change == "update":
            return self._hook.update_leaves(leaves, if_missing="create", **self._patience)
        if_exists: IfExists = "update" if self._overwrites(operations[0]) else "fail"
        return self._hook.create_leaves(leaves, if_exists=if_exists, **self._patience)

    def _users_of(self, operation: Operation) -> list[str]:
        """
        Return whose leave it may be and has not been tried yet, the likeliest last.

        COR wants to know whose leave it deletes. Where an update of that was cut short, it may be either.
        """
        versions = operation.before.versions if operation.before else ()
        users = dict.fromkeys(version.user_id for version in reversed(versions))
        return self._users.setdefault(operation.id, list(users))

    def _may_be_anothers(self, operation: Operation, outcome: LeaveOutcome) -> bool:
        """Return whether COR may have refused a delete, or found nothing to do, because the leave is another user's."""
        is_doubtful = outcome.status == "rejected" or (outcome.status == "deleted" and not _is_sure(outcome))
        return operation.change == "delete" and is_doubtful and bool(self._users_of(operation))

    def _note(self, operation: Operation, outcome: LeaveOutcome) -> LeaveOutcome:
        """Remember what became of an operation."""
        entries = self._ledger.entries
        entry = self._entry_after(operation, outcome)
        if entry:
            entries[operation.id] = entry
        else:
            entries.pop(operation.id, None)
        self._is_incomplete |= outcome.status in {"failed", "not_sent"}
        self._gave_up |= outcome.message == NO_RESPONSE
        self._noted += 1
        self._write_if_due()
        return replace(outcome, position=operation.position)

    def _entry_after(self, operation: Operation, outcome: LeaveOutcome) -> LedgerEntry | None:
        before, intended = operation.before, self._ledger.entries[operation.id]
        must_not_overwrite = operation.change == "create" and not self._overwrites(operation)
        if outcome.status in {"created", "updated"} and operation.leave:
            if must_not_overwrite and outcome.attempts > 1:
                return intended  # the first attempt may have created it, or somebody else may have before
            return LedgerEntry((LeaveVersion.of(operation.leave),), "yes", operation.digest)
        if outcome.status == "deleted":
            # Of what was unknown, a request that COR has not seen yet may still be on its way.
            was_known = before is not None and before.in_cor in {"yes", "missing"}
            is_users = len({version.user_id for version in intended.versions}) == 1
            is_user_gone = is_users and outcome.error == CorUserNotFoundError.default_name
            return None if _is_sure(outcome) or was_known or is_user_gone else replace(intended, in_cor="missing")
        if must_not_overwrite and outcome.error == CorDuplicateExternalIdError.default_name:
            is_foreign = before is None or before.is_foreign  # else an earlier try may have put it there
            return replace(intended, in_cor="foreign") if is_foreign else intended
        if outcome.status == "not_sent" or (outcome.status == "rejected" and outcome.attempts <= 1):
            return before  # it did not get as far as COR, or COR did nothing: what was known is still so
        return intended

    def _write_if_due(self) -> None:
        """Write the ledger now and then. If its store is away, the next time will do: the intents are written."""
        is_due = (
            self._noted >= max(FEWEST_BETWEEN_WRITES, LARGEST_SHARE_BETWEEN_WRITES * len(self._ledger.entries))
            or _clock.now() - self._written_at >= SECONDS_BETWEEN_WRITES
        )
        if not is_due or self._lease.lost:
            return
        try:
            self._write()
        except Exception:  # noqa: BLE001  # stores have their own
            self._begin_to_count()
            if self._lease.lost:
                self._stopping.set()

    def _write(self) -> None:
        self._ledger.write(before_replacing=self._lease.check)
        self._begin_to_count()

    def _begin_to_count(self) -> None:
        self._written_at, self._noted = _clock.now(), 0


def _is_sure(deleted: LeaveOutcome) -> bool:
    """Return whether COR has deleted the leave just now, rather than found nothing to delete."""
    return not deleted.error and deleted.attempts <= 1


def _index(outcome: LeaveOutcome) -> int:
    assert outcome.position  # noqa: S101  # a push numbers its outcomes
    return outcome.position - 1
