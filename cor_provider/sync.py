"""The sync: does what a plan says, and sees to it that the ledger never knows less than COR holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cor_provider import clock
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook, IfMissing
from cor_provider.lease import Lease
from cor_provider.leave import LeaveKey
from cor_provider.ledger import Entry, Ledger, Version
from cor_provider.outcome import LeaveOutcome
from cor_provider.plan import KINDS, Kind, Operation, Plan

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

    def apply(self, plan: Plan) -> Iterator[LeaveOutcome]:
        """
        Delete, update, and create, in this order, and yield the outcome of each as it settles.

        Where something cannot be settled since COR is out of reach, what comes after it is not sent.

        :raises Exception: once every operation has its outcome, what kept them from being settled.
        :raises OSError: if the ledger could not be written.
        """
        if self._stopping.is_set():
            yield from plan.not_sent()
            return
        if not plan.operations and not plan.forgotten:
            return
        self._note_intents(plan)
        error: Exception | None = None
        try:
            for kind in KINDS:
                operations = plan.of(kind)
                if self._stopping.is_set():
                    for operation, outcome in zip(operations, plan.not_sent(operations), strict=True):
                        yield self._note(operation, outcome)
                    continue
                try:
                    yield from self._send(kind, operations)
                except Exception as raised:  # noqa: BLE001  # raised again; this kind has all its outcomes by now
                    error = error or raised
                    self._stopping.set()
        finally:
            if not self._lost:
                self._write()
        if error := self._lost or error:
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

    def _send(self, kind: Kind, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        if not operations:
            return
        if kind == "delete":
            yield from self._delete(operations)
            return
        leaves = [operation.leave for operation in operations if operation.leave]
        if kind == "update":
            outcomes = self._hook.update_leaves(leaves, if_missing="create", **self._patience)
        else:
            outcomes = self._hook.push_leaves(leaves, if_exists="update", **self._patience)
        for outcome in outcomes:
            operation = operations[_index(outcome)]
            yield self._note(operation, outcome)

    def _delete(self, operations: Sequence[Operation]) -> Iterator[LeaveOutcome]:
        """
        Delete leaves, whosoever they are.

        COR wants to know whose leave it deletes. Where an update of that was cut short, it may be either.
        """
        users = {operation.id: _users(operation) for operation in operations}
        while operations:
            others = [operation for operation in operations if len(users[operation.id]) > 1]
            last = [operation for operation in operations if len(users[operation.id]) == 1]
            operations = []
            rounds: tuple[tuple[list[Operation], IfMissing], ...] = ((last, "skip"), (others, "fail"))
            for some, if_missing in rounds:
                keys = [LeaveKey(operation.id, users[operation.id].pop()) for operation in some]
                if not keys:
                    continue
                for outcome in self._hook.delete_leaves(keys, if_missing=if_missing, **self._patience):
                    operation = some[_index(outcome)]
                    if outcome.status == "rejected" and users[operation.id]:
                        operations.append(operation)
                    else:
                        yield self._note(operation, outcome)

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
        if not self._lost and clock.now() - self._written_at >= SECONDS_BETWEEN_WRITES:
            try:
                with suppress(OSError):  # there will be another time, and the intents are written
                    self._write()
            except CorLedgerBusyError as error:
                self._lost = error
                self._stopping.set()
        return replace(outcome, position=operation.position)

    def _write(self) -> None:
        self._lease.check()
        self._ledger.write()
        self._written_at = clock.now()


def _users(operation: Operation) -> list[str]:
    """Return whose leave it may be, the likeliest last."""
    versions = operation.before.versions if operation.before else ()
    return list(dict.fromkeys(version.user_id for version in reversed(versions)))


def _index(outcome: LeaveOutcome) -> int:
    assert outcome.position  # noqa: S101  # a push numbers its outcomes
    return outcome.position - 1
