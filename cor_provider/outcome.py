"""The outcomes of leave requests and users, and their counts: the vocabulary of every result, log line and report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any, ClassVar, Literal

from typing_extensions import Self

from cor_provider._compat import load_lazy
from cor_provider.exceptions import CorError, CorRateLimitError
from cor_provider.records.kinds import LEAVE, USERS, Kind

__all__ = ["LeaveOutcome", "Outcome", "Status", "UserOutcome", "add_up", "is_complete", "returned_counts"]

Status = Literal["created", "updated", "deleted", "existing", "unchanged", "rejected", "failed", "not_sent"]


@dataclass(frozen=True)
class Outcome:
    """
    The outcome of one record.

    :param id: its external id; None if the record has none that is readable.
    :param status: ``created``, ``updated``, ``deleted``, ``existing`` (COR already had it), ``unchanged``,
        ``rejected`` (sending it again unchanged cannot help), ``failed`` (COR or the transport failed) or
        ``not_sent`` (the push stopped before).
    :param cor_id: COR's own id of what the record stands for, if COR returned it.
    :param cor_user_id: of leave, likewise COR's own id of its user. It is personal data: only the report and the ledger
        show it.
    :param error: the error's name, for ``rejected`` and ``failed``, and if COR lacked what to change or delete.
    :param message: what to do about it; quotes no field of the record.
    :param attempts: how many times it was sent; an answer of 429 does not count.
    :param position: its position in the input, from 1.
    :param retry_after: seconds that COR asked to wait, if a rate limit made it fail.
    :param unknown_id: for ``UserNotFoundError`` and ``LeaveTypeNotFoundError``: the external id of the user or leave
        type that COR does not know. It is personal data: only the report shows it.
    """

    kind: ClassVar[Kind] = LEAVE
    """What the record is."""

    id: str | None
    status: Status
    cor_id: int | None = None
    error: str | None = None
    message: str | None = None
    attempts: int = 0
    position: int | None = field(default=None, compare=False)
    retry_after: float | None = field(default=None, compare=False, repr=False)
    unknown_id: str | None = field(default=None, compare=False, repr=False)
    cor_user_id: int | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """
        Return the outcome of a report's row.

        :raises KeyError: if it is not the row of a report.
        """
        names = ("status", "cor_id", "error", "message", "attempts", "position")
        fields = {name: row[name] for name in names}
        # An earlier version of this provider wrote no `cor_user_id`.
        return cls(row["id"], **fields, unknown_id=row.get("unknown_id"), cor_user_id=row.get("cor_user_id"))

    @classmethod
    def from_error(cls, record_id: str | None, status: Status, error: BaseException, **details: Any) -> Self:
        """Return the outcome of an error. If it is not a ``CorError``, only its name is kept."""
        if isinstance(error, CorRateLimitError):
            details["retry_after"] = error.retry_after
        if isinstance(error, CorError):
            return cls(record_id, status, error=error.name, message=error.message, **details)
        return cls(record_id, status, error=type(error).__name__, **details)

    @classmethod
    def unchanged(cls, record_id: str, position: int) -> Self:
        """Return the outcome of a record that a sync has not sent: almost all of them, so it must be quick."""
        outcome = cls.__new__(cls)
        # A frozen dataclass sets each field by a call. Those that are missing here have their defaults.
        outcome.__dict__.update(id=record_id, status="unchanged", position=position)
        return outcome

    def to_row(self) -> dict[str, Any]:
        """Return the report's row of this outcome."""
        unknown = {} if self.unknown_id is None else {"unknown_id": self.unknown_id}
        return {
            "id": self.id,
            "status": self.status,
            "cor_id": self.cor_id,
            "cor_user_id": self.cor_user_id,
            "error": self.error,
            "message": self.message,
            "attempts": self.attempts,
            "position": self.position,
            **unknown,
        }

    @property
    def shown(self) -> dict[str, str | int | None]:
        """What tells the record from others where many people look: in XComs, logs and notices."""
        return {"id": self.id}

    @property
    def example(self) -> str | None:
        """The same, for a sentence; None if there is nothing to tell it by."""
        return self.id

    @property
    def line(self) -> bytes:
        """The row as a line of the report."""
        if self.error is None and self.message is None and self.unknown_id is None:
            fields = (self.id, self.cor_id, self.cor_user_id, self.position)
            record_id, cor_id, cor_user_id, position = map(_to_json, fields)
            line = (  # what `json` would write, for nearly all of a million outcomes
                f'{{"id": {record_id}, "status": "{self.status}", "cor_id": {cor_id}, "cor_user_id": {cor_user_id}, '
                f'"error": null, "message": null, "attempts": {self.attempts}, "position": {position}}}\n'
            )
        else:
            line = f"{_encode(self.to_row())}\n"
        # An error's name from COR may hold half a surrogate pair, which JSON allows and UTF-8 does not.
        return line.encode("utf-8", "backslashreplace")


class LeaveOutcome(Outcome):
    """
    The outcome of one leave request.

    :param leave_id: external leave id; None if the record has none that is readable. The rest is that of an outcome.
    """

    def __init__(self, leave_id: str | None = None, *rest: Any, **fields: Any) -> None:
        super().__init__(fields.pop("id", leave_id), *rest, **fields)  # `dataclasses.replace` says `id`

    @property
    def leave_id(self) -> str | None:
        """External leave id; None if the record has none that is readable."""
        return self.id


class UserOutcome(Outcome):
    """
    The outcome of one user.

    All ids of a user are personal data: only the report shows them. Elsewhere, name the user's ``position`` instead.
    """

    kind = USERS

    @property
    def user_id(self) -> str | None:
        """External id of the user; None if the record has none that is readable."""
        return self.id

    @property
    def shown(self) -> dict[str, str | int | None]:
        """Its position in the input."""
        return {"position": self.position}

    @property
    def example(self) -> str | None:
        """Likewise, such as ``record 7``."""
        return None if self.position is None else f"record {self.position}"

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in ("status", "error", "message", "attempts", "position"))
        return f"{type(self).__name__}({', '.join(shown)})"


_encode = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each row


def _to_json(value: str | int | None) -> str:
    if value is None:
        return "null"
    return encode_basestring(value) if isinstance(value, str) else str(value)


def returned_counts(pushes: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    """
    Return the counts that several pushes have returned, failed pushes included.

    :param pushes: a list, or the ``output`` of a mapped operator. Airflow hands over None if no push has returned
        counts, as when a task before them failed: the list is empty then. Airflow 3.0 hands over something else in
        place of each push that has returned none: it is left out.
    """
    results: Any = [] if pushes is None else load_lazy(pushes)
    return [counts for counts in results if isinstance(counts, Mapping)]


def add_up(pushes: Iterable[Mapping[str, Any]] | None) -> Counter[str]:
    """
    Add up the counts that several pushes have returned.

    :param pushes: the counts of each push, as :func:`returned_counts` takes them. Pushes that ended before they
        returned counts are missing, so compare ``received`` with the number sent.
    """
    total: Counter[str] = Counter()
    for counts in returned_counts(pushes):
        total.update({status: count for status, count in counts.items() if isinstance(count, int)})
    return total


def is_complete(counts: Mapping[str, int], *, max_rejected: int = 0) -> bool:
    """
    Return whether COR has taken everything, except for tolerated rejections.

    :param counts: the counts of one push, or of several added up.
    :param max_rejected: how many rejected leave requests are tolerated.
    """
    return not counts["failed"] and not counts["not_sent"] and counts["rejected"] <= max_rejected
