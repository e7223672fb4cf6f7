"""What became of one leave request, and of all of them: the vocabulary of every result, log line and report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from cor_provider.exceptions import CorError, CorRateLimitError

Status = Literal["created", "updated", "deleted", "existing", "unchanged", "rejected", "failed", "not_sent"]

KEPT_REJECTIONS = 100
"""How many rejections a tally keeps whole; the report has them all."""


@dataclass(frozen=True)
class LeaveOutcome:
    """
    What became of one leave request.

    :param leave_id: external leave id; None if the record had none that could be read.
    :param status: ``created``, ``updated``, ``deleted``, ``existing`` (COR already had it), ``unchanged``,
        ``rejected`` (sending it again unchanged cannot help), ``failed`` (not settled) or ``not_sent``.
    :param cor_id: COR's own id of the leave, where COR told it.
    :param error: the error's name, for ``rejected`` and ``failed``, and where COR did not have what was to be changed.
    :param message: what to do about it; holds no field of the record.
    :param attempts: how many attempts were made to send it; an answer of 429 does not count.
    :param position: its place in the input, from 1.
    :param retry_after: seconds that COR asked to wait, if a rate limit kept it from being settled.
    """

    leave_id: str | None
    status: Status
    cor_id: int | None = None
    error: str | None = None
    message: str | None = None
    attempts: int = 0
    position: int | None = field(default=None, compare=False)
    retry_after: float | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_error(cls, leave_id: str | None, status: Status, error: BaseException, **details: Any) -> LeaveOutcome:
        """Return the outcome of a leave request that ended in an error; of a foreign one only the name is told."""
        if isinstance(error, CorRateLimitError):
            details["retry_after"] = error.retry_after
        if isinstance(error, CorError):
            return cls(leave_id, status, error=error.name, message=error.message, **details)
        return cls(leave_id, status, error=type(error).__name__, **details)

    def to_row(self) -> dict[str, Any]:
        """Return the row of this outcome in a report."""
        return {
            "id": self.leave_id,
            "status": self.status,
            "cor_id": self.cor_id,
            "error": self.error,
            "message": self.message,
            "attempts": self.attempts,
            "position": self.position,
        }

    @cached_property
    def line(self) -> bytes:
        """That row as a line of the report."""
        # What COR calls an error may hold half of a character, which UTF-8 cannot have and JSON can.
        return (json.dumps(self.to_row(), ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


@dataclass
class Tally:
    """The counts of a push, kept while its outcomes pass by."""

    counts: Counter[Status] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    rejected: list[dict[str, str | None]] = field(default_factory=list)
    first_failure: str | None = None
    retry_after: float | None = None

    def add(self, outcome: LeaveOutcome) -> None:
        """Count one outcome."""
        self.counts[outcome.status] += 1
        if outcome.error:
            self.errors[outcome.error] += 1
        if outcome.status == "failed" and self.first_failure is None:
            self.first_failure = outcome.message
        if outcome.retry_after:
            self.retry_after = max(outcome.retry_after, self.retry_after or 0.0)
        if outcome.status == "rejected" and len(self.rejected) < KEPT_REJECTIONS:
            self.rejected.append({"id": outcome.leave_id, "error": outcome.error, "message": outcome.message})

    def include(self, other: Tally) -> None:
        """Count what another tally has counted."""
        self.counts += other.counts
        self.errors += other.errors
        self.rejected += other.rejected[: KEPT_REJECTIONS - len(self.rejected)]
        self.first_failure = self.first_failure or other.first_failure
        self.retry_after = max(self.retry_after or 0.0, other.retry_after or 0.0) or None

    @property
    def received(self) -> int:
        """How many leave requests came in: the sum of all outcomes."""
        return self.counts.total()

    @property
    def in_cor(self) -> int:
        """How many leave requests show in COR now, this push's and earlier ones': leave put there, or taken away."""
        return sum(self.counts[status] for status in ("created", "updated", "existing", "deleted"))

    def __str__(self) -> str:
        """Return the counts for people, such as ``3 received: 2 created, 1 rejected (ValidationError 1)``."""
        return self.describe("received")

    def describe(self, word: str) -> str:
        """
        Return the counts for people.

        :param word: what all of them are.
        """
        parts = [f"{self.counts[status]} {status}" for status in get_args(Status) if self.counts[status]]
        return f"{self.received} {word}" + (": " + ", ".join(parts) if parts else "") + _in_brackets(self.errors)


def _in_brackets(counts: Mapping[str, int]) -> str:
    return " (" + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) + ")" if counts else ""
