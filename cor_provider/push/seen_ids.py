"""Find external ids that an input contains twice."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Literal

from typing_extensions import Self

from cor_provider.records.external_ids import Identified

Comparison = Literal["new", "same", "different"]


class SeenIds:
    """
    Remembers the records of a push, in about thirty bytes each. Use it in one thread.

    SQLite stores the two digests of each in less memory than any of Python's collections.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE TABLE seen (id INTEGER PRIMARY KEY, content INTEGER NOT NULL)")
        self._database.execute("BEGIN")  # one transaction, not one for each record
        self._cursor = self._database.cursor()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, record: Identified) -> Comparison:
        """Remember a record, and return how it compares with the first of its external id."""
        row = _digest(record.id), _content(record)
        if self._cursor.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount:
            return "new"
        return self.compare(record)

    def compare(self, record: Identified) -> Comparison:
        """Compare a record with the first of its external id, without remembering it."""
        first = self._database.execute("SELECT content FROM seen WHERE id = ?", (_digest(record.id),)).fetchone()
        if first is None:
            return "new"
        return "same" if first == (_content(record),) else "different"

    def forget(self, record_id: str) -> None:
        """Forget a record that was refused, so that another one may use its external id."""
        self._database.execute("DELETE FROM seen WHERE id = ?", (_digest(record_id),))


def _content(record: Identified) -> int:
    """Return a digest of all fields. Python's own is quick, and does for one process: in each it has another key."""
    return hash(tuple(record.__dict__.values()))


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
