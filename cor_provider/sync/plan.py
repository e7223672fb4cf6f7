"""The plan of a sync: what it would do so that COR holds what the input says, and whether it may."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import (
    CorConfigurationError,
    CorConflictingRepeatError,
    CorDeleteGuardError,
    CorPlanChangedError,
)
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.ledger import Entry, Ledger, Version, Window

Kind = Literal["delete", "update", "create"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are done: an id that changed on edit must not overlap with what it was."""


@dataclass(frozen=True, repr=False)
class Operation:
    """
    One change that a sync would make.

    :param leave: what COR is to hold; None for what is to be deleted.
    :param before: what the ledger remembers of it.
    :param digest: keyed digest of what would be sent, or of what was.
    :param position: the leave request's place in the input, from 1.
    """

    kind: Kind
    id: str
    leave: LeaveRequest | None
    before: Entry | None
    digest: str | None
    position: int | None = None

    @property
    def version(self) -> Version:
        """The leave that it is about: as it will be, or as it was if it is to be deleted."""
        if self.leave:
            return Version.of(self.leave)
        assert self.before  # noqa: S101  # only what the ledger remembers can be deleted
        return self.before.version

    def to_row(self, *, show_type: bool) -> dict[str, Any]:
        """
        Return the row of a plan.

        :param show_type: tell the leave type too, which can be health data.
        """
        row = {"operation": self.kind, "id": self.id, **_fields(self.version), "digest": self.digest}
        if self.kind == "update" and self.before:
            was = _fields(self.before.version)
            row |= {f"previous_{name}": value for name, value in was.items() if value != row[name]}
        if show_type and self.leave:
            row["leave_type_id"] = self.leave.leave_type_id
        return row


@dataclass
class Plan:
    """
    What a sync would do.

    Of the input it keeps what is to be sent; of what COR holds already, no more than ids.

    :param received: how many leave requests came in.
    :param operations: in no particular order; :meth:`of` has them by kind.
    :param rejected: records that cannot be read, or that contradict one before them.
    :param unchanged: external id and position of what needs nothing.
    :param forgotten: external ids in the ledger that the input lacks and that lie outside the window.
    :param nameless: how many records could not be read so far that it is not known which leave they are.
    :param in_window: how many leaves the ledger held in the window.
    """

    received: int = 0
    operations: list[Operation] = field(default_factory=list)
    rejected: list[LeaveOutcome] = field(default_factory=list)
    unchanged: list[tuple[str, int]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    nameless: int = 0
    remembered: int = 0
    in_window: int = 0

    def of(self, kind: Kind) -> list[Operation]:
        """Return the operations of one kind."""
        return [operation for operation in self.operations if operation.kind == kind]

    @property
    def counts(self) -> dict[str, int]:
        """How many operations of each kind there are, and what needs none."""
        kinds = Counter(operation.kind for operation in self.operations)
        return {
            **{kind: kinds[kind] for kind in reversed(KINDS)},
            "unchanged": len(self.unchanged),
            "rejected": len(self.rejected),
        }

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.counts.items())

    def settled(self) -> Iterator[LeaveOutcome]:
        """Yield the outcome of every leave request that needs no request."""
        yield from self.rejected
        for leave_id, position in self.unchanged:
            yield LeaveOutcome(leave_id, "unchanged", position=position)

    def not_sent(self) -> Iterator[LeaveOutcome]:
        """Yield the outcomes of operations that are not done."""
        for operation in self.operations:
            yield LeaveOutcome(operation.id, "not_sent", position=operation.position)

    def rows(self, *, show_types: bool = False) -> list[dict[str, Any]]:
        """Return the rows of the plan as it is written: deletes, updates, creates."""
        return [operation.to_row(show_type=show_types) for kind in KINDS for operation in self.of(kind)]


def make_plan(
    leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave],
    ledger: Ledger,
    window: Window,
    *,
    reassert: bool,
    plan: Plan,
) -> None:
    """
    Compare leave requests with the ledger.

    What the ledger holds, the input lacks, and has a day in the window is to be deleted. A record that cannot be read
    but has an external id speaks for that leave: it stays as it is.

    :param leaves: everything that should be in COR; read once, from the beginning.
    :param window: the days that the sync owns.
    :param reassert: send what is unchanged too. Where digests were made with another key, nothing looks unchanged.
    :param plan: takes what is found, as it is found, so that it is not lost where reading breaks off.
    """
    plan.remembered = len(ledger.entries)
    plan.in_window = sum(entry.overlaps(window) for entry in ledger.entries.values())
    seen: dict[str, str | None] = {}
    for position, leave in enumerate(leaves, start=1):
        plan.received = position
        if isinstance(leave, LeaveRequest):
            _plan_leave(leave, position, ledger, plan, seen, reassert=reassert)
            continue
        assert isinstance(leave, UnreadableLeave)  # noqa: S101  # what is read in full is a leave request
        plan.rejected.append(LeaveOutcome.from_error(leave.leave_id, "rejected", leave.error, position=position))
        if leave.leave_id is None:
            plan.nameless += 1
        else:
            seen.setdefault(leave.leave_id, None)
    for leave_id, entry in ledger.entries.items():
        if leave_id in seen:
            continue
        if entry.overlaps(window):
            plan.operations.append(Operation("delete", leave_id, None, entry, entry.digest))
        else:
            plan.forgotten.append(leave_id)


def _plan_leave(
    leave: LeaveRequest, position: int, ledger: Ledger, plan: Plan, seen: dict[str, str | None], *, reassert: bool
) -> None:
    digest = ledger.digest(leave)
    if first := seen.get(leave.id):
        if digest == first:
            plan.unchanged.append((leave.id, position))
        else:
            conflict = CorConflictingRepeatError()
            plan.rejected.append(LeaveOutcome.from_error(leave.id, "rejected", conflict, position=position))
        return
    seen[leave.id] = digest
    before = ledger.entries.get(leave.id)
    if before and before.digest:
        if before.digest == digest and not reassert:
            plan.unchanged.append((leave.id, position))
        else:
            plan.operations.append(Operation("update", leave.id, leave, before, digest, position))
    else:
        plan.operations.append(Operation("create", leave.id, leave, before, digest, position))


@dataclass(frozen=True)
class Guards:
    """
    What a sync may delete.

    :param max_deletes: how many leaves at most; None for any number.
    :param max_delete_fraction: which share of the ledger's leaves in the window at most, 0 to 1.
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
        Refuse a plan that deletes too much.

        :raises CorDeleteGuardError: with the plan's counts.
        """
        if reason := self._reason(plan):
            raise CorDeleteGuardError(f"{reason} Nothing was sent. The plan: {plan}.")

    def _reason(self, plan: Plan) -> str | None:
        deletes = len(plan.of("delete"))
        if not plan.received and plan.remembered and not self.allow_empty:
            return (
                f"The input is empty, while the ledger holds {plan.remembered} leaves: check the extract. If there is "
                "no leave indeed, set allow_empty=True."
            )
        if plan.nameless and deletes:
            return (
                f"{plan.nameless} records have no id that can be read, so nobody knows whether they are among the "
                "leaves that would be deleted: correct the extract."
            )
        of_all = f"The sync would delete {deletes} of the {plan.in_window} leaves that its ledger holds in the window"
        advice = "Check that the extract is whole; if it is, raise the limit in the DAG until this is done."
        if self.max_deletes is not None and deletes > self.max_deletes:
            return f"{of_all}, more than max_deletes={self.max_deletes}. {advice}"
        if deletes and deletes / plan.in_window > self.max_delete_fraction:
            return f"{of_all}, more than max_delete_fraction={self.max_delete_fraction:g}. {advice}"
        return None


class ApprovedPlan:
    """
    A plan that somebody has approved, as it was written.

    :param path: path or URI that ``ObjectStoragePath`` opens.
    :raises CorConfigurationError: if it is not there, or is no plan.
    """

    def __init__(self, path: str) -> None:
        content = _files.read(ObjectStoragePath(path))
        if content is None:
            raise CorConfigurationError(f"approved_plan: there is no file {path}.")
        try:
            self._effects = dict(map(_effect, map(json.loads, content.splitlines())))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CorConfigurationError(f"approved_plan: {path} is not a plan as plan_path writes it.") from None

    def check(self, plan: Plan, ledger: Ledger) -> None:
        """
        Refuse a plan that is not the approved one, or what is left of it after a try that was cut short.

        :param ledger: tells what of the approved plan is done.
        :raises CorPlanChangedError: with the number of differences.
        """
        now = dict(map(_effect, plan.rows()))
        approved = {
            leave_id: effect
            for leave_id, effect in self._effects.items()
            if leave_id in now or not _is_done(ledger.entries.get(leave_id), effect)
        }
        if now == approved:
            return
        both = now.keys() & approved.keys()
        differ = sum(now[leave_id] != approved[leave_id] for leave_id in both)
        new, gone = len(now) - len(both), len(approved) - len(both)
        is_another_key = not new and not gone and differ == sum(effect is not None for effect in now.values())
        raise CorPlanChangedError(
            f"The plan is not the approved one: {new} operations are new, {gone} are gone, {differ} are different. "
            f"Nothing was sent. The plan: {plan}. Have it approved anew."
            + (f" All digests differ: if HR changed none of these, {KEY_ADVICE}" if is_another_key else "")
        )


def _effect(row: Mapping[str, Any]) -> tuple[str, str | None]:
    """
    Return an external id, and the digest of what COR is to hold of it, or None for nothing.

    After a try that was cut short, what was an update may be a create: that is the same to COR.
    """
    if row["operation"] not in KINDS:
        raise ValueError
    return row["id"], None if row["operation"] == "delete" else row["digest"]


def _is_done(entry: Entry | None, effect: str | None) -> bool:
    return entry is None if effect is None else entry is not None and entry.digest == effect


KEY_ADVICE = (
    "the secret that keys them has changed, as a bearer token does. Set the COR connection's Extra ledger_secret to "
    "some long random text, once and for all."
)


def _fields(version: Version) -> dict[str, str]:
    return {"user_id": version.user_id, "start": version.start.isoformat(), "end": version.end.isoformat()}
