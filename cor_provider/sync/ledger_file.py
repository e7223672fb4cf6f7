"""
The file of a ledger: how it is read and written. It is JSON Lines.

==========  ==========================================================================================================
line        content
==========  ==========================================================================================================
first       ``format`` and ``version``; the ``source`` and the ``cor`` that the ledger belongs to; ``key_check``
each other  one leave, see :class:`~cor_provider.sync.ledger_entry.LedgerEntry`
last but 1  the approved plans that were used, and notes of people who were forgotten
last        the seal
==========  ==========================================================================================================

Version 3 added COR's own ids to the rows, and to those that are sent since then what an audit compares. Version 1 had
no approvals and no seal: its last line was the number of rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import IO, Any

from typing_extensions import Self

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError, CorLedgerError
from cor_provider.sync.digest import Digests
from cor_provider.sync.ledger_entries import LedgerEntries
from cor_provider.sync.ledger_entry import LedgerEntry, to_line
from cor_provider.sync.seal import Seal

FORMAT = "airflow-provider-cor ledger"
FORMAT_VERSION = 3
_UNSEALED = 1
"""The version without a seal."""

MOST_READS = 4
"""How often a ledger in an object store is read if somebody replaces it each time while it is read."""

MOST_APPROVALS = 1_000
"""How many approved plans the ledger remembers: about four years of one approval per working day."""


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


@dataclass(repr=False)
class LedgerContent:
    """
    What a ledger's file holds. Close it after use.

    :param source: COR's ``metadata.source``.
    :param cor: base URL of COR.
    :param has_key: whether the file was written with the key that is known, so that its digests can be compared.
    :param is_proven: whether the key shows that nobody without it has altered the file. Otherwise only its checksum is
        compared, which anybody can compute, or not even that.
    :param is_sealed: whether the file has a seal at all.
    """

    source: str
    cor: str
    entries: LedgerEntries = field(default_factory=LedgerEntries)
    approvals: dict[str, UsedApproval] = field(default_factory=dict)
    forgotten: list[Forgotten] = field(default_factory=list)
    has_key: bool = False
    is_proven: bool = False
    is_sealed: bool = True

    @classmethod
    def read(cls, path: ObjectStoragePath, key: bytes | None = None) -> Self | None:
        """
        Read a ledger's file; None if there is none. Nobody needs the lease for that.

        :param key: the key of the seal, if it is known.
        :raises CorLedgerError: if it is not a ledger, or was altered.
        :raises CorLedgerBusyError: if somebody replaces it again and again while it is read.
        """
        for _ in range(MOST_READS):
            version = _files.version(path)
            try:
                return cls._read(path, key)
            except Exception:
                # An object store is read in several requests. Their answers may be of different versions of the file.
                if _files.version(path) == version:
                    raise
        raise CorLedgerBusyError(f"a sync replaces {path} again and again")

    @classmethod
    def _read(cls, path: ObjectStoragePath, key: bytes | None) -> Self | None:
        stream = _files.open_to_read(path)
        if stream is None:
            return None
        entries = LedgerEntries()
        try:
            with stream:
                content = cls("", "", entries)
                _Reader(stream, path, key).read_into(content)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            entries.close()
            raise CorLedgerError(
                f"ledger: {path} is not a ledger, or it was cut off or altered. Restore it from a backup, or "
                f"delete it: {_WHAT_DELETING_MEANS}"
            ) from None
        except BaseException:
            entries.close()
            raise
        return content

    def close(self) -> None:
        """Free the memory and the disk that the entries take."""
        self.entries.close()

    def write(self, path: ObjectStoragePath, key: bytes, *, before_replacing: Callable[[], None]) -> None:
        """
        Write the file atomically: after an interruption, it holds either the old or the new content.

        :param before_replacing: called right before the new file replaces the old one; raises an error to prevent that.
        """
        header = {"format": FORMAT, "version": FORMAT_VERSION, "source": self.source, "cor": self.cor}
        approvals = [asdict(one) for one in [*self.approvals.values()][-MOST_APPROVALS:]]
        trailer = {"approvals": approvals, "forgotten": list(map(asdict, self.forgotten))}
        first, last = {**header, "key_check": Digests(key).key_check}, trailer
        seal = Seal(key)
        with _files.writing(path, before_replacing=before_replacing) as stream:
            for block in chain([to_line(first)], self.entries.rows(), [to_line(last)]):
                seal.add(block)
                stream.write(block)
            stream.write(seal.line)


class _Reader:
    """Reads one file from its first byte to its last. Only then is it proven what it holds."""

    def __init__(self, stream: IO[bytes], path: ObjectStoragePath, key: bytes | None) -> None:
        self._stream = stream
        self._path = path
        self._key = key

    def read_into(self, content: LedgerContent) -> None:
        first = self._stream.readline()
        header = json.loads(first)
        version = self._version_of(header)
        content.source, content.cor = header["source"], header["cor"]
        content.has_key = self._key is not None and header["key_check"] == Digests(self._key).key_check
        content.is_sealed = version > _UNSEALED
        content.is_proven = content.has_key and content.is_sealed
        if content.is_sealed:
            self._read_sealed(first, content, is_of_today=version == FORMAT_VERSION)
        else:
            self._read_unsealed(content)

    def _version_of(self, header: dict[str, Any]) -> int:
        if header["format"] != FORMAT or type(version := header["version"]) is not int or version < _UNSEALED:
            raise ValueError
        if version > FORMAT_VERSION:
            raise CorLedgerError(
                f"ledger: another version of this provider, a newer one, wrote {self._path}. Use that version, or "
                f"delete the ledger: {_WHAT_DELETING_MEANS}"
            )
        return version

    def _read_sealed(self, first: bytes, content: LedgerContent, *, is_of_today: bool) -> None:
        seal = Seal(self._key if content.has_key else None)
        seal.add(first)
        last: list[bytes] = []
        rows = _blocks(self._stream, last, keep=2, seen=seal.add)
        content.entries.load(rows if is_of_today else (b"".join(map(_of_today, block)) for block in _lines(rows)))
        trailer, seal_line = last
        seal.add(trailer)
        seal.check(seal_line)
        approvals = json.loads(trailer)
        content.approvals = {one["plan"]: UsedApproval(**one) for one in approvals["approvals"]}
        content.forgotten = [Forgotten(**one) for one in approvals.get("forgotten", ())]

    def _read_unsealed(self, content: LedgerContent) -> None:
        """Read a file of version 1, and notice as much as can be: its number of rows, and the form of each."""
        last: list[bytes] = []
        rows = _blocks(self._stream, last, keep=1)
        content.entries.load(b"".join(map(_checked, block)) for block in _lines(rows))
        if last != [to_line({"entries": len(content.entries)})]:
            raise ValueError


def _blocks(
    stream: IO[bytes], last: list[bytes], *, keep: int, seen: Callable[[bytes], None] = lambda _: None
) -> Iterator[bytes]:
    """
    Yield the rest of a file in blocks of complete lines.

    :param last: takes the last lines instead.
    :param keep: how many these are.
    :param seen: called with each block.
    :raises ValueError: if there are fewer lines, or the last one is cut off.
    """
    rest = b""
    while block := stream.read(_files.BLOCK):
        rest += block
        end = len(rest)
        for _ in range(keep + 1):
            end = rest.rfind(b"\n", 0, end) if end > 0 else -1
        if end >= 0:
            seen(rest[: end + 1])
            yield rest[: end + 1]
            rest = rest[end + 1 :]
    *lines, cut_off = rest.split(b"\n")
    if len(lines) != keep or cut_off:
        raise ValueError
    last += [line + b"\n" for line in lines]


def _lines(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    return (block.split(b"\n")[:-1] for block in blocks)


def _of_today(line: bytes) -> bytes:
    """Return a row of version 2 as it is written today."""
    row = json.loads(line)
    return LedgerEntry.from_row(row).to_line(row["id"])


def _checked(line: bytes) -> bytes:
    """Return a row of version 1 as it is written today, if version 1 would have written it exactly so."""
    row = json.loads(line)
    entry = LedgerEntry.from_row(row)
    known = {"in_cor": "yes", "digest": entry.digest} if entry.digest else {"in_cor": "unknown"}
    versions = [[one.user_id, one.start.isoformat(), one.end.isoformat()] for one in entry.versions]
    is_plausible = (
        versions
        and all(isinstance(text, str) and text for text in (row["id"], *(one.user_id for one in entry.versions)))
        and all(one.start <= one.end for one in entry.versions)
        and (entry.digest is None or re.fullmatch("[0-9a-f]{32}", entry.digest))
    )
    if not is_plausible or line + b"\n" != to_line({"id": row["id"], **known, "versions": versions}):
        raise ValueError
    return entry.to_line(row["id"])


_WHAT_DELETING_MEANS = (
    "the next run then sends everything again, but leave that was cancelled in the meantime stays in COR. If you have "
    "the report of an audit (its report_path), run python -m cor_provider ledger adopt after deleting it: then the "
    "next run deletes such leave that the report lists."
)
