"""Find external ids that an input contains twice."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Literal

from typing_extensions import Self

from cor_provider.leave import LeaveKey, LeaveRequest

Comparison = Literal["new", "same", "different"]


class SeenIds:
    """
    Remembers the leave requests of a push, in about thirty bytes each. Use it in one thread.

    SQLite stores the two digests of each in less memory than any of Python's collections.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE TABLE leave (id INTEGER PRIMARY KEY, content INTEGER NOT NULL)")
        self._database.execute("BEGIN")  # one transaction, not one for each leave request
        self._cursor = self._database.cursor()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, leave: LeaveRequest | LeaveKey) -> Comparison:
        """Remember a leave request, and return how it compares with the first of its external id."""
        row = _digest(leave.id), _content(leave)
        if self._cursor.execute("INSERT OR IGNORE INTO leave VALUES (?, ?)", row).rowcount:
            return "new"
        return self.compare(leave)

    def compare(self, leave: LeaveRequest | LeaveKey) -> Comparison:
        """Compare a leave request with the first of its external id, without remembering it."""
        first = self._database.execute("SELECT content FROM leave WHERE id = ?", (_digest(leave.id),)).fetchone()
        if first is None:
            return "new"
        return "same" if first == (_content(leave),) else "different"

    def forget(self, leave_id: str) -> None:
        """Forget a leave request that was refused, so that another one may use its external id."""
        self._database.execute("DELETE FROM leave WHERE id = ?", (_digest(leave_id),))


def _content(leave: LeaveRequest | LeaveKey) -> int:
    """Return a digest of all fields. Python's own is quick, and does for one process: in each it has another key."""
    return hash(tuple(leave.__dict__.values()))


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
