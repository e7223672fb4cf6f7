"""One run of a sync: it takes the ledger's lease, makes the plan, and carries it out."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.apply import Apply
from cor_provider.sync.approval import ApprovedPlan
from cor_provider.sync.guards import Guards
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.operations import Operations
from cor_provider.sync.plan import Plan, make_plan
from cor_provider.sync.window import Window


class SyncRun:
    """
    One run of a sync. Use it in one thread, and close it after use.

    :param hook: sends the requests.
    :param ledger: the sync's record of the leave in COR.
    :param window: the days that the sync owns.
    :param owner: the task that runs it.
    :param guards: how much it may delete and forget.
    :param approved_plan: path or URI of the only plan that the run may carry out; None for any.
    :param stopping: set it, from any thread, to stop sending. Every operation still gets its outcome.
    :param patience: options of the hook's pushes.
    """

    def __init__(
        self,
        hook: CorIntegrationsHook,
        ledger: Ledger,
        window: Window,
        *,
        owner: Owner,
        guards: Guards,
        approved_plan: str | None,
        stopping: threading.Event,
        **patience: Any,
    ) -> None:
        self._open = ExitStack()
        self._open.callback(ledger.close)
        self.ledger = ledger
        self._hook = hook
        self._window = window
        self._guards = guards
        try:
            self._approved = None if approved_plan is None else self._read_approved(approved_plan, owner)
        except BaseException:
            self.close()
            raise
        self._stopping = stopping
        self._lease = Lease(ledger.path, owner, stopping, seconds_under_way=hook.longest_request)
        self._patience = patience
        self._may_be_under_way = False

    def close(self) -> None:
        """Free the memory and the disk that the run takes."""
        self._open.close()

    @contextmanager
    def leased(self) -> Iterator[None]:
        """
        Hold the ledger's lease while the block runs. Apply a plan only inside it.

        :raises CorLedgerBusyError: if another run is using the ledger.
        """
        self._lease.take()
        try:
            with self._lease.kept():
                yield
        finally:
            if not self._may_be_under_way:  # otherwise the next run must wait until the lease expires
                self._lease.release()

    def plan(
        self, leaves: Iterator[LeaveRequest | LeaveKey | UnreadableLeave], *, reassert: bool
    ) -> Generator[LeaveOutcome, None, Plan]:
        """
        Read the ledger, make the plan, and yield the outcome of each leave request that needs no request.

        :return: the plan.
        :raises CorLedgerError: if the ledger cannot be read.
        :raises UnfinishedPlanError: if reading the input fails, or the disk is full.
        """
        self.ledger.read()
        operations = Operations()
        self._open.callback(operations.close)
        return (yield from make_plan(leaves, self.ledger, self._window, operations, reassert=reassert))

    def check_guards(self, plan: Plan) -> None:
        """
        Refuse a plan that deletes or forgets too much.

        :raises CorDeleteGuardError: with the reason.
        """
        self._guards.check(plan)

    def check_approval(self, plan: Plan) -> None:
        """
        Refuse a plan other than the approved one, if the run needs an approval.

        :raises CorPlanChangedError: with the reason.
        """
        if self._approved:
            self._approved.check(plan, self.ledger)

    def apply(self, plan: Plan) -> Iterator[LeaveOutcome]:
        """Carry out a plan and yield each outcome as soon as it is known; see :class:`Apply`."""
        apply = Apply(
            self._hook, self.ledger, self._lease, approved=self._approved, stopping=self._stopping, **self._patience
        )
        try:
            yield from apply.run(plan)
        finally:
            self._may_be_under_way = apply.may_be_under_way

    def _read_approved(self, path: str, owner: Owner) -> ApprovedPlan:
        plan = ApprovedPlan(path, task=owner.task)
        self._open.callback(plan.close)
        return plan
