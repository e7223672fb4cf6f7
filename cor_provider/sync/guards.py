"""The guards of a sync: how much it may delete or forget before somebody has to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from cor_provider import _clock
from cor_provider.exceptions import CorDeleteGuardError
from cor_provider.sync.plan import Operation, Plan
from cor_provider.sync.window import Window


@dataclass(frozen=True)
class Guards:
    """
    What a sync may delete, and forget: leave that it forgets stays in COR for ever.

    Leave that is over and has fallen behind a window that moves on with time is forgotten freely.

    :param max_deletes: how many leaves at most; None for any number.
    :param max_delete_fraction: the largest share, 0 to 1: for deletes of the ledger's leaves in the window, for what is
        forgotten of all its leaves.
    :param allow_empty: whether an empty input may be meant.
    """

    max_deletes: int | None = None
    max_delete_fraction: float = 0.2
    allow_empty: bool = False

    def __post_init__(self) -> None:
        if self.max_deletes is not None and (not isinstance(self.max_deletes, int) or self.max_deletes < 0):
            raise ValueError(f"max_deletes: expected a number from 0, or None; got {self.max_deletes!r}.")
        if not isinstance(self.max_delete_fraction, (int, float)) or not 0 <= self.max_delete_fraction <= 1:
            raise ValueError(f"max_delete_fraction: expected a number from 0 to 1; got {self.max_delete_fraction!r}.")

    def check(self, plan: Plan) -> None:
        """
        Refuse a plan that deletes or forgets too much.

        :raises CorDeleteGuardError: with the plan's counts.
        """
        if reason := next(self._reasons(plan), None):
            raise CorDeleteGuardError(f"{reason} Nothing was sent. The plan: {plan}.")

    def _reasons(self, plan: Plan) -> Iterator[str]:
        deleted, forgotten = len(plan.of("delete")), sum(_is_guarded(one, plan.window) for one in plan.of("forget"))
        if not plan.received and plan.remembered and not self.allow_empty:
            yield (
                f"The input is empty, while the ledger holds {plan.remembered} leaves: check the extract. If there "
                "really is no leave, set allow_empty=True."
            )
        if plan.nameless and (deleted or forgotten):
            yield (
                f"{plan.nameless} records have no id that can be read, so nobody knows whether they are among the "
                "leaves that would be deleted or forgotten: correct the extract."
            )
        yield from self._too_many(
            deleted,
            plan.in_window,
            f"The sync would delete {deleted} of the {plan.in_window} leaves that its ledger holds in the window",
            "Check that the extract is whole; if it is, raise the limit in the DAG until this is done.",
        )
        yield from self._too_many(
            forgotten,
            plan.remembered,
            f"The sync would forget {forgotten} of the {plan.remembered} leaves in its ledger, since the input lacks "
            f"them and they lie outside the window {plan.window.first} to {plan.window.last}: if they were cancelled, "
            "they would stay in COR",
            "Check the window; if it is right, raise the limit in the DAG until this is done.",
        )

    def _too_many(self, count: int, of: int, what: str, advice: str) -> Iterator[str]:
        if self.max_deletes is not None and count > self.max_deletes:
            yield f"{what}, more than max_deletes={self.max_deletes}. {advice}"
        if count and count / of > self.max_delete_fraction:
            yield f"{what}, more than max_delete_fraction={self.max_delete_fraction:g}. {advice}"


def _is_guarded(operation: Operation, window: Window) -> bool:
    """Return whether forgetting a leave may be a mistake, such as a mistyped window."""
    if not operation.before or operation.before.is_foreign:
        return False
    is_behind = all(version.end < window.first for version in operation.before.versions)
    return not (is_behind and window.first <= _latest_today())


def _latest_today() -> date:
    """Return today's date where the day begins first."""
    return (datetime.fromtimestamp(_clock.timestamp(), timezone.utc) + timedelta(hours=14)).date()
