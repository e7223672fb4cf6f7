"""What a ledger remembers of one leave, and its row in the ledger's file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from typing_extensions import Self

from cor_provider import _clock
from cor_provider.leave import LeaveRequest
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.window import Window


@dataclass(frozen=True, repr=False)
class LeaveVersion:
    """What a ledger remembers of a leave: its user, its first and its last day."""

    user_id: str
    start: date
    end: date

    @classmethod
    def of(cls, leave: LeaveRequest) -> Self:
        """Return the version that a leave request describes."""
        first, last = leave.days
        return cls(leave.user_id, first, last)

    def overlaps(self, window: Window) -> bool:
        """Return whether the leave has a day in the window."""
        return self.start <= window.last and self.end >= window.first


InCor = Literal["yes", "changing", "unknown", "missing", "foreign"]
"""
What COR holds under an external id, as far as the sync knows:

``yes``       the leave, exactly as it was last sent.
``changing``  one of the versions: an update was under way when the run ended. Or an audit found other days in COR;
              then there is no digest.
``unknown``   one of the versions, or nothing: a create or a delete was under way when the run ended.
``missing``   nothing: COR found no leave to delete after ``unknown``, and the earlier request may still arrive. Or an
              audit did not find it.
``foreign``   leave that another system or person created, and that the approved plan did not allow to overwrite.
"""


@dataclass(frozen=True, repr=False)
class LedgerEntry:
    """
    What a sync knows about one external id.

    :param versions: the leave as it was last sent, followed by the earlier versions that COR may hold instead.
    :param in_cor: what COR holds under this id.
    :param digest: keyed digest of the last request; None if unknown.
    :param cor_id: COR's own id of the leave; None if unknown.
    :param cor_user_id: COR's own id of its user; None if unknown.
    :param written_at: when it was last sent, in seconds since the epoch; None if unknown.
    :param instants: when a timed leave begins and ends, as it was last sent, in UTC; None for an all-day leave, and if
        ``written_at`` is unknown.
    """

    versions: tuple[LeaveVersion, ...]
    in_cor: InCor = "yes"
    digest: str | None = None
    cor_id: int | None = None
    cor_user_id: int | None = None
    written_at: int | None = None
    instants: tuple[str, str] | None = None

    @property
    def version(self) -> LeaveVersion:
        """The leave as it was last sent."""
        return self.versions[0]

    @property
    def is_held(self) -> bool:
        """Whether COR certainly holds this sync's leave under the id."""
        return self.in_cor in {"yes", "changing"}

    @property
    def is_foreign(self) -> bool:
        """Whether the leave in COR is not this sync's. The sync must not delete it."""
        return self.in_cor == "foreign"

    @property
    def is_at_rest(self) -> bool:
        """Whether no request that was sent before may still change what COR holds, as far as the sync knows."""
        return self.in_cor == "yes" or (self.in_cor == "changing" and self.digest is None)

    def overlaps(self, window: Window) -> bool:
        """Return whether any version that COR may hold has a day in the window."""
        return any(version.overlaps(window) for version in self.versions)

    def replaced_by(self, leave: LeaveRequest, digest: str) -> LedgerEntry:
        """Return the entry while a leave request that replaces the leave is under way."""
        versions = dict.fromkeys((LeaveVersion.of(leave), *(() if self.is_foreign else self.versions)))
        is_one_user = len({version.user_id for version in versions}) == 1
        return LedgerEntry(
            tuple(versions),
            "changing" if self.is_held else "unknown",
            digest,
            self.cor_id,
            self.cor_user_id if is_one_user else None,
            *_when_and_what(leave),
        )

    def sent(self, leave: LeaveRequest, digest: str | None, outcome: LeaveOutcome) -> LedgerEntry:
        """
        Return the entry once COR holds the leave as it was sent.

        :param outcome: ``created`` or ``updated``. If COR returned no ids of its own, an update keeps the known ones.
        """
        kept = (self.cor_id, self.cor_user_id) if outcome.status == "updated" else (None, None)
        ids = outcome.cor_id or kept[0], outcome.cor_user_id or kept[1]
        return LedgerEntry((LeaveVersion.of(leave),), "yes", digest, *ids, *_when_and_what(leave))

    def is_about(self, user_id: str) -> bool:
        """Return whether any version that COR may hold is leave of this user."""
        return any(version.user_id == user_id for version in self.versions)

    def without(self, user_id: str) -> LedgerEntry:
        """Return the entry without the versions of a user. COR may still hold one of them."""
        versions = tuple(version for version in self.versions if version.user_id != user_id)
        return replace(self, versions=versions, in_cor="unknown", cor_user_id=None, written_at=None, instants=None)

    def deleted(self) -> LedgerEntry:
        """Return the entry while the request that deletes the leave is under way."""
        return replace(self, in_cor="unknown")

    def missing(self) -> LedgerEntry:
        """Return the entry once COR has found no leave to delete, while an earlier request may still create it."""
        return replace(self, in_cor="missing", cor_id=None, cor_user_id=None)

    def found_missing(self) -> LedgerEntry:
        """Return the entry once an audit has not found the leave in COR; the next audit still knows COR's ids."""
        return replace(self, in_cor="missing")

    def found_changed(self) -> LedgerEntry:
        """Return the entry once an audit has found other days in COR."""
        return replace(self, in_cor="changing", digest=None)

    def to_line(self, leave_id: str) -> bytes:
        """Return the entry's row in the ledger's file."""
        row: dict[str, Any] = {
            "id": leave_id,
            "in_cor": self.in_cor,
            "digest": self.digest,
            "cor_id": self.cor_id,
            "cor_user_id": self.cor_user_id,
            "versions": [[one.user_id, one.start.isoformat(), one.end.isoformat()] for one in self.versions],
        }
        # Earlier versions of this provider did not write them, and ignore them.
        row |= {"written_at": self.written_at} if self.written_at is not None else {}
        row |= {"instants": self.instants} if self.instants else {}
        return to_line(row)

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Return the entry of a row in the ledger's file; raises what :meth:`from_row` does."""
        return cls.from_row(json.loads(line.decode("utf-8", "surrogatepass")))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """
        Return the entry of a row, which an earlier version of this provider may have written.

        :raises ValueError: or ``LookupError``, ``TypeError`` or ``AttributeError`` if it is no such row.
        """
        versions = tuple(
            LeaveVersion(user_id, date.fromisoformat(start), date.fromisoformat(end))
            for user_id, start, end in row["versions"]
        )
        start_and_end = row.get("instants")
        instants = (start_and_end[0], start_and_end[1]) if start_and_end else None
        ids = row.get("cor_id"), row.get("cor_user_id")
        return cls(versions, row["in_cor"], row.get("digest"), *ids, row.get("written_at"), instants)


def _when_and_what(leave: LeaveRequest) -> tuple[int, tuple[str, str] | None]:
    """Return ``written_at`` and ``instants`` of a leave that is sent now."""
    payload = leave.to_payload("")
    instants = None if leave.all_day else (payload["start"][:19], payload["end"][:19])
    return int(_clock.timestamp()), instants


def to_line(row: Mapping[str, Any]) -> bytes:
    """Return a row of a ledger's file."""
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
