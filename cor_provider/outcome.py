"""The outcomes of leave requests, and their counts: the vocabulary of every result, log line and report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from cor_provider._compat import load_lazy
from cor_provider.exceptions import CorError, CorRateLimitError

__all__ = ["LeaveOutcome", "Status", "add_up", "is_complete"]

Status = Literal["created", "updated", "deleted", "existing", "unchanged", "rejected", "failed", "not_sent"]

KEPT_REJECTIONS = 100
"""How many rejections a tally keeps in full; the report has them all."""


@dataclass(frozen=True)
class LeaveOutcome:
    """
    The outcome of one leave request.

    :param leave_id: external leave id; None if the record has none that is readable.
    :param status: ``created``, ``updated``, ``deleted``, ``existing`` (COR already had it), ``unchanged``,
        ``rejected`` (sending it again unchanged cannot help), ``failed`` (COR or the transport failed) or
        ``not_sent`` (the push stopped before).
    :param cor_id: COR's own id of the leave, if COR returned it.
    :param error: the error's name, for ``rejected`` and ``failed``, and if COR lacked the leave to change or delete.
    :param message: what to do about it; quotes no field of the record.
    :param attempts: how many times it was sent; an answer of 429 does not count.
    :param position: its position in the input, from 1.
    :param retry_after: seconds that COR asked to wait, if a rate limit made it fail.
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
        """Return the outcome of an error. If it is not a ``CorError``, only its name is kept."""
        if isinstance(error, CorRateLimitError):
            details["retry_after"] = error.retry_after
        if isinstance(error, CorError):
            return cls(leave_id, status, error=error.name, message=error.message, **details)
        return cls(leave_id, status, error=type(error).__name__, **details)

    def to_row(self) -> dict[str, Any]:
        """Return the report's row of this outcome."""
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
        """The row as a line of the report."""
        # An error's name from COR may hold half a surrogate pair, which JSON allows and UTF-8 does not.
        return (json.dumps(self.to_row(), ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def add_up(pushes: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """
    Add up the counts that several pushes have returned.

    :param pushes: the counts of each push: a list, or the ``output`` of a mapped operator. That includes failed pushes,
        except those that ended before they returned counts. So compare ``received`` with the number sent.
    """
    total: Counter[str] = Counter()
    for counts in load_lazy(pushes):  # type: ignore[attr-defined]  # it stays iterable
        total.update({status: count for status, count in counts.items() if isinstance(count, int)})
    return total


def is_complete(counts: Mapping[str, int], *, max_rejected: int = 0) -> bool:
    """
    Return whether COR has taken everything, except for tolerated rejections.

    :param counts: the counts of one push, or of several added up.
    :param max_rejected: how many rejected leave requests are tolerated.
    """
    return not counts["failed"] and not counts["not_sent"] and counts["rejected"] <= max_rejected


@dataclass
class Tally:
    """The counts of one push while it runs. Internal."""

    counts: Counter[Status] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    rejected: list[dict[str, str | None]] = field(default_factory=list)
    first_failure: str | None = None
    retry_after: float | None = None

    def add(self, outcome: LeaveOutcome) -> None:
        """Add one outcome."""
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
        """Add the counts of another tally."""
        self.counts += other.counts
        self.errors += other.errors
        self.rejected += other.rejected[: KEPT_REJECTIONS - len(self.rejected)]
        self.first_failure = self.first_failure or other.first_failure
        self.retry_after = max(self.retry_after or 0.0, other.retry_after or 0.0) or None

    @property
    def received(self) -> int:
        """The number of leave requests: the sum of all outcomes."""
        return self.counts.total()

    @property
    def in_cor(self) -> int:
        """How many leave requests COR reflects now, from this push and earlier ones, deletions included."""
        return sum(self.counts[status] for status in ("created", "updated", "existing", "deleted"))

    def __str__(self) -> str:
        """Return the counts for people, such as ``3 received: 2 created, 1 rejected (ValidationError 1)``."""
        return self.describe("received")

    def describe(self, word: str) -> str:
        """
        Return the counts for people.

        :param word: describes the total.
        """
        parts = [f"{self.counts[status]} {status}" for status in get_args(Status) if self.counts[status]]
        return f"{self.received} {word}" + (": " + ", ".join(parts) if parts else "") + _in_brackets(self.errors)


def _in_brackets(counts: Mapping[str, int]) -> str:
    return " (" + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) + ")" if counts else ""
