"""The sync: does what a plan says, and sees to it that the ledger never knows less than COR holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cor_provider import _clock
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.lease import Lease
from cor_provider.sync.ledger import Entry, Ledger, Version
from cor_provider.sync.plan import KINDS, Kind, Operation, Plan

SECONDS_BETWEEN_WRITES = 60.0


class Sync:
    """
    Applies plans to COR.

    :param hook: the way to COR.
    :param ledger: what is remembered; kept up to date in memory, and in its file as often as need be.
    :param lease: the right to write to it.
    :param stopping: set it, from any thread, to stop sending and still get every outcome.
    :param patience: options of the hook's pushes.
    """

    def __init__(
        self,
        hook: CorIntegrationsHook,
        ledger: Ledger,
        lease: Lease,
        *,
        stopping: threading.Event,
        **patience: Any,
    ) -> None:
        self._hook = hook
        self._ledger = ledger
        self._lease = lease
        self._stopping = stopping
        self._patience = {**patience, "stopping": stopping}
        self._lost: CorLedgerBusyError | None = None
        self._error: Exception | None = None
        self._users: dict[str, list[str]] = {}
        self._written_at = _clock.now()

    def apply(self, plan: Plan) -> Iterator[LeaveOutcome]:
        """
        Delete, update, and create, in this order, and yield the outcome of each as it settles.

        Where something cannot be settled since COR is out of reach, what comes after it is not sent.

        :raises Exception: once every operation has its outcome, what kept them from being settled, or the ledger from
            being written.
        """
        if self._stopping.is_set():
            yield from plan.not_sent()
            return
        if not plan.operations and not plan.forgotten:
            return
        try:
            self._note_intents(plan)
        except Exception:
            yield from plan.not_sent()
            raise
        try:
            for kind in KINDS:
                yield from self._settle(kind, plan.of(kind))
        finally:
            if not self._lost:
                self._write()
        if error := self._lost or self._error:
            raise error

    def _note_intents(self, plan: Plan) -> None:
        """
        Write down what is about to be done before anything is.

        Whatever happens from here on, no leave can be in COR that the ledger does not know of.
        """
        entries = self._ledger.entries
        for operation in plan.operations:
            entries[operation.id] = (operation.before or Entry(())).in_flight(operation.leave)
        for leave_id in plan.forgotten:
            del entries[leave_id]
        self._write()

    def _settle(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        while operations:
            again: list[Operation] = []
            try:
                for outcome in self._send(kind, operations):
                    operation = operations[_index(outcome)]
                    if self._may_be_anothers(operation, outcome):
                        again.append(operation)
                    else:
                        yield self._note(operation, outcome)
            except Exception as raised:  # noqa: BLE001  # raised again in the end; all of them have their outcomes
                self._error = self._error or raised
                self._stopping.set()
            operations = again

    def _send(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        if kind == "delete":
            keys = [LeaveKey(operation.id, self._users_of(operation).pop()) for operation in operations]
            return self._hook.delete_leaves(keys, if_missing="skip", **self._patience)
        leaves = [operation.leave for operation in operations if operation.leave]
        if kind == "update":
            return self._hook.update_leaves(leaves, if_missing="create", **self._patience)
        return self._hook.create_leaves(leaves, if_exists="update", **self._patience)

    def _users_of(self, operation: Operation) -> list[str]:
        """
        Return whose leave it may be, the likeliest last, but for those that were tried.

        COR wants to know whose leave it deletes. Where an update of that was cut short, it may be either.
        """
        versions = operation.before.versions if operation.before else ()
        users = dict.fromkeys(version.user_id for version in reversed(versions))
        return self._users.setdefault(operation.id, list(users))

    def _may_be_anothers(self, operation: Operation, outcome: LeaveOutcome) -> bool:
        """Tell a delete that COR may have refused, or found nothing to do for, since the leave is another user's."""
        is_sure = outcome.status == "deleted" and not outcome.error and outcome.attempts <= 1
        is_told = outcome.status in {"deleted", "rejected"} and not is_sure
        return operation.kind == "delete" and is_told and bool(self._users_of(operation))

    def _note(self, operation: Operation, outcome: LeaveOutcome) -> LeaveOutcome:
        """Remember what became of an operation."""
        entries = self._ledger.entries
        if outcome.status in {"created", "updated"} and operation.leave:
            entries[operation.id] = Entry((Version.of(operation.leave),), operation.digest)
        elif outcome.status == "deleted":
            del entries[operation.id]
        elif outcome.status == "not_sent" or (outcome.status == "rejected" and outcome.attempts <= 1):
            # It did not get as far as COR, or COR did nothing: what was known is still so.
            if operation.before:
                entries[operation.id] = operation.before
            else:
                del entries[operation.id]
        if not self._lost and _clock.now() - self._written_at >= SECONDS_BETWEEN_WRITES:
            try:
                self._write()
            except CorLedgerBusyError as error:
                self._lost = error
                self._stopping.set()
            except Exception:  # noqa: BLE001  # stores have their own; there is another time, and the intents are written
                self._written_at = _clock.now()
        return replace(outcome, position=operation.position)

    def _write(self) -> None:
        self._lease.check()
        self._ledger.write()
        self._written_at = _clock.now()


def _index(outcome: LeaveOutcome) -> int:
    assert outcome.position  # noqa: S101  # a push numbers its outcomes
    return outcome.position - 1
