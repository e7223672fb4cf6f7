"""
The ledger: what a sync remembers having put into COR, which cannot be asked.

It is a JSON Lines file per source: a header, a row per leave, the plans that were approved and done, and a seal, which
shows that the file is whole and as it was written. It holds ids of leave and of people, and dates; of everything else
only a keyed digest.
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
"""How many approved plans are remembered: those of some years, where one is approved each working day."""


@dataclass(frozen=True, repr=False)
class LeaveVersion:
    """A leave as far as a ledger remembers it: whose it is, and its first and last day."""

    user_id: str
    start: date
    end: date

    @classmethod
    def of(cls, leave: LeaveRequest) -> Self:
        """Return what to remember of a leave request."""
        first, last = leave.days
        return cls(leave.user_id, first, last)

    def overlaps(self, window: Window) -> bool:
        """Return whether it has a day in the window."""
        return self.start <= window.last and self.end >= window.first


InCor = Literal["yes", "changing", "unknown", "missing", "foreign"]
"""
What COR holds under an external id, as far as is known:

``yes``       the leave, exactly as it was sent last.
``changing``  one of the versions: an update was under way when the run ended.
``unknown``   one of the versions, or nothing: a create or a delete was under way when the run ended.
``missing``   nothing, it said when asked to delete what was ``unknown``; but that request may still arrive.
``foreign``   leave of somebody else: an approved plan did not say that this would be overwritten.
"""


@dataclass(frozen=True, repr=False)
class LedgerEntry:
    """
    What a sync knows about one external id.

    :param versions: the leave, as it was sent last, and before that the others that COR may hold instead.
    :param in_cor: what COR holds of it.
    :param digest: keyed digest of what was sent last; None if that is not known.
    """

    versions: tuple[LeaveVersion, ...]
    in_cor: InCor = "yes"
    digest: str | None = None

    @property
    def version(self) -> LeaveVersion:
        """The leave, as it was sent last."""
        return self.versions[0]

    @property
    def is_held(self) -> bool:
        """Whether COR certainly holds leave of this sync under the id."""
        return self.in_cor in {"yes", "changing"}

    @property
    def is_foreign(self) -> bool:
        """Whether the leave in COR is not this sync's, which so must not delete it."""
        return self.in_cor == "foreign"

    def overlaps(self, window: Window) -> bool:
        """Return whether anything that COR may hold has a day in the window."""
        return any(version.overlaps(window) for version in self.versions)

    def replaced_by(self, leave: LeaveRequest, digest: str) -> LedgerEntry:
        """Return what is known while a leave request takes its place."""
        versions = dict.fromkeys((LeaveVersion.of(leave), *(() if self.is_foreign else self.versions)))
        return LedgerEntry(tuple(versions), "changing" if self.is_held else "unknown", digest)

    def deleted(self) -> LedgerEntry:
        """Return what is known while it is being deleted."""
        return replace(self, in_cor="unknown")


@dataclass(frozen=True)
class UsedApproval:
    """
    An approved plan that a run has done, or has begun.

    :param plan: the plan's id.
    :param task: the task that does it, the same for all its tries.
    :param is_done: whether nothing of it is left to do.
    """

    plan: str
    task: str
    is_done: bool = False


class Ledger:
    """
    The ledger of one source.

    :param folder: path or URI of the folder in which it lies, one per sync.
    :param source: COR's ``metadata.source``.
    :param cor: base URL of the COR whose leave it is about.
    :param key: keys the digests, so that nobody else can guess a leave from one, and the seal.
    :raises CorConfigurationError: if there is no folder.
    """

    def __init__(self, folder: str | ObjectStoragePath, *, source: str, cor: str, key: bytes) -> None:
        if not folder or folder == "None":
            raise CorConfigurationError("ledger: needs the path or URI of a folder.")
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
        """Return the keyed digest of what would be sent of a leave request."""
        return self._keyed(json.dumps(leave.to_payload("")))

    def read(self) -> None:
        """
        Read what is remembered; nothing, if there is no file yet.

        :raises CorLedgerError: if the file is not a ledger, is not as it was written, or is about another source or
            another COR.
        """
        content = _files.read(self.path)
        self.is_new = content is None
        if content is None:
            return
        try:
            header = json.loads(content.partition(b"\n")[0])
            if _is_another_version(header):
                raise CorLedgerError(
                    f"ledger: {self.path} was written by another version of this provider. Use that version, or delete "
                    f"the ledger: {_WHAT_DELETING_MEANS}"
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
                f"ledger: {self.path} is not a ledger, or is not whole: it was cut off or altered. Restore it from a "
                f"backup; or delete it: {_WHAT_DELETING_MEANS}"
            ) from None

    def write(self, *, before_replacing: Callable[[], None] = lambda: None) -> None:
        """
        Write down what is to be remembered; whenever that is interrupted, the file holds the old or the new.

        :param before_replacing: called once everything but the last step is done; raises what forbids that.
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
            f"ledger: {self.path} is about the {name} {header[name]!r}, not {self._header[name]!r}. Give each a folder "
            "of its own."
        )


_WHAT_DELETING_MEANS = "the next run then sends everything again, but leave that was cancelled meanwhile stays in COR."


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
