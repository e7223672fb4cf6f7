"""An approved plan: the only operations that a run may carry out."""

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
    "the secret behind their key has changed, as it does with every new bearer token. Set the COR connection's "
    "Extra ledger_secret to a long random text, and keep it."
)


@dataclass(frozen=True)
class _Effect:
    """
    The effect of an operation on COR.

    An interrupted try can turn an update into a create. Both have the same effect, so they compare equal.

    :param digest: digest of the leave that COR will hold, or that is deleted or forgotten.
    :param leave: for a delete or forget: the leave's user and days.
    :param removal: ``delete`` or ``forget``; None if COR will hold the leave.
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
    A plan that somebody has approved.

    The approval covers the plan's operations (users, days, what is forgotten) in its window. It is for one run.

    :param path: path or URI that ``ObjectStoragePath`` opens.
    :param task: the task that carries it out, the same for all its tries.
    :raises CorConfigurationError: if the file is missing or is not a plan.
    """

    def __init__(self, path: str, *, task: str) -> None:
        content = _files.read(ObjectStoragePath(path))
        if content is None:
            raise CorConfigurationError(f"approved_plan: there is no file {path}. Write the plan there first.")
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
                f"approved_plan: {path} is not a plan that this version of the provider wrote. Write and approve a new "
                "plan."
            ) from None
        self._task = task

    def check(self, plan: Plan, ledger: Ledger) -> None:
        """
        Refuse a plan other than the approved one. After an interrupted try, the plan may be its remaining operations.

        :param ledger: shows which operations of the approved plan are done.
        :raises CorPlanChangedError: with the number of differences.
        """
        if reason := next(self._reasons(plan, ledger), None):
            raise CorPlanChangedError(f"{reason} Nothing was sent. The plan: {plan}. Ask for a new approval.")

    def allows_to_overwrite(self, leave_id: str) -> bool:
        """Return whether the approved plan lets the creation of this leave overwrite leave in COR."""
        return leave_id in self._overwrites

    def is_used_up(self, ledger: Ledger) -> bool:
        """Return whether every operation is done."""
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
            # The digests of forgotten leave come from the ledger, so a new key does not change them.
            is_another_key = not new and not gone and differ == sum(not effect.removal for effect in now.values())
            yield (
                f"The plan is not the approved one: {new} operations are new, {gone} are gone, {differ} are different."
                + (f" All digests differ: if HR changed none of these, {KEY_ADVICE}" if is_another_key else "")
            )
        if overwrites := sum(self._is_unapproved_overwrite(operation, ledger) for operation in plan.operations):
            yield f"{overwrites} creates may now overwrite leave in COR. The approval does not cover that."

    def _is_unapproved_overwrite(self, operation: Operation, ledger: Ledger) -> bool:
        """Return whether a create may overwrite leave in COR that the approval does not cover."""
        if not operation.may_overwrite or self.allows_to_overwrite(operation.id):
            return False
        # A create that an earlier try of this run has sent is sent again. It still overwrites nothing.
        return not (self._plan in ledger.approvals and operation.before)
