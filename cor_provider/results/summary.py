"""The summary of a push: the counts, the causes, and the users and leave types that COR does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from cor_provider.exceptions import CorLeaveTypeNotFoundError, CorUserNotFoundError
from cor_provider.outcome import Outcome, Status
from cor_provider.records.kinds import LEAVE, Kind
from cor_provider.results.causes import Cause, is_number, largest_first, without_place

KEPT_REJECTIONS = 100
"""How many rejections a summary keeps in full; the report has them all."""

MOST_CAUSES = 30
"""How many causes are kept apart. The outcomes of further ones are counted by the error's name alone."""

MOST_UNKNOWN = 10_000
"""How many unknown users, and how many leave types, are listed: a wrong column may name as many as there is leave."""


@dataclass
class Summary:
    """
    The outcomes of one push, summed up. It grows while the push runs.

    :ivar counts: the number of outcomes by status.
    :ivar causes: by status, error and message.
    :ivar rejected: the first rejections, with what may be shown of each, error and message.
    :ivar users: the external ids of the users that COR does not know, with the number of leave requests.
    :ivar leave_types: likewise the external ids of leave types.
    :ivar retry_after: seconds that COR asked to wait, if a rate limit ended the push.
    :ivar kind: what the records are.
    """

    counts: Counter[Status] = field(default_factory=Counter)
    causes: dict[tuple[Status, str, str | None], Cause] = field(default_factory=dict)
    rejected: list[dict[str, str | int | None]] = field(default_factory=list)
    users: Counter[str] = field(default_factory=Counter, repr=False)
    leave_types: Counter[str] = field(default_factory=Counter, repr=False)
    retry_after: float | None = None
    kind: Kind = LEAVE

    def add(self, outcome: Outcome) -> None:
        """Add one outcome."""
        self.counts[outcome.status] += 1
        if outcome.error:
            message = without_place(outcome.message)
            has_number = is_number(outcome.unknown_id)
            self._add_cause(Cause(outcome.status, outcome.error, message, 1, outcome.example, has_number))
        if outcome.retry_after:
            self.retry_after = max(outcome.retry_after, self.retry_after or 0.0)
        if outcome.status == "rejected" and len(self.rejected) < KEPT_REJECTIONS:
            self.rejected.append({**outcome.shown, "error": outcome.error, "message": outcome.message})
        if outcome.unknown_id is not None:
            self.add_unknown(outcome.error, outcome.unknown_id)

    def add_unknown(self, error: str | None, unknown_id: str | None) -> None:
        """Add the external id of a user or a leave type that COR does not know."""
        listed = {
            CorUserNotFoundError.default_name: self.users,
            CorLeaveTypeNotFoundError.default_name: self.leave_types,
        }.get(error or "")
        if listed is not None and unknown_id is not None and (unknown_id in listed or len(listed) < MOST_UNKNOWN):
            listed[unknown_id] += 1

    def include(self, other: Summary) -> None:
        """Add the outcomes of another summary."""
        self.counts += other.counts
        for cause in other.causes.values():
            self._add_cause(cause)
        self.rejected += other.rejected[: KEPT_REJECTIONS - len(self.rejected)]
        self.users += other.users
        self.leave_types += other.leave_types
        self.retry_after = max(self.retry_after or 0.0, other.retry_after or 0.0) or None

    @property
    def received(self) -> int:
        """The number of records: the sum of all outcomes."""
        return self.counts.total()

    @property
    def in_cor(self) -> int:
        """How many records COR reflects now, from this push and earlier ones, deletions included."""
        return sum(self.counts[status] for status in ("created", "updated", "existing", "deleted"))

    def causes_of(self, *statuses: Status) -> list[Cause]:
        """Return the causes of outcomes with one of these statuses, largest first."""
        return largest_first(cause for cause in self.causes.values() if cause.status in statuses)

    def to_dict(self, *, source: str | None) -> dict[str, Any]:
        """
        Return the counts and the causes, largest first, without people and leave types.

        :param source: COR's ``metadata.source``, for the advice.
        """
        return {
            "received": self.received,
            **{status: self.counts[status] for status in get_args(Status) if self.counts[status]},
            "source": source,
            **({} if self.kind is LEAVE else {"records": self.kind.many}),
            "causes": [
                {
                    "status": cause.status,
                    "error": cause.error,
                    "count": cause.count,
                    "example": cause.example,
                    "advice": cause.advice(source),
                }
                for cause in largest_first(self.causes.values())
            ],
        }

    def __str__(self) -> str:
        """Return the counts for people, such as ``3 received: 2 created, 1 rejected (ValidationError 1)``."""
        return self.describe("received")

    def describe(self, word: str) -> str:
        """
        Return the counts for people.

        :param word: describes the total.
        """
        parts = [f"{self.counts[status]} {status}" for status in get_args(Status) if self.counts[status]]
        errors: Counter[str] = Counter()
        for cause in self.causes.values():
            errors[cause.error] += cause.count
        return f"{self.received} {word}" + (": " + ", ".join(parts) if parts else "") + _in_brackets(errors)

    def _add_cause(self, new: Cause) -> None:
        key = new.status, new.error, new.message
        if key not in self.causes and len(self.causes) >= MOST_CAUSES:
            key = new.status, new.error, None
        cause = self.causes.setdefault(key, Cause(*key))
        cause.count += new.count
        cause.has_number |= new.has_number
        # Outcomes come in any order. The same input has the same example.
        cause.example = min(filter(None, (cause.example, new.example)), default=None)


def largest_counts_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts in their order; those that are equal by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _in_brackets(counts: Mapping[str, int]) -> str:
    return " (" + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) + ")" if counts else ""
