"""An approved plan: the only operations that a run may carry out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorPlanChangedError
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LedgerEntry
from cor_provider.sync.ledger_file import UsedApproval
from cor_provider.sync.operations import CHANGES, Operation
from cor_provider.sync.plan import Plan

KEY_ADVICE = (
    "the secret behind their key has changed, as it does with every new bearer token. Set the COR connection's "
    "Extra ledger_secret to a long random text, and keep it."
)

_TABLE = """
CREATE TABLE approved (
    id TEXT PRIMARY KEY,
    effect TEXT NOT NULL,
    may_overwrite INTEGER NOT NULL,
    is_planned INTEGER NOT NULL DEFAULT 0  -- whether the plan of this run has the operation too
)
"""


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

    def to_text(self) -> str:
        return json.dumps([self.digest, self.leave, self.removal])

    @classmethod
    def from_text(cls, text: str) -> _Effect:
        digest, leave, removal = json.loads(text)
        return cls(digest, tuple(leave), removal)

    def is_done(self, entry: LedgerEntry | None) -> bool:
        if self.removal:
            return entry is None
        return entry is not None and entry.in_cor == "yes" and entry.digest == self.digest


@dataclass
class _Differences:
    """How the plan differs from the approved one; every number is that of operations."""

    new: int = 0
    gone: int = 0
    different: int = 0
    that_send: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.different)

    def __str__(self) -> str:
        return f"{self.new} operations are new, {self.gone} are gone, {self.different} are different"

    @property
    def may_come_from_another_key(self) -> bool:
        # The digests of forgotten leave come from the ledger, so a new key does not change them.
        return not self.new and not self.gone and self.different == self.that_send


@contextmanager
def reading_plan(path: str) -> Iterator[Iterator[Any]]:
    """
    Read the rows of an approved plan in a block, which raises any error of Python's if they are not those of a plan.

    :param path: path or URI that ``ObjectStoragePath`` opens.
    :raises CorConfigurationError: if the file is missing or is not a plan.
    """
    stream = _files.open_to_read(_files.locate(path))
    if stream is None:
        raise CorConfigurationError(f"approved_plan: there is no file {path}. Write the plan there first.")
    try:
        with stream:
            yield map(json.loads, stream)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, sqlite3.IntegrityError):
        raise CorConfigurationError(
            f"approved_plan: {path} is not a plan that this version of the provider wrote. Write and approve a new "
            "plan."
        ) from None


class ApprovedPlan:
    """
    A plan that somebody has approved. Use it in one thread, and close it after use.

    The approval covers the plan's operations (users, days, what is forgotten) in its window. It is for one run.
    There may be millions of operations, so they are not held in memory.

    :param path: path or URI that ``ObjectStoragePath`` opens.
    :param task: the task that carries it out, the same for all its tries.
    :raises CorConfigurationError: if the file is missing or is not a plan.
    """

    def __init__(self, path: str, *, task: str) -> None:
        self._task = task
        self._plans: set[str] = set()
        self._windows: set[str] = set()
        with ExitStack() as undo, reading_plan(path) as rows:
            self._database = _files.scratch_tables(_TABLE)
            undo.callback(self.close)
            for row in rows:
                self._add(row)
            self._plan, *others = self._plans or {""}
            if others:
                raise ValueError
            undo.pop_all()

    def close(self) -> None:
        """Free the memory and the disk that it takes."""
        self._database.close()

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
        query = "SELECT may_overwrite FROM approved WHERE id = ?"
        return bool(self._database.execute(query, (leave_id,)).fetchone() == (True,))

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

    def _add(self, row: Mapping[str, Any]) -> None:
        self._plans.add(row["plan"])
        self._windows.add(row["window"])
        if not isinstance(row["id"], str):
            raise TypeError
        values = row["id"], _Effect.of(row).to_text(), bool(row.get("may_overwrite"))
        self._database.execute("INSERT INTO approved (id, effect, may_overwrite) VALUES (?, ?, ?)", values)

    def _reasons(self, plan: Plan, ledger: Ledger) -> Iterator[str]:
        used = ledger.approvals.get(self._plan)
        if plan.operations and used and (used.is_done or used.task != self._task):
            yield "The approved plan has been used: each approval is for one run."
        if plan.operations and self._windows and self._windows != {str(plan.window)}:
            yield "The plan was approved for another window."
        if differences := self._compare(plan, ledger):
            advice = f" All digests differ: if HR changed none of these, {KEY_ADVICE}"
            yield (
                f"The plan is not the approved one: {differences}."
                + (advice if differences.may_come_from_another_key else "")
            )
        if overwrites := sum(self._is_unapproved_overwrite(operation, ledger) for operation in plan.operations):
            yield f"{overwrites} creates may now overwrite leave in COR. The approval does not cover that."

    def _compare(self, plan: Plan, ledger: Ledger) -> _Differences:
        found = _Differences()
        for row in plan.rows():
            effect = _Effect.of(row)
            found.that_send += not effect.removal
            approved = self._database.execute("SELECT effect FROM approved WHERE id = ?", (row["id"],)).fetchone()
            if approved is None:
                found.new += 1
            else:
                found.different += approved != (effect.to_text(),)
                self._database.execute("UPDATE approved SET is_planned = 1 WHERE id = ?", (row["id"],))
        for leave_id, text in self._database.execute("SELECT id, effect FROM approved WHERE NOT is_planned"):
            found.gone += not _Effect.from_text(text).is_done(ledger.entries.get(leave_id))
        return found

    def _is_unapproved_overwrite(self, operation: Operation, ledger: Ledger) -> bool:
        """Return whether a create may overwrite leave in COR that the approval does not cover."""
        if not operation.may_overwrite or self.allows_to_overwrite(operation.id):
            return False
        # A create that an earlier try of this run has sent is sent again. It still overwrites nothing.
        return not (self._plan in ledger.approvals and operation.before)
