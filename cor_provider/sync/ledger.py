"""
The ledger: a sync's own record of the leave that it put into COR, since the Integrations API cannot be asked.

It is one file per source. It holds ids of leave and of people, and dates. Everything else goes into a keyed digest
only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from urllib.parse import quote

from cor_provider import _clock, _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest
from cor_provider.sync.digest import Digests
from cor_provider.sync.ledger_entries import LedgerEntries
from cor_provider.sync.ledger_file import Forgotten, LedgerContent, UsedApproval

log = logging.getLogger(__name__)

ENDING = ".jsonl"


def ledger_path(folder: str | ObjectStoragePath, source: str) -> ObjectStoragePath:
    """
    Return the path of a source's ledger.

    :param folder: path or URI of the ledger's folder; each sync has its own.
    :param source: COR's ``metadata.source``.
    :raises CorConfigurationError: if no folder is given.
    """
    if not folder or folder == "None":
        raise CorConfigurationError("ledger: is empty. Set it to the path or URI of a folder.")
    return _files.locate(folder) / f"{quote(source, safe='')}{ENDING}"


class Ledger:
    """
    The ledger of one source. Close it after use.

    :param folder: path or URI of the ledger's folder; each sync has its own.
    :param source: COR's ``metadata.source``.
    :param cor: base URL of COR.
    :param key: the key of the seal and of the digests; without it, a leave could be guessed from its digest.
    :raises CorConfigurationError: if no folder is given.
    """

    def __init__(self, folder: str | ObjectStoragePath, *, source: str, cor: str, key: bytes) -> None:
        self.path = ledger_path(folder, source)
        self.source = source
        self.is_new = True
        self.key_changed = False
        self.cor = cor
        self._key = key
        self._content: LedgerContent | None = None
        self.digest: Callable[[LeaveRequest], str] = Digests(key).of
        """Returns the keyed digest of a leave request as it would be sent."""

    @property
    def entries(self) -> LedgerEntries:
        """What is known of each external id."""
        return self._known.entries

    @property
    def approvals(self) -> dict[str, UsedApproval]:
        """The approved plans that runs have started or finished, by the plan's id."""
        return self._known.approvals

    @property
    def forgotten(self) -> list[Forgotten]:
        """Notes of people who were forgotten."""
        return self._known.forgotten

    def close(self) -> None:
        """Free the memory and the disk that the entries take."""
        if self._content:
            self._content.close()

    def read(self) -> None:
        """
        Read the ledger. It is empty if there is no file yet.

        :raises CorLedgerError: if the file is not a ledger, was altered, or belongs to another source or another COR.
        """
        content = LedgerContent.read(self.path, self._key)
        self.is_new = content is None
        if content is None:
            return
        for name, ours in (("source", self.source), ("cor", self.cor)):
            if (its := getattr(content, name)) != ours:
                content.close()
                raise CorLedgerError(
                    f"ledger: {self.path} belongs to the {name} {its!r}, not {ours!r}. Give each its own folder."
                )
        self.close()
        self._content = content
        self.key_changed = not content.has_key
        if not content.is_sealed:
            log.warning(_UNSEALED, self.path)

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
        self._known.write(self.path, self._key, before_replacing=before_replacing)
        self.is_new = False

    @property
    def _known(self) -> LedgerContent:
        """What it holds, which is nothing before it is read."""
        if self._content is None:
            self._content = LedgerContent(self.source, self.cor)
        return self._content


_UNSEALED = (
    "The ledger %s was written by an early version of this provider, without a seal: only its form and its number of "
    "entries could be checked. From the next write on, any change to it is noticed."
)
