"""The guards of a sync: how much it may delete or forget before a person must check."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from cor_provider import _clock
from cor_provider.exceptions import CorDeleteGuardError
from cor_provider.sync.operations import Operation
from cor_provider.sync.plan import Plan
from cor_provider.sync.window import Window


@dataclass(frozen=True)
class Guards:
    """
    How much a sync may delete and forget. Leave that it forgets stays in COR forever.

    No limit applies to past leave that a moving window has left behind.

    :param max_deletes: the largest number of leaves; None for any number.
    :param max_delete_fraction: the largest share, 0 to 1: of the ledger's leaves in the window for deletes, of all its
        leaves for what is forgotten.
    :param allow_empty: accept an empty input.
    """

    max_deletes: int | None = None
    max_delete_fraction: float = 0.2
    allow_empty: bool = False

    def check(self, plan: Plan) -> None:
        """
        Refuse a plan that deletes or forgets too much.

        :raises CorDeleteGuardError: with the plan's counts.
        """
        if reason := next(self._reasons(plan), None):
            raise CorDeleteGuardError(f"{reason}\nNothing was sent. The plan: {plan}.")

    def _reasons(self, plan: Plan) -> Iterator[str]:
        deleted = plan.operations.counts["delete"]
        forgotten = sum(_is_guarded(one, plan.window) for one in plan.operations.of("forget"))
        if not plan.received and plan.remembered and not self.allow_empty:
            yield (
                f"The input is empty, but the ledger holds {plan.remembered} leaves:\ncheck the extract. If there "
                "really is no leave, set allow_empty=True."
            )
        if plan.nameless and (deleted or forgotten):
            yield (
                f"{plan.nameless} records have no readable id, and may be among the leaves that would be deleted or "
                "forgotten: correct the extract."
            )
        yield from self._too_many(
            deleted,
            plan.in_window,
            f"The sync would delete {deleted} of the {plan.in_window} leaves that its ledger holds in the window",
            "Check that the extract is complete.",
        )
        yield from self._too_many(
            forgotten,
            plan.remembered,
            f"The sync would forget {forgotten} of the {plan.remembered} leaves in its ledger, since the input lacks "
            f"them and they lie outside the window {plan.window.first} to {plan.window.last}: if they were cancelled, "
            "they would stay in COR",
            "Check the window.",
        )

    def _too_many(self, count: int, of: int, what: str, advice: str) -> Iterator[str]:
        if self.max_deletes is not None and count > self.max_deletes:
            yield _in_lines(what, f"max_deletes={self.max_deletes}", advice, f"max_deletes={count}")
        if count and count / of > self.max_delete_fraction:
            enough = f"max_delete_fraction={math.ceil(count / of * 100) / 100:g}"
            yield _in_lines(what, f"max_delete_fraction={self.max_delete_fraction:g}", advice, enough)


def _in_lines(what: str, limit: str, advice: str, enough: str) -> str:
    """Put the problem and the fix on lines of their own: a log does not wrap them."""
    return f"{what},\nmore than {limit}. {advice} If all of it is right, set {enough} for this run."


def _is_guarded(operation: Operation, window: Window) -> bool:
    """Return whether the leave may be forgotten by mistake, because of a mistyped window for example."""
    if not operation.before or operation.before.is_foreign:
        return False
    is_behind = all(version.end < window.first for version in operation.before.versions)
    return not (is_behind and window.first <= _latest_today())


def _latest_today() -> date:
    """Return today's date in the time zone where the day begins first."""
    return (datetime.fromtimestamp(_clock.timestamp(), timezone.utc) + timedelta(hours=14)).date()
