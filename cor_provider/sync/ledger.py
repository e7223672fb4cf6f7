"""
The ledger: a sync's own record of the leave that it put into COR, since COR cannot be asked.

It is one JSON Lines file per source: a header, a row per leave, the approved plans that were used, and a seal that
shows whether the file is complete and unaltered. It holds ids of leave and of people, and dates. Everything else goes
into a keyed digest only.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from airflow.providers.common.compat.sdk import ObjectStoragePath
from typing_extensions import Self

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest
from cor_provider.sync.seal import seal, unseal
from cor_provider.sync.window import Window

FORMAT = "airflow-provider-cor ledger"
FORMAT_VERSION = 2

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
        self.path = folder / f"{quote(source, safe='')}.jsonl"
        self.source = source
        self.entries: dict[str, LedgerEntry] = {}
        self.approvals: dict[str, UsedApproval] = {}
        self.is_new = True
        self.key_changed = False
        self._key = key
        self._header = {"format": FORMAT, "version": FORMAT_VERSION, "source": source, "cor": cor}
        self._key_check = self._keyed("key check")

    def digest(self, leave: LeaveRequest) -> str:
        """Return the keyed digest of a leave request as it would be sent."""
        return self._keyed(json.dumps(leave.to_payload("")))

    def read(self) -> None:
        """
        Read the ledger. It is empty if there is no file yet.

        :raises CorLedgerError: if the file is not a ledger, was altered, or belongs to another source or another COR.
        """
        content = _files.read(self.path)
        self.is_new = content is None
        if content is None:
            return
        try:
            header = json.loads(content.partition(b"\n")[0])
            if _is_another_version(header):
                raise CorLedgerError(
                    f"ledger: another version of this provider wrote {self.path}. Use that version, or delete the "
                    f"ledger: {_WHAT_DELETING_MEANS}"
                )
            key_check = header.pop("key_check")
            self.key_changed = key_check != self._key_check
            _header, *rows, trailer = map(
                json.loads, unseal(content, None if self.key_changed else self._key).splitlines()
            )
            if header != self._header:
                raise self._not_ours(header)
            self.entries = dict(map(_entry_from_row, rows))
            self.approvals = {one["plan"]: UsedApproval(**one) for one in trailer["approvals"]}
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CorLedgerError(
                f"ledger: {self.path} is not a ledger, or it was cut off or altered. Restore it from a backup, or "
                f"delete it: {_WHAT_DELETING_MEANS}"
            ) from None

    def write(self, *, before_replacing: Callable[[], None] = lambda: None) -> None:
        """
        Write the ledger atomically: after an interruption, the file holds either the old or the new content.

        :param before_replacing: called right before the new file replaces the old one; raises an error to prevent that.
        """
        approvals = [asdict(one) for one in [*self.approvals.values()][-MOST_APPROVALS:]]
        rows = [
            {**self._header, "key_check": self._key_check},
            *(_entry_to_row(*item) for item in self.entries.items()),
            {"approvals": approvals},
        ]
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "surrogatepass")
        _files.replace(self.path, seal(body, self._key), before_replacing=before_replacing)
        self.is_new = False

    def _keyed(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def _not_ours(self, header: dict[str, Any]) -> CorLedgerError:
        name = next(name for name in self._header if header[name] != self._header[name])
        return CorLedgerError(
            f"ledger: {self.path} belongs to the {name} {header[name]!r}, not {self._header[name]!r}. Give each its "
            "own folder."
        )


_WHAT_DELETING_MEANS = (
    "the next run then sends everything again, but leave that was cancelled in the meantime stays in COR."
)


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
