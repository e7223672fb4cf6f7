"""
The ledger: a sync's own record of the leave that it put into COR, since COR cannot be asked.

It is one JSON Lines file per source: a header, a row per leave, a row of the approved plans that were used and of the
people that were forgotten, and a seal that shows whether the file is complete and unaltered. It holds ids of leave and
of people, and dates. Everything else goes into a keyed digest only.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timezone
from typing import Any, Literal
from urllib.parse import quote

from airflow.providers.common.compat.sdk import ObjectStoragePath
from typing_extensions import Self

from cor_provider import _clock, _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest
from cor_provider.sync.seal import seal, unseal
from cor_provider.sync.window import Window

FORMAT = "airflow-provider-cor ledger"
FORMAT_VERSION = 2
ENDING = ".jsonl"

MOST_APPROVALS = 1_000
"""How many approved plans the ledger remembers: about four years of one approval per working day."""


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
``changing``  one of the versions: an update was under way when the run ended.
``unknown``   one of the versions, or nothing: a create or a delete was under way when the run ended.
``missing``   nothing: COR found no leave to delete after ``unknown``. The earlier request may still arrive.
``foreign``   leave that another system or person created, and that the approved plan did not allow to overwrite.
"""


@dataclass(frozen=True, repr=False)
class LedgerEntry:
    """
    What a sync knows about one external id.

    :param versions: the leave as it was last sent, followed by the earlier versions that COR may hold instead.
    :param in_cor: what COR holds under this id.
    :param digest: keyed digest of the last request; None if unknown.
    """

    versions: tuple[LeaveVersion, ...]
    in_cor: InCor = "yes"
    digest: str | None = None

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

    def overlaps(self, window: Window) -> bool:
        """Return whether any version that COR may hold has a day in the window."""
        return any(version.overlaps(window) for version in self.versions)

    def replaced_by(self, leave: LeaveRequest, digest: str) -> LedgerEntry:
        """Return the entry while a leave request that replaces the leave is under way."""
        versions = dict.fromkeys((LeaveVersion.of(leave), *(() if self.is_foreign else self.versions)))
        return LedgerEntry(tuple(versions), "changing" if self.is_held else "unknown", digest)

    def is_about(self, user_id: str) -> bool:
        """Return whether any version that COR may hold is leave of this user."""
        return any(version.user_id == user_id for version in self.versions)

    def without(self, user_id: str) -> LedgerEntry:
        """Return the entry without the versions of a user. COR may still hold one of them."""
        versions = tuple(version for version in self.versions if version.user_id != user_id)
        return replace(self, versions=versions, in_cor="unknown")

    def deleted(self) -> LedgerEntry:
        """Return the entry while the request that deletes the leave is under way."""
        return replace(self, in_cor="unknown")


@dataclass(frozen=True)
class UsedApproval:
    """
    An approved plan that a run has started or finished.

    :param plan: the plan's id.
    :param task: the task that carries it out, the same for all its tries.
    :param is_done: whether every operation is done.
    """

    plan: str
    task: str
    is_done: bool = False


@dataclass(frozen=True)
class Forgotten:
    """
    A person was forgotten: only how much, and when.

    :param on: the day in UTC, as ISO 8601.
    :param entries: how many entries were about the person.
    """

    on: str
    entries: int


@dataclass(frozen=True, repr=False)
class LedgerContent:
    """
    What a ledger's file holds.

    :param header: the file's format and version, and the source and the COR that it belongs to.
    :param is_proven: whether the key shows that nobody without it has altered the file. Otherwise only its checksum is
        compared, which anybody can compute.
    """

    header: dict[str, Any]
    entries: dict[str, LedgerEntry]
    approvals: dict[str, UsedApproval]
    forgotten: list[Forgotten]
    is_proven: bool

    @classmethod
    def parse(cls, path: object, content: bytes, key: bytes | None = None) -> Self:
        """
        Read the content of a ledger's file.

        :param path: where it is, for errors.
        :param key: the key of the seal, if it is known.
        :raises CorLedgerError: if it is not a ledger, or was altered.
        """
        try:
            header = json.loads(content.partition(b"\n")[0])
            if _is_another_version(header):
                raise CorLedgerError(
                    f"ledger: another version of this provider wrote {path}. Use that version, or delete the "
                    f"ledger: {_WHAT_DELETING_MEANS}"
                )
            key_check = header.pop("key_check")
            is_proven = key is not None and key_check == _keyed(key, _KEY_CHECK)
            _header, *rows, trailer = map(json.loads, unseal(content, key if is_proven else None).splitlines())
            return cls(
                header,
                dict(map(_entry_from_row, rows)),
                {one["plan"]: UsedApproval(**one) for one in trailer["approvals"]},
                [Forgotten(**one) for one in trailer.get("forgotten", ())],
                is_proven,
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CorLedgerError(
                f"ledger: {path} is not a ledger, or it was cut off or altered. Restore it from a backup, or "
                f"delete it: {_WHAT_DELETING_MEANS}"
            ) from None


class Ledger:
    """
    The ledger of one source.

    :param folder: path or URI of the ledger's folder; each sync has its own.
    :param source: COR's ``metadata.source``.
    :param cor: base URL of COR.
    :param key: the key of the seal and of the digests; without it, a leave could be guessed from its digest.
    :raises CorConfigurationError: if no folder is given.
    """

    def __init__(self, folder: str | ObjectStoragePath, *, source: str, cor: str, key: bytes) -> None:
        if not folder or folder == "None":
            raise CorConfigurationError("ledger: is empty. Set it to the path or URI of a folder.")
        folder = folder if isinstance(folder, ObjectStoragePath) else ObjectStoragePath(str(folder))
        self.path = folder / f"{quote(source, safe='')}{ENDING}"
        self.source = source
        self.entries: dict[str, LedgerEntry] = {}
        self.approvals: dict[str, UsedApproval] = {}
        self.forgotten: list[Forgotten] = []
        self.is_new = True
        self.key_changed = False
        self._key = key
        self._header = {"format": FORMAT, "version": FORMAT_VERSION, "source": source, "cor": cor}

    def digest(self, leave: LeaveRequest) -> str:
        """Return the keyed digest of a leave request as it would be sent."""
        return _keyed(self._key, json.dumps(leave.to_payload("")))

    def read(self) -> None:
        """
        Read the ledger. It is empty if there is no file yet.

        :raises CorLedgerError: if the file is not a ledger, was altered, or belongs to another source or another COR.
        """
        content = _files.read(self.path)
        self.is_new = content is None
        if content is None:
            return
        held = LedgerContent.parse(self.path, content, self._key)
        if held.header != self._header:
            raise self._not_ours(held.header)
        self.key_changed = not held.is_proven
        self.entries, self.approvals, self.forgotten = held.entries, held.approvals, held.forgotten

    def forget_user(self, user_id: str) -> int:
        """
        Forget all leave of a user, and note of how many entries, but not whose. Call :meth:`write` after it.

        An entry goes if its leave is the user's now. If it was theirs only before, the rest of the entry stays.

        :return: how many entries were about the user.
        """
        theirs = {leave_id: entry for leave_id, entry in self.entries.items() if entry.is_about(user_id)}
        for leave_id, entry in theirs.items():
            if entry.version.user_id == user_id:
                del self.entries[leave_id]
            else:
                self.entries[leave_id] = entry.without(user_id)
        if theirs:
            today = datetime.fromtimestamp(_clock.timestamp(), timezone.utc).date()
            self.forgotten.append(Forgotten(today.isoformat(), len(theirs)))
        return len(theirs)

    def write(self, *, before_replacing: Callable[[], None] = lambda: None) -> None:
        """
        Write the ledger atomically: after an interruption, the file holds either the old or the new content.

        :param before_replacing: called right before the new file replaces the old one; raises an error to prevent that.
        """
        approvals = [asdict(one) for one in [*self.approvals.values()][-MOST_APPROVALS:]]
        # Only if there is something to say: a ledger may go back to an earlier version of this provider.
        forgotten = {"forgotten": list(map(asdict, self.forgotten))} if self.forgotten else {}
        rows = [
            {**self._header, "key_check": _keyed(self._key, _KEY_CHECK)},
            *(_entry_to_row(*item) for item in self.entries.items()),
            {"approvals": approvals, **forgotten},
        ]
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "surrogatepass")
        _files.replace(self.path, seal(body, self._key), before_replacing=before_replacing)
        self.is_new = False

    def _not_ours(self, header: dict[str, Any]) -> CorLedgerError:
        name = next(name for name in self._header if header[name] != self._header[name])
        return CorLedgerError(
            f"ledger: {self.path} belongs to the {name} {header[name]!r}, not {self._header[name]!r}. Give each its "
            "own folder."
        )


_KEY_CHECK = "key check"
_WHAT_DELETING_MEANS = (
    "the next run then sends everything again, but leave that was cancelled in the meantime stays in COR."
)


def _keyed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


def _is_another_version(header: dict[str, Any]) -> bool:
    return bool(header["format"] == FORMAT and header["version"] != FORMAT_VERSION)


def _entry_to_row(leave_id: str, entry: LedgerEntry) -> dict[str, Any]:
    versions = [[one.user_id, one.start.isoformat(), one.end.isoformat()] for one in entry.versions]
    return {"id": leave_id, "in_cor": entry.in_cor, "digest": entry.digest, "versions": versions}


def _entry_from_row(row: dict[str, Any]) -> tuple[str, LedgerEntry]:
    versions = (
        LeaveVersion(user_id, date.fromisoformat(start), date.fromisoformat(end))
        for user_id, start, end in row["versions"]
    )
    return row["id"], LedgerEntry(tuple(versions), row["in_cor"], row["digest"])
