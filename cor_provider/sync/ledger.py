"""
The ledger: what a sync remembers having put into COR, which cannot be asked.

It is a JSON Lines file per source: a header, a row per leave, and a last line with their number, which tells a file
that was cut off. It holds ids of leave and of people, and dates; of everything else only a keyed digest.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest

FORMAT = "airflow-provider-cor ledger"
VERSION = 1


@dataclass(frozen=True)
class Window:
    """The days that a sync owns, the first and the last included."""

    first: date
    last: date

    @classmethod
    def read(cls, value: object) -> Window:
        """
        Read a window.

        :param value: two dates, as ``date``, ISO 8601 text, or both in one text with a slash between them. Of a
            date-time its date counts, as written.
        :raises CorConfigurationError: if it is none of these.
        """
        days = value.split("/") if isinstance(value, str) else value
        try:
            first, last = map(_read_day, days)  # type: ignore[call-overload]  # told below
        except (TypeError, ValueError):
            raise CorConfigurationError(
                'window: expected the first and the last day, such as ["2026-01-01", "2026-12-31"].'
            ) from None
        if last < first:
            raise CorConfigurationError("window: its last day lies before its first.")
        return cls(first, last)


def _read_day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return datetime.fromisoformat(str(value).strip().replace("Z", "+00:00")).date()  # Python 3.10 does not know `Z`


@dataclass(frozen=True, repr=False)
class Version:
    """A leave as far as a ledger remembers it: whose it is, and its first and last day."""

    user_id: str
    start: date
    end: date

    @classmethod
    def of(cls, leave: LeaveRequest) -> Version:
        """Return what is to be remembered of a leave request."""
        first, last = leave.days
        return cls(leave.user_id, first, last)

    def overlaps(self, window: Window) -> bool:
        """Tell whether it has a day in the window."""
        return self.start <= window.last and self.end >= window.first


@dataclass(frozen=True, repr=False)
class Entry:
    """
    What COR is known to hold under one external id.

    :param versions: the leave; more than one where it is not known which of them COR holds, or whether it holds any.
    :param digest: keyed digest of what was sent; None where it is not known whether that is in COR.
    """

    versions: tuple[Version, ...]
    digest: str | None = None

    @property
    def version(self) -> Version:
        """The leave, as it was sent last."""
        return self.versions[0]

    def overlaps(self, window: Window) -> bool:
        """Tell whether what may be in COR has a day in the window."""
        return any(version.overlaps(window) for version in self.versions)

    def in_flight(self, leave: LeaveRequest | None = None) -> Entry:
        """Return what is known of it while it is replaced by a leave request, or deleted."""
        newer = (Version.of(leave),) if leave else ()
        return Entry(tuple(dict.fromkeys((*newer, *self.versions))))


class Ledger:
    """
    The ledger of one source.

    :param folder: path or URI of the folder in which it lies, one per sync.
    :param source: COR's ``metadata.source``.
    :param cor: base URL of the COR whose leave it is about.
    :param key: keys the digests, so that nobody else can guess a leave from one.
    :raises CorConfigurationError: if there is no folder.
    """

    def __init__(self, folder: str | ObjectStoragePath, *, source: str, cor: str, key: bytes) -> None:
        if not folder or folder == "None":
            raise CorConfigurationError("ledger: needs the path or URI of a folder.")
        folder = folder if isinstance(folder, ObjectStoragePath) else ObjectStoragePath(str(folder))
        self.path = folder / f"{quote(source, safe='')}.jsonl"
        self.source = source
        self.entries: dict[str, Entry] = {}
        self.key_changed = False
        self._key = key
        self._header = {"format": FORMAT, "version": VERSION, "source": source, "cor": cor}
        self._key_check = self._keyed("key check")

    def digest(self, leave: LeaveRequest) -> str:
        """Return the keyed digest of what would be sent of a leave request."""
        return self._keyed(json.dumps(leave.to_payload("")))

    def read(self) -> None:
        """
        Read what is remembered; nothing, if there is no file yet.

        :raises CorLedgerError: if the file is no ledger, is cut off, or is about another source or another COR.
        """
        content = _files.read(self.path)
        if content is None:
            return
        try:
            header, *rows, trailer = map(json.loads, content.splitlines())
            if not trailer["entries"] == len(rows):
                raise ValueError
            key_check = header.pop("key_check")
            told = {name: header.get(name) for name in self._header}
            entries = dict(map(_from_row, rows)) if told == self._header else {}
        except (ValueError, LookupError, TypeError, AttributeError):
            raise CorLedgerError(
                f"ledger: {self.path} is no ledger, or is not whole. Restore it from a backup; or delete it: the next "
                "run sends everything again then, but leave that was cancelled meanwhile stays in COR."
            ) from None
        if told != self._header:
            raise self._not_ours(told)
        self.key_changed = key_check != self._key_check
        self.entries = entries

    def write(self) -> None:
        """Write down what is to be remembered; whenever that is interrupted, the file holds the old or the new."""
        rows = [{**self._header, "key_check": self._key_check}, *(_to_row(*item) for item in self.entries.items())]
        rows.append({"entries": len(self.entries)})
        _files.replace(self.path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())

    def _keyed(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def _not_ours(self, told: dict[str, Any]) -> CorLedgerError:
        if told["format"] == FORMAT and told["version"] != VERSION:
            return CorLedgerError(f"ledger: {self.path} was written by a newer version of this provider.")
        name = next(name for name in self._header if told[name] != self._header[name])
        return CorLedgerError(
            f"ledger: {self.path} is about the {name} {told[name]!r}, not {self._header[name]!r}. Give each a folder "
            "of its own."
        )


def _to_row(leave_id: str, entry: Entry) -> dict[str, Any]:
    known = {"in_cor": "yes", "digest": entry.digest} if entry.digest else {"in_cor": "unknown"}
    versions: Iterable[Any] = ([one.user_id, one.start.isoformat(), one.end.isoformat()] for one in entry.versions)
    return {"id": leave_id, **known, "versions": list(versions)}


def _from_row(row: dict[str, Any]) -> tuple[str, Entry]:
    versions = (
        Version(user_id, date.fromisoformat(start), date.fromisoformat(end)) for user_id, start, end in row["versions"]
    )
    return row["id"], Entry(tuple(versions), row.get("digest"))
