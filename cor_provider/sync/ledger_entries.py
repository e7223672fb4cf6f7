"""
The entries of a ledger, while somebody works with them.

There may be millions, so they are not held in memory. The rows of the file lie in a temporary file as they are, and an
SQLite database knows where each begins, and what a plan compares. Rows that change are in the database too.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import ItemsView, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile

from cor_provider import _files
from cor_provider.sync.ledger_entry import LedgerEntry
from cor_provider.sync.window import Window

_SCHEMA = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,  -- their order
    id TEXT NOT NULL,
    in_cor TEXT NOT NULL,
    digest TEXT,
    first TEXT, last TEXT,  -- NULL if there are several versions
    place INTEGER, size INTEGER,  -- of the row in the temporary file
    line BLOB  -- the row if it has changed, empty if the entry was deleted
);
CREATE VIEW present AS SELECT * FROM entry WHERE line IS NULL OR line != X'';
CREATE VIEW ours AS SELECT * FROM present WHERE in_cor != 'foreign';
"""
_INDICES = {
    "by_id": "CREATE UNIQUE INDEX by_id ON entry (id)",
    "by_change": "CREATE INDEX by_change ON entry (number) WHERE line IS NOT NULL",
}

_DELETED = b""

_DAY = r"(\d{4}-\d\d-\d\d)"
_TEXT = r'[^"\\\n]*'
_USUAL_ROW = re.compile(
    rf'^\{{"id": "({_TEXT})", "in_cor": "([a-z]+)", "digest": (?:"([0-9a-f]{{32}})"|null), '
    r'"cor_id": (?:\d+|null), "cor_user_id": (?:\d+|null), '
    rf'"versions": \[\["{_TEXT}", "{_DAY}", "{_DAY}"\]\]'
    rf'(?:, "written_at": \d+)?(?:, "instants": \["{_TEXT}", "{_TEXT}"\])?\}}$',
    re.MULTILINE,
)
"""A row with one version and no escaped character: to read it takes a third of the time that JSON takes."""

_CUT_OFF = "The temporary file with the ledger's rows has been cut off."


Known = tuple[int, str, str | None]
"""What a plan compares of an entry: its number in the order of the ledger, ``in_cor`` and ``digest``."""


class LedgerEntries(MutableMapping[str, LedgerEntry]):
    """
    The entries of a ledger by external id, in the order of its file. Use them in one thread.

    :ivar error: what has failed, such as a write to a full disk. From then on every use raises it, since nobody knows
        what the database and the temporary file hold.
    """

    def __init__(self) -> None:
        self._database = _files.scratch_tables(_SCHEMA)
        self.error: sqlite3.Error | OSError | None = None
        self._lines = TemporaryFile()  # noqa: SIM115  # `close` closes it
        self._size = 0
        self._count = 0
        self._make_indices()

    def close(self) -> None:
        """Delete everything."""
        self._database.close()
        self._lines.close()

    def load(self, blocks: Iterable[bytes]) -> None:
        """
        Add the rows of a ledger's file. Before this call there are no entries.

        :param blocks: complete rows, any number in each block.
        :raises ValueError: or ``LookupError``, ``TypeError`` or ``AttributeError`` if they are no such rows.
        """
        for index in _INDICES:
            self._database.execute(f"DROP INDEX {index}")
        for block in blocks:
            rows, self._size = _read_rows(block, self._size)
            self._database.executemany(
                "INSERT INTO entry (id, in_cor, digest, first, last, place, size) "
                "VALUES (?, ?, NULLIF(?, ''), ?, ?, ?, ?)",
                rows,
            )
            self._lines.write(block)
            self._count += len(rows)
        self._lines.flush()  # what does not fit on the disk must fail here
        self._make_indices()

    def rows(self) -> Iterator[bytes]:
        """Yield all rows as a ledger's file has them, many in each block."""
        with self._noticing():
            yield from self._rows()

    def _rows(self) -> Iterator[bytes]:
        place = 0
        changed = "SELECT place, size, line FROM entry WHERE line IS NOT NULL AND place IS NOT NULL ORDER BY number"
        for begin, size, line in self._execute(changed):
            yield from self._unchanged(place, begin)
            yield line
            place = begin + size
        yield from self._unchanged(place, self._size)
        new = self._execute("SELECT line FROM entry WHERE line IS NOT NULL AND place IS NULL ORDER BY number")
        while lines := new.fetchmany(1000):
            yield b"".join(line for (line,) in lines)

    def find(self, leave_id: str) -> Known | None:
        """Return what a plan compares of an entry; None if there is none."""
        found: Known | None = self._execute(
            "SELECT number, in_cor, digest FROM present WHERE id = ?", (leave_id,)
        ).fetchone()
        return found

    def numbers_of_parts(self, leave_id: str) -> list[int]:
        """Return the numbers of the entries whose ids begin with an id and ``-``, as those of a leave's parts do."""
        after = f"{leave_id}{chr(ord('-') + 1)}"
        found = self._execute("SELECT number FROM present WHERE id > ? AND id < ?", (f"{leave_id}-", after))
        return [number for (number,) in found]

    @property
    def numbers(self) -> int:
        """How many numbers entries may have, from 0."""
        (last,) = self._execute("SELECT max(number) FROM entry").fetchone()
        return (last or 0) + 1

    def by_number(self, number: int) -> tuple[str, LedgerEntry] | None:
        """Return the external id and the entry of a number; None if the entry was deleted."""
        row = self._execute("SELECT id, place, size, line FROM present WHERE number = ?", (number,)).fetchone()
        return None if row is None else (row[0], self._read(*row[1:]))

    def count_ours(self, window: Window | None = None) -> int:
        """Return how many entries are of this sync's leave, in a window if one is given."""
        if not window:
            return int(self._execute("SELECT count(*) FROM ours").fetchone()[0])
        days = window.last.isoformat(), window.first.isoformat()
        (count,) = self._execute("SELECT count(*) FROM ours WHERE first <= ? AND last >= ?", days).fetchone()
        several = self._execute("SELECT place, size, line FROM ours WHERE first IS NULL")
        return int(count) + sum(self._read(*row).overlaps(window) for row in several)

    def items(self) -> ItemsView[str, LedgerEntry]:
        """Return all entries with their external ids; they are read one by one."""
        return _Items(self)

    def __getitem__(self, leave_id: str) -> LedgerEntry:
        query = "SELECT place, size, line FROM present WHERE id = ?"
        if (row := self._execute(query, (leave_id,)).fetchone()) is None:
            raise KeyError(leave_id)
        return self._read(*row)

    def __setitem__(self, leave_id: str, entry: LedgerEntry) -> None:
        self._count += leave_id not in self
        values = (entry.in_cor, entry.digest, *_days(entry), entry.to_line(leave_id), leave_id)
        update = "UPDATE entry SET in_cor = ?, digest = ?, first = ?, last = ?, line = ? WHERE id = ?"
        if not self._execute(update, values).rowcount:
            insert = "INSERT INTO entry (in_cor, digest, first, last, line, id) VALUES (?, ?, ?, ?, ?, ?)"
            self._execute(insert, values)

    def __delitem__(self, leave_id: str) -> None:
        if leave_id not in self:
            raise KeyError(leave_id)
        self._count -= 1
        self._execute("DELETE FROM entry WHERE id = ? AND place IS NULL", (leave_id,))
        self._execute("UPDATE entry SET line = ? WHERE id = ?", (_DELETED, leave_id))

    def __contains__(self, leave_id: object) -> bool:
        return self._execute("SELECT 1 FROM present WHERE id = ?", (leave_id,)).fetchone() is not None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        for (leave_id,) in self._execute("SELECT id FROM present ORDER BY number"):
            yield leave_id

    def read_all(self) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield each entry with its external id."""
        for leave_id, *row in self._execute("SELECT id, place, size, line FROM present ORDER BY number"):
            yield leave_id, self._read(*row)

    def _read(self, place: int | None, size: int | None, line: bytes | None) -> LedgerEntry:
        if line is None:
            assert place is not None is not size  # noqa: S101  # only a row of the file has not changed
            line = self._of_file(place, size)
        return LedgerEntry.from_line(line)

    def _unchanged(self, begin: int, end: int) -> Iterator[bytes]:
        for place in range(begin, end, _files.BLOCK):
            yield self._of_file(place, min(end - place, _files.BLOCK))

    def _of_file(self, place: int, size: int) -> bytes:
        try:
            self._lines.seek(place)
            block = self._lines.read(size)
            if len(block) < size:
                raise OSError(_CUT_OFF)  # it is noticed like one of the disk
        except OSError as error:
            self.error = error
            raise
        return block

    def _execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        if self.error:
            raise self.error
        try:
            return self._database.execute(sql, values)
        except sqlite3.Error as error:
            self.error = error
            raise

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Notice an error in reading on, too."""
        try:
            yield
        except sqlite3.Error as error:
            self.error = self.error or error
            raise

    def _make_indices(self) -> None:
        try:
            for index in _INDICES.values():
                self._database.execute(index)
        except sqlite3.IntegrityError:
            raise ValueError from None  # an id is there twice


class _Items(ItemsView[str, LedgerEntry]):
    _mapping: LedgerEntries

    def __iter__(self) -> Iterator[tuple[str, LedgerEntry]]:
        return self._mapping.read_all()


def _read_rows(block: bytes, place: int) -> tuple[list[tuple[object, ...]], int]:
    """
    Return what the database knows of rows, and the place after them.

    :param place: where the block begins.
    """
    lines = block.split(b"\n")[:-1]
    found = _USUAL_ROW.findall(block.decode("utf-8", "surrogatepass"))
    if len(found) != len(lines):
        found = list(map(_read_any, lines))
    rows = []
    for fields, line in zip(found, lines, strict=True):
        size = len(line) + 1
        rows.append((*fields, place, size))
        place += size
    return rows, place


def _read_any(line: bytes) -> tuple[str | None, ...]:
    row = json.loads(line.decode("utf-8", "surrogatepass"))
    entry = LedgerEntry.from_row(row)
    fields = row["id"], entry.in_cor, entry.digest or "", *_days(entry)
    if not all(isinstance(field, str) for field in fields[:3]):
        raise TypeError
    return fields


def _days(entry: LedgerEntry) -> tuple[str | None, str | None]:
    """Return the first and the last day of an entry, if it has only one version."""
    if len(entry.versions) != 1:
        return None, None
    return entry.version.start.isoformat(), entry.version.end.isoformat()
