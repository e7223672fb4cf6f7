"""An approved plan: what somebody has agreed to, and so all that a run may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorPlanChangedError
from cor_provider.sync.ledger import Ledger, LedgerEntry, UsedApproval
from cor_provider.sync.plan import CHANGES, Operation, Plan

KEY_ADVICE = (
    "the secret that keys them has changed, as a bearer token does. Set the COR connection's Extra ledger_secret to "
    "some long random text, once and for all."
)


@dataclass(frozen=True)
class _Effect:
    """
    What an operation means to COR.

    :param digest: of what COR is to hold, or of what is to be deleted or forgotten.
    :param leave: for the latter, whose it is and its days.
    :param removal: ``delete`` or ``forget``; None where COR is to hold the leave. What was an update may become a
        create when a try is cut short: that is the same to COR.
    """

    digest: str | None
    leave: tuple[str, ...] = ()
    removal: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> _Effect:
        if row["operation"] not in CHANGES:
            raise ValueError
        if row["operation"] in {"delete", "forget"}:
            return cls(row["digest"], (row["user_id"], row["start"], row["end"]), row["operation"])
        return cls(row["digest"])

    def is_done(self, entry: LedgerEntry | None) -> bool:
        if self.removal:
            return entry is None
        return entry is not None and entry.in_cor == "yes" and entry.digest == self.digest


class ApprovedPlan:
    """
    A plan that somebody has approved, as it was written.

    It approves its operations: whose leave, which days, within this window, and what is forgotten. A run uses it up.

    :param path: path or URI that ``ObjectStoragePath`` opens.
    :param task: the task that is to carry it out, the same for all its tries.
    :raises CorConfigurationError: if it is not there, or is not a plan.
    """

    def __init__(self, path: str, *, task: str) -> None:
        content = _files.read(ObjectStoragePath(path))
        if content is None:
            raise CorConfigurationError(f"approved_plan: there is no file {path}.")
        try:
            rows = [json.loads(line) for line in content.splitlines()]
            self._effects = {row["id"]: _Effect.of(row) for row in rows}
            self._overwrites = {row["id"] for row in rows if row.get("may_overwrite")}
            self._windows = {row["window"] for row in rows}
            self._plan, *others = {row["plan"] for row in rows} or {""}
            if others:
                raise ValueError
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CorConfigurationError(
                f"approved_plan: {path} is not a plan as this version of plan_path writes it."
            ) from None
        self._task = task

    def check(self, plan: Plan, ledger: Ledger) -> None:
        """
        Refuse a plan that is not the approved one, or what is left of it after a try that was cut short.

        :param ledger: says what of the approved plan is done.
        :raises CorPlanChangedError: with the number of differences.
        """
        if reason := next(self._reasons(plan, ledger), None):
            raise CorPlanChangedError(f"{reason} Nothing was sent. The plan: {plan}. Have it approved anew.")

    def allows_to_overwrite(self, leave_id: str) -> bool:
        """Return whether it says that creating a leave may overwrite what COR has."""
        return leave_id in self._overwrites

    def is_used_up(self, ledger: Ledger) -> bool:
        """Return whether nothing of it is left to do."""
        used = ledger.approvals.get(self._plan)
        return not self._plan or (used is not None and used.is_done)

    def begin(self, ledger: Ledger) -> None:
        """Note in the ledger that this task uses the approval, so that no other does."""
        if self._plan:
            ledger.approvals[self._plan] = UsedApproval(self._plan, self._task)

    def end(self, ledger: Ledger) -> None:
        """Note in the ledger that nothing of the plan is left to do, so that it cannot be done again."""
        if self._plan:
            ledger.approvals[self._plan] = UsedApproval(self._plan, self._task, is_done=True)

    def _reasons(self, plan: Plan, ledger: Ledger) -> Iterator[str]:
        now = {row["id"]: _Effect.of(row) for row in plan.rows()}
        used = ledger.approvals.get(self._plan)
        if now and used and (used.is_done or used.task != self._task):
            yield "The approved plan has been used: each approval is for one run."
        if now and self._windows and self._windows != {str(plan.window)}:
            yield "The plan was approved for another window."
        approved = {
            leave_id: effect
            for leave_id, effect in self._effects.items()
            if leave_id in now or not effect.is_done(ledger.entries.get(leave_id))
        }
        both = now.keys() & approved.keys()
        differ = sum(now[leave_id] != approved[leave_id] for leave_id in both)
        new, gone = len(now) - len(both), len(approved) - len(both)
        if differ or new or gone:
            # Of what is forgotten no digest is compared with one of today's.
            is_another_key = not new and not gone and differ == sum(not effect.removal for effect in now.values())
            yield (
                f"The plan is not the approved one: {new} operations are new, {gone} are gone, {differ} are different."
                + (f" All digests differ: if HR changed none of these, {KEY_ADVICE}" if is_another_key else "")
            )
        if overwrites := sum(
            self._is_unapproved_overwrite(one, ledger) for one in plan.operations if one.may_overwrite
        ):
            yield f"{overwrites} creates may now overwrite leave that COR has, which was not approved."

    def _is_unapproved_overwrite(self, operation: Operation, ledger: Ledger) -> bool:
        """Return whether a create may meet leave in COR that nobody knew of when the plan was approved."""
        if not operation.may_overwrite or self.allows_to_overwrite(operation.id):
            return False
        # One that an earlier try of this run has sent is sent again, and still overwrites nothing.
        return not (self._plan in ledger.approvals and operation.before)
